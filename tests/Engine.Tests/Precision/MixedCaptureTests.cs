using Engine.Nn;
using Engine.Tests.Capture;
using Engine.Tests.Nn.Training;
using NUnit.Framework;

namespace Engine.Tests.Precision;

/// <summary>Captured steps in mixed precision have the bits of eager ones, those included that an overflow leaves out.</summary>
[TestFixtureSource(typeof(CaptureDevices), nameof(CaptureDevices.All))]
internal sealed class MixedCaptureTests(string deviceName) : CaptureFixture(deviceName)
{
    private Device _before = null!;

    [SetUp]
    public void Begin()
    {
        _before = Device.Default;
        Device.Default = Device;
    }

    [TearDown]
    public void End() => Device.Default = _before;

    [TestCase(TrainingPrecision.MixedBFloat16)]
    [TestCase(TrainingPrecision.MixedFloat16)]
    public void Fit_Captured_EndsWithTheBitsOfEagerSteps(TrainingPrecision precision)
    {
        ToyData data = new(seed: 1, batches: 7, batchSize: 6, lastBatch: 3);
        List<bool> captured = [];
        Trainer eager = Make(precision, CaptureMode.Never);
        Trainer trainer = Make(precision, CaptureMode.Always, new LambdaCallback { StepEnd = c => captured.Add(c.Trainer.IsCaptured) });
        eager.Fit(data, null, 3);
        trainer.Fit(data, null, 3);
        Assert.That(captured.Skip(4), Is.All.True);
        Assert.That(ToyTraining.Weights(trainer), Is.EqualTo(ToyTraining.Weights(eager)));
        Assert.That(trainer.History.Epochs, Is.EqualTo(eager.History.Epochs));
        if (precision == TrainingPrecision.MixedFloat16)
        {
            Assert.That(trainer.LossScaler!.ReadScale(), Is.EqualTo(eager.LossScaler!.ReadScale()));
            Assert.That(trainer.LossScaler.ReadSkippedSteps(), Is.EqualTo(eager.LossScaler.ReadSkippedSteps()).And.GreaterThan(5).And.LessThan(21), "some of them replayed");
        }
    }

    [Test]
    public void Capture_InsideAScope_ConvertsTheParametersOfEachReplay()
    {
        Tensor w = Tensor.Ones([2, 2], device: Device).WithGrad(), x = Tensor.Ones([1, 2], device: Device);
        using Autocast.Scope scope = Autocast.To(DType.BFloat16);
        using GradMode.Scope mode = GradMode.Off();
        Assert.That(x.MatMul(w).ToArray<float>(), Is.All.EqualTo(2f), "converted before the capture");
        using CapturedStep step = Device.Capture(() => x.MatMul(w));
        w.FillInPlace(3);
        step.Replay();
        Assert.That(step.Output.ToArray<float>(), Is.All.EqualTo(6f));
        Assert.That(x.MatMul(w).ToArray<float>(), Is.All.EqualTo(6f), "eager work does not take what the recording only noted");
        w.FillInPlace(5);
        Assert.That(x.MatMul(w).ToArray<float>(), Is.All.EqualTo(10f));
        step.Replay();
        Assert.That(step.Output.ToArray<float>(), Is.All.EqualTo(10f));
    }

    private static Trainer Make(TrainingPrecision precision, CaptureMode mode, params Callback[] callbacks)
    {
        Sequential model = [new Linear(2, 8, generator: new Generator(3)), new BatchNorm1d(8), new Tanh(), new Dropout(0.2, new Generator(4)), new Linear(8, 3, generator: new Generator(5))];
        model.To(Device.Default);
        return new Trainer(model, new Adam(model.Parameters, 0.02), Losses.CrossEntropy)
        {
            Precision = precision,
            Capture = mode,
            ClipGradNorm = 0.5,
            LossScaler = precision == TrainingPrecision.MixedFloat16 ? new LossScaler(initialScale: 1L << 27, growthInterval: 3) : null,
            Metrics = [new Accuracy()],
            Callbacks = callbacks,
        };
    }
}
