using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.SpecialValues;

/// <summary>What is not chosen does not show, be it NaN or infinite: nothing is picked by a product with 0.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class PickingTests(string deviceName) : DeviceFixture(deviceName)
{
    private const float Inf = float.PositiveInfinity;

    [Test]
    public void AdaptiveAvgPool2d_InfinityAndNaN_StayInTheirCells()
    {
        foreach (float bad in (float[])[Inf, -Inf, float.NaN])
        {
            for (int place = 0; place < 35; place++)
            {
                float[] values = [.. Enumerable.Range(0, 35).Select(i => i + 1f)];
                values[place] = bad;
                Tensor x = Tensor.From<float>(values, [1, 1, 5, 7], Device);
                float[] actual = x.AdaptiveAvgPool2d((3, 4)).ToArray<float>();
                for (int i = 0; i < 12; i++)
                {
                    (int top, int bottom) = Cell(i / 4, 5, 3);
                    (int left, int right) = Cell(i % 4, 7, 4);
                    double expected = Enumerable.Range(top, bottom - top).SelectMany(r => Enumerable.Range(left, right - left).Select(c => (double)values[(r * 7) + c])).Average();
                    Assert.That(actual[i], Is.EqualTo(expected).Within(1e-5), $"cell {i}, {bad} at {place}");
                }
            }
        }

        static (int Start, int End) Cell(int i, int size, int cells) => (i * size / cells, (((i + 1) * size) + cells - 1) / cells);
    }

    [Test]
    public void AdaptiveAvgPool2d_ManyCells_RepeatsElements()
    {
        Tensor x = Tensor.From<float>([1, 2, 3, Inf], [1, 1, 2, 2], Device);
        Tensor y = x.AdaptiveAvgPool2d((2, 1001));
        Assert.That(y.Shape, Is.EqualTo(new Shape(1, 1, 2, 1001)));
        float[] row = y.ToArray<float>()[..1001];
        Assert.That((row[0], row[499], row[500], row[501], row[1000]), Is.EqualTo((1f, 1f, 1.5f, 2f, 2f)));
        Assert.That(y.ToArray<float>()[1001..1501], Is.All.EqualTo(3f));
    }

    [Test]
    public void AdaptiveAvgPool2d_Halves_AreRoundedOnce()
    {
        float[] values = [.. Enumerable.Range(0, 35).Select(i => 1000 + (i * 37 % 11))];
        Tensor x = Tensor.From<float>(values, [1, 1, 5, 7], Device);
        Tensor exact = x.AdaptiveAvgPool2d((3, 4)).To(DType.Float16);
        Tensor half = x.To(DType.Float16).AdaptiveAvgPool2d((3, 4));
        Assert.That(half.DType, Is.EqualTo(DType.Float16));
        Assert.That(half.ToArray<float>(), Is.EqualTo(exact.ToArray<float>()));
    }

    [Test]
    public void Triangles_MasksAndEmbeddings_DropWhatTheyDrop()
    {
        Tensor bad = Tensor.From<float>([1, float.NaN, Inf, 2, 3, -Inf, 4, 5, 6], [3, 3], Device);
        Assert.That(bad.Tril().ToArray<float>(), Is.EqualTo(new float[] { 1, 0, 0, 2, 3, 0, 4, 5, 6 }));
        Assert.That(bad.T.Triu().ToArray<float>(), Is.EqualTo(new float[] { 1, 2, 4, 0, 3, 5, 0, 0, 6 }));
        Tensor mask = Tensor.From<bool>([false, true, true, false, false, true, false, false, false], [3, 3], Device);
        Tensor leaf = bad.Clone().WithGrad();
        leaf.MaskedFill(mask, 0).Sum().Backward();
        Assert.That(leaf.Grad!.ToArray<float>(), Is.EqualTo(new float[] { 1, 0, 0, 1, 1, 0, 1, 1, 1 }));
        Assert.That(bad.MaskedFill(mask, 7).ToArray<float>(), Is.EqualTo(new float[] { 1, 7, 7, 2, 3, 7, 4, 5, 6 }));
        Tensor square = Tensor.From<float>([1, float.NaN, Inf, 4], [2, 2], Device);
        Assert.That(Tensor.Einsum("ii->i", square).ToArray<float>(), Is.EqualTo(new float[] { 1, 4 }));
        Assert.That(Tensor.Einsum("ii->", square).Item(), Is.EqualTo(5));
        Assert.That(square.Pad([(0, 0), (1, 1)]).ToArray<float>(), Is.EqualTo(new[] { 0, 1, float.NaN, 0, 0, Inf, 4, 0 }));
        Assert.That(square.Dropout(1).ToArray<float>(), Is.All.Zero);
    }

    [Test]
    public void KlDiv_TargetsWithoutMass_CountForNothing()
    {
        Tensor x = Tensor.From<float>([0, -Inf, -1], Device).WithGrad();
        Tensor logs = Tensor.From<float>([-Inf, -Inf, -2], Device).WithGrad();
        double last = Math.Exp(-2) * (-2 + 1);
        Assert.That(x.KlDiv(logs, Reduction.None, logTarget: true).ToArray<float>(), Is.EqualTo(new[] { 0, 0, (float)last }).Within(1e-6));
        x.KlDiv(logs, Reduction.Sum, logTarget: true).Backward();
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(new[] { 0, 0, (float)-Math.Exp(-2) }).Within(1e-6));
        Assert.That(logs.Grad!.ToArray<float>(), Is.EqualTo(new[] { 0, 0, (float)(last + Math.Exp(-2)) }).Within(1e-6));
        Tensor t = Tensor.From<float>([0, 0, 0.5f], Device);
        Assert.That(x.KlDiv(t, Reduction.None).ToArray<float>(), Is.EqualTo(new[] { 0, 0, 0.5f * (MathF.Log(0.5f) + 1) }).Within(1e-6));
        Assert.That(x.KlDiv(Tensor.From<float>([0, float.NaN, 0.5f], Device), Reduction.None).ToArray<float>()[1], Is.NaN);
    }

    [Test]
    public void CrossEntropy_NoWeightAtAll_IsUndefined()
    {
        Tensor z = Tensor.From<float>([1, 2, 3], [1, 3], Device), target = Tensor.From<long>([0], Device), weights = Tensor.From<float>([0, 1, 1], Device);
        Assert.That(z.CrossEntropy(target, weights, labelSmoothing: 0.5).Item(), Is.NaN);
        Assert.That(z.CrossEntropy(target, weights).Item(), Is.NaN);
        Assert.That(z.CrossEntropy(target, weights, labelSmoothing: 0.5, reduction: Reduction.Sum).Item(), Is.GreaterThan(0));
        Assert.That(z.LogSoftmax(1).NllLoss(target, weights).Item(), Is.NaN);
    }

    [Test]
    public void LogSumExp_NothingButMinusInfinity_HasNoGradient()
    {
        Tensor x = Tensor.From<float>([-Inf, -Inf, 1, 2, -Inf, 3], [3, 2], Device).WithGrad();
        Tensor y = x.LogSumExp(1);
        Assert.That(y.ToArray<float>(), Is.EqualTo(new[] { -Inf, 2 + MathF.Log(1 + MathF.Exp(-1)), 3 }).Within(1e-6));
        y.Sum().Backward();
        float share = 1 / (1 + MathF.Exp(1));
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(new[] { 0, 0, share, 1 - share, 0, 1 }).Within(1e-6));
        Tensor first = Autograd.Grad(x.LogSumExp(1).Sum(), x, createGraph: true);
        float bend = share * (1 - share);
        Assert.That(Autograd.Grad((first * Tensor.From<float>([1, 2], Device)).Sum(), x).ToArray<float>(), Is.EqualTo(new[] { 0, 0, -bend, bend, 0, 0 }).Within(1e-6));
    }

    [Test]
    public void LogSumExp_LargeNumbers_KeepTheSharesDigits()
    {
        Tensor x = Tensor.From<float>([1e4f, 1e4f + 0.5f, 1e4f - 1], Device).WithGrad();
        x.LogSumExp().Backward();
        double sum = 1 + Math.Exp(0.5) + Math.Exp(-1);
        Assert.That(x.Grad!.ToArray<double>(), Is.EqualTo(new[] { 1 / sum, Math.Exp(0.5) / sum, Math.Exp(-1) / sum }).Within(2e-7));
    }

    [Test]
    public void LogSumExp_NoElements_IsMinusInfinity()
    {
        Tensor x = Tensor.Zeros([2, 0], device: Device).WithGrad();
        Assert.That(x.LogSumExp(1).ToArray<float>(), Is.EqualTo(new[] { -Inf, -Inf }));
        Assert.That(x.LogSumExp().Item(), Is.EqualTo(-Inf));
        Assert.That(x.LogSumExp(0).Shape, Is.EqualTo(new Shape(0)));
        x.LogSumExp(1).Sum().Backward();
        Assert.That(x.Grad!.Shape, Is.EqualTo(x.Shape));
    }

    [TestCase(DType.Float32, 1 << 24)]
    [TestCase(DType.Float16, 1 << 11)]
    [TestCase(DType.BFloat16, 1 << 8)]
    public void ScatterAdd_ManySmallTermsInOnePlace_AllCount(DType dtype, int full)
    {
        Tensor index = Tensor.Zeros([full / (dtype == DType.Float32 ? 65536 : 1)], DType.Int64, Device), ones = Tensor.Ones(index.Shape, dtype, Device);
        Tensor start = Rounded([full, 5], [2], dtype);
        double terms = index.ElementCount, expected = Tensor.Scalar(full + terms, dtype, Device).Item();
        Assert.That(start.ScatterAdd(0, index, ones).ToArray<double>(), Is.EqualTo(new[] { expected, 5 }));
        Tensor infinite = Tensor.From<float>([Inf, 1, 2], Device).To(dtype);
        Assert.That(start.ScatterAdd(0, Tensor.From<long>([1, 0, 0], Device), infinite).ToArray<double>()[1], Is.EqualTo(double.PositiveInfinity));
    }
}
