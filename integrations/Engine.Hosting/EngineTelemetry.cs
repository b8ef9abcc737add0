using System.Diagnostics;

namespace Engine.Hosting;

/// <summary>The names under which a host's telemetry finds the engine: <c>AddMeter(EngineTelemetry.Name)</c>, <c>AddSource(EngineTelemetry.Name)</c>.</summary>
/// <remarks>
/// <para>Instruments, each with the tag <c>engine.model</c>: <c>engine.predict.duration</c> (seconds from the call to the answer, by
/// <c>engine.outcome</c>: ok, failed, rejected, cancelled), <c>engine.predict.batch_size</c>, <c>engine.predict.queue_length</c>,
/// <c>engine.model.reloads</c> (by <c>engine.outcome</c>), and <c>engine.pool.bytes</c> (tensors and kept blocks of the device, by <c>engine.device</c>).</para>
/// <para>Activities: <c>engine.predict</c> around each call, <c>engine.model.load</c> around each reload. None for a single operation.</para>
/// </remarks>
public static class EngineTelemetry
{
    /// <summary>The name of the meter and of the source of activities.</summary>
    public const string Name = "Engine";

    internal static ActivitySource Source { get; } = new(Name);
}
