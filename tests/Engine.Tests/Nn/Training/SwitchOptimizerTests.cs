using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Training;

/// <summary>A run that changes its optimizer is the one that loops by hand would make, resumes with the same bits, and refuses what cannot work.</summary>
internal sealed class SwitchOptimizerTests : ToyFixture
{
    private const int Epochs = 5;

    [Test]
    public void AdamThenSgdAndBack_IsTheLoopByHand()
    {
        Layer model = ToyTraining.Model(), byHand = ToyTraining.Model();
        Adam adam = new(model.Parameters, 0.02);
        Sgd sgd = new(model.Parameters, 0.1, momentum: 0.9);
        List<string> turns = [];
        Trainer trainer = new(model, adam, Losses.CrossEntropy)
        {
            Callbacks = [new SwitchOptimizer(sgd, epoch: 1), new SwitchOptimizer(adam, epoch: 3), new LambdaCallback { EpochEnd = c => turns.Add(c.Optimizer.GetType().Name) }],
        };
        History history = trainer.Fit(Toy.Train, epochs: Epochs);

        Adam first = new(byHand.Parameters, 0.02);
        Sgd second = new(byHand.Parameters, 0.1, momentum: 0.9);
        byHand.Train();
        for (int epoch = 0; epoch < Epochs; epoch++)
        {
            Optimizer optimizer = epoch is 1 or 2 ? second : first;
            foreach (Batch batch in Toy.Train.Epoch(epoch))
            {
                optimizer.ZeroGrad();
                byHand.Forward(batch.Inputs).CrossEntropy(batch.Targets).Backward();
                optimizer.Step();
            }
        }

        Assert.That(ToyTraining.Weights(trainer), Is.EqualTo(byHand.StateDict().Values.SelectMany(static t => t.ToArray<float>())));
        Assert.That(turns, Is.EqualTo(new[] { "Adam", "Sgd", "Sgd", "Adam", "Adam" }));
        Assert.That(history["learning_rate"], Is.EqualTo(new[] { 0.02, 0.1, 0.1, 0.02, 0.02 }));
        Assert.That(adam.StepsOf(model.Parameters[0]), Is.EqualTo(3 * 7), "what Adam had learnt of the gradients waited for its return");
    }

    [Test]
    public void Resume_AfterAnyStep_EndsWithTheSameBits()
    {
        List<TrainingState> states = [];
        Trainer whole = Make(states.Add);
        whole.Fit(Toy.Train, Toy.Validation, Epochs);
        Assert.That(states, Has.Count.EqualTo(Epochs * (7 + 1)));
        foreach (TrainingState state in states)
        {
            Trainer resumed = Make(static _ => { });
            resumed.Load(state);
            string at = $"resumed in epoch {resumed.Epoch} after {resumed.Batch} batches with {resumed.Optimizer.GetType().Name}";
            resumed.Fit(Toy.Train, Toy.Validation, Epochs);
            Assert.That(ToyTraining.Weights(resumed), Is.EqualTo(ToyTraining.Weights(whole)), at);
            Assert.That(ToyTraining.Saved(resumed).Values.ToJsonString(), Is.EqualTo(ToyTraining.Saved(whole).Values.ToJsonString()), at);
        }
    }

    [Test]
    public void Load_OfAnEarlierState_GoesBackToItsOptimizer()
    {
        List<TrainingState> states = [];
        Trainer trainer = Make(states.Add);
        trainer.Fit(Toy.Train, Toy.Validation, Epochs);
        float[] end = ToyTraining.Weights(trainer);
        Optimizer last = trainer.Optimizer;
        trainer.Load(states[0]);
        Assert.That(trainer.Optimizer, Is.TypeOf<Adam>().And.Not.SameAs(last));
        trainer.Fit(Toy.Train, Toy.Validation, Epochs);
        Assert.That(ToyTraining.Weights(trainer), Is.EqualTo(end));
    }

