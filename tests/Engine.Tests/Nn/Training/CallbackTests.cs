using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Training;

internal sealed class CallbackTests
{
    private ToyTraining _toy = null!;
    private string _folder = null!;

    [SetUp]
    public void Begin()
    {
        _toy = new ToyTraining();
        _folder = Path.Combine(TestContext.CurrentContext.WorkDirectory, Path.GetRandomFileName());
    }

    [TearDown]
    public void End()
    {
        _toy.Dispose();
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    [Test]
    public void EarlyStopping_AfterItsPatience_StopsAndRestoresTheBest()
    {
        // The fake figure is best in epoch 1; patience 2 bears epochs 2 and 3, epoch 4 ends the run.
        double[] figures = [3, 1, 2, 2, 2, 0];
        List<float[]> weights = [];
        EarlyStopping stopping = new("fake_loss", patience: 2, restoreBest: true);
        Trainer trainer = WithFigures(figures, weights, stopping);
        History history = trainer.Fit(_toy.Train, epochs: 6);
        Assert.Multiple(() =>
        {
            Assert.That(history.Epochs, Has.Count.EqualTo(5));
            Assert.That(history.End, Is.EqualTo(TrainingEnd.Stopped));
            Assert.That(history.StopReason, Does.Contain("fake_loss").And.Contain("epoch 1"));
            Assert.That((stopping.BestEpoch, stopping.Best), Is.EqualTo((1, 1.0)));
            Assert.That(ToyTraining.Weights(trainer), Is.EqualTo(weights[1]));
        });
    }

    [Test]
    public void EarlyStopping_SmallImprovementsAndNaN_DoNotCount()
    {
        Trainer trainer = WithFigures([1, 0.95, double.NaN, 0.91], [], new EarlyStopping("fake_loss", patience: 1, minDelta: 0.1));
        Assert.That(trainer.Fit(_toy.Train, epochs: 10).Epochs, Has.Count.EqualTo(3));
    }

    [Test]
    public void Monitors_OfFiguresThatWillNotBeThere_ThrowBeforeTheFirstStep()
    {
        Trainer trainer = ToyTraining.Trainer(new EarlyStopping("val_loss"));
        Assert.That(() => trainer.Fit(_toy.Train), Throws.InvalidOperationException.With.Message.Contains("validation data"));
        Assert.That(trainer.Step, Is.Zero);
        Assert.That(new MetricMonitor("speed", MonitorMode.Max).IsBetter(2, 1));
    }

    [Test]
    public void TerminateOnNaN_EndsTheRun()
    {
        Layer model = ToyTraining.Model();
        int step = 0;
        Trainer trainer = new(model, new Sgd(model.Parameters), (y, t) => ++step == 2 ? y.CrossEntropy(t) * double.NaN : y.CrossEntropy(t))
        {
            Callbacks = [new TerminateOnNaN(everySteps: 3)],
        };
        History history = trainer.Fit(_toy.Train, epochs: 5);
        Assert.Multiple(() =>
        {
            Assert.That(trainer.Step, Is.EqualTo(3), "the sum keeps the NaN of step 2 until somebody looks");
            Assert.That(history.End, Is.EqualTo(TrainingEnd.Stopped));
            Assert.That(history.StopReason, Does.Contain("NaN"));
            Assert.That(history.Epochs, Is.Empty);
        });
    }

    [Test]
    public void ScheduleCallback_ByStepAndByEpoch_SetsTheRateBeforeItsStep()
    {
        List<double> rates = [];
        LambdaCallback log = new() { EpochBegin = c => rates.Add(c.Optimizer.LearningRate), StepEnd = c => rates.Add(c.Optimizer.LearningRate) };
        ToyData data = new(1, batches: 2, batchSize: 2, lastBatch: 2);
        ToyTraining.Trainer(new ScheduleCallback(Schedule.Lambda(static t => t + 1)), log).Fit(data, epochs: 2);
        Assert.That(rates, Is.EqualTo(new double[] { 1, 2, 3, 3, 4, 5 }));
        rates.Clear();
        ToyTraining.Trainer(new ScheduleCallback(Schedule.Lambda(static t => t + 1), ScheduleUnit.Epoch), log).Fit(data, epochs: 2);
        Assert.That(rates, Is.EqualTo(new double[] { 1, 1, 1, 2, 2, 2 }));
    }

    [Test]
    public void PlateauCallback_RestoringTheBest_RestartsFromItOneLevelDown()
    {
        List<float[]> weights = [];
        (Trainer trainer, Adam adam) = Restarting(weights);
        trainer.Fit(_toy.Train, epochs: 3);
        Assert.That(weights[2], Is.EqualTo(weights[1]), "epoch 1 was the best");
        Assert.That(weights[1], Is.Not.EqualTo(weights[0]));
        Assert.That(adam.LearningRate, Is.EqualTo(0.01));
        Assert.That(adam.StepsOf(adam.Parameters.First()), Is.EqualTo(2 * 7), "Adam's averages are those of epoch 1");
        TrainingState state = ToyTraining.Saved(trainer);
        trainer.Fit(_toy.Train, epochs: 6);
        Assert.That(adam.LearningRate, Is.EqualTo(0.00125), "each of the three epochs is worse");
        Assert.That(weights[5], Is.EqualTo(weights[1]));

        // The copy of the best epoch is part of the run's state.
        List<float[]> later = [];
        (Trainer resumed, _) = Restarting(later);
        resumed.Load(state);
        resumed.Fit(_toy.Train, epochs: 6);
        Assert.That(later, Is.EqualTo(weights[3..]));

        // A copy of another model is refused before a step is made.
        foreach ((string name, _) in state.Tensors.Where(static t => t.Key.Contains("best_run")).Take(1))
        {
            TrainingState damaged = new([.. state.Tensors.Select(t => t.Key == name ? KeyValuePair.Create(name, Tensor.Ones([3, 5, 7])) : t)], state.Values);
            (Trainer refused, _) = Restarting([]);
            refused.Load(damaged);
            Assert.That(() => refused.Fit(_toy.Train, epochs: 6), Throws.InstanceOf<EngineException>());
            Assert.That(refused.Step, Is.EqualTo(21));
        }

        static (Trainer Trainer, Adam Optimizer) Restarting(List<float[]> weights)
        {
            Layer model = ToyTraining.Model();
            Adam adam = new(model.Parameters, 0.02);
            return (new Trainer(model, adam, Losses.CrossEntropy)
            {
                Metrics = [new FakeMetric([3, 1, 2])],
                Callbacks =
                [
                    new PlateauCallback(new ReduceOnPlateau(adam, factor: 0.5, patience: 0), "fake_loss", restoreBest: true),
                    new LambdaCallback { EpochEnd = c => weights.Add(ToyTraining.Weights(c.Trainer)) },
                ],
            }, adam);
        }
    }

    [Test]
    public void ModelCheckpoint_Best_KeepsTheBestEpochOnly()
    {
        string best = Path.Combine(_folder, "best.safetensors"), last = Path.Combine(_folder, "last.safetensors");
        List<float[]> weights = [];
        WithFigures([3, 1, 2], weights, new ModelCheckpoint(best, monitor: "fake_loss"), new ModelCheckpoint(last)).Fit(_toy.Train, epochs: 3);
        Trainer loaded = WithFigures([], []);
        loaded.Load(Checkpoint.Load(best));
        Assert.That((loaded.Epoch, loaded.Step), Is.EqualTo((2, 14L)), "the position after epoch 1");
        Assert.That(ToyTraining.Weights(loaded), Is.EqualTo(weights[1]));
        loaded.Load(Checkpoint.Load(last));
        Assert.That(ToyTraining.Weights(loaded), Is.EqualTo(weights[2]));
    }

    [Test]
    public void ModelCheckpoint_EveryFewSteps_SavesBetweenTheEpochs()
    {
        CheckpointFolder folder = new(_folder, keep: 9);
        ToyTraining.Trainer(new ModelCheckpoint(folder) { EverySteps = 3 }).Fit(_toy.Train, epochs: 2);
        Assert.That(folder.Files.Select(static f => f.Step), Is.EqualTo(new long[] { 3, 6, 7, 9, 12, 14 }));
    }

    [Test]
    public void CsvLogger_OfAResumedRun_HasEachEpochOnce()
    {
        string file = Path.Combine(_folder, "log.csv");
        Trainer trainer = ToyTraining.Trainer(new CsvLogger(file));
        trainer.Fit(_toy.Train, _toy.Validation, epochs: 1);
        Trainer resumed = ToyTraining.Trainer(new CsvLogger(file));
        resumed.Load(ToyTraining.Saved(trainer));
        resumed.Fit(_toy.Train, _toy.Validation, epochs: 2);
        string[] lines = File.ReadAllLines(file);
        Assert.That(lines[0], Is.EqualTo("epoch,loss,accuracy,val_loss,val_accuracy,learning_rate"));
        Assert.That(lines.Skip(1).Select(static l => l.Split(',')[0]), Is.EqualTo(new[] { "0", "1" }));
        Assert.That(double.Parse(lines[1].Split(',')[1]), Is.EqualTo(trainer.History["loss"][0]));
    }

    [Test]
    public void History_NamesTheBestEpoch()
    {
        Trainer trainer = WithFigures([3, 1, 1, 2], []);
        History history = trainer.Fit(_toy.Train, epochs: 4);
        Assert.That(history.Best("fake_loss"), Is.EqualTo((1, 1.0)));
        Assert.That(history.Best("fake_loss", MonitorMode.Max), Is.EqualTo((0, 3.0)));
        Assert.That(() => history["absent"], Throws.TypeOf<KeyNotFoundException>().With.Message.Contains("fake_loss"));
    }

    [Test]
    public void Callback_ThatThrows_EndsTheRun()
    {
        bool ended = false;
        Trainer trainer = ToyTraining.Trainer(new LambdaCallback { StepEnd = _ => throw new IOException("disk full"), TrainEnd = _ => ended = true });
        Assert.That(() => trainer.Fit(_toy.Train), Throws.TypeOf<IOException>());
        Assert.That(ended, Is.False);
        Assert.That(trainer.Step, Is.EqualTo(1));
    }

    /// <summary>A trainer with a metric that yields the given figures epoch by epoch; the weights after each are noted.</summary>
    private static Trainer WithFigures(double[] figures, List<float[]> weights, params Callback[] callbacks)
    {
        Layer model = ToyTraining.Model();
        return new Trainer(model, new Adam(model.Parameters, 0.02), Losses.CrossEntropy)
        {
            Metrics = [new FakeMetric(figures)],
            Callbacks = [.. callbacks, new LambdaCallback { EpochEnd = c => weights.Add(ToyTraining.Weights(c.Trainer)) }],
        };
    }

    private sealed class FakeMetric(double[] figures) : Metric("fake_loss")
    {
        private int _epoch;

        public override double Compute() => figures[Math.Min(_epoch, figures.Length - 1)];

        public override Metric Fresh() => new FakeMetric(figures);

        public override void Reset() => _epoch++;

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
