using Engine.Nn;
using Engine.Tests.Nn.Training;
using NUnit.Framework;

namespace Engine.Tests.Precision;

/// <summary>What a trainer's precision means for evaluation, clipping, accumulation and saved runs.</summary>
internal sealed class MixedTrainerTests : ToyFixture
{
    private const int Epochs = 2;

    [TestCase(TrainingPrecision.Full, null)]
    [TestCase(TrainingPrecision.MixedBFloat16, DType.BFloat16)]
    [TestCase(TrainingPrecision.MixedFloat16, DType.Float16)]
    public void Precision_Holds_WhereTheModelComputes(TrainingPrecision precision, DType? expected)
    {
        List<DType?> seen = [];
        Sequential model = ToyTraining.Model();
        Trainer trainer = new(model, Forward, new Sgd(model.Parameters, 0.1), Losses.CrossEntropy) { Precision = precision };
        trainer.Fit(Toy.Train);
        int trained = seen.Count;
        Evaluation evaluation = trainer.Evaluate(Toy.Validation);
        Tensor answers = trainer.Predict(Tensor.Ones([5, 2]), batchSize: 2);
        Assert.That(seen, Is.All.EqualTo(expected));
        Assert.That((trained, seen.Count), Is.EqualTo((Toy.Train.BatchCount, Toy.Train.BatchCount + Toy.Validation.BatchCount + 3)));
        Assert.That(Autocast.Type, Is.Null, "nothing is left in force");
        Assert.That(answers.DType, Is.EqualTo(DType.Float32));
        Assert.That(trainer.Predict(Tensor.Ones([2, 2])).DType, Is.EqualTo(DType.Float32));
        Assert.That(evaluation.Loss, Is.GreaterThan(0).And.LessThan(2));
        Assert.That(model.Parameters.Select(static p => p.DType), Is.All.EqualTo(DType.Float32));
        Assert.That(trainer.LossScaler, precision == TrainingPrecision.MixedFloat16 ? Is.Not.Null : Is.Null);

        Tensor Forward(Tensor x)
        {
            seen.Add(Autocast.Type);
            return model.Forward(x);
        }
    }

