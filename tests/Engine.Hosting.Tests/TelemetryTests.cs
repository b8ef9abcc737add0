using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using NUnit.Framework;

namespace Engine.Hosting.Tests;

internal sealed class TelemetryTests
{
    [Test]
    public async Task Instruments_CountEachCallAndBatch()
    {
        ConcurrentQueue<(string Name, double Value, string Tags)> seen = [];
        using MeterListener listener = new();
        listener.InstrumentPublished = static (instrument, l) =>
        {
            if (instrument.Meter.Name == EngineTelemetry.Name)
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        void See(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            seen.Enqueue((instrument.Name, value, string.Join(' ', tags.ToArray().Select(static t => t.Value))));
        listener.SetMeasurementEventCallback<double>((i, v, tags, _) => See(i, v, tags));
        listener.SetMeasurementEventCallback<int>((i, v, tags, _) => See(i, v, tags));
        listener.SetMeasurementEventCallback<long>((i, v, tags, _) => See(i, v, tags));
        listener.Start();

        Doubling model = new();
        await using SmallHost host = await SmallHost.StartAsync(() => model, static o => (o.MaxBatch, o.QueueLimit) = (2, 2));
        while (model.Began.CurrentCount > 0)
        {
            await model.Began.WaitAsync();
        }

        model.Gate.Reset();
        Task<float[]> first = host.Predictor.PredictAsync(new float[3]);
        await model.Began.WaitAsync();
        using CancellationTokenSource leaving = new();
        Task<float[]> leaves = host.Predictor.PredictAsync(new float[3], leaving.Token), stays = host.Predictor.PredictAsync(new float[3]);
        listener.RecordObservableInstruments();
        Assert.That(async () => await host.Predictor.PredictAsync(new float[3]), Throws.InstanceOf<QueueFullException>());
        await leaving.CancelAsync();
        Assert.That(async () => await leaves, Throws.InstanceOf<OperationCanceledException>());
        model.Gate.Set();
        await Task.WhenAll(first, stays);
        await host.Predictor.ReloadAsync("none.safetensors");

        string[] Tags(string name) => [.. seen.Where(m => m.Name == name).Select(static m => m.Tags)];
        Assert.That(Tags("engine.predict.duration"), Is.EquivalentTo(new[] { "small ok", "small ok", "small rejected", "small cancelled" }));
        Assert.That(seen.Where(static m => m.Name == "engine.predict.batch_size").Select(static m => m.Value), Is.EqualTo(new double[] { 1, 1 }));
        Assert.That(seen.Where(static m => m.Name == "engine.predict.queue_length" && m.Tags == "small").Select(static m => m.Value), Is.EqualTo(new double[] { 2 }));
        Assert.That(Tags("engine.model.reloads"), Is.EqualTo(new[] { "small refused" }));
        Assert.That(seen.Where(static m => m.Name == "engine.pool.bytes" && m.Tags == "cpu").Select(static m => m.Value), Is.Not.Empty.And.All.Positive);
    }

    [Test]
    public async Task Activity_IsPartOfItsCallers_AndSaysTheBatch()
    {
        ConcurrentQueue<Activity> ended = [];
        using ActivitySource host = new("host");
        using ActivityListener listener = new()
        {
            ShouldListenTo = static source => source.Name is EngineTelemetry.Name or "host",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = ended.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using SmallHost small = await SmallHost.StartAsync(() => new Doubling());
        using (Activity? request = host.StartActivity("request"))
        {
            await small.Predictor.PredictAsync(new float[3]);
            Activity predict = ended.Single(a => a.OperationName == "engine.predict" && a.TraceId == request!.TraceId);
            Assert.That(predict.ParentSpanId, Is.EqualTo(request!.SpanId));
            Assert.That((predict.GetTagItem("engine.model"), predict.GetTagItem("engine.batch_size")), Is.EqualTo(((object)"small", (object)1)));
        }
    }
}
