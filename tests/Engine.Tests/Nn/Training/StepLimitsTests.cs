using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Training;

/// <summary>Runs that are counted in steps, measured within epochs, tried out, fed by streams, and resumed by path.</summary>
internal sealed class StepLimitsTests : ToyFixture
{
    [Test]
    public void Fit_MaxSteps_EndsInTheMiddleAndGoesOnWithTheSameBits()
    {
        Trainer whole = ToyTraining.Trainer(), parts = ToyTraining.Trainer();
        whole.Fit(Toy.Train, Toy.Validation, maxSteps: 17);
        Assert.That((whole.Step, whole.Epoch, whole.Batch, whole.History.End), Is.EqualTo((17L, 2, 3, TrainingEnd.Completed)));
        HistoryPoint last = whole.History.Points.Single();
        Assert.That((last.Step, last.Epoch), Is.EqualTo((17L, 2)));
        Assert.That(last.Figures.Keys, Is.EqualTo((string[])["loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"]));
        parts.Fit(Toy.Train, Toy.Validation, maxSteps: 5);
        parts.Fit(Toy.Train, Toy.Validation, maxSteps: 14);
        Assert.That((parts.Step, parts.Epoch, parts.Batch), Is.EqualTo((14L, 2, 0)), "the end of an epoch is one");
        parts.Fit(Toy.Train, Toy.Validation, maxSteps: 17);
        Assert.That(ToyTraining.Weights(parts), Is.EqualTo(ToyTraining.Weights(whole)));
        Assert.That(parts.History.Epochs, Is.EqualTo(whole.History.Epochs));
        Assert.That(parts.History.Points[^1].Figures, Is.EqualTo(last.Figures));
        Assert.That(parts.Fit(Toy.Train, maxSteps: 3).End, Is.EqualTo(TrainingEnd.NothingToDo));
        Assert.That(ToyTraining.Trainer().Fit(Toy.Train, epochs: 1, maxSteps: 100).Epochs, Has.Count.EqualTo(1), "whichever comes first");
        Assert.That(() => parts.Fit(Toy.Train, maxSteps: -1), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Fit_ValidateEvery_MeasuresWithinEpochsAndResumesBitByBit()
    {
        List<TrainingState> states = [];
        List<long> seen = [];
        Trainer whole = Make(new LambdaCallback
        {
            StepEnd = c => c.RequestSave(s => states.Add(ToyTraining.Reread(s))),
            ValidationEnd = c => seen.Add(c.Step),
        });
        whole.Fit(Toy.Train, Toy.Validation, epochs: 2);

        // Epochs have 7 steps, and their ends are measured as ever.
        Assert.That(seen, Is.EqualTo((long[])[3, 6, 9, 12]));
        Assert.That(whole.History.Points.Select(static p => p.Step), Is.EqualTo(seen));
        Assert.That(whole.History.Points[0].Figures["val_loss"], Is.Not.EqualTo(whole.History.Points[1].Figures["val_loss"]));
        string end = ToyTraining.Saved(whole).Values.ToJsonString();
        foreach (TrainingState state in states)
        {
            Trainer resumed = Make(new LambdaCallback());
            resumed.Load(state);
            resumed.Fit(Toy.Train, Toy.Validation, epochs: 2);
            Assert.That(ToyTraining.Saved(resumed).Values.ToJsonString(), Is.EqualTo(end), $"after step {state.Section("trainer").Values["step"]}");
            Assert.That(ToyTraining.Weights(resumed), Is.EqualTo(ToyTraining.Weights(whole)));
        }

        Assert.That(() => Make().Fit(Toy.Train), Throws.ArgumentException.With.Message.Contains("ValidateEvery"));

        static Trainer Make(params Callback[] callbacks)
        {
            Sequential model = ToyTraining.Model();
            return new Trainer(model, new Adam(model.Parameters, 0.02), Losses.CrossEntropy)
            {
                Metrics = [new Accuracy()],
                ValidateEvery = 3,
                Callbacks = [new EarlyStopping("val_loss", patience: 100, restoreBest: true), .. callbacks],
            };
        }
    }

    [Test]
    public void EarlyStopping_WithinEpochs_EndsTheRunThere()
    {
        Sequential model = ToyTraining.Model();
        Trainer trainer = new(model, new Sgd(model.Parameters, 0), Losses.CrossEntropy) { ValidateEvery = 2, Callbacks = [new EarlyStopping("val_loss", patience: 1)] };
        History history = trainer.Fit(Toy.Train, Toy.Validation, epochs: 3);
        Assert.That((history.End, history.Points[^1].Step), Is.EqualTo((TrainingEnd.Stopped, 6L)));
    }

    [Test]
    public void Fit_FastDevRun_TakesAFewBatchesAndSavesNothing()
    {
        string folder = Path.Combine(TestContext.CurrentContext.WorkDirectory, Path.GetRandomFileName());
        int saves = 0, measured = 0;
        Sequential model = ToyTraining.Model();
        Trainer trainer = new(model, new Adam(model.Parameters), Losses.CrossEntropy)
        {
            FastDevRun = 2,
            Metrics = [Mean.OfBatch("count", (_, batch) =>
            {
                measured++;
                return batch.Inputs.Mean();
            })],
            Callbacks = [new ModelCheckpoint(new CheckpointFolder(folder)) { EverySteps = 1 }, new CsvLogger(folder + ".csv"), new LambdaCallback { StepEnd = c => c.RequestSave(_ => saves++) }],
        };
        History history = trainer.Fit(Toy.Train, Toy.Validation, epochs: 50);
        Assert.That((trainer.Step, trainer.Epoch, history.Epochs.Count, saves, measured), Is.EqualTo((2L, 1, 1, 0, 4)));
        Assert.That(Directory.Exists(folder) || File.Exists(folder + ".csv"), Is.False);
    }

    [Test]
    public void Fit_ResumeFrom_TakesAFileOrTheNewestOfAFolder()
    {
        string folder = Path.Combine(TestContext.CurrentContext.WorkDirectory, Path.GetRandomFileName());
        try
        {
            Trainer whole = ToyTraining.Trainer(), first = ToyTraining.Trainer(new ModelCheckpoint(new CheckpointFolder(folder)) { EverySteps = 2 });
            whole.Fit(Toy.Train, epochs: 2);
            first.Fit(Toy.Train, maxSteps: 9, resumeFrom: folder);
            Assert.That(first.Step, Is.EqualTo(9), "an empty folder begins anew");
            Trainer second = ToyTraining.Trainer(), third = ToyTraining.Trainer();
            second.Fit(Toy.Train, epochs: 2, resumeFrom: folder);
            third.Fit(Toy.Train, epochs: 2, resumeFrom: new CheckpointFolder(folder).Latest);
            Assert.That(ToyTraining.Weights(second), Is.EqualTo(ToyTraining.Weights(whole)));
            Assert.That(ToyTraining.Weights(third), Is.EqualTo(ToyTraining.Weights(whole)));
            Assert.That(second.Fit(Toy.Train, epochs: 1, resumeFrom: folder).End, Is.Not.EqualTo(TrainingEnd.Stopped));

            Assert.That(() => third.Fit(Toy.Train, resumeFrom: Path.Combine(folder, "none.safetensors")), Throws.TypeOf<FileNotFoundException>());
            string single = Path.Combine(folder, "single");
            Checkpoint.Save(Path.Combine(single, "last.safetensors"), ToyTraining.Saved(third));
            Assert.That(() => third.Fit(Toy.Train, resumeFrom: single), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("last.safetensors"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestCase(1)]
    [TestCase(3)]
    public void Fit_OverAStream_ResumesAtTheExactPosition(int accumulation)
    {
        List<TrainingState> states = [];
        List<TrainingProgress> progress = [];
        Trainer whole = Make(new LambdaCallback { StepEnd = c => c.RequestSave(s => states.Add(ToyTraining.Reread(s))) }, new ProgressReporter(new Listener(progress), everySteps: 1));
        History history = whole.Fit(Stream(25), Stream(9), epochs: 2);
        Assert.That(history.Epochs, Has.Count.EqualTo(2));
        Assert.That(whole.Step, Is.EqualTo(2 * ((7 + accumulation - 1) / accumulation)), "25 samples are 7 batches");
        Assert.That(progress.All(static p => p.BatchesPerEpoch == -1 && p.Eta is null && p.Fraction is >= 0 and <= 1), Is.True);
        Assert.That(ProgressBar.Line(progress[0], TimeSpan.Zero, 200), Does.StartWith($"epoch 1/2 {accumulation} batches  loss"));
        string end = ToyTraining.Saved(whole).Values.ToJsonString();
        foreach (TrainingState state in states)
        {
            Trainer resumed = Make(new LambdaCallback(), new ProgressReporter(new Listener([])));
            resumed.Load(state);
            resumed.Fit(Stream(25), Stream(9), epochs: 2);
            Assert.That(ToyTraining.Weights(resumed), Is.EqualTo(ToyTraining.Weights(whole)));
            Assert.That(ToyTraining.Saved(resumed).Values.ToJsonString(), Is.EqualTo(end));
        }

        Trainer Make(params Callback[] callbacks)
        {
            Sequential model = ToyTraining.Model();
            return new Trainer(model, new Adam(model.Parameters, 0.02), Losses.CrossEntropy)
            {
                Metrics = [new Accuracy()],
                GradientAccumulation = accumulation,
                Callbacks = [new ScheduleCallback(Schedule.Cosine(0.02, steps: 14)), new TerminateOnNaN(), .. callbacks],
            };
        }
    }

    [Test]
    public void Fit_OverAnEndlessStream_IsCountedInSteps()
    {
        List<TrainingProgress> progress = [];
        Trainer trainer = ToyTraining.Trainer(new RunRecorder(), new ProgressReporter(new Listener(progress), everySteps: 1));
        History history = trainer.Fit(Stream(null), Stream(9), maxSteps: 6);
        Assert.That((trainer.Step, trainer.Batch, history.End, history.Epochs.Count, history.Points.Count), Is.EqualTo((6L, 6, TrainingEnd.Completed, 0, 1)));
        Assert.That(progress[2].Fraction, Is.EqualTo(0.5));
        Assert.That(ProgressBar.Line(progress[2], TimeSpan.Zero, 200), Does.StartWith("epoch 1 [").And.Contain("step 3/6 3 batches"));
        Assert.That(() => ToyTraining.Trainer().Fit(Stream(0)), Throws.InvalidOperationException.With.Message.Contains("no batches"));
    }

    private static DataLoader Stream(int? count)
    {
        IStreamDataset points = StreamDataset.From(epoch => Points(epoch), static p => new Sample((float[])[p.X, p.Y], p.X + p.Y < 0.7f ? 0 : p.X > p.Y ? 1 : 2)).Shuffle(5);
        return new DataLoader(count is { } n ? points.Take(n) : points, 4) { Seed = 2, Workers = 2 };

        static IEnumerable<(float X, float Y)> Points(int epoch)
        {
            Random random = new(epoch);
            while (true)
            {
                yield return (random.NextSingle(), random.NextSingle());
            }
        }
    }

    private sealed class Listener(List<TrainingProgress> seen) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            lock (seen)
            {
                seen.Add(value);
            }
        }
    }
}
