using Engine.Nn;
using Engine.Tests.Memory;
using NUnit.Framework;

namespace Engine.Tests.Nn.Training;

internal sealed class TrainerTests : ToyFixture
{
    [Test]
    public void Fit_LearnsTheToyProblem()
    {
        Trainer trainer = ToyTraining.Trainer();
        History history = trainer.Fit(Toy.Train, Toy.Validation, epochs: 12);
        Assert.Multiple(() =>
        {
            Assert.That(history["loss"], Has.Count.EqualTo(12));
            Assert.That(history["loss"][^1], Is.LessThan(0.7 * history["loss"][0]));
            Assert.That(history["val_accuracy"][^1], Is.GreaterThan(0.6));
            Assert.That(history.Epochs[0].Keys, Is.EqualTo(new[] { "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate" }));
            Assert.That(history.End, Is.EqualTo(TrainingEnd.Completed));
            Assert.That((trainer.Epoch, trainer.Batch, trainer.Step), Is.EqualTo((12, 0, 84)));
        });
    }

    [Test]
    public void Fit_Twice_IsTheSameRun()
    {
        float[][] weights = [.. Enumerable.Range(0, 2).Select(_ =>
        {
            Trainer trainer = ToyTraining.Trainer();
            trainer.Fit(Toy.Train, epochs: 2);
            return ToyTraining.Weights(trainer);
        })];
        Assert.That(weights[0], Is.EqualTo(weights[1]));
    }

    [Test]
    public void Fit_LossOfAnEpoch_IsTheMeanOverSamples()
    {
        List<(double Loss, int Count)> batches = [];
        Layer model = ToyTraining.Model();
        Trainer trainer = new(model, new Sgd(model.Parameters, 0.1), (y, t) =>
        {
            Tensor loss = y.CrossEntropy(t);
            batches.Add((loss.Item(), t.Shape[0]));
            return loss;
        });
        double reported = trainer.Fit(Toy.Train)["loss"][0];
        Assert.That(reported, Is.EqualTo(batches.Sum(static b => b.Loss * b.Count) / Toy.Train.SampleCount).Within(1e-6));
    }

    [Test]
    public void GradientAccumulation_OfEqualBatches_IsOneLargeBatch()
    {
        Sequential first = [new Linear(2, 3, generator: new Generator(1))], second = [new Linear(2, 3, generator: new Generator(1))];
        Trainer accumulating = new(first, new Sgd(first.Parameters, 0.5), Losses.CrossEntropy) { GradientAccumulation = 3 };
        ToyData small = new(9, batches: 3, batchSize: 4, lastBatch: 4);
        accumulating.Fit(small);
        Batch[] parts = [.. small.Epoch(0)];
        Tensor loss = second.Forward(Tensor.Concat([.. parts.Select(static b => b.Inputs)])).CrossEntropy(Tensor.Concat([.. parts.Select(static b => b.Targets)]));
        loss.Backward();
        new Sgd(second.Parameters, 0.5).Step();
        Assert.That(accumulating.Step, Is.EqualTo(1));
        Assert.That(ToyTraining.Weights(accumulating), Is.EqualTo(second.StateDict().Values.SelectMany(static t => t.ToArray<float>())).Within(1e-6));
    }

    [Test]
    public void GradientAccumulation_LastStepOfAnEpoch_AveragesTheBatchesItHas()
    {
        List<string> events = [];
        Layer model = ToyTraining.Model();
        Trainer trainer = new(model, new Adam(model.Parameters), Losses.CrossEntropy)
        {
            GradientAccumulation = 3,
            Callbacks = [new LambdaCallback { BatchEnd = c => events.Add($"b{c.Batch}"), StepEnd = c => events.Add($"s{c.Step}") }],
        };
        trainer.Fit(Toy.Train);
        Assert.That(events, Is.EqualTo(new[] { "b1", "b2", "b3", "s1", "b4", "b5", "b6", "s2", "b7", "s3" }));
    }

    [Test]
    public void ClipGradNorm_BoundsTheStep()
    {
        Sequential model = [new Linear(2, 3, generator: new Generator(1))];
        float[] before = [.. model.StateDict().Values.SelectMany(static t => t.ToArray<float>())];
        Trainer trainer = new(model, new Sgd(model.Parameters, 1), (y, t) => y.CrossEntropy(t) * 1000) { ClipGradNorm = 0.25 };
        trainer.Fit(new ToyData(1, batches: 1, batchSize: 4, lastBatch: 4));
        double moved = Math.Sqrt(ToyTraining.Weights(trainer).Zip(before, static (a, b) => (double)(a - b) * (a - b)).Sum());
        Assert.That(moved, Is.EqualTo(0.25).Within(1e-4));
    }

