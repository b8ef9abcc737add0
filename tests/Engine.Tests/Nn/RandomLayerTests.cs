using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>Layers that draw while training, and what the arguments of new layers refuse.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class RandomLayerTests(string deviceName) : DeviceFixture(deviceName)
{
    [Test]
    public void RRelu_InTraining_DrawsSlopesBetweenTheBounds()
    {
        Tensor x = Tensor.Full([300], -1, device: Device).WithGrad();
        Tensor y = new RRelu(0.2, 0.6, new Generator(1)).Forward(x);
        float[] slopes = [.. y.ToArray<float>().Select(static v => -v)];
        Assert.That(slopes, Has.All.InRange(0.2f, 0.6f));
        Assert.That(slopes.Average(), Is.EqualTo(0.4).Within(0.03));
        y.Sum().Backward();
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(slopes).Within(1e-6f));
        Assert.That(new RRelu(0.2, 0.6).Forward(Tensor.Full([2], 3, device: Device)).ToArray<float>(), Is.All.EqualTo(3));
    }

    [Test]
    public void ChannelDropouts_InTraining_DropWholeChannels()
    {
        float[][] volumes = [.. new Dropout3d(0.5, new Generator(1)).Forward(Tensor.Full([4, 16, 1, 2, 2], 3, device: Device)).ToArray<float>().Chunk(4)];
        Assert.That(volumes.Select(static c => c.Distinct().Single()), Has.All.EqualTo(0f).Or.EqualTo(6f));
        Assert.That(volumes.Count(static c => c[0] == 0), Is.InRange(18, 46));

        float[][] channels = [.. new FeatureAlphaDropout(0.5, new Generator(1)).Forward(Tensor.Ones([4, 16, 4], device: Device)).ToArray<float>().Chunk(4)];
        float[] kinds = [.. channels.Select(static c => c.Distinct().Single()).Distinct().Order()];
        double a = 1 / Math.Sqrt(0.5 * (1 + (0.5 * 1.7580993408473766 * 1.7580993408473766))), b = a * 0.5 * 1.7580993408473766;
        Assert.That(kinds, Is.EqualTo(new[] { (float)((-1.7580993408473766 * a) + b), (float)(a + b) }).Within(1e-5f));
    }

    [Test]
    public void Arguments_ThatMeanNothing_Throw()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => new RRelu(0.5, 0.2), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new Unflatten(1, -1, -1), Throws.ArgumentException);
            Assert.That(() => new Unflatten(1, 4).Forward(Tensor.Zeros([2, 6])), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("cannot become [4]"));
            Assert.That(() => new PairwiseDistance(0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new RotaryPositions(5), Throws.ArgumentException);
            Assert.That(() => new Rnn(2, 3, nonlinearity: Nonlinearity.Selu), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new Lstm(2, 3, projSize: 3), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new GruCell(2, 3).Forward(Tensor.Zeros([4, 3])), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("it must be [N, 2]"));
            Assert.That(() => new SwiGlu().Forward(Tensor.Zeros([2, 3])), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("even size"));
            Assert.That(() => Tensor.Zeros([2, 3]).Glu(), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("even size"));
            Assert.That(() => Tensor.Zeros([2, 3]).PRelu(Tensor.Zeros([2])), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("one for each channel"));
            Assert.That(() => Tensor.Zeros([2]).HardTanh(1, 0), Throws.ArgumentException);
            Assert.That(() => Tensor.Zeros([2]).SoftShrink(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => Tensor.Zeros([2]).Celu(0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => Tensor.Zeros([2]).Softplus(beta: 0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => Tensor.Zeros([2, 3]).RmsNorm(Tensor.Zeros([2])), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("it must be [3]"));
            Assert.That(() => new Softmax2d().Forward(Tensor.Zeros([2, 3])), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => new Bilinear(2, 3, 4).Forward(Tensor.Zeros([2, 2]), Tensor.Zeros([3, 3])), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => new Embedding(2, 3, maxNorm: -1), Throws.TypeOf<ArgumentOutOfRangeException>());
        });
    }

    [Test]
    public void EmbeddingBag_BadOffsetsAndWeights_Throw()
    {
        EmbeddingBag bag = new(4, 2, mode: EmbeddingBagMode.Max);
        Tensor x = Tensor.From<long>([0, 1, 2]);
        Assert.Multiple(() =>
        {
            Assert.That(() => bag.Forward(x), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[N, L] without offsets"));
            Assert.That(() => bag.Forward(x, Tensor.From<long>([1, 2])), Throws.ArgumentException.With.Message.Contains("begin with 0"));
            Assert.That(() => bag.Forward(x, Tensor.From<long>([0, 2, 1])), Throws.ArgumentException);
            Assert.That(() => bag.Forward(x, Tensor.From<long>([0, 4])), Throws.ArgumentException);
            Assert.That(() => bag.Forward(x, Tensor.From<long>([0]), Tensor.Ones([3])), Throws.ArgumentException.With.Message.Contains("weights are for sums"));
            Assert.That(bag.Forward(Tensor.From<long>([]), Tensor.From<long>([0, 0])).ToArray<float>(), Is.EqualTo(new float[4]));
            Assert.That(new EmbeddingBag(4, 2).Forward(Tensor.From<long>([]), Tensor.From<long>([0, 0])).ToArray<float>(), Is.EqualTo(new float[4]));
        });
    }
}
