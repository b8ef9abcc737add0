using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Training;

/// <summary>The learning-rate range test, and the share of clipped steps.</summary>
internal sealed class RangeTestTests : ToyFixture
{
    [Test]
    public void FindLearningRate_OnAQuadratic_DivergesBeyondTwoOverTheCurvature()
    {
        // Loss w²·c/2 with c = 4: descent multiplies w by 1 − 4·rate, which runs away from rate 1/2 on.
        Slope model = new(1);
        Trainer trainer = new(model, new Sgd(model.Parameters, 0.1), static (y, _) => (y.Square() * 2).Mean());
        LearningRateRange range = trainer.FindLearningRate(new Constant(), 1e-3, 100, steps: 200, smoothing: 0);
        Assert.That(range.Diverged, Is.True);
        double w = 1;
        for (int i = 0; i < range.Rates.Count; i++)
        {
            double rate = 1e-3 * Math.Pow(1e5, i / 199.0);
            Assert.That(range.Rates[i], Is.EqualTo(rate).Within(1e-9).Percent);
            Assert.That(range.Losses[i], Is.EqualTo(2 * w * w).Within(0.1).Percent.Or.EqualTo(2 * w * w).Within(1e-20), $"step {i}");
            Assert.That(range.Smoothed[i], Is.EqualTo(range.Losses[i]));
            w *= 1 - (4 * rate);
        }

        Assert.That(range.Steepest, Is.InRange(1e-3, 0.5));
        Assert.That(range.TenthOfMinimum, Is.InRange(1e-3, 0.1));
        Assert.That(range.ToString(), Does.Contain("steepest").And.Contains("ran away"));
    }

    [Test]
    public void FindLearningRate_LeavesTheRunAsItWas_BitByBit()
    {
        Trainer plain = ToyTraining.Trainer(), tested = ToyTraining.Trainer();
        plain.Fit(Toy.Train, epochs: 1);
        Generator.Default.Restore(3, 0);
        tested.Fit(Toy.Train, epochs: 1);
        tested.Optimizer.LearningRate = plain.Optimizer.LearningRate = 0.015;
        string before = ToyTraining.Saved(tested).Values.ToJsonString();
        LearningRateRange range = tested.FindLearningRate(Toy.Train, 1e-4, 1, steps: 40, divergence: null);
        Assert.That(range.Rates, Has.Count.EqualTo(40), "more steps than an epoch has");
        Assert.That(range.Diverged, Is.False);
        Assert.That(ToyTraining.Weights(tested), Is.EqualTo(ToyTraining.Weights(plain)));
        Assert.That(ToyTraining.Saved(tested).Values.ToJsonString(), Is.EqualTo(before));
        Assert.That(tested.Optimizer.LearningRate, Is.EqualTo(0.015));
        Assert.That(tested.Model.Parameters.Select(static p => p.Grad), Is.All.Null);
        plain.Fit(Toy.Train, epochs: 2);
        tested.Fit(Toy.Train, epochs: 2);
        Assert.That(ToyTraining.Weights(tested), Is.EqualTo(ToyTraining.Weights(plain)));
    }

    [Test]
    public void FindLearningRate_BeforeTheFirstStep_LeavesNoStateInTheOptimizer()
    {
        Trainer plain = ToyTraining.Trainer(), tested = ToyTraining.Trainer();
        _ = tested.FindLearningRate(Toy.Train, steps: 10);
        plain.Fit(Toy.Train, epochs: 1);
        tested.Fit(Toy.Train, epochs: 1);
        Assert.That(ToyTraining.Weights(tested), Is.EqualTo(ToyTraining.Weights(plain)));
    }

    [Test]
    public void FindLearningRate_FindsARateThatTrains()
    {
        // Large batches: the suggestion is only as good as the losses are free of noise.
        ToyData data = new(seed: 1, batches: 7, batchSize: 150, lastBatch: 150);
        Sequential model = ToyTraining.Model();
        Trainer trainer = new(model, new Sgd(model.Parameters, 1e-6), Losses.CrossEntropy);
        LearningRateRange range = trainer.FindLearningRate(data, 1e-4, 10);
        Assert.That(range.Steepest, Is.InRange(1e-3, 10.0));
        double before = trainer.Evaluate(data).Loss;
        trainer.Optimizer.LearningRate = range.Steepest!.Value;
        trainer.Fit(data, epochs: 8);
        Assert.That(trainer.Evaluate(data).Loss, Is.LessThan(0.7 * before));
    }

