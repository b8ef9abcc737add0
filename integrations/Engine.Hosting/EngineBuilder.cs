using System.Diagnostics.CodeAnalysis;
using Engine.Nn;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Engine.Hosting;

/// <summary>Adds models to a host: <c>services.AddEngine().AddModel&lt;LeNet5&gt;("clothes", o => { … })</c>.</summary>
public sealed class EngineBuilder
{
    /// <summary>What an orchestrator asks before it sends traffic: <c>MapHealthChecks("/ready", new() { Predicate = c => c.Tags.Contains("ready") })</c>.</summary>
    public const string ReadyTag = "ready";

    private readonly HashSet<string> _names;

    internal EngineBuilder(IServiceCollection services, HashSet<string> names) => (Services, _names) = (services, names);

    /// <summary>The services of the host.</summary>
    public IServiceCollection Services { get; }

    /// <summary>A model that is made by its public constructor; arguments of the constructor are the host's services or their defaults.</summary>
    /// <param name="name">The key of its <see cref="IPredictor"/>, and the name of its options and of its health check, <c>engine:NAME</c>.</param>
    /// <param name="configure">Changes the options after the configuration section <c>Engine:Models:NAME</c>, where the host has one.</param>
    /// <exception cref="ArgumentException">There is a model of this name.</exception>
    public EngineBuilder AddModel<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TModel>(string name, Action<ModelOptions>? configure = null)
        where TModel : Layer =>
        AddModel(name, static services => ActivatorUtilities.CreateInstance<TModel>(services), configure);

    /// <summary>A model that the host makes.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="create">Makes it, at the start and at each reload anew. What it returns becomes the predictor's, which disposes its tensors.</param>
    /// <param name="configure">Changes the options.</param>
    /// <exception cref="ArgumentException">There is a model of this name.</exception>
    public EngineBuilder AddModel<TModel>(string name, Func<IServiceProvider, TModel> create, Action<ModelOptions>? configure = null)
        where TModel : Layer =>
        AddModel(name, create, static (model, x) => model.Call(x), configure);

    /// <summary>A module that is no layer, or a layer whose answer is more than its output: probabilities in place of logits, say.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="create">Makes it.</param>
    /// <param name="forward">The answers [N, …] to samples [N, …]; called without gradients, in evaluation mode, from one thread or two at a time.</param>
    /// <param name="configure">Changes the options.</param>
    /// <exception cref="ArgumentException">There is a model of this name.</exception>
    public EngineBuilder AddModel<TModel>(string name, Func<IServiceProvider, TModel> create, Func<TModel, Tensor, Tensor> forward, Action<ModelOptions>? configure = null)
        where TModel : Module
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(create);
        ArgumentNullException.ThrowIfNull(forward);
        if (!_names.Add(name))
        {
            throw new ArgumentException($"AddModel: there is a model '{name}' already.", nameof(name));
        }

        OptionsBuilder<ModelOptions> options = Services.AddOptions<ModelOptions>(name)
            .Configure<IServiceProvider>((o, services) => services.GetService<IConfiguration>()?.GetSection($"Engine:Models:{name}").Bind(o));
        if (configure is not null)
        {
            options.Configure(configure);
        }

        options.ValidateOnStart();
        Services.AddSingleton<IValidateOptions<ModelOptions>>(new ModelOptionsValidator(name));
        Services.AddKeyedSingleton(name, (services, _) => new Predictor(
            name,
            new ModelSource(name, () => create(services), (module, x) => forward((TModel)module, x), () => services.GetRequiredService<EngineDevice>().Value),
            OptionsOf(services, name),
            services.GetRequiredService<PredictorMetrics>(),
            services.GetService<TimeProvider>() ?? TimeProvider.System,
            services.GetService<ILoggerFactory>()?.CreateLogger("Engine.Hosting") ?? NullLogger.Instance));
        Services.AddKeyedSingleton<IPredictor>(name, static (services, key) => services.GetRequiredKeyedService<Predictor>(key));
        Services.AddSingleton<IPredictor>(services => services.GetRequiredKeyedService<Predictor>(name));
        Services.AddSingleton<IHostedService>(services => new ModelService(services.GetRequiredKeyedService<Predictor>(name), OptionsOf(services, name)));
        Services.AddHealthChecks().Add(new HealthCheckRegistration(
            $"engine:{name}",
            services => new ModelHealthCheck(services.GetRequiredKeyedService<Predictor>(name), OptionsOf(services, name).QueueLimit),
            failureStatus: null,
            tags: ["engine", ReadyTag]));
        return this;
    }

    /// <summary>An <see cref="IPredictor{TSample, TAnswer}"/> in front of a model, under the model's name and, the last one added, without a name.</summary>
    /// <param name="model">The name of a model of this host.</param>
    /// <param name="codec">Turns samples into numbers and numbers into answers.</param>
    /// <exception cref="ArgumentException">There is no such model.</exception>
    public EngineBuilder AddPredictor<TSample, TAnswer>(string model, ISampleCodec<TSample, TAnswer> codec)
    {
        ArgumentNullException.ThrowIfNull(codec);
        if (model is null || !_names.Contains(model))
        {
            throw new ArgumentException($"AddPredictor: there is no model '{model}'; AddModel comes first.", nameof(model));
        }

        Services.AddKeyedSingleton<IPredictor<TSample, TAnswer>>(model, (services, _) => new TypedPredictor<TSample, TAnswer>(services.GetRequiredKeyedService<Predictor>(model), codec));
        Services.AddSingleton(services => services.GetRequiredKeyedService<IPredictor<TSample, TAnswer>>(model));
        return this;
    }

    private static ModelOptions OptionsOf(IServiceProvider services, string name) => services.GetRequiredService<IOptionsMonitor<ModelOptions>>().Get(name);
}
