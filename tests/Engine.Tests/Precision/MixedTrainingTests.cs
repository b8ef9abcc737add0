using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Precision;

/// <summary>Runs in mixed precision against the same run in float32.</summary>
/// <remarks>
/// A gradient in half precision differs from the true one by a few roundoffs u of its length (<see cref="AutocastNumericsTests"/>). If all
/// roundings went the same way, so would that share of what the loss has come down by, some u·L₀. But rounding to nearest goes either way, and
/// the mean over many parameters and logits is left: a small part of u·L₀, here at most 0.35. The bound is u·L₀, which rounding one way
/// (cutting off) or one lost term would exceed. Runs are short, as the difference grows with every unit of a ReLU that changes sides.
/// </remarks>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.OthersWithWarpgroups))]
internal sealed class MixedTrainingTests(string deviceName) : DeviceFixture(deviceName)
{
    [TestCase(TrainingPrecision.MixedBFloat16)]
    [TestCase(TrainingPrecision.MixedFloat16)]
    public void Mlp_LossCurve_FollowsFullPrecision(TrainingPrecision precision) => Compare(
        precision,
        steps: 20,
        learningRate: 0.3,
        static () => [new Linear(6, 24, generator: new Generator(1)), new Relu(), new Linear(24, 24, generator: new Generator(2)), new Relu(), new Linear(24, 4, generator: new Generator(3))],
        (Tensor.Randn([16, 6], generator: new Generator(4), device: Device), Tensor.From([.. Enumerable.Range(0, 16).Select(static i => (long)(i % 4))], Device)));

    [TestCase(TrainingPrecision.MixedBFloat16)]
    [TestCase(TrainingPrecision.MixedFloat16)]
    public void LeNet5_LossCurve_FollowsFullPrecision(TrainingPrecision precision) => Compare(
        precision,
        steps: 6,
        learningRate: 0.1,
        static () => [new LeNet5(generator: new Generator(1))],
        (Tensor.Randn([4, 1, 28, 28], generator: new Generator(4), device: Device), Tensor.From<long>([3, 1, 4, 1], Device)));

    [TestCase(TrainingPrecision.MixedBFloat16)]
    [TestCase(TrainingPrecision.MixedFloat16)]
    public void ResidualNetwork_LossCurve_FollowsFullPrecision(TrainingPrecision precision) => Compare(
        precision,
        steps: 5,
        learningRate: 0.1,
        static () =>
        [
            new Conv2d(1, 4, 3, padding: 1, bias: false, generator: new Generator(1)), new BatchNorm2d(4), new Relu(), new BasicBlock(4, 8, 2, new Generator(2)),
            new GlobalAvgPool2d(), new Linear(8, 4, generator: new Generator(3)),
        ],
        (Tensor.Randn([8, 1, 8, 8], generator: new Generator(4), device: Device), Tensor.From<long>([0, 1, 2, 3, 3, 2, 1, 0], Device)));

    [TestCase(TrainingPrecision.MixedBFloat16)]
    [TestCase(TrainingPrecision.MixedFloat16)]
    public void Attention_LossCurve_FollowsFullPrecision(TrainingPrecision precision) => Compare(
        precision,
        steps: 8,
        learningRate: 0.05,
        static () => [new MultiheadAttention(8, 2, generator: new Generator(1)), new LayerNorm(8), new Flatten(), new Linear(24, 4, generator: new Generator(3))],
        (Tensor.Randn([8, 3, 8], generator: new Generator(4), device: Device), Tensor.From<long>([0, 1, 2, 3, 3, 2, 1, 0], Device)));

    private void Compare(TrainingPrecision precision, int steps, double learningRate, Func<Sequential> make, (Tensor X, Tensor Y) data)
    {
        double[] full = Run(TrainingPrecision.Full), mixed = Run(precision);
        double roundoff = precision == TrainingPrecision.MixedBFloat16 ? 1.0 / 256 : 1.0 / 2048;
        Assert.That(full[^1], Is.LessThan(0.9 * full[0]), "it learns");
        Assert.That(mixed, Is.Not.EqualTo(full));
        Assert.That(mixed, Is.EqualTo(full).Within(roundoff * full[0]));

        double[] Run(TrainingPrecision precision)
        {
            Sequential model = make();
            model.To(Device);
            List<double> losses = [];
            Trainer trainer = new(model, new Sgd(model.Parameters, learningRate, momentum: 0.5), Losses.CrossEntropy)
            {
                Precision = precision,

                // The default is too much for some of these networks: the first step would be left out, and the curves be a step apart.
                LossScaler = precision == TrainingPrecision.MixedFloat16 ? new LossScaler(initialScale: 1024) : null,
                Callbacks = [new LambdaCallback { EpochEnd = c => losses.Add(c.Logs["loss"]) }],
            };
            trainer.Fit(new OneBatch(data.X, data.Y), epochs: steps);
            Assert.That(trainer.LossScaler?.ReadSkippedSteps() ?? 0, Is.Zero);
            return [.. losses];
        }
    }

    /// <summary>The same batch in each epoch.</summary>
    private sealed class OneBatch(Tensor x, Tensor y) : IBatchSource
    {
        public int BatchCount => 1;

        public long SampleCount => x.Shape[0];

        public IEnumerable<Batch> Epoch(int epoch, int firstBatch = 0)
        {
            if (firstBatch == 0)
            {
                yield return new Batch(x.Clone(), y.Clone());
            }
        }
    }
}
