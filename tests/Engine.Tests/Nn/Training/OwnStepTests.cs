using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Training;

/// <summary>Steps that are the user's own code, with several optimizers.</summary>
internal sealed class OwnStepTests : ToyFixture
{
    private long _seed;

    [SetUp]
    public void Begin()
    {
        _seed = Generator.Default.Seed;
        Generator.Default.Restore(3, 0);
    }

    [TearDown]
    public void End() => Generator.Default.Restore(_seed, 0);

    [Test]
    public void Gan_ReachesTheMomentsOfTheData()
    {
        Trainer trainer = Gan.Trainer();
        History history = trainer.Fit(Gan.Data(100), epochs: 4);
        Gan gan = (Gan)trainer.Model;
        Assert.That(gan.M.ToArray<float>()[0], Is.EqualTo(Gan.Mean).Within(0.15));
        Assert.That(Math.Abs(gan.S.ToArray<float>()[0]), Is.EqualTo(Gan.Std).Within(0.15));
        Assert.That(history["judge_loss"][^1], Is.EqualTo(2 * Math.Log(2)).Within(0.05), "a judge that cannot tell them apart");
        Assert.That(history.Epochs[0].Keys, Is.EqualTo((string[])["loss", "judge_loss", "learning_rate", "clipped_share"]));
        Assert.That(trainer.Optimizers, Has.Count.EqualTo(2));
    }

    [TestCase(TrainingPrecision.Full)]
    [TestCase(TrainingPrecision.MixedFloat16)]
    public void Resume_AfterAnyStep_EndsWithTheSameBits(TrainingPrecision precision)
    {
        List<TrainingState> states = [];
        Trainer whole = Gan.Trainer(precision, new LambdaCallback { StepEnd = c => c.RequestSave(s => states.Add(ToyTraining.Reread(s))) });
        whole.Fit(Gan.Data(3), epochs: 2);
        TrainingState end = ToyTraining.Saved(whole);
        Assert.That(states, Has.Count.EqualTo(6));
        foreach (TrainingState state in states)
        {
            Generator.Default.Restore(99, 5);
            Trainer resumed = Gan.Trainer(precision, new LambdaCallback());
            resumed.Load(state);
            resumed.Fit(Gan.Data(3), epochs: 2);
            Assert.That(ToyTraining.Weights(resumed), Is.EqualTo(ToyTraining.Weights(whole)));
            Assert.That(ToyTraining.Saved(resumed).Values.ToJsonString(), Is.EqualTo(end.Values.ToJsonString()));
        }
    }

    [Test]
    public void States_OfAllOptimizers_AreSaved()
    {
        Trainer trainer = WithMomentum();
        trainer.Fit(Gan.Data(2), epochs: 1);
        TrainingState state = ToyTraining.Saved(trainer);
        Assert.That(state.Tensors.Select(static t => t.Key.Split('/')[0]).Distinct(), Is.EquivalentTo((string[])["model", "optimizer", "optimizers"]));
        Trainer other = WithMomentum();
        other.Load(state);
        TrainingState again = ToyTraining.Saved(other);
        Assert.That(again.Tensors.Select(static t => t.Key), Is.EqualTo(state.Tensors.Select(static t => t.Key)));
        Assert.That(again.Tensors.Select(static t => t.Value.ToArray<float>()), Is.EqualTo(state.Tensors.Select(static t => t.Value.ToArray<float>())));
        Assert.That(again.Values["optimizers"]!.ToJsonString(), Is.EqualTo(state.Values["optimizers"]!.ToJsonString()));

        static Trainer WithMomentum()
        {
            Gan gan = new();
            Optimizer[] optimizers = [new Sgd([gan.S], 0.1, momentum: 0.9), new Adam([gan.Judge], 0.1)];
            return new Trainer(gan, optimizers, (step, batch) =>
            {
                Tensor loss = gan.Score(batch.Inputs * gan.S).Mean();
                step.Minimize(loss, step.Optimizers[1]);
                loss = gan.Score(batch.Inputs * gan.S).Mean();
                step.Minimize(loss, step.Optimizers[0]);
                return loss;
            });
        }
    }

