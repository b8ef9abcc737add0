using NUnit.Framework;

namespace Engine.Gpu.Tests;

[TestFixtureSource(typeof(KernelFixture), nameof(GroupLimits))]
internal sealed class SoftmaxTests(int largestGroup) : KernelFixture(largestGroup)
{
    private static readonly int[] s_lengths = [1, 3, 10, 17, 64, 127, 257, 1025, 5000];

    [Test]
    public void Softmax_RowsOfAnyLength_MatchLoops([ValueSource(nameof(s_lengths))] int length, [Values] bool log) =>
        Check(DType.Float32, [7, length], 1, log, Placement.Dense);

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(2)]
    public void Softmax_AnyAxis_MatchesLoops(int axis)
    {
        Check(DType.Float32, [5, 6, 7], axis, log: false, Placement.Dense);
        Check(DType.Float32, [33, 20, 40], axis, log: true, Placement.Dense);
    }

    [Test]
    public void Softmax_AnyPlacement_MatchesLoops([Values] Placement placement) => Check(DType.Float32, [9, 19], 1, log: false, placement);

    [TestCase(DType.Float64)]
    [TestCase(DType.Float16)]
    [TestCase(DType.BFloat16)]
    public void Softmax_OtherTypes_MatchLoops(DType dtype)
    {
        Check(dtype, [6, 10], 1, log: false, Placement.Dense);
        Check(dtype, [6, 10], 1, log: true, Placement.Dense);
    }

    [Test]
    public void Softmax_LargeAndSpecialNumbers_AreExactWhereTheyCanBe()
    {
        double[] x =
        [
            10000, 10001, 9999,
            -10000, -10001, -9999,
            double.NegativeInfinity, 0, 0,
            double.NaN, 0, 1,
            double.PositiveInfinity, 0, 1,
        ];
        DeviceArray input = Array(DType.Float32, [5, 3], i => x[i]), y = Result(DType.Float32, [5, 3]);
        Backend.Softmax(input, y, 1, log: false);
        double e = Math.E, sum = 1 + e + (1 / e);
        AssertClose("softmax", [1 / sum, e / sum, 1 / e / sum, 1 / sum, 1 / e / sum, e / sum, 0, 0.5, 0.5, .. Enumerable.Repeat(double.NaN, 6)], y);
        Backend.Softmax(input, y, 1, log: true);
        Assert.That(y.Read()[6], Is.EqualTo(double.NegativeInfinity));
    }

    private void Check(DType dtype, Shape shape, int axis, bool log, Placement placement)
    {
        Func<int, double> noise = Noise(3);
        DeviceArray x = Array(dtype, shape, i => 4 * noise(i), placement), y = Result(dtype, shape, placement);
        Backend.Softmax(x, y, axis, log);
        (int outer, int length, int inner) = Split(shape, axis);
        double[] expected = new double[x.Values.Length];
        ForEachRow(outer, length, inner, row =>
        {
            double max = row.Max(i => x.Values[i]), sum = row.Sum(i => Math.Exp(x.Values[i] - max));
            foreach (int i in row)
            {
                expected[i] = log ? x.Values[i] - max - Math.Log(sum) : Math.Exp(x.Values[i] - max) / sum;
            }
        });
        AssertClose("y", expected, y);

        DeviceArray result = Array(dtype, shape, i => expected[i], placement), dy = Array(dtype, shape, Noise(4), placement), dx = Result(dtype, shape, placement);
        Backend.SoftmaxBackward(result, dy, dx, axis, log);
        double[] gradient = new double[expected.Length];
        ForEachRow(outer, length, inner, row =>
        {
            double sum = row.Sum(i => log ? dy.Values[i] : dy.Values[i] * result.Values[i]);
            foreach (int i in row)
            {
                gradient[i] = log ? dy.Values[i] - (Math.Exp(result.Values[i]) * sum) : result.Values[i] * (dy.Values[i] - sum);
            }
        });
        AssertClose("dx", gradient, dx, absolute: dtype == DType.Float32 ? 1e-5 : 0);
    }

    private static (int Outer, int Length, int Inner) Split(Shape shape, int axis) =>
        (shape.Take(axis).Aggregate(1, (a, b) => a * b), shape[axis], shape.Skip(axis + 1).Aggregate(1, (a, b) => a * b));

    private static void ForEachRow(int outer, int length, int inner, Action<int[]> action)
    {
        for (int row = 0; row < outer * inner; row++)
        {
            int start = (row / inner * length * inner) + (row % inner);
            action([.. Enumerable.Range(0, length).Select(i => start + (i * inner))]);
        }
    }
}
