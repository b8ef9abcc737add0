using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Optimization;

/// <summary>Batch, stochastic and mini-batch descent on a straight line through points.</summary>
internal sealed class BatchTests
{
    private const int Samples = 24;

    private static Tensor Start => Tensor.From<double>([0.0, 0.0]);

    [Test]
    public void WholeSet_IsDescentOnTheMeanLoss()
    {
        (Tensor inputs, Tensor targets) = Data(noise: 0.3);
        MinimizeResult batches = Minimize.Run(Loss, Start, new DataLoader(new TensorDataset(inputs, targets), Samples), Momentum, DescentRateTests.Exactly(50));
        MinimizeResult whole = Minimize.Run(x => Loss(x, new Batch(inputs, targets)), Start, Momentum, DescentRateTests.Exactly(50));
        Assert.That(batches.Trajectory.Values, Is.EqualTo(whole.Trajectory.Values).Within(1e-12));
        Assert.That(batches.Trajectory.Points[^1], Is.EqualTo(whole.Trajectory.Points[^1]).Within(1e-12));
        Assert.That(batches.Evaluations, Is.EqualTo(51));
    }

    [TestCase(1)]
    [TestCase(5)]
    [TestCase(24)]
    public void WithoutNoise_EveryBatchSizeFindsTheLine_AndStopsByTheEpochsGradient(int size)
    {
        (Tensor inputs, Tensor targets) = Data(noise: 0);
        DataLoader loader = new(new TensorDataset(inputs, targets), size) { Shuffle = true, Seed = 4 };
        MinimizeResult result = Minimize.Run(Loss, Start, loader, Momentum, new DescentOptions { MaxIterations = 50_000, GradientTolerance = 1e-8 });
        Assert.That(result.StopReason, Is.EqualTo(StopReason.GradientTolerance));
        Assert.That(result.Point.ToArray<double>(), Is.EqualTo(new[] { 2.0, -1.0 }).Within(1e-6));
        Assert.That((result.Iterations + 1) % loader.BatchCount, Is.Zero, "rules look at whole epochs");
    }

    [Test]
    public void Noise_ShrinksWithTheRootOfTheBatchSize()
    {
        // At the best line the gradients of batches scatter around 0; their mean square falls as 1/size (less what drawing without return takes away).
        (Tensor inputs, Tensor targets) = Data(noise: 0.3);
        Tensor best = Minimize.Lbfgs(x => Loss(x, new Batch(inputs, targets)), Start, new LbfgsOptions { GradientTolerance = 1e-10 }).Point;
        double MeanSquare(int size)
        {
            DataLoader loader = new(new TensorDataset(inputs, targets), size) { Shuffle = true, Seed = 9 };

            // A rate of 0 stays at the point and looks.
            MinimizeResult still = Minimize.Run(Loss, best, loader, static x => new Sgd(x, 0), new DescentOptions { MaxIterations = 4000, GradientTolerance = 0 });
            return still.Trajectory.GradientNorms.Average(static g => g * g);
        }

        double single = MeanSquare(1);
        foreach (int size in new[] { 2, 6, 12 })
        {
            double expected = single / size * (Samples - size) / (Samples - 1);
            Assert.That(MeanSquare(size), Is.EqualTo(expected).Within(10).Percent, $"batches of {size}");
        }
    }

    [Test]
    public void SameSeed_SameWay_InSeveralTensorsToo()
    {
        (Tensor inputs, Tensor targets) = Data(noise: 0.3);
        MinimizeResult Run(long seed) => Minimize.Run(
            (x, batch) => ((batch.Inputs * x[0]) + x[1] - batch.Targets).Square().Mean(),
            [Tensor.Scalar(0.0, DType.Float64), Tensor.Scalar(0.0, DType.Float64)],
            new DataLoader(new TensorDataset(inputs, targets), 5) { Shuffle = true, Seed = seed },
            static x => new Adam(x, 0.05),
            DescentRateTests.Exactly(40));
        IReadOnlyList<double>[] ways = [.. new long[] { 3, 3, 4 }.Select(seed => Run(seed).Trajectory.Values)];
        Assert.That(ways[1], Is.EqualTo(ways[0]));
        Assert.That(ways[2], Is.Not.EqualTo(ways[0]));
    }

    [Test]
    public void SourceWithoutBatches_IsRefused()
    {
        DataLoader empty = new(new TensorDataset(Tensor.Zeros([3, 1]), Tensor.Zeros([3, 1])), 5) { DropLast = true };
        Assert.That(() => Minimize.Run(static (Tensor x, Batch _) => x.Sum(), Start, empty, Momentum), Throws.ArgumentException.With.Message.Contains("no batches"));
    }

    private static Optimizer Momentum(IReadOnlyList<Tensor> x) => new Sgd(x, 0.1, momentum: 0.5);

    private static Tensor Loss(Tensor x, Batch batch) => ((batch.Inputs * x.Select(0, 0)) + x.Select(0, 1) - batch.Targets).Square().Mean();

    /// <summary>y = 2x − 1 and some noise.</summary>
    private static (Tensor Inputs, Tensor Targets) Data(double noise)
    {
        Random random = new(5);
        double[] x = [.. Enumerable.Range(0, Samples).Select(_ => (2 * random.NextDouble()) - 1)];
        return (Tensor.From<double>(x, [Samples, 1]), Tensor.From<double>([.. x.Select(v => (2 * v) - 1 + (noise * ((2 * random.NextDouble()) - 1)))], [Samples, 1]));
    }
}
