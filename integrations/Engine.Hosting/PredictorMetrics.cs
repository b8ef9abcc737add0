using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Engine.Hosting;

/// <summary>The instruments of all models of a host.</summary>
internal sealed class PredictorMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly bool _ownsMeter;
    private readonly Histogram<double> _duration;
    private readonly Histogram<int> _batchSize;
    private readonly Counter<long> _reloads;
    private readonly ConcurrentDictionary<string, Func<int>> _queues = new();

    public PredictorMetrics(IMeterFactory? factory, Func<Device?> device)
    {
        // A meter of a factory is the factory's to end.
        _ownsMeter = factory is null;
        _meter = factory?.Create(EngineTelemetry.Name) ?? new Meter(EngineTelemetry.Name);
        _duration = _meter.CreateHistogram<double>("engine.predict.duration", "s", "Time from the call to the answer.");
        _batchSize = _meter.CreateHistogram<int>("engine.predict.batch_size", "{sample}", "Samples computed together.");
        _reloads = _meter.CreateCounter<long>("engine.model.reloads", "{reload}", "Attempts to change the weights.");
        _meter.CreateObservableGauge("engine.predict.queue_length", Queues, "{sample}", "Samples that wait.");
        _meter.CreateObservableGauge("engine.pool.bytes", () => Pool(device()), "By", "Memory of tensors and kept blocks.");
    }

    public void Watch(string model, Func<int> queueLength) => _queues[model] = queueLength;

    public void Answered(string model, TimeSpan duration, string outcome) => _duration.Record(duration.TotalSeconds, new("engine.model", model), new("engine.outcome", outcome));

    public void Batch(string model, int count) => _batchSize.Record(count, new KeyValuePair<string, object?>("engine.model", model));

    public void Reloaded(string model, bool isAccepted) => _reloads.Add(1, new("engine.model", model), new("engine.outcome", isAccepted ? "ok" : "refused"));

    public void Dispose()
    {
        if (_ownsMeter)
        {
            _meter.Dispose();
        }
    }

    private IEnumerable<Measurement<int>> Queues() => _queues.Select(static queue => new Measurement<int>(queue.Value(), new KeyValuePair<string, object?>("engine.model", queue.Key)));

    private static Measurement<long>[] Pool(Device? device) =>
        device is null ? [] : [new(device.Pool.Report.InUse + device.Pool.Report.Cached, new KeyValuePair<string, object?>("engine.device", device.Name))];
}