    [Test]
    public void Load_WithoutTheCallbacks_ThrowsAndChangesNothing()
    {
        List<TrainingState> states = [];
        Make(states.Add).Fit(Toy.Train, Toy.Validation, Epochs);
        Layer model = ToyTraining.Model();
        Trainer other = new(model, new Adam(model.Parameters, 0.02), Losses.CrossEntropy);
        float[] before = ToyTraining.Weights(other);
        TrainingState withSgd = states[7 + 1];
        Assert.That(() => other.Load(withSgd), Throws.TypeOf<ModelFileException>().With.Message.Contains("SwitchOptimizer"));
        Assert.That(ToyTraining.Weights(other), Is.EqualTo(before));
        Assert.That(other.Epoch, Is.Zero);
    }

    [Test]
    public void Plateau_GoesFromOneToTheNext()
    {
        double[] figures = [3, 2, 2, 2, 2, 2, 2, 2];
        Layer model = ToyTraining.Model();
        Adam adam = new(model.Parameters, 0.02);
        Sgd sgd = new(model.Parameters, 0.1);
        SwitchOptimizer callback = new([sgd, adam], "fake", patience: 1, mode: MonitorMode.Min);
        List<string> turns = [];
        int epoch = 0;
        Trainer trainer = new(model, adam, Losses.CrossEntropy)
        {
            Metrics = [new Fake(() => figures[epoch])],
            Callbacks = [new LambdaCallback { EpochBegin = c => turns.Add(c.Optimizer.GetType().Name), EpochEnd = _ => epoch++ }, callback],
        };
        trainer.Fit(Toy.Train, epochs: figures.Length);

        // Epochs 2 and 3 do not improve on 2: the second of them switches. Epoch 4 is the new best, 5 and 6 are not better.
        Assert.That(turns, Is.EqualTo(new[] { "Adam", "Adam", "Adam", "Adam", "Sgd", "Sgd", "Sgd", "Adam" }));
        Assert.That(callback.Switches, Is.EqualTo(2));
    }

    [Test]
    public void Schedules_FollowTheirOwnOptimizer()
    {
        Layer model = ToyTraining.Model();
        Adam adam = new(model.Parameters);
        Sgd sgd = new(model.Parameters, 0.5);
        Trainer trainer = new(model, adam, Losses.CrossEntropy)
        {
            Callbacks =
            [
                new SwitchOptimizer(sgd, epoch: 2), new ScheduleCallback(Schedule.Exponential(0.1, 0.5), ScheduleUnit.Epoch),
                new ScheduleCallback(Schedule.InverseTime(0.4, 1), ScheduleUnit.Epoch, sgd),
            ],
        };
        Assert.That(trainer.Fit(Toy.Train, epochs: 4)["learning_rate"], Is.EqualTo(new[] { 0.1, 0.05, 0.4 / 3, 0.1 }).Within(1e-15));
        Layer plain = ToyTraining.Model();
        Sgd constant = new(plain.Parameters, 0.5);
        Trainer without = new(plain, new Adam(plain.Parameters), Losses.CrossEntropy)
        {
            Callbacks = [new SwitchOptimizer(constant, epoch: 1), new ScheduleCallback(Schedule.Exponential(0.1, 0.5), ScheduleUnit.Epoch)],
        };
        Assert.That(without.Fit(Toy.Train, epochs: 2)["learning_rate"], Is.EqualTo(new[] { 0.1, 0.5 }), "Adam's schedule is nothing to SGD");
    }

