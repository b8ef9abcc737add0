using Engine.Gpu;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.SpecialValues;

/// <summary>NaN at every place, ties, infinities and empty axes in reductions, sorting, softmax and pooling.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class ReductionSpecialTests(string deviceName) : DeviceFixture(deviceName)
{
    private static readonly int[] s_lengths = [1, 2, 7, 16, 17, 33, 65, 130];

    [Test]
    public void Reductions_NaNAtAnyPlace_Win()
    {
        foreach (int length in s_lengths)
        {
            for (int place = 0; place < length; place += Math.Max(1, length / 9))
            {
                using TensorScope scope = TensorScope.Begin();
                float[] values = [.. Enumerable.Range(0, length).Select(i => (float)Math.Sin(i))];
                values[place] = float.NaN;
                Tensor x = Tensor.From<float>(values, Device);
                string where = $"NaN at {place} of {length}";
                foreach (Tensor y in (Tensor[])[x.Max(), x.Min(), x.Sum(), x.Mean(), x.Prod(), x.LogSumExp(), x.Norm(), x.Softmax().Sum()])
                {
                    Assert.That(y.Item(), Is.NaN, where);
                }
                Assert.That((x.ArgMax().Item(), x.ArgMin().Item()), Is.EqualTo(((double)place, (double)place)), where);
                Assert.That(x.Unsqueeze(1).Expand([length, 3]).ArgMax(0).ToArray<long>(), Is.All.EqualTo(place), where);
                Assert.That(x.Any().Item(), Is.EqualTo(1), where);
                Assert.That(x.ArgSort().ToArray<long>()[^1], Is.EqualTo(place), where);
            }
        }
    }

    [Test]
    public void ArgMax_Ties_TakeTheFirst()
    {
        foreach (int length in s_lengths)
        {
            for (int first = 0; first < length; first += Math.Max(1, length / 9))
            {
                float[] values = new float[length];
                Array.Fill(values, 5, first, length - first);
                Tensor x = Tensor.From<float>(values, Device);
                Assert.That((x.ArgMax().Item(), (-x).ArgMin().Item()), Is.EqualTo(((double)first, (double)first)), $"{first} of {length}");
            }
        }
    }

    [Test]
    public void Max_Ties_ShareTheGradientEvenly()
    {
        Tensor x = Tensor.From<float>([1, 3, 3, 2, 3, 0], [2, 3], Device).WithGrad();
        x.Max().Backward();
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(new[] { 0, 1f / 3, 1f / 3, 0, 1f / 3, 0 }).Within(1e-7));
        x.ClearGrad();
        x.Max(1).Sum().Backward();
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(new[] { 0, 0.5f, 0.5f, 0, 1, 0 }));
    }

    [Test]
    public void Prod_Zeros_HaveTheRightGradient()
    {
        Tensor x = Tensor.From<float>([2, 3, 4, 2, 0, 4, 0, 0, 4], [3, 3], Device).WithGrad();
        x.Prod(1).Sum().Backward();
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(new float[] { 12, 8, 6, 0, 8, 0, 0, 0, 0 }));
    }

    [Test]
    public void Reductions_NoElements_GiveTheIdentity()
    {
        Tensor x = Tensor.Empty([3, 0], device: Device);
        Assert.That(x.Sum().Item(), Is.Zero);
        Assert.That(x.Sum(1).ToArray<float>(), Is.EqualTo(new float[] { 0, 0, 0 }));
        Assert.That(x.Sum(0).Shape, Is.EqualTo(new Shape(0)));
        Assert.That(x.Prod(1).ToArray<float>(), Is.EqualTo(new float[] { 1, 1, 1 }));
        Assert.That(x.Mean(1).ToArray<float>(), Is.All.NaN);
        Assert.That((x.Any().Item(), x.All().Item()), Is.EqualTo((0.0, 1.0)));
        Assert.That(x.Softmax(1).Shape, Is.EqualTo(new Shape(3, 0)));
        Assert.That(x.CumSum(1).Shape, Is.EqualTo(new Shape(3, 0)));
    }

    [Test]
    public void Sums_ManyEqualTerms_KeepTheirDigits()
    {
        // A single float32 chain would stop growing at 2²⁴ · 0.1.
        Tensor x = Tensor.Full([1 << 20], 0.1, device: Device);
        Assert.That(x.Sum().Item(), Is.EqualTo((1 << 20) * 0.1).Within(1e-5).Percent.Or.EqualTo((1 << 20) * 0.1).Within(2));
        Assert.That(x.Mean().Item(), Is.EqualTo(0.1).Within(2e-6));
    }

    [Test]
    public void Var_LargeOffset_DoesNotCancel()
    {
        Tensor x = Tensor.From<float>([10000, 10001, 10002, 10003], Device);
        Assert.That(x.Var().Item(), Is.EqualTo(5.0 / 3).Within(1e-5));
        Assert.That(x.Var(correction: 0).Item(), Is.EqualTo(1.25).Within(1e-5));
        Assert.That(Tensor.From<float>([4], Device).Var().Item(), Is.NaN);
        Tensor y = x.Reshape(4, 1).BatchNorm(null, null);
        Assert.That(y.ToArray<float>(), Is.EqualTo(new[] { -1.341635f, -0.447212f, 0.447212f, 1.341635f }).Within(1e-4));
    }

    [Test]
    public void LogSumExp_Infinities_FollowTheLimit()
    {
        Tensor x = Tensor.From<float>([float.NegativeInfinity, float.NegativeInfinity, float.PositiveInfinity, 1, 1000, 1000, -1000, -1000], [4, 2], Device);
        Assert.That(
            x.LogSumExp(1).ToArray<float>(),
            Is.EqualTo(new[] { float.NegativeInfinity, float.PositiveInfinity, 1000 + (float)Math.Log(2), -1000 + (float)Math.Log(2) }).Within(1e-4));
    }

    [Test]
    public void Softmax_ExtremeLogits_StaysFinite()
    {
        Tensor x = Tensor.From<float>([1e4f, -1e4f, 1e4f, float.NegativeInfinity, 0, 0], [2, 3], Device).WithGrad();
        Tensor y = x.Softmax();
        Assert.That(y.ToArray<float>(), Is.EqualTo(new[] { 0.5f, 0, 0.5f, 0, 0.5f, 0.5f }).Within(1e-6));
        Assert.That(x.LogSoftmax().ToArray<float>()[1], Is.EqualTo(-2e4f).Within(1));
        (y * Tensor.Arange(0, 6, 1, device: Device).Reshape(2, 3)).Sum().Backward();
        Assert.That(x.Grad!.ToArray<float>().All(float.IsFinite), Is.True);
        Assert.That(Tensor.Full([2], double.NegativeInfinity, device: Device).Softmax().ToArray<float>(), Is.All.NaN);
    }

    [Test]
    public void CrossEntropy_ExtremeLogits_IsExact()
    {
        Tensor z = Tensor.From<float>([1000, 0, -1000, 0, 1000, 0], [2, 3], Device).WithGrad();
        Tensor loss = z.CrossEntropy(Tensor.From<long>([0, 2], Device), reduction: Reduction.None);
        Assert.That(loss.ToArray<float>(), Is.EqualTo(new float[] { 0, 1000 }));
        loss.Sum().Backward();
        Assert.That(z.Grad!.ToArray<float>(), Is.EqualTo(new float[] { 0, 0, 0, 0, 1, -1 }));
    }

    [Test]
    public void CrossEntropy_IgnoredTargets_CountForNothing()
    {
        Tensor z = Tensor.From<float>([1, 2, 3, float.NaN, float.NaN, float.NaN], [2, 3], Device).WithGrad();
        Tensor loss = z.CrossEntropy(Tensor.From<long>([2, -100], Device));
        Assert.That(loss.Item(), Is.EqualTo(0.407606).Within(1e-5));
        loss.Backward();
        Assert.That(z.Grad!.ToArray<float>()[3..], Is.All.Zero);
    }

    [Test]
    public void Sort_TiesAndNaN_AreStableWithNaNLast()
    {
        Tensor x = Tensor.From<float>([2, float.NaN, 1, 2, float.NegativeInfinity, 1, float.NaN], Device);
        (Tensor values, Tensor places) = x.Sort();
        Assert.That(places.ToArray<long>(), Is.EqualTo(new long[] { 4, 2, 5, 0, 3, 1, 6 }));
        Assert.That(values.ToArray<float>(), Is.EqualTo(new[] { float.NegativeInfinity, 1, 1, 2, 2, float.NaN, float.NaN }));
        Assert.That(x.ArgSort(descending: true).ToArray<long>(), Is.EqualTo(new long[] { 1, 6, 0, 3, 2, 5, 4 }));
        Assert.That(x.TopK(3).Indices.ToArray<long>(), Is.EqualTo(new long[] { 1, 6, 0 }));
        Assert.That(Tensor.From<long>([3, 1, 3, 2], Device).ArgSort(descending: true).ToArray<long>(), Is.EqualTo(new long[] { 0, 2, 3, 1 }));
    }

    [Test]
    public void MaxPool_NaNAndTies_NaNWinsAndTheFirstOfEquals()
    {
        Tensor x = Tensor.From<float>([1, 1, float.NaN, 2, 1, 1, 3, 4], [1, 1, 2, 4], Device).WithGrad();
        Tensor y = x.MaxPool2d(2);
        Assert.That(y.ToArray<float>(), Is.EqualTo(new[] { 1, float.NaN }));
        y.Backward(Tensor.Ones(y.Shape, device: Device));
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(new float[] { 1, 0, 1, 0, 0, 0, 0, 0 }));
        Tensor low = Tensor.Full([1, 1, 2, 2], double.NegativeInfinity, device: Device);
        Assert.That(low.MaxPool2d(2, padding: 1).ToArray<float>(), Is.All.EqualTo(float.NegativeInfinity));
    }

    [Test]
    public void MatMul_ZeroTimesInfinity_IsNaN()
    {
        foreach (int n in (int[])[1, 5, 17, 40])
        {
            Tensor a = Tensor.Zeros([n, n], device: Device), b = Tensor.Ones([n, n], device: Device);
            b[n / 2, 0] = Tensor.Scalar(double.PositiveInfinity, device: Device);
            float[] y = a.MatMul(b).ToArray<float>();
            Assert.That(y.Where((_, i) => i % n == 0), Is.All.NaN, $"n = {n}");
            Assert.That(y.Where((_, i) => i % n != 0), Is.All.Zero, $"n = {n}");
        }
    }

    [Test]
    public void Gather_IndexOutside_ThrowsOrOnACardGivesNaN()
    {
        Tensor x = Tensor.Zeros([3, 2], device: Device);
        if (Device is GpuDevice)
        {
            // A card cannot throw in the middle of a kernel, and waiting for it at each lookup would cost more than the lookup.
            Tensor outside = Tensor.From<long>([3, -4], [1, 2], Device);
            Assert.That(x.Gather(0, outside).ToArray<float>(), Is.All.NaN);
            Assert.That(x.ScatterAdd(0, outside, Tensor.Ones([1, 2], device: Device)).ToArray<float>(), Is.All.Zero);
            Assert.That(x.Embedding(outside).ToArray<float>(), Is.All.NaN);
            return;
        }

        foreach (long index in (long[])[3, -4])
        {
            Tensor bad = Tensor.From<long>([index, 0], [1, 2], Device);
            Assert.Throws<ArgumentOutOfRangeException>(() => x.Gather(0, bad).Dispose(), $"{index}");
            Assert.Throws<ArgumentOutOfRangeException>(() => x.ScatterAdd(0, bad, Tensor.Ones([1, 2], device: Device)).Dispose(), $"{index}");
            Assert.Throws<ArgumentOutOfRangeException>(() => x.Embedding(bad).Dispose(), $"{index}");
        }
    }
}
