using Engine.Nn;
using Engine.Tests.Nn.Training;
using NUnit.Framework;

namespace Engine.Tests.Capture;

/// <summary>A trainer that captures its steps ends with the bits of one that does not.</summary>
[TestFixtureSource(typeof(CaptureDevices), nameof(CaptureDevices.All))]
internal sealed class TrainerCaptureTests(string deviceName) : CaptureFixture(deviceName)
{
    private const int Epochs = 3;

    private Device _before = null!;
    private ToyData _data = null!;
    private ToyData _validation = null!;

    [SetUp]
    public void Begin()
    {
        _before = Device.Default;
        Device.Default = Device;
        _data = new ToyData(seed: 1, batches: 7, batchSize: 6, lastBatch: 3);
        _validation = new ToyData(seed: 2, batches: 2, batchSize: 8, lastBatch: 8);
    }

    [TearDown]
    public void End() => Device.Default = _before;

    [TestCase(CaptureMode.Auto)]
    [TestCase(CaptureMode.Always)]
    public void Fit_Captured_EndsWithTheBitsOfEagerSteps(CaptureMode mode)
    {
        List<bool> captured = [];
        Trainer eager = Make(CaptureMode.Never), trainer = Make(mode, new LambdaCallback { StepEnd = c => captured.Add(c.Trainer.IsCaptured) });
        eager.Fit(_data, _validation, Epochs);
        trainer.Fit(_data, _validation, Epochs);
        Assert.That(ToyTraining.Weights(trainer), Is.EqualTo(ToyTraining.Weights(eager)));
        Assert.That(trainer.History.Epochs, Is.EqualTo(eager.History.Epochs));
        Assert.That(ToyTraining.Saved(trainer).Values["trainer"]!["generators"]!.ToJsonString(), Is.EqualTo(ToyTraining.Saved(eager).Values["trainer"]!["generators"]!.ToJsonString()));
        Assert.That(trainer.CaptureRefusal, Is.Null);
        Assert.That(captured.Skip(4), Is.All.EqualTo(mode == CaptureMode.Always || Device.CanRecord), "an eager step, two warm-ups, then replays");
        Assert.That(trainer.IsCaptured, Is.False, "it ends with the run");
        if (Device is RecordingDevice recording)
        {
            Assert.That(recording.LivingRecordings, Is.Zero);
        }
    }

    [Test]
    public void Fit_SeveralInputsOutputsAndWeights_EndsWithTheBitsOfEagerSteps()
    {
        List<bool> captured = [];
        Trainer eager = TwoHeads.Trainer(), trainer = TwoHeads.Trainer(CaptureMode.Always, callbacks: new LambdaCallback { StepEnd = c => captured.Add(c.Trainer.IsCaptured) });
        DataLoader data = new(TwoHeads.Data(16, 1).WithSampleWeights([.. Enumerable.Range(0, 16).Select(static i => 1.0 + i)]), 4);
        eager.Fit(data, null, Epochs);
        trainer.Fit(data, null, Epochs);
        Assert.That(ToyTraining.Weights(trainer), Is.EqualTo(ToyTraining.Weights(eager)));
        Assert.That(trainer.History.Epochs, Is.EqualTo(eager.History.Epochs));
        Assert.That(captured.Skip(4), Is.All.True);
    }

    [Test]
    public void Fit_ResumedInTheMiddle_EndsWithTheBitsOfEagerSteps()
    {
        Trainer eager = Make(CaptureMode.Never);
        eager.Fit(_data, null, Epochs);
        TrainingState? middle = null;
        Trainer first = Make(CaptureMode.Always, new LambdaCallback
        {
            StepEnd = c =>
            {
                if (c.Step == 12)
                {
                    c.RequestSave(state => middle = ToyTraining.Reread(state));
                }
            },
        });
        first.Fit(_data, null, 2);
        Trainer second = Make(CaptureMode.Always);
        second.Load(middle!);
        second.Fit(_data, null, Epochs);
        Assert.That(ToyTraining.Weights(second), Is.EqualTo(ToyTraining.Weights(eager)));
    }

    [Test]
    public void Fit_OptimizerSwitched_IsCapturedAnewAndEndsWithTheBitsOfEagerSteps()
    {
        Trainer eager = MakeSwitching(CaptureMode.Never, []);
        eager.Fit(_data, null, Epochs);
        List<bool> captured = [];
        Trainer trainer = MakeSwitching(CaptureMode.Always, captured);
        trainer.Fit(_data, null, Epochs);
        Assert.That(ToyTraining.Weights(trainer), Is.EqualTo(ToyTraining.Weights(eager)));
        Assert.That(captured[6], Is.True);
        Assert.That(captured[7], Is.False, "the first step of the other optimizer");
        Assert.That(captured[13], Is.True);

        static Trainer MakeSwitching(CaptureMode mode, List<bool> captured)
        {
            Sequential model = Model();
            Adam adam = new(model.Parameters, 0.02);
            return new Trainer(model, adam, Losses.CrossEntropy)
            {
                Capture = mode,
                Callbacks =
                [
                    new SwitchOptimizer(new Lamb(model.Parameters, 0.02), epoch: 1), new SwitchOptimizer(adam, epoch: 2),
                    new LambdaCallback { StepEnd = c => captured.Add(c.Trainer.IsCaptured) },
                ],
            };
        }
    }