    [Test]
    public void Steps_Mistakes_AreNamed()
    {
        Gan gan = new();
        Sgd one = new([gan.S]), foreign = new([gan.M]);
        Assert.That(() => new Trainer(gan, (Optimizer[])[], (_, _) => gan.S), Throws.ArgumentException);
        Assert.That(() => new Trainer(gan, (Optimizer[])[one, one], (_, _) => gan.S), Throws.ArgumentException);
        Trainer Make(TrainingStep step) => new(gan, (Optimizer[])[one], step);
        DataLoader data = Gan.Data(1);
        Assert.That(() => Make((step, _) => { step.Minimize(gan.S.Sum(), foreign); return gan.S; }).Fit(data), Throws.ArgumentException.With.Message.Contains("none of the trainer's 1"));
        Assert.That(() => Make((step, _) => { step.Log("a", gan.S); return gan.S; }).Fit(data), Throws.InvalidOperationException.With.Message.Contains("Figures = [\"a\"]"));
        Assert.That(() => Make((_, _) => gan.Judge).Fit(data), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => Make((_, _) => null!).Fit(data), Throws.ArgumentException);
        Assert.That(() => Make((_, _) => gan.S).Fit(data, validation: data), Throws.InvalidOperationException.With.Message.Contains("forward"));
        Assert.That(() => Make((_, _) => gan.S).Predict(Tensor.Ones([1, 1])), Throws.InvalidOperationException.With.Message.Contains("forward"));
        Assert.That(() => Make((_, _) => gan.S).FindLearningRate(data), Throws.InvalidOperationException);
        Assert.That(() => new Trainer(gan, (Optimizer[])[one], (_, _) => gan.S) { GradientAccumulation = 2 }.Fit(data), Throws.InvalidOperationException);
        Assert.That(() => new Trainer(gan, (Optimizer[])[one], (_, _) => gan.S) { Capture = CaptureMode.Always }.Fit(data), Throws.InvalidOperationException);
        Trainer auto = new(gan, (Optimizer[])[one], (_, _) => gan.S) { Capture = CaptureMode.Auto };
        auto.Fit(data);
        Assert.That(auto.CaptureRefusal, Does.Contain("code of one's own"));
        Trainer ordinary = new(gan, x => gan.Score(x), one, Losses.Mse) { Figures = ["a"] };
        Assert.That(() => ordinary.Fit(data), Throws.InvalidOperationException.With.Message.Contains("TrainingStep"));
    }

    [Test]
    public void Step_WithForwardAndLoss_IsEvaluatedOnOtherData()
    {
        Sequential model = ToyTraining.Model();
        Sgd sgd = new(model.Parameters, 0.1);
        Trainer own = new(model, (Optimizer[])[sgd], (step, batch) =>
        {
            Tensor y = model.Call(batch.Inputs);
            Tensor loss = Losses.CrossEntropy(y, batch.Targets);
            step.Minimize(loss, sgd);
            step.Measure(y);
            return loss;
        }, batch => model.Call(batch.Inputs), static (y, batch) => Losses.CrossEntropy(y.Single, batch.Targets))
        { Metrics = [new Accuracy()] };
        Sequential same = ToyTraining.Model();
        Trainer usual = new(same, new Sgd(same.Parameters, 0.1), Losses.CrossEntropy) { Metrics = [new Accuracy()] };
        History mine = own.Fit(Toy.Train, Toy.Validation, 2), theirs = usual.Fit(Toy.Train, Toy.Validation, 2);
        Assert.That(ToyTraining.Weights(own), Is.EqualTo(ToyTraining.Weights(usual)));
        Assert.That(mine.Epochs, Is.EqualTo(theirs.Epochs));
    }
}
