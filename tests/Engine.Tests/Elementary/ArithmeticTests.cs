using Engine.Tests.Comparison;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Elementary;

/// <summary>Remainders, mixtures, limits and questions about numbers, on every device, at ordinary and special values, with their gradients.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class ArithmeticTests(string deviceName) : DeviceFixture(deviceName)
{
    private const float NaN = float.NaN;
    private const float Inf = float.PositiveInfinity;

    [Test]
    public void Values_AreTheirDefinitions()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Of(5.5f, -5.5f, 0, -0.0f, NaN, Inf, -Inf, 2), y = Of(3, 3, -1, 2, 1, 2, 2, -3);
        Assert.Multiple(() =>
        {
            AssertIs(x.Fmod(y), 2.5, -2.5, 0, -0.0, NaN, NaN, NaN, 2);
            AssertIs(x.Fmod(3), 2.5, -2.5, 0, -0.0, NaN, NaN, NaN, 2);
            AssertIs(x.Remainder(y), 2.5, 0.5, 0, 0, NaN, NaN, NaN, -1);
            AssertIs(x.Remainder(3), 2.5, 0.5, 0, 0, NaN, NaN, NaN, 2);
            AssertIs(x.Frac(), 0.5, -0.5, 0, 0, NaN, NaN, NaN, 0);
            AssertIs(x.NanToNum(7), 5.5, -5.5, 0, 0, 7, float.MaxValue, float.MinValue, 2);
            AssertIs(x.NanToNum(7, 8, 9), 5.5, -5.5, 0, 0, 7, 8, 9, 2);
            AssertIs(x.IsFinite(), 1, 1, 1, 1, 0, 0, 0, 1);
            AssertIs(x.IsInf(), 0, 0, 0, 0, 0, 1, 1, 0);
            AssertIs(x.Heaviside(y), 1, 0, -1, 2, NaN, 1, 0, 1);
            AssertIs(Of(3, 3, -1, 2).CopySign(Of(1, -1, 0, -0.0f)), 3, -3, 1, -2);
            AssertIs(x.Xor(y.EqualTo(3)), 0, 0, 0, 0, 1, 1, 1, 1);
            AssertIs(x.Clamp(Of(-1), Of(2)), 2, -1, 0, 0, NaN, 2, -1, 2);
            AssertIs(x.Clamp(y, null), 5.5, 3, 0, 2, NaN, Inf, 2, 2);
            AssertIs(x.Clamp(null, y), 3, -5.5, -1, 0, NaN, 2, -Inf, -3);
            AssertIs(y.Lerp(Of(7), 0.25), 4, 4, 1, 3.25, 2.5, 3.25, 3.25, -0.5);
            AssertIs(y.Lerp(Of(7), 1), 7, 7, 7, 7, 7, 7, 7, 7);
            AssertIs(Tensor.From<int>([7, -7, 7, 7], Device).Fmod(Tensor.From<int>([3, 3, -3, 0], Device)), 1, -1, 1, 0);
        });
    }

    [Test]
    public void Gradients_GoToWhatWasTaken()
    {
        using TensorScope scope = TensorScope.Begin();
        AssertSlopes(x => x.Clamp(Of(-1), Of(1)), [-2, -1, 0, 1, 2], [0, 1, 1, 1, 0]);
        AssertSlopes(low => Of(0).Clamp(low, null), [-1, 1], [0, 1]);
        AssertSlopes(x => x.Frac(), [0.5f, -2.25f], [1, 1]);
        AssertSlopes(x => x.NanToNum(), [1, NaN, Inf], [1, 0, 0]);
        AssertSlopes(w => Of(2).Lerp(Of(5), w), [0.25f, 0.75f], [3, 3]);
        AssertSlopes(x => x.Fmod(2), [5, -5], [1, 1]);
        AssertSlopes(y => Of(7).Fmod(y), [2, 3], [-3, -2]);
        AssertSlopes(v => Of(0, 1).Heaviside(v), [4, 4], [1, 0]);
    }

    private Tensor Of(params float[] values) => Tensor.From<float>(values, Device);

    private static void AssertIs(Tensor actual, params double[] expected) => Close.AssertAll("y", expected, actual.To(DType.Float32).ToArray<double>(), 1e-6, 0);

    private void AssertSlopes(Func<Tensor, Tensor> f, float[] x, double[] expected)
    {
        Tensor leaf = Of(x).WithGrad();
        f(leaf).Sum().Backward();
        Close.AssertAll("dx", expected, leaf.Grad!.ToArray<double>(), 1e-6, 0);
    }
}