    [Test]
    public void Fit_LayerThawedByACallback_IsTrainedFromThenOn()
    {
        Trainer eager = MakeThawing(CaptureMode.Never), trainer = MakeThawing(CaptureMode.Always);
        eager.Fit(_data, null, Epochs);
        trainer.Fit(_data, null, Epochs);
        Assert.That(ToyTraining.Weights(trainer), Is.EqualTo(ToyTraining.Weights(eager)));

        Trainer MakeThawing(CaptureMode mode)
        {
            Sequential model = Model();
            Tensor frozen = model.Parameters[0];
            frozen.RequiresGrad = false;
            return new Trainer(model, new Adam([.. model.Parameters, .. model.Parameters.Contains(frozen) ? Array.Empty<Tensor>() : [frozen]], 0.02), Losses.CrossEntropy)
            {
                Capture = mode,
                Callbacks = [new LambdaCallback { StepEnd = c => frozen.RequiresGrad |= c.Step == 9 }],
            };
        }
    }

    [Test]
    public void Fit_DropoutOfAllKinds_EndsWithTheBitsOfEagerSteps()
    {
        Trainer eager = MakeDropping(CaptureMode.Never), trainer = MakeDropping(CaptureMode.Always);
        eager.Fit(_data, null, Epochs);
        trainer.Fit(_data, null, Epochs);
        Assert.That(ToyTraining.Weights(trainer), Is.EqualTo(ToyTraining.Weights(eager)));

        static Trainer MakeDropping(CaptureMode mode)
        {
            Sequential model =
            [
                new Linear(2, 8, generator: new Generator(3)), new AlphaDropout(0.2, new Generator(4)),
                new Lambda(static x => x.Reshape(x.Shape[0], 4, 2)), new Dropout1d(0.2, new Generator(5)),
                new Lambda(static x => x.Unsqueeze(3)), new Dropout2d(0.2, new Generator(6)), new Flatten(), new Linear(8, 3, generator: new Generator(7)),
            ];
            return new Trainer(model, new Sgd(model.Parameters, 0.1), Losses.CrossEntropy) { Capture = mode };
        }
    }

    [Test]
    public void Fit_ModelThatLooksAtValues_RunsEagerlyOrIsRefused()
    {
        Trainer eager = MakeCurious(CaptureMode.Never), auto = MakeCurious(CaptureMode.Auto), always = MakeCurious(CaptureMode.Always);
        eager.Fit(_data, null, Epochs);
        auto.Fit(_data, null, Epochs);
        Assert.That(ToyTraining.Weights(auto), Is.EqualTo(ToyTraining.Weights(eager)));
        Assert.That(auto.CaptureRefusal, Device.CanRecord ? Does.Contain("Item: ") : Is.Null);
        Assert.That(() => always.Fit(_data, null, Epochs), Throws.TypeOf<CaptureException>().With.Message.Contains("Item: "));

        Trainer MakeCurious(CaptureMode mode)
        {
            Sequential model = Model();
            return new Trainer(model, x => model.Forward(x.Sum().Item() > -1 ? x : x * 2), new Sgd(model.Parameters, 0.1), Losses.CrossEntropy) { Capture = mode };
        }
    }

    [Test]
    public void Fit_AlwaysWithGradientAccumulation_Throws()
    {
        Sequential model = Model();
        Trainer trainer = new(model, new Sgd(model.Parameters, 0.1), Losses.CrossEntropy) { Capture = CaptureMode.Always, GradientAccumulation = 2 };
        Assert.That(() => trainer.Fit(_data, null, 1), Throws.InvalidOperationException.With.Message.Contains("mini-batches cannot be captured"));
    }

    private static Sequential Model()
    {
        Sequential model =
        [
            new Linear(2, 8, generator: new Generator(3)), new BatchNorm1d(8), new Tanh(), new Dropout(0.2, new Generator(4)), new Linear(8, 3, generator: new Generator(5)),
        ];
        model.To(Device.Default);
        return model;
    }

    private static Trainer Make(CaptureMode mode, params Callback[] callbacks)
    {
        Sequential model = Model();
        return new Trainer(model, new AdamW(model.Parameters, 0.02), Losses.CrossEntropy)
        {
            Capture = mode,
            ClipGradNorm = 0.5,
            Metrics = [new Accuracy(), new Mean("confidence", static (y, t) => y.Softmax(1).Max(1))],
            Callbacks = [new ScheduleCallback(Schedule.Cosine(0.02, steps: 21)), .. callbacks],
        };
    }
}
