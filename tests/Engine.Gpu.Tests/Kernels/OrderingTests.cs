using NUnit.Framework;

namespace Engine.Gpu.Tests;

[TestFixtureSource(typeof(KernelFixture), nameof(GroupLimits))]
internal sealed class OrderingTests(int largestGroup) : KernelFixture(largestGroup)
{
    [TestCase(3, 1, 1)]
    [TestCase(5, 17, 1)]
    [TestCase(2, 5000, 1)]
    [TestCase(2, 9, 700)]
    [TestCase(1, 1025, 3)]
    public void CumSum_AnySize_MatchesLoops(int outer, int length, int inner)
    {
        CheckCumSum(DType.Float32, [outer, length, inner], Placement.Dense);
        CheckCumSum(DType.Int64, [outer, length, inner], Placement.Dense);
    }

    [Test]
    public void CumSum_AnyPlacement_MatchesLoops([Values] Placement placement) => CheckCumSum(DType.Float32, [3, 7, 5], placement);

    [Test]
    public void ArgSort_AnySize_IsStableWithNaNLargest([Values(1, 3, 17, 127, 1025)] int length, [Values] bool descending) =>
        CheckArgSort(DType.Float32, [3, length, 2], descending, Placement.Dense);

    [TestCase(DType.Float64, 2, 300, 1)]
    [TestCase(DType.Float16, 1, 2500, 3)]
    [TestCase(DType.Int64, 2, 5000, 1)]
    public void ArgSort_LongRows_AreMergedInOrder(DType dtype, int outer, int length, int inner)
    {
        CheckArgSort(dtype, [outer, length, inner], descending: false, Placement.Dense);
        CheckArgSort(dtype, [outer, length, inner], descending: true, Placement.Dense);
    }

    [Test]
    public void ArgSort_OfEqualKeys_KeepsTheirOrder([Values(128, 129, 2048, 2049)] int length, [Values] bool descending)
    {
        DeviceArray x = Array(DType.Float32, [1, length, 1], static _ => 1), indices = Result(DType.Int64, [1, length, 1]);
        Backend.ArgSort(x, indices, 1, descending);
        Assert.That(indices.Read(), Is.EqualTo(Enumerable.Range(0, length)));
    }

    [Test]
    public void ArgSort_LongRowsOfAnyPlacement_MatchTheHost([Values] Placement placement) => CheckArgSort(DType.Float32, [2, 1500, 3], descending: false, placement);

    [Test]
    public void ArgSort_AnyPlacement_MatchesTheHost([Values] Placement placement) => CheckArgSort(DType.Int64, [2, 30, 3], descending: false, placement);

    [Test]
    public void GlobalNorm_OfManyTensors_IsTheirCommonLength([Values(1, 16, 37)] int count)
    {
        DeviceArray[] tensors = [.. Enumerable.Range(0, count).Select(i => Array(DType.Float32, [1 + (i * 577 % 9000)], Noise(i)))];
        DeviceArray result = Result(DType.Float32, []);
        Backend.GlobalNorm([.. tensors.Select(static t => t.Operand)], result);
        AssertClose("norm", [Math.Sqrt(tensors.Sum(static t => t.Values.Sum(static x => x * x)))], result);
    }

    [Test]
    public void GlobalNorm_LargeTensorOrNaN_MatchesTheHost()
    {
        DeviceArray large = Array(DType.Float64, [300_001], Noise(1)), result = Result(DType.Float64, []);
        Backend.GlobalNorm([large], result);
        AssertClose("norm", [Math.Sqrt(large.Values.Sum(static x => x * x))], result);
        DeviceArray nan = Array(DType.Float64, [3], static i => i == 1 ? double.NaN : 1);
        Backend.GlobalNorm([large, nan], result);
        Assert.That(result.Read()[0], Is.NaN);
    }

    private void CheckCumSum(DType dtype, Shape shape, Placement placement)
    {
        Random random = new(2);
        DeviceArray x = Array(dtype, shape, _ => random.Next(-8, 9), placement), y = Result(dtype, shape, placement);
        Backend.CumSum(x, y, 1);
        double[] expected = [.. x.Values];
        for (int i = 0; i < expected.Length; i++)
        {
            expected[i] += i / shape[2] % shape[1] == 0 ? 0 : expected[i - shape[2]];
        }

        Assert.That(y.Read(), Is.EqualTo(expected));
    }

    private void CheckArgSort(DType dtype, Shape shape, bool descending, Placement placement)
    {
        Random random = new(3);
        bool special = dtype.IsFloatingPoint();
        double[] specials = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, -0.0];
        DeviceArray x = Array(dtype, shape, _ => special && random.Next(5) == 0 ? specials[random.Next(4)] : random.Next(-20, 20), placement);
        DeviceArray indices = Result(DType.Int64, shape, placement);
        Backend.ArgSort(x, indices, 1, descending);
        double[] expected = new double[x.Values.Length];
        for (int row = 0; row < shape[0] * shape[2]; row++)
        {
            int start = (row / shape[2] * shape[1] * shape[2]) + (row % shape[2]);
            double Key(int i) => x.Values[start + (i * shape[2])];
            IEnumerable<int> places = Enumerable.Range(0, shape[1]);
            Comparer<double> order = Comparer<double>.Create(static (a, b) => double.IsNaN(a) ? (double.IsNaN(b) ? 0 : 1) : double.IsNaN(b) ? -1 : a < b ? -1 : a > b ? 1 : 0);
            int[] sorted = [.. descending ? places.OrderByDescending(Key, order) : places.OrderBy(Key, order)];
            for (int i = 0; i < sorted.Length; i++)
            {
                expected[start + (i * shape[2])] = sorted[i];
            }
        }

        Assert.That(indices.Read(), Is.EqualTo(expected));
    }
}