    [Test]
    public void Callbacks_AreCalledInOrder()
    {
        List<string> calls = [];
        LambdaCallback Log(string name) => new()
        {
            TrainBegin = _ => calls.Add(name + " train begin"),
            EpochBegin = c => calls.Add($"{name} epoch {c.Epoch} begin"),
            BatchEnd = c => calls.Add($"{name} batch {c.Batch}"),
            StepEnd = c => calls.Add($"{name} step {c.Step}"),
            EpochEnd = c => calls.Add($"{name} epoch {c.Epoch} end"),
            TrainEnd = c => calls.Add($"{name} train end {c.End}"),
        };
        ToyTraining.Trainer(Log("a"), Log("b")).Fit(new ToyData(1, batches: 1, batchSize: 2, lastBatch: 2), epochs: 2);
        string[] events = ["train begin", "epoch 0 begin", "batch 1", "step 1", "epoch 0 end", "epoch 1 begin", "batch 1", "step 2", "epoch 1 end", "train end Completed"];
        Assert.That(calls, Is.EqualTo(events.SelectMany(static e => new[] { "a " + e, "b " + e })));
    }

    [Test]
    public void Cancellation_BetweenSteps_CanGoOnAsIfNothingHadHappened()
    {
        Trainer whole = ToyTraining.Trainer();
        whole.Fit(Toy.Train, Toy.Validation, epochs: 2);
        using CancellationTokenSource source = new();
        TrainingEnd? end = null;
        Trainer trainer = ToyTraining.Trainer(new LambdaCallback
        {
            StepEnd = c =>
            {
                if (c.Step == 3)
                {
                    source.Cancel();
                }
            },
            TrainEnd = c => end = c.End,
        });
        Assert.That(() => trainer.Fit(Toy.Train, Toy.Validation, 2, cancellationToken: source.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That((trainer.Epoch, trainer.Batch, trainer.Step, end), Is.EqualTo((0, 3, 3L, TrainingEnd.Cancelled)));
        trainer.Fit(Toy.Train, Toy.Validation, epochs: 2);
        Assert.That(ToyTraining.Weights(trainer), Is.EqualTo(ToyTraining.Weights(whole)));
        Assert.That(trainer.History["val_loss"], Is.EqualTo(whole.History["val_loss"]));
        Assert.That(trainer.History["loss"], Is.EqualTo(whole.History["loss"]));
    }

    [Test]
    public void Cancellation_DuringValidation_LeavesOnlyTheValidationToDo()
    {
        using CancellationTokenSource source = new();
        Trainer whole = ToyTraining.Trainer(), trainer = ToyTraining.Trainer();
        whole.Fit(Toy.Train, Toy.Validation);
        Assert.That(() => trainer.Fit(Toy.Train, new CancellingSource(Toy.Validation, source), cancellationToken: source.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That((trainer.Epoch, trainer.Batch, trainer.History.Epochs.Count), Is.EqualTo((0, 7, 0)));
        trainer.Fit(Toy.Train, Toy.Validation);
        Assert.That(trainer.Step, Is.EqualTo(7));
        Assert.That(trainer.History.Epochs[0], Is.EqualTo(whole.History.Epochs[0]));
    }

    [Test]
    public void FitAsync_Cancelled_IsACancelledTask()
    {
        using CancellationTokenSource source = new();
        Trainer trainer = ToyTraining.Trainer(new LambdaCallback { StepEnd = _ => source.Cancel() });
        Task task = trainer.FitAsync(Toy.Train, epochs: 50, cancellationToken: source.Token);
        Assert.That(async () => await task, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(task.IsCanceled);
        Assert.That(trainer.Step, Is.EqualTo(1));
    }

    [Test]
    public void Fit_WhileFitting_Throws()
    {
        Exception? thrown = null;
        Trainer trainer = null!;
        trainer = ToyTraining.Trainer(new LambdaCallback
        {
            StepEnd = _ => thrown ??= Assert.Throws<InvalidOperationException>(() => trainer.Fit(Toy.Train)),
        });
        trainer.Fit(Toy.Train);
        Assert.That(thrown!.Message, Does.Contain("already"));
    }

    [Test]
    public void Fit_DisposesEveryBatch()
    {
        ToyTraining.Trainer().Fit(Toy.Train, Toy.Validation);
        Assert.That(Toy.Train.Given.Concat(Toy.Validation.Given).Select(static b => b.Inputs.IsDisposed && b.Targets.IsDisposed), Is.All.True);
        Assert.That(Toy.Train.Given, Has.Count.EqualTo(7));
    }

    [Test]
    public void Fit_FromTheFourthStepOn_TakesNoMoreMemory()
    {
        List<long> inUse = [];
        ForgottenTensors.Collect();
        ToyTraining.Trainer(new LambdaCallback { StepEnd = _ => inUse.Add(Device.Default.Pool.Report.InUse) }).Fit(Toy.Train, epochs: 3);
        Assert.That(inUse.Skip(3).Max(), Is.LessThanOrEqualTo(inUse[2]), string.Join(", ", inUse));
    }

    [Test]
    public void Fit_SourceWithFewerBatches_Throws()
    {
        ToyData lying = new(1, batches: 3, batchSize: 2, lastBatch: 2) { Gives = 2 };
        Assert.That(() => ToyTraining.Trainer().Fit(lying), Throws.InvalidOperationException.With.Message.Contains("after 2 batches"));
    }

    [Test]
    public void Fit_LossThatIsNoScalar_Throws()
    {
        Layer model = ToyTraining.Model();
        Trainer trainer = new(model, new Sgd(model.Parameters), static (y, t) => Losses.CrossEntropy(y, t, reduction: Reduction.None));
        Assert.That(() => trainer.Fit(Toy.Train), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[6]"));
    }

    [Test]
    public void Evaluate_LeavesModeAndTrainingFiguresAlone()
    {
        Trainer trainer = null!;
        List<double> losses = [];
        trainer = ToyTraining.Trainer(new LambdaCallback { StepEnd = _ => losses.Add(trainer.Evaluate(Toy.Validation)["loss"]) });
        Trainer undisturbed = ToyTraining.Trainer();
        trainer.Fit(Toy.Train);
        undisturbed.Fit(Toy.Train);
        Assert.That(trainer.History["accuracy"], Is.EqualTo(undisturbed.History["accuracy"]));
        Assert.That(ToyTraining.Weights(trainer), Is.EqualTo(ToyTraining.Weights(undisturbed)));
        Assert.That(trainer.Model.IsTraining);
        Assert.That(losses[^1], Is.EqualTo(trainer.Evaluate(Toy.Validation).Loss));
    }

    [Test]
    public void Predict_InBatches_IsTheForwardPassInEvaluationMode()
    {
        Trainer trainer = ToyTraining.Trainer();
        Tensor x = Tensor.Rand([7, 2], generator: new Generator(1));
        Tensor all = trainer.Predict(x), parts = trainer.Predict(x, batchSize: 3);
        Assert.That(parts.Shape, Is.EqualTo(new Shape(7, 3)));
        Assert.That(parts.ToArray<float>(), Is.EqualTo(all.ToArray<float>()));
        Assert.That(all.RequiresGrad, Is.False);
        Assert.That(() => trainer.Predict(x, 0), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Progress_IsReportedWithSpeedAndEta()
    {
        ManualClock clock = new();
        List<TrainingProgress> reports = [];
        Layer model = ToyTraining.Model();
        Trainer trainer = new(model, new Adam(model.Parameters), Losses.CrossEntropy)
        {
            TimeProvider = clock,
            Callbacks = [new LambdaCallback { BatchEnd = _ => clock.Advance(TimeSpan.FromSeconds(2)) }],
        };
        trainer.Fit(Toy.Train, Toy.Validation, epochs: 2, new Reports(reports));
        Assert.Multiple(() =>
        {
            // After the last step of each epoch, at each epoch's end, and after step 10.
            Assert.That(reports.Select(static r => (r.Epoch, r.Batch, r.IsEpochEnd)), Is.EqualTo(new[] { (0, 7, false), (0, 7, true), (1, 3, false), (1, 7, false), (1, 7, true) }));
            Assert.That(reports[0].SamplesPerSecond, Is.EqualTo(39 / 14.0).Within(1e-9));
            Assert.That(reports[0].Eta, Is.EqualTo(TimeSpan.FromSeconds(14)));
            Assert.That(reports[2].Eta, Is.EqualTo(TimeSpan.FromSeconds(8)));
            Assert.That(reports[2].Fraction, Is.EqualTo(10 / 14.0).Within(1e-9));
            Assert.That(reports[^1].Logs, Does.ContainKey("val_loss"));
            Assert.That(reports[0].Loss, Is.EqualTo(trainer.History["loss"][0]));
        });
    }

    private sealed class CancellingSource(IBatchSource data, CancellationTokenSource source) : IBatchSource
    {
        public int BatchCount => data.BatchCount;

        public long SampleCount => data.SampleCount;

        public IEnumerable<Batch> Epoch(int epoch, int firstBatch = 0)
        {
            source.Cancel();
            return data.Epoch(epoch, firstBatch);
        }
    }

    private sealed class Reports(List<TrainingProgress> list) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => list.Add(value);
    }

    private sealed class ManualClock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan time) => _ticks += time.Ticks;
    }
}