    [Test]
    public void Optimizer_SetBetweenRuns_MakesTheStepsFromThen()
    {
        Layer model = ToyTraining.Model();
        Trainer trainer = new(model, new Adam(model.Parameters, 0.02), Losses.CrossEntropy);
        trainer.Fit(Toy.Train, epochs: 1);
        float[] before = ToyTraining.Weights(trainer);
        Sgd sgd = new([model.Parameters[^1]], 0);
        trainer.Optimizer = sgd;
        Assert.That(model.Parameters[0].Grad, Is.Null, "what is not trained any more keeps no gradient");
        trainer.Fit(Toy.Train, additionalEpochs: 1);
        Assert.That(ToyTraining.Weights(trainer), Is.EqualTo(before), "a rate of 0");
        Assert.That(sgd.StepsOf(model.Parameters[^1]), Is.EqualTo(7));
        TrainingState state = ToyTraining.Saved(trainer);
        Trainer other = new(model, new Adam(model.Parameters, 0.02), Losses.CrossEntropy);
        Assert.That(() => other.Load(state), Throws.TypeOf<ModelFileException>().With.Message.Contains("Sgd"));
        other.Optimizer = new Sgd([model.Parameters[^1]], 0.3);
        other.Load(state);
        Assert.That(other.Optimizer.LearningRate, Is.Zero);
    }

    [Test]
    public void BadArguments_Throw()
    {
        Layer model = ToyTraining.Model(), other = ToyTraining.Model();
        Sgd strange = new(other.Parameters, 0.1), sgd = new(model.Parameters, 0.1);
        Trainer trainer = new(model, new Adam(model.Parameters), Losses.CrossEntropy) { Callbacks = [new SwitchOptimizer(strange, epoch: 3)] };
        Assert.Multiple(() =>
        {
            Assert.That(() => trainer.Fit(Toy.Train, epochs: 4), Throws.ArgumentException.With.Message.Contains("SwitchOptimizer").And.Message.Contains("none of the 4 parameters"));
            Assert.That(trainer.Step, Is.Zero, "before work is lost");
            Assert.That(() => trainer.Optimizer = strange, Throws.ArgumentException.With.Message.Contains("Optimizer: the Sgd holds none"));
            Assert.That(() => trainer.Optimizer = null!, Throws.ArgumentNullException);
            Assert.That(() => new SwitchOptimizer(sgd, epoch: -1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new SwitchOptimizer([]), Throws.ArgumentException.With.Message.Contains("no optimizers"));
            Assert.That(() => new SwitchOptimizer([sgd], patience: -1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(
                () => new Trainer(model, new Adam(model.Parameters), Losses.CrossEntropy) { Callbacks = [new SwitchOptimizer([sgd])] }.Fit(Toy.Train),
                Throws.InvalidOperationException.With.Message.Contains("val_loss"));
        });
    }

    /// <summary>Adam, at epoch 1 SGD, at epoch 3 a second Adam with another rate; and whatever has state beside.</summary>
    private static Trainer Make(Action<TrainingState> saved)
    {
        Layer model = ToyTraining.Model();
        Adam adam = new(model.Parameters, 0.02);
        Sgd sgd = new(model.Parameters, 0.1, momentum: 0.9);
        return new Trainer(model, adam, Losses.CrossEntropy)
        {
            Callbacks =
            [
                new SwitchOptimizer(sgd, epoch: 1),
                new SwitchOptimizer(adam, epoch: 2),
                new SwitchOptimizer([sgd, new Lion(model.Parameters, 1e-3)], "loss", patience: 0, minDelta: 10),
                new ScheduleCallback(Schedule.Cosine(0.02, steps: 40)),
                new PlateauCallback(new ReduceOnPlateau(sgd, patience: 0, threshold: 0.5), restoreBest: true),
                new LambdaCallback { StepEnd = c => c.RequestSave(s => saved(ToyTraining.Reread(s))), EpochEnd = c => c.RequestSave(s => saved(ToyTraining.Reread(s))) },
            ],
        };
    }

    private sealed class Fake(Func<double> value) : Metric("fake")
    {
        public override double Compute() => value();

        public override Metric Fresh() => new Fake(value);

        public override void Reset()
        {
        }

        public override void Save(TrainingState state)
        {
        }

        public override void Load(TrainingState state)
        {
        }

        protected override void Accumulate(Tensor prediction, Tensor target)
        {
        }
    }
}
