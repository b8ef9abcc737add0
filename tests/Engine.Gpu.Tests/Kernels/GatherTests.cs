using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Gathering and scattering along each axis, any layout, wild indices.</summary>
[TestFixtureSource(typeof(KernelDevices), nameof(KernelDevices.All))]
internal sealed class GatherTests(string name)
{
    private const int Terms = 100;

    private Device Device => KernelDevices.Get(name);

    [Test]
    public void EveryType_MatchesReference([Values] DType dtype) => Run([4, 5, 6], 1, 7, dtype, DType.Int64, static x => x);

    [Test]
    public void EveryAxis_EveryLayout_MatchesReference([Values(0, 1, 2)] int axis, [Values(DType.Int32, DType.Int64)] DType index)
    {
        Run([4, 5, 6], axis, 7, DType.Float32, index, static x => x);
        Run([4, 5, 6], axis, 3, DType.Float32, index, static x => x.Flip());
        Run([4, 5, 6], axis, 70, DType.Float32, index, static x => x.Permute(2, 0, 1).Contiguous().Permute(1, 2, 0));
    }

    [TestCase(1, 129, 1025)]
    [TestCase(37, 17, 301)]
    [TestCase(3, 300, 40)]
    public void RowsOfATable_MatchReference(int rows, int columns, int count) => Run([rows, columns], 0, count, DType.Float32, DType.Int64, static x => x);

    [Test]
    public void OneLongLine_MatchesReference()
    {
        Run([2003], 0, 3001, DType.Float32, DType.Int64, static x => x);
        Run([1], 0, 301, DType.Float32, DType.Int64, static x => x);
    }

    [Test]
    public void IndexOutside_GivesNaNOrZero_AndAddsNothing()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Tensor.From<float>([1, 2, 3], [3], Device), index = Tensor.From<long>([3, -1, long.MaxValue, 0, long.MinValue], [5], Device);
        Tensor y = Tensor.Zeros([5], DType.Float32, Device);
        Device.Backend.Gather(x.Operand, index.Operand, y.Operand, 0);
        Assert.That(y.ToArray<float>(), Is.EqualTo(new[] { float.NaN, float.NaN, float.NaN, 1, float.NaN }));

        Tensor whole = Tensor.From<int>([1, 2, 3], [3], Device), z = Tensor.Full([5], 7, DType.Int32, Device);
        Device.Backend.Gather(whole.Operand, index.Operand, z.Operand, 0);
        Assert.That(z.ToArray<int>(), Is.EqualTo(new[] { 0, 0, 0, 1, 0 }));

        Tensor ones = Tensor.Ones([5], DType.Float32, Device);
        Device.Backend.ScatterAdd(x.Operand, index.Operand, ones.Operand, 0);
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 2, 2, 3 }));
    }

    [Test]
    public void ScatterAdd_OfFewTerms_KeepsTheOrderOfTheSource()
    {
        // 2²⁴ + 1 + 1 … stays 2²⁴ in this order, and is more in any order that joins ones first.
        const int Places = 300;
        Assert.That(Scattering.MeetsOften(Terms, Places), Is.False);
        Assert.That(SumsOfAPlace(Places), Is.EqualTo(1 << 24));
    }

    [Test]
    public void ScatterAdd_WhereManyTermsMeet_IsExact()
    {
        // One rounding at the end: 2²⁴ + 99 lies in the middle of two numbers of float32, and goes to 2²⁴ + 100.
        const int Places = 5;
        Assert.That(Scattering.MeetsOften(Terms, Places), Is.True);
        Assert.That(SumsOfAPlace(Places), Is.EqualTo((1 << 24) + 100));
    }

    [Test]
    public void Work_CutIntoLaunches_MatchesReference()
    {
        var backend = (GpuBackend)Device.Backend;
        long usual = backend.MostElementsOfLaunch;
        backend.MostElementsOfLaunch = 40;
        try
        {
            Run([4, 5, 6], 1, 7, DType.Float32, DType.Int64, static x => x);
            Run([4, 50], 1, 70, DType.Float32, DType.Int64, static x => x);
            Run([41, 4], 0, 70, DType.Float32, DType.Int64, static x => x);
        }
        finally
        {
            backend.MostElementsOfLaunch = usual;
        }
    }

    /// <summary>2²⁴ and ones summed in one place; the other places stay 0.</summary>
    private float SumsOfAPlace(int places)
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor sums = Tensor.Zeros([places], DType.Float32, Device), index = Tensor.Full([Terms], 3, DType.Int64, Device);
        float[] values = [1 << 24, .. Enumerable.Repeat(1f, Terms - 1)];
        Device.Backend.ScatterAdd(sums.Operand, index.Operand, Tensor.From<float>(values, [Terms], Device).Operand, 0);
        float[] result = sums.ToArray<float>();
        Assert.That(result.Where(static (_, i) => i != 3), Has.All.Zero);
        return result[3];
    }

    private void Run(Shape shape, int axis, int count, DType dtype, DType indexType, Func<Tensor, Tensor> layout)
    {
        using TensorScope scope = TensorScope.Begin();
        Shape indexShape = shape.With(axis, count);

        // Whole numbers: sums are exact in any order and precision.
        Tensor x = layout(Compare.Random(shape, 1, 0, 9, DType.Float64).Floor().To(dtype));
        Tensor index = layout(Compare.Random(indexShape, 2, 0, shape[axis], DType.Float64).Floor().To(indexType));
        string what = $"{dtype.ShortName()} {shape}, axis {axis}, {count} of {indexType.ShortName()}";

        Tensor expected = layout(Tensor.Zeros(indexShape, dtype, Compare.Reference)), actual = Compare.SameLayout(expected, Device);
        Compare.Reference.Backend.Gather(x.Operand, index.Operand, expected.Operand, axis);
        Device.Backend.Gather(Compare.SameLayout(x, Device).Operand, Compare.SameLayout(index, Device).Operand, actual.Operand, axis);
        Compare.AssertClose(actual, expected, 0, $"gather of {what}");

        Tensor sums = Compare.SameLayout(x, Device), source = layout(Compare.Random(indexShape, 3, 0, 2, DType.Float64).Floor().To(dtype));
        Device.Backend.ScatterAdd(sums.Operand, Compare.SameLayout(index, Device).Operand, Compare.SameLayout(source, Device).Operand, axis);
        Compare.Reference.Backend.ScatterAdd(x.Operand, index.Operand, source.Operand, axis);
        Compare.AssertClose(sums, x, 0, $"scatter of {what}");
    }
}
