using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Training;

/// <summary>A step of several mini-batches is that of one batch of all their samples, whatever their sizes.</summary>
internal sealed class AccumulationTests : ToyFixture
{
    private static readonly float[][] s_points = [[0.5f, 1], [-1, 0.25f], [2, -0.5f], [0.1f, -2], [1.5f, 1.5f], [-0.75f, 0], [3, 1], [0, -1], [0.3f, 0.6f]];

    private static readonly long[] s_classes = [0, 1, 2, 0, 1, 2, 0, 1, 2];

    [TestCase(new[] { 4, 2 }, 2)]
    [TestCase(new[] { 2, 4 }, 2)]
    [TestCase(new[] { 1, 3, 2 }, 3)]
    [TestCase(new[] { 4, 4, 1 }, 2)]
    [TestCase(new[] { 3, 3, 2 }, 3)]
    [TestCase(new[] { 4, 2, 3 }, 8)]
    public void Step_OfUnequalBatches_IsThatOfOneBatch(int[] sizes, int accumulation)
    {
        foreach (TrainingPrecision precision in Enum.GetValues<TrainingPrecision>())
        {
            double within = precision switch { TrainingPrecision.Full => 1e-6, TrainingPrecision.MixedFloat16 => 2e-3, _ => 1e-2 };
            (float[] Weights, double Loss) apart = Train(sizes, accumulation, precision), together = Train(Groups(sizes, accumulation), 1, precision);
            Assert.That(apart.Weights, Is.EqualTo(together.Weights).Within(within), $"{precision}: weights");
            Assert.That(apart.Loss, Is.EqualTo(together.Loss).Within(within), $"{precision}: the loss that is reported");
        }
    }

    [Test]
    public void Step_OfSixSamplesInFourAndTwo_MovesByTheirMeanGradient()
    {
        // The gradient of the mean of w·x is the mean of x: of 0, 0, 0, 0 and 12, 12 it is 4.
        Scale model = new();
        Trainer trainer = new(model, new Sgd(model.Parameters, 1), static (y, _) => y.Mean()) { GradientAccumulation = 2 };
        Tensor x = Tensor.From<float>([0, 0, 0, 0, 12, 12], [6, 1]);
        trainer.Fit(new DataLoader(new TensorDataset(x, Tensor.Zeros([6])), batchSize: 4));
        Assert.That(model.Weight.Item(), Is.EqualTo(-4).Within(1e-6));
    }

    [Test]
    public void Clipping_OfUnequalBatches_SeesTheGradientOfTheStep()
    {
        Scale model = new();
        Trainer trainer = new(model, new Sgd(model.Parameters, 1), static (y, _) => y.Mean()) { GradientAccumulation = 2, ClipGradNorm = 4.5 };
        trainer.Fit(new DataLoader(new TensorDataset(Tensor.From<float>([0, 0, 0, 0, 12, 12], [6, 1]), Tensor.Zeros([6])), batchSize: 4));
        Assert.That(model.Weight.Item(), Is.EqualTo(-4).Within(1e-5), "4 is below the bound, 6 would not be");
    }

    /// <summary>The sizes of the batches of whole steps.</summary>
    private static int[] Groups(int[] sizes, int accumulation) => [.. sizes.Chunk(accumulation).Select(static group => group.Sum())];

    private static (float[] Weights, double Loss) Train(int[] sizes, int accumulation, TrainingPrecision precision)
    {
        Sequential model = [new Linear(2, 3, generator: new Generator(5))];
        Trainer trainer = new(model, new Sgd(model.Parameters, 0.5), Losses.CrossEntropy) { Precision = precision, GradientAccumulation = accumulation };
        History history = trainer.Fit(new Sized(sizes));
        return (ToyTraining.Weights(trainer), history["loss"][0]);
    }

    /// <summary>The points in batches of the given sizes.</summary>
    private sealed class Sized(int[] sizes) : IBatchSource
    {
        public int BatchCount => sizes.Length;

        public long SampleCount => sizes.Sum();

        public IEnumerable<Batch> Epoch(int epoch, int firstBatch = 0)
        {
            int start = sizes.Take(firstBatch).Sum();
            foreach (int size in sizes.Skip(firstBatch))
            {
                float[] points = [.. s_points.Skip(start).Take(size).SelectMany(static p => p)];
                yield return new Batch(Tensor.From<float>(points, [size, 2]), Tensor.From<long>([.. s_classes.Skip(start).Take(size)]));
                start += size;
            }
        }
    }
}

/// <summary>y = w·x with one weight that starts at 0.</summary>
internal sealed partial class Scale : Layer
{
    public Tensor Weight { get; } = Tensor.Zeros([1]).WithGrad();

    public override Tensor Forward(Tensor x) => x * Weight;
}
