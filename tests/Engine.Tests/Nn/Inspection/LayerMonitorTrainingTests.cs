using Engine.Nn;
using Engine.Tests.Capture;
using Engine.Tests.Nn.Training;
using NUnit.Framework;

namespace Engine.Tests.Nn.Inspection;

/// <summary>The monitor beside a trainer: when it looks, and that nothing else changes.</summary>
internal sealed class LayerMonitorTrainingTests : ToyFixture
{
    [Test]
    public void Fit_Watched_EndsWithTheSameBits_AndLooksWhenItShould()
    {
        LayerMonitor monitor = new(everySteps: 4);
        Trainer plain = ToyTraining.Trainer(), watched = ToyTraining.Trainer(monitor);
        plain.Fit(Toy.Train, Toy.Validation, 2);
        watched.Fit(Toy.Train, Toy.Validation, 2);
        Assert.That(ToyTraining.Weights(watched), Is.EqualTo(ToyTraining.Weights(plain)));
        Assert.That(monitor.Observations.Select(static o => o.Step), Is.EqualTo((long[])[1, 4, 8, 12]));
        Assert.That(monitor.Observations[0].Layers.Select(static l => l.Name), Is.EqualTo((string[])["0", "1", "2", "3"]), "validation is not looked at");
        Assert.That(monitor.Observations.Select(static o => o["3"].UpdateRatio), Is.All.InRange(1e-9, 1.0));
    }

    [Test]
    public void Fit_WithAccumulation_LooksAtWholeSteps()
    {
        LayerMonitor monitor = new(everySteps: 2);
        Sequential model = ToyTraining.Model();
        Trainer trainer = new(model, new Adam(model.Parameters, 0.02), Losses.CrossEntropy) { GradientAccumulation = 3, Callbacks = [monitor] };
        trainer.Fit(Toy.Train, epochs: 2);
        Assert.That(monitor.Observations.Select(static o => o.Step), Is.EqualTo((long[])[1, 2, 4, 6]));
        Assert.That(monitor.Observations.Select(static o => o["0"].WeightGradient), Has.None.Null);
    }

    [Test]
    public void Fit_Captured_LooksAtStepsThatRun_AndEndsWithTheSameBits()
    {
        RecordingDevice device = new();
        Device.Default = device;
        ToyData data = new(seed: 1, batches: 7, batchSize: 6, lastBatch: 6);
        LayerMonitor monitor = new(everySteps: 5);
        Trainer plain = ToyTraining.Trainer(), watched = Captured(monitor);
        plain.Fit(data, epochs: 3);
        List<bool> captured = [];
        watched.Callbacks.Add(new LambdaCallback { StepEnd = c => captured.Add(c.Trainer.IsCaptured) });
        watched.Fit(data, epochs: 3);
        Assert.That(ToyTraining.Weights(watched), Is.EqualTo(ToyTraining.Weights(plain)));
        Assert.That(monitor.Observations.Select(static o => o.Step), Is.EqualTo((long[])[1, 5, 10, 15, 20]));
        Assert.That(captured[^1], Is.True, "other steps are replayed");
    }

    [Test]
    public void BeginAndEnd_OutOfOrder_AreRefused()
    {
        using LayerMonitor monitor = new();
        Assert.That(monitor.EndStep, Throws.InvalidOperationException.With.Message.Contains("BeginStep"));
        monitor.BeginStep(new Linear(1, 1));
        Assert.That(() => monitor.BeginStep(new Linear(1, 1)), Throws.InvalidOperationException.With.Message.Contains("EndStep"));
        Assert.That(() => new LayerMonitor(0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(monitor.Findings, Is.Empty);
        Assert.That(monitor.ToString(), Does.Contain("nothing was seen"));
    }

    [Test]
    public void Observation_OfAnUnknownLayer_NamesThoseThereAre()
    {
        using LayerMonitor monitor = new();
        Sequential net = [new Linear(1, 1)];
        monitor.BeginStep(net);
        _ = net.Call(Tensor.Ones([1, 1]));
        monitor.EndStep();
        Assert.That(() => monitor.Observations[0]["fc"], Throws.TypeOf<KeyNotFoundException>().With.Message.Contains("'fc'").And.Message.Contains("'0'"));
    }

    [Test]
    public void LongRun_KeepsItsFirstAndLastObservations_InBoundedMemory()
    {
        using LayerMonitor monitor = new();
        Sequential net = [new Linear(1, 1)];
        for (int step = 0; step < 1500; step++)
        {
            monitor.BeginStep(net);
            _ = net.Call(Tensor.Ones([1, 1]));
            monitor.EndStep();
        }

        long[] steps = [.. monitor.Observations.Select(static o => o.Step)];
        Assert.That(steps, Has.Length.InRange(256, 512).And.Ordered);
        Assert.That((steps[0], steps[^1], steps[^2]), Is.EqualTo((1L, 1500L, 1499L)));
        Assert.That(monitor.Observations.Count(static o => o["0"].Activation.Sample.Count > 0), Is.EqualTo(2), "the first and the last have samples");
        Assert.That(monitor.Observations, Has.All.Matches<LayerObservation>(static o => o?["0"].Activation.Histogram.Counts.Sum() == 1));
    }

    [Test]
    public void Dispose_InAStep_TakesItsHooksAway()
    {
        Sequential net = [new Linear(1, 1), new Relu()];
        LayerMonitor monitor = new();
        monitor.BeginStep(net);
        Assert.That(net[0].IsWatched, Is.True);
        monitor.Dispose();
        Assert.That(net[0].IsWatched, Is.False);
    }

    [Test]
    public void Histogram_CountsEqualIntervals()
    {
        Histogram histogram = Histogram.Of([0, 1, 2, 3, 4, 4, float.NaN, float.PositiveInfinity], bins: 4);
        Assert.That((histogram.Low, histogram.High), Is.EqualTo((0.0, 4.0)));
        Assert.That(histogram.Counts, Is.EqualTo((long[])[1, 1, 1, 3]));
        Assert.That(Histogram.Of([2, 2], bins: 3).Counts, Is.EqualTo((long[])[2, 0, 0]));
        Assert.That(Histogram.Of([], bins: 3).Counts, Is.EqualTo((long[])[0, 0, 0]));
        Assert.That(() => Histogram.Of([1], bins: 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => Histogram.Of([1], bins: 1 << 30), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    private static Trainer Captured(LayerMonitor monitor)
    {
        Sequential model = ToyTraining.Model();
        return new Trainer(model, new Adam(model.Parameters, 0.02), Losses.CrossEntropy) { Metrics = [new Accuracy()], Callbacks = [monitor], Capture = CaptureMode.Always };
    }
}
