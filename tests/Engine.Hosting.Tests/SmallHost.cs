using Engine.Nn;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Engine.Hosting.Tests;

/// <summary>A host with one model that takes three numbers; started, and stopped at the end.</summary>
internal sealed class SmallHost : IAsyncDisposable
{
    public const string Model = "small";

    private SmallHost(IHost host) => Host = host;

    public IHost Host { get; }

    public IServiceProvider Services => Host.Services;

    public Predictor Predictor => Host.Services.GetRequiredKeyedService<Predictor>(Model);

    /// <summary>A host that is not started.</summary>
    public static IHost Build(Func<Layer> create, Action<ModelOptions>? configure = null, Action<HostApplicationBuilder>? more = null)
    {
        HostApplicationBuilder builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.ClearProviders();
        builder.Services.AddEngine(static o => o.Device = "cpu").AddModel(Model, _ => create(), options =>
        {
            options.InputShape = [3];
            configure?.Invoke(options);
        });
        more?.Invoke(builder);
        return builder.Build();
    }

    /// <summary>A started host; its model has warmed up unless it is told not to wait.</summary>
    public static async Task<SmallHost> StartAsync(Func<Layer> create, Action<ModelOptions>? configure = null, Action<HostApplicationBuilder>? more = null, bool waits = true)
    {
        SmallHost host = new(Build(create, configure, more));
        await host.Host.StartAsync();
        while (waits && host.Predictor.State == PredictorState.Starting)
        {
            await Task.Delay(1);
        }

        return host;
    }

    public async ValueTask DisposeAsync()
    {
        await Host.StopAsync();
        Host.Dispose();
    }
}