    [Test]
    public void Precision_Unknown_Throws()
    {
        Sequential model = ToyTraining.Model();
        Assert.That(() => new Trainer(model, new Sgd(model.Parameters), Losses.CrossEntropy) { Precision = (TrainingPrecision)7 }, Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Fit_ScopeAroundTheTrainer_HoldsInFullPrecision()
    {
        DType? seen = null;
        Sequential model = ToyTraining.Model();
        Trainer trainer = new(model, x => { seen = Autocast.Type; return model.Forward(x); }, new Sgd(model.Parameters, 0.1), Losses.CrossEntropy);
        using Autocast.Scope scope = Autocast.To(DType.BFloat16);
        trainer.Fit(Toy.Train);
        Assert.That((seen, Autocast.Type), Is.EqualTo((DType.BFloat16, DType.BFloat16)));
    }

    [Test]
    public void ClipGradNorm_WithALossScaler_BoundsTheTrueGradient()
    {
        // The scale is far above the bound: clipped before they are divided, the gradients would all but vanish.
        List<double> norms = [];
        Sequential model = ToyTraining.Model();
        Trainer trainer = new(model, new Sgd(model.Parameters, 0.1), Losses.CrossEntropy)
        {
            Precision = TrainingPrecision.MixedFloat16,
            ClipGradNorm = 0.25,
            Callbacks = [new LambdaCallback { StepEnd = _ => norms.Add(model.Parameters.GradNorm().Item()) }],
        };
        trainer.Fit(Toy.Train);
        Assert.That(norms, Is.All.LessThan(0.2501));
        Assert.That(norms, Has.Some.GreaterThan(0.2499));
    }

    [Test]
    public void GradientAccumulation_WithALossScaler_AddsUpToTheWholeBatch()
    {
        float[] one = Train(1, 1), four = Train(4, 4);
        Assert.That(four, Is.EqualTo(one).Within(0.01), "four mini-batches, all alike, make the same step as one");
        Assert.That(four, Is.Not.EqualTo(Start().StateDict().Values.SelectMany(static t => t.ToArray<float>())));

        static Sequential Start() => [new Linear(2, 3, generator: new Generator(5))];

        static float[] Train(int batches, int accumulation)
        {
            Sequential model = Start();
            Trainer trainer = new(model, new Sgd(model.Parameters, 0.5), Losses.CrossEntropy) { Precision = TrainingPrecision.MixedFloat16, GradientAccumulation = accumulation };
            trainer.Fit(new Repeated(batches));
            return ToyTraining.Weights(trainer);
        }
    }

    [Test]
    public void Fit_ScaleFarTooLarge_LeavesStepsOutAndThenLearns()
    {
        Trainer trainer = Make(new LossScaler(initialScale: 1L << 30));
        trainer.Fit(Toy.Train, Toy.Validation, 6);
        Assert.That(trainer.LossScaler!.ReadSkippedSteps(), Is.GreaterThan(5).And.LessThan(30));
        Assert.That(trainer.LossScaler.ReadScale(), Is.LessThan(1L << 25));
        Assert.That(trainer.Step, Is.EqualTo(6 * 3), "a step that is left out counts");
        Assert.That(trainer.History["val_loss"][^1], Is.LessThan(trainer.History["val_loss"][0]));
        Assert.That(ToyTraining.Weights(trainer), Is.All.Matches<float>(float.IsFinite));
    }

    [Test]
    public void Resume_AfterAnyStep_EndsWithTheSameBits()
    {
        List<TrainingState> states = [];
        Trainer whole = Make(new LossScaler(initialScale: 1L << 26, growthInterval: 4), new LambdaCallback { StepEnd = c => c.RequestSave(s => states.Add(ToyTraining.Reread(s))) });
        whole.Fit(Toy.Train, Toy.Validation, Epochs);
        Assert.That(states, Has.Count.EqualTo(Epochs * 3));
        Assert.That(whole.LossScaler!.ReadSkippedSteps(), Is.GreaterThan(0), "or nothing would be tested");
        foreach (TrainingState state in states)
        {
            Trainer resumed = Make(new LossScaler(initialScale: 1, growthInterval: 4));
            resumed.Load(state);
            string at = $"resumed in epoch {resumed.Epoch} after {resumed.Batch} batches";
            resumed.Fit(Toy.Train, Toy.Validation, Epochs);
            Assert.That(ToyTraining.Weights(resumed), Is.EqualTo(ToyTraining.Weights(whole)), at);
            Assert.That(resumed.LossScaler!.ReadScale(), Is.EqualTo(whole.LossScaler.ReadScale()), at);
            Assert.That(resumed.LossScaler.ReadSkippedSteps(), Is.EqualTo(whole.LossScaler.ReadSkippedSteps()), at);
        }
    }

    [Test]
    public void Load_RunInFullPrecision_GoesOnMixed()
    {
        Sequential model = ToyTraining.Model();
        Trainer full = new(model, new Adam(model.Parameters, 0.02), Losses.CrossEntropy);
        full.Fit(Toy.Train);
        Trainer mixed = Make(new LossScaler(initialScale: 512));
        mixed.Load(ToyTraining.Saved(full));
        mixed.Fit(Toy.Train, epochs: 2);
        Assert.That(mixed.LossScaler!.ReadScale(), Is.EqualTo(512), "it begins anew");
        Sequential third = ToyTraining.Model();
        Trainer again = new(third, new Adam(third.Parameters, 0.02), Losses.CrossEntropy);
        Assert.That(() => again.Load(ToyTraining.Saved(mixed)), Throws.Nothing, "and back");
    }

    private static Trainer Make(LossScaler scaler, params Callback[] callbacks)
    {
        Sequential model = ToyTraining.Model();
        return new Trainer(model, new Adam(model.Parameters, 0.02), Losses.CrossEntropy)
        {
            Precision = TrainingPrecision.MixedFloat16,
            LossScaler = scaler,
            ClipGradNorm = 1,
            GradientAccumulation = 3,
            Callbacks = callbacks,
        };
    }

    /// <summary>The same points again and again.</summary>
    private sealed class Repeated(int batches) : IBatchSource
    {
        public int BatchCount => batches;

        public long SampleCount => batches * 3;

        public IEnumerable<Batch> Epoch(int epoch, int firstBatch = 0)
        {
            for (int i = firstBatch; i < batches; i++)
            {
                yield return new Batch(Tensor.From(new float[,] { { 0.5f, 1 }, { -1, 0.25f }, { 2, -0.5f } }), Tensor.From<long>([0, 1, 2]));
            }
        }
    }
}
