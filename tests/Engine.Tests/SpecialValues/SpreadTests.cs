using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.SpecialValues;

/// <summary>Norms, deviations and variances where roots are 0, squares leave the range of numbers, or the mean is large beside the deviation.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class SpreadTests(string deviceName) : DeviceFixture(deviceName)
{
    private static IEnumerable<TestCaseData> Roots
    {
        get
        {
            yield return Root("Norm", x => x.Norm());
            yield return Root("Norm of rows", x => x.Norm(1));
            yield return Root("Norm of columns", x => x.Norm(0, keepDims: true));
            yield return Root("Std", x => x.Std());
            yield return Root("Std of rows", x => x.Std(1));
            yield return Root("Std of columns", x => x.Std(0, correction: 0));
            yield return Root("Std of both", x => x.Std([0, 1], keepDims: true));

            static TestCaseData Root(string name, Func<Tensor, Tensor> root) => new TestCaseData(root).SetArgDisplayNames(name);
        }
    }

    [TestCaseSource(nameof(Roots))]
    public void Roots_AtZero_HaveGradientZeroAndFiniteSecondDerivatives(Func<Tensor, Tensor> root)
    {
        foreach (DType dtype in (DType[])[.. FullTypes, DType.Float16, DType.BFloat16])
        {
            Tensor x = Tensor.Zeros([3, 4], dtype, Device).WithGrad();
            Tensor y = root(x);
            Assert.That(y.ToArray<double>(), Is.All.Zero, $"{dtype}");
            Tensor first = Autograd.Grad(y.Sum(), x, createGraph: true);
            Assert.That(first.ToArray<double>(), Is.All.Zero, $"{dtype}");
            Assert.That(Autograd.Grad(first.Sum() + first.Square().Sum(), x).ToArray<double>(), Is.All.Zero, $"second derivative, {dtype}");
            root(x).Sum().Backward();
            Assert.That(x.Grad!.ToArray<double>(), Is.All.Zero, $"backward, {dtype}");
        }
    }

    [Test]
    public void Std_OneConstantRow_LeavesTheOthersTheirGradient()
    {
        Tensor x = Tensor.From<float>([5, 5, 5, 1, 2, 4], [2, 3], Device).WithGrad();
        x.Std(1).Sum().Backward();
        double mean = 7 / 3.0, std = Math.Sqrt((((1 - mean) * (1 - mean)) + ((2 - mean) * (2 - mean)) + ((4 - mean) * (4 - mean))) / 2);
        double[] expected = [0, 0, 0, (1 - mean) / std / 2, (2 - mean) / std / 2, (4 - mean) / std / 2];
        Assert.That(x.Grad!.ToArray<double>(), Is.EqualTo(expected).Within(1e-6));
    }

    [Test]
    public void Std_OfOneElement_IsNaNOrZero()
    {
        Tensor x = Tensor.From<float>([3], Device).WithGrad();
        Assert.That(x.Std().Item(), Is.NaN);
        Assert.That(x.Var().Item(), Is.NaN);
        x.Std(correction: 0).Backward();
        Assert.That((x.Std(correction: 0).Item(), x.Grad!.Item()), Is.EqualTo((0.0, 0.0)));
        Assert.That(Tensor.Zeros([2, 0], device: Device).Var(1).ToArray<float>(), Is.All.NaN);
    }

    [TestCase(1e20, DType.Float32)]
    [TestCase(1e-30, DType.Float32)]
    [TestCase(1e-42, DType.Float32)]
    [TestCase(1e37, DType.Float32)]
    [TestCase(1, DType.Float32)]
    [TestCase(1e200, DType.Float64)]
    [TestCase(1e-300, DType.Float64)]
    [TestCase(100, DType.Float16)]
    [TestCase(1e-6, DType.Float16)]
    [TestCase(1e30, DType.BFloat16)]
    public void NormAndStd_SquaresOutOfRange_AreExact(double scale, DType dtype)
    {
        if (dtype == DType.Float64)
        {
            RequireFloat64();
        }

        double accuracy = dtype switch { DType.Float16 => scale < 1e-4 ? 0.05 : 1e-3, DType.BFloat16 => 8e-3, DType.Float32 when scale < 1e-38 => 1e-3, _ => 1e-6 };
        Tensor x = Rounded([3 * scale, -4 * scale, 0, 12 * scale], [4], dtype).WithGrad();
        Assert.That(x.Norm().Item() / scale, Is.EqualTo(13).Within(13 * accuracy));
        Assert.That(Tensor.GlobalNorm([x.Detach(), x.Detach()]).Item() / scale, Is.EqualTo(13 * Math.Sqrt(2)).Within(20 * accuracy));
        Assert.That((x - 0).Reshape(2, 2).Norm(1).ToArray<double>().Select(y => y / scale), Is.EqualTo(new double[] { 5, 12 }).Within(12 * accuracy));
        x.Norm().Backward();
        Assert.That(x.Grad!.ToArray<double>(), Is.EqualTo(new[] { 3 / 13.0, -4 / 13.0, 0, 12 / 13.0 }).Within(2 * accuracy));

        Tensor z = Rounded([3 * scale, -3 * scale, 3 * scale, -3 * scale], [4], dtype).WithGrad();
        Assert.That(z.Std(correction: 0).Item() / scale, Is.EqualTo(3).Within(3 * accuracy));
        z.Std(correction: 0).Backward();
        Assert.That(z.Grad!.ToArray<double>(), Is.EqualTo(new[] { 0.25, -0.25, 0.25, -0.25 }).Within(accuracy));
    }

    [Test]
    public void Norm_InfinityAndNaN_Show()
    {
        foreach (double large in (double[])[1, 1e30])
        {
            Assert.That(Tensor.From<float>([1, float.NegativeInfinity, (float)large], Device).Norm().Item(), Is.EqualTo(double.PositiveInfinity));
            Assert.That(Tensor.From<float>([1, float.NaN, (float)large], Device).Norm().Item(), Is.NaN);
            Assert.That(Tensor.GlobalNorm([Tensor.From<float>([1, float.NaN, (float)large], Device)]).Item(), Is.NaN);
            Assert.That(Tensor.GlobalNorm([Tensor.From<float>([1, float.NegativeInfinity, (float)large], Device)]).Item(), Is.EqualTo(double.PositiveInfinity));
        }
    }

    [Test]
    public void Var_LargeOffset_IsThatOfTheNumbersAsTheyAre()
    {
        foreach (double offset in (double[])[0, 1e4, 1e7, 3e7, 1e8, 3e8, -3e8])
        {
            float[] data = [.. Enumerable.Range(0, 7 * 301).Select(i => (float)(offset + (2.5 * Math.Sin(i * 1.7)) + Math.Cos(i * 0.31)))];
            Tensor x = Tensor.From<float>(data, [7, 301], Device);
            AssertSpread(x.Var(1), Enumerable.Range(0, 7).Select(r => data[(r * 301)..((r + 1) * 301)]), $"rows at {offset}");
            AssertSpread(x.Var(0), Enumerable.Range(0, 301).Select(c => Enumerable.Range(0, 7).Select(r => data[(r * 301) + c]).ToArray()), $"columns at {offset}");
            AssertSpread(x.Var(), [data], $"all at {offset}");
            AssertSpread(x.Std(1).Square(), Enumerable.Range(0, 7).Select(r => data[(r * 301)..((r + 1) * 301)]), $"Std of rows at {offset}");
            AssertSpread(x.Reshape(7, 43, 7).Var([0, 2]), Enumerable.Range(0, 43).Select(m => data.Where((_, i) => i % 301 / 7 == m).ToArray()), $"ends at {offset}");
            // A first element far from the others.
            data[0] = 0;
            AssertSpread(Tensor.From<float>(data[..301], Device).Var(), [data[..301]], $"outlier beside {offset}");
        }
    }

    [Test]
    public void Var_EqualNumbers_IsExactlyZero()
    {
        foreach (float value in (float[])[0.1f, 16777217, 3e8f + 32, -1.2345679e8f, 1e30f])
        {
            Tensor x = Tensor.From<float>([.. Enumerable.Repeat(value, 3000)], [3, 1000], Device);
            Assert.That(x.Var(1).ToArray<float>().Concat(x.Var(0).ToArray<float>()).Append((float)x.Var().Item()), Is.All.Zero, $"{value}");
            Assert.That(x.Std(1).ToArray<float>(), Is.All.Zero, $"{value}");
        }
    }

    [Test]
    public void Var_LargeOffset_GradientIsThatOfTheDeviation()
    {
        Tensor x = Tensor.From<float>([3e8f, 3e8f + 64, 3e8f - 64, 3e8f + 128], Device).WithGrad();
        x.Var(correction: 0).Backward();
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(new float[] { -16, 16, -48, 48 }).Within(1e-3));
        x.ClearGrad();
        Autograd.Grad(x.Var(correction: 0), x, createGraph: true).Square().Sum().Backward();
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(new float[] { -16, 16, -48, 48 }).Within(1e-3), "2·(2/n)·gradient");
    }

    [Test]
    public void Normalizations_LargeOffset_AreThoseOfTheNumbersAsTheyAre()
    {
        foreach (double offset in (double[])[1e7, 3e7, 1e8, 3e8])
        {
            float[] data = [.. Enumerable.Range(0, 6 * 130).Select(i => (float)(offset + (150 * Math.Sin(i * 1.7)) + (60 * Math.Cos(i * 0.31))))];
            Tensor x = Tensor.From<float>(data, [6, 130], Device);
            Close(x.LayerNorm(), Enumerable.Range(0, 6).SelectMany(r => Normal(data[(r * 130)..((r + 1) * 130)])), $"LayerNorm at {offset}");
            Close(x.BatchNorm(null, null).T, Enumerable.Range(0, 130).SelectMany(c => Normal([.. Enumerable.Range(0, 6).Select(r => data[(r * 130) + c])])), $"BatchNorm at {offset}");
            Close(x.Reshape(6, 2, 65).BatchNorm(null, null).Permute(1, 0, 2), Enumerable.Range(0, 2).SelectMany(c => Normal([.. Enumerable.Range(0, 6).SelectMany(r => data[((r * 130) + (c * 65))..((r * 130) + ((c + 1) * 65))])])), $"BatchNorm of images at {offset}");
            Close(x.Reshape(6, 2, 65).GroupNorm(2), Enumerable.Range(0, 12).SelectMany(g => Normal(data[(g * 65)..((g + 1) * 65)])), $"GroupNorm at {offset}");
            float[] equal = [.. Enumerable.Repeat((float)offset + 32, 6 * 130)];
            Tensor same = Tensor.From<float>(equal, [6, 130], Device);
            foreach (Tensor y in (Tensor[])[same.LayerNorm(), same.BatchNorm(null, null), same.Reshape(6, 2, 65).BatchNorm(null, null), same.Reshape(6, 2, 65).GroupNorm(2)])
            {
                Assert.That(y.ToArray<float>(), Is.All.Zero, $"equal numbers at {offset}");
            }
        }
    }

    [Test]
    public void Normalizations_HugeNumbers_AreFinite()
    {
        Tensor x = Tensor.From<float>([1e30f, -1e30f, 1e30f, -1e30f], [4, 1], Device).WithGrad();
        foreach (Tensor y in (Tensor[])[x.BatchNorm(null, null), x.Reshape(1, 4).LayerNorm(), x.Reshape(2, 1, 2).BatchNorm(null, null), x.Reshape(1, 1, 4).GroupNorm(1)])
        {
            Assert.That(y.ToArray<float>().All(float.IsFinite), y.ToString());
            x.ClearGrad();
            y.Sum().Backward();
            Assert.That(x.Grad!.ToArray<float>().All(float.IsFinite), x.Grad.ToString());
        }
    }

    private static void AssertSpread(Tensor actual, IEnumerable<float[]> groups, string where)
    {
        double[] expected = [.. groups.Select(group =>
        {
            double mean = group.Average(x => (double)x);
            return group.Sum(x => (x - mean) * (x - mean)) / (group.Length - 1);
        })];
        double[] got = actual.ToArray<double>();
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.That(got[i], Is.EqualTo(expected[i]).Within(1e-5 * expected[i]), $"{where}, number {i}");
        }
    }

    private static IEnumerable<double> Normal(float[] group)
    {
        double mean = group.Average(x => (double)x), variance = group.Sum(x => (x - mean) * (x - mean)) / group.Length;
        return group.Select(x => (x - mean) / Math.Sqrt(variance + 1e-5));
    }

    private static void Close(Tensor actual, IEnumerable<double> expected, string where) =>
        Assert.That(actual.ToArray<double>(), Is.EqualTo(expected.ToArray()).Within(1e-4), where);
}
