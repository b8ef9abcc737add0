using System.Diagnostics.Metrics;
using Engine;
using Engine.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

// Where .NET's own extensions of a service collection are, so that no using directive is needed.
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>The engine as a service of a host.</summary>
public static class EngineServiceCollectionExtensions
{
    /// <summary>Adds a <see cref="Device"/> and what models need; then add models to what it returns.</summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="configure">Changes the options after the configuration section <c>Engine</c>, where the host has one.</param>
    /// <remarks>Called again, it adds to the same: options are changed by each call, models are added to those before.</remarks>
    /// <example><code>
    /// builder.Services.AddEngine(o => o.Device = "cpu")
    ///     .AddModel&lt;LeNet5&gt;("clothes", o => { o.Weights = "clothes.safetensors"; o.InputShape = [1, 28, 28]; });
    /// app.MapPost("/predict", (float[] pixels, IPredictor predictor, CancellationToken token) => predictor.PredictAsync(pixels, token));
    /// </code></example>
    public static EngineBuilder AddEngine(this IServiceCollection services, Action<EngineOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        OptionsBuilder<EngineOptions> options = services.AddOptions<EngineOptions>()
            .Configure<IServiceProvider>(static (o, provider) => provider.GetService<IConfiguration>()?.GetSection("Engine").Bind(o));
        if (configure is not null)
        {
            options.Configure(configure);
        }

        if (services.FirstOrDefault(static s => s.ServiceType == typeof(ModelNames))?.ImplementationInstance is not ModelNames names)
        {
            names = new ModelNames();
            options.ValidateOnStart();
            services.AddSingleton(names);
            services.AddSingleton<IValidateOptions<EngineOptions>, EngineOptionsValidator>();
            services.TryAddSingleton<EngineDevice>();
            services.TryAddSingleton(static provider => provider.GetRequiredService<EngineDevice>().Value);
            services.TryAddSingleton(static provider => new PredictorMetrics(provider.GetService<IMeterFactory>(), () => provider.GetRequiredService<EngineDevice>().Known));
        }

        return new EngineBuilder(services, names);
    }

    /// <summary>The names of the models of one service collection.</summary>
    private sealed class ModelNames() : HashSet<string>(StringComparer.Ordinal);
}
