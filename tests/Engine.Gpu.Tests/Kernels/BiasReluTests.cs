using NUnit.Framework;

namespace Engine.Gpu.Tests;

[TestFixtureSource(typeof(KernelFixture), nameof(GroupLimits))]
[TestFixture(TargetVariant.InterpreterWithoutLastGroup)]
internal sealed class BiasReluTests : KernelFixture
{
    public BiasReluTests(int largestGroup)
        : base(largestGroup)
    {
    }

    public BiasReluTests(TargetVariant variant)
        : base(variant)
    {
    }

    [TestCase(3, 17, 1)]
    [TestCase(1025, 3, 1)]
    [TestCase(2, 1, 1)]
    [TestCase(4, 6, 127)]
    [TestCase(5, 1, 5000)]
    public void BiasReluBackward_AnySize_MatchesLoops(int images, int channels, int length) => Check([images, channels, length], Placement.Dense);

    [Test]
    public void BiasReluBackward_AnyPlacement_MatchesLoops([Values] Placement placement) => Check([5, 17, 40], placement);

    [TestCase(2, 4, 1)]
    [TestCase(9, 6, 211)]
    [TestCase(3, 36, 400)]
    [TestCase(2, 76, 333)]
    public void BiasReluBackward_ChannelsLast_MatchesLoops(int images, int channels, int length) => Check([images, channels, length], Placement.ChannelsLast);

    private void Check(Shape shape, Placement placement)
    {
        Random random = new(4);
        DeviceArray dy = Array(DType.Float32, shape, Noise(11), placement), y = Array(DType.Float32, shape, _ => Math.Max(random.Next(-2, 3), 0), placement);
        DeviceArray dx = Result(DType.Float32, shape, placement), bias = Result(DType.Float32, [shape[1]], placement);
        Backend.BiasReluBackward(dy, y, dx, bias);
        double[] sums = new double[shape[1]], expected = new double[dy.Values.Length];
        for (int i = 0; i < expected.Length; i++)
        {
            expected[i] = y.Values[i] > 0 ? dy.Values[i] : 0;
            sums[i / shape[2] % shape[1]] += expected[i];
        }

        Assert.That(dx.Read(), Is.EqualTo(expected));
        AssertClose("bias", sums, bias, absolute: 2e-6 * Math.Sqrt(shape[0] * shape[2]));
    }
}