    [Test]
    public void FindLearningRate_Cancelled_RestoresToo()
    {
        Trainer trainer = ToyTraining.Trainer();
        float[] before = ToyTraining.Weights(trainer);
        using CancellationTokenSource source = new();
        Assert.That(() => trainer.FindLearningRate(new Cancelling(Toy.Train, source, after: 3), cancellationToken: source.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(ToyTraining.Weights(trainer), Is.EqualTo(before));
    }

    [Test]
    public void FindLearningRate_BadInput_IsRefused()
    {
        Trainer trainer = ToyTraining.Trainer();
        Assert.That(() => trainer.FindLearningRate(Toy.Train, -1, 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => trainer.FindLearningRate(Toy.Train, double.NaN, 1), Throws.InstanceOf<ArgumentException>());
        Assert.That(() => trainer.FindLearningRate(Toy.Train, 1, 1e-3), Throws.ArgumentException.With.Message.Contains("from 1 to 0.001"));
        Assert.That(() => trainer.FindLearningRate(Toy.Train, 1, double.PositiveInfinity), Throws.InstanceOf<ArgumentException>());
        Assert.That(() => trainer.FindLearningRate(Toy.Train, steps: 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => trainer.FindLearningRate(Toy.Train, smoothing: 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => trainer.FindLearningRate(Toy.Train, divergence: 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => trainer.FindLearningRate(new ToyData(1, 0, 1, 1)), Throws.ArgumentException.With.Message.Contains("0 batches"));
    }

    [Test]
    public void ClippedShare_IsThatOfPlainCounting_CapturedAndResumedToo()
    {
        List<double> norms = [];
        double limit = 0.5;
        Trainer trainer = Clipped(limit, CaptureMode.Never, new LambdaCallback { StepEnd = c => norms.Add(c.Model.Parameters.GradNorm().Item()) });
        History history = trainer.Fit(Toy.Train, epochs: 3);

        // After clipping the norm is the limit where it was longer.
        double[] shares = [.. norms.Chunk(7).Select(epoch => epoch.Average(norm => norm > limit * 0.9999 ? 1.0 : 0))];
        Assert.That(history["clipped_share"], Is.EqualTo(shares).Within(1e-9));
        Assert.That(shares, Has.Some.GreaterThan(0.0).And.Some.LessThan(1.0), "some are clipped, some are not");
        Assert.That(Clipped(limit, CaptureMode.Always).Fit(Toy.Train, epochs: 3)["clipped_share"], Is.EqualTo(shares).Within(1e-9));

        TrainingState? middle = null;
        Clipped(limit, CaptureMode.Never, new LambdaCallback
        {
            StepEnd = c =>
            {
                if (c.Step == 10)
                {
                    c.RequestSave(state => middle = ToyTraining.Reread(state));
                }
            },
        }).Fit(Toy.Train, epochs: 3);
        Trainer resumed = Clipped(limit, CaptureMode.Never);
        resumed.Load(middle!);
        Assert.That(resumed.Fit(Toy.Train, epochs: 3)["clipped_share"], Is.EqualTo(shares).Within(1e-9));
    }

    [Test]
    public void ClippedShare_IsAFigureOnlyWhereThereIsALimit_AndIsAnnounced()
    {
        IReadOnlyList<string> names = [];
        History clipped = Clipped(1, CaptureMode.Never, new LambdaCallback { TrainBegin = c => names = c.LogNames }).Fit(Toy.Train, epochs: 1);
        Assert.That(clipped.Epochs[0].Keys, Is.EqualTo(names).And.Member("clipped_share"));
        Assert.That(ToyTraining.Trainer().Fit(Toy.Train, epochs: 1).Epochs[0].Keys, Has.No.Member("clipped_share"));
    }

    [Test]
    public void ClippedSteps_CountInALoopOfOnesOwn()
    {
        ClippedSteps clipped = new();
        Assert.That(clipped.Share, Is.NaN);
        foreach (double norm in (double[])[0.5, 1, 2, double.PositiveInfinity])
        {
            clipped.Add(Tensor.Scalar(norm), maxNorm: 1);
        }

        Assert.That((clipped.Share, clipped.Count), Is.EqualTo((0.5, 4L)));
        Assert.That(() => clipped.Add(Tensor.Ones([2]), 1), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => clipped.Add(Tensor.Scalar(1.0), 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        clipped.Reset();
        Assert.That(clipped.Count, Is.Zero);
    }

    private static Trainer Clipped(double limit, CaptureMode capture, params Callback[] callbacks)
    {
        Sequential model = ToyTraining.Model();
        return new Trainer(model, new Sgd(model.Parameters, 0.3), Losses.CrossEntropy) { ClipGradNorm = limit, Capture = capture, Callbacks = callbacks };
    }

    private sealed class Constant : IBatchSource
    {
        public int BatchCount => 1;

        public long SampleCount => 1;

        public IEnumerable<Batch> Epoch(int epoch, int firstBatch = 0) => [new Batch(Tensor.Ones([1, 1]), Tensor.Ones([1, 1]))];
    }

    private sealed class Cancelling(IBatchSource inner, CancellationTokenSource source, int after) : IBatchSource
    {
        public int BatchCount => inner.BatchCount;

        public long SampleCount => inner.SampleCount;

        public IEnumerable<Batch> Epoch(int epoch, int firstBatch = 0)
        {
            int given = 0;
            foreach (Batch batch in inner.Epoch(epoch, firstBatch))
            {
                if (++given > after)
                {
                    source.Cancel();
                }

                yield return batch;
            }
        }
    }
}

/// <summary>y = w·x.</summary>
internal sealed partial class Slope(double start) : Layer
{
    public Tensor W { get; } = Tensor.Full([1], start).WithGrad();

    public override Tensor Forward(Tensor x) => x * W;
}
