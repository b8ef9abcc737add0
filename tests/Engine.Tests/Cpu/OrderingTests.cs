using System.Numerics;
using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

[TestFixtureSource(typeof(CpuKernelFixture), nameof(Widths))]
internal sealed class OrderingTests(SimdLevel level, int threads) : CpuKernelFixture(level, threads)
{
    [Test]
    public void CumSum_MatchesNaiveLoop([Values(0, 1, 2)] int axis)
    {
        foreach (Shape shape in (Shape[])[[3, 4, 5], [1, 1, 1], [2, 70, 3], [3, 2, 130], [300, 130, 5]])
        {
            CompareCumSum<float>(shape, axis, 1e-7);
            CompareCumSum<double>(shape, axis, 1e-14);
            CompareCumSum<long>(shape, axis, 0);
            CompareCumSum<int>(shape, axis, 0);
            CompareCumSum<float>(shape, axis, 1e-7, reversed: true);
        }
    }

    [Test]
    public void CumSum_LongRow_IsSummedInMorePrecision()
    {
        using TensorScope scope = TensorScope.Begin();
        const int Count = 1 << 20;
        float[] values = [.. Enumerable.Repeat(0.1f, Count)];
        Tensor x = Tensor.From(values, [Count], Cpu), y = Tensor.From(new float[Count], [Count], Cpu);
        Cpu.Backend.CumSum(x.Operand, y.Operand, 0);
        Assert.That(y.ToArray<float>()[^1], Is.EqualTo((float)(Count * (double)0.1f)));
    }

    [Test]
    public void ArgSort_MatchesStableSort([Values] bool descending, [Values(0, 1, 2)] int axis)
    {
        foreach (Shape shape in (Shape[])[[3, 4, 5], [1, 1, 1], [2, 17, 3], [50, 60, 7]])
        {
            CompareArgSort<float>(shape, axis, descending, nan: true);
            CompareArgSort<double>(shape, axis, descending, nan: true);
            CompareArgSort<Half>(shape, axis, descending, nan: true);
            CompareArgSort<int>(shape, axis, descending, nan: false);
            CompareArgSort<long>(shape, axis, descending, nan: false);
            CompareArgSort<float>(shape, axis, descending, nan: true, reversed: true);
        }
    }

    [Test]
    public void ArgSort_SpecialValues_NaNLargestAndZerosEqual()
    {
        using TensorScope scope = TensorScope.Begin();
        float[] values = [0f, float.NaN, -0f, float.PositiveInfinity, -float.Epsilon, float.NegativeInfinity, -float.NaN, 0f, float.MaxValue, float.Epsilon];
        Assert.That(Order(descending: false), Is.EqualTo(new long[] { 5, 4, 0, 2, 7, 9, 8, 3, 1, 6 }));
        Assert.That(Order(descending: true), Is.EqualTo(new long[] { 1, 6, 3, 8, 9, 0, 2, 7, 4, 5 }));

        long[] Order(bool descending)
        {
            Tensor x = Tensor.From(values, [values.Length], Cpu), order = Tensor.From(new long[values.Length], [values.Length], Cpu);
            Cpu.Backend.ArgSort(x.Operand, order.Operand, 0, descending);
            return order.ToArray<long>();
        }
    }

    [Test]
    public void ArgSort_LargeIntegers_KeepAllBits()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Tensor.From<long>([long.MaxValue, long.MaxValue - 1, long.MinValue, -1, 0, long.MinValue + 1], [6], Cpu), order = Tensor.From(new long[6], [6], Cpu);
        Cpu.Backend.ArgSort(x.Operand, order.Operand, 0, descending: false);
        Assert.That(order.ToArray<long>(), Is.EqualTo(new long[] { 2, 5, 3, 4, 1, 0 }));
    }

    [Test]
    public void GlobalNorm_MatchesNaiveSum()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor[] tensors =
        [
            Make<float>(Cpu, [3, 5], Normal(15, 1)), Make<float>(Cpu, [200_003], Normal(200_003, 2)), Make<float>(Cpu, [1], Normal(1, 3)),
            Make<double>(Cpu, [1001], Normal(1001, 4)), Make<Half>(Cpu, [33], Normal(33, 5)), Make<float>(Cpu, [7, 9], Normal(63, 6)).Reversed(),
        ];
        double expected = Math.Sqrt(tensors.Sum(x => x.ToArray<double>().Sum(v => v * v)));
        Operand[] operands = [.. tensors.Select(x => x.Operand)];
        Tensor single = Make<float>(Cpu, Shape.Scalar, [0]), wide = Make<double>(Cpu, [1], [0]);
        Cpu.Backend.GlobalNorm(operands, single.Operand);
        Cpu.Backend.GlobalNorm(operands, wide.Operand);
        Assert.That(single.Item(), Is.EqualTo(expected).Within(expected * 1e-6));
        Assert.That(wide.Item(), Is.EqualTo(expected).Within(expected * 1e-7));
    }

    [Test]
    public void GlobalNorm_AnyNumberOfThreads_GivesTheSameBits()
    {
        using TensorScope scope = TensorScope.Begin();
        using CpuDevice other = new("other", 4, Level);
        Assert.That(Norm(Cpu), Is.EqualTo(Norm(other)));

        static double Norm(Device device)
        {
            Tensor norm = Make<double>(device, [1], [0]);
            device.Backend.GlobalNorm([Make<float>(device, [300_007], Normal(300_007, 2)).Operand, Make<float>(device, [77], Normal(77, 3)).Operand], norm.Operand);
            return norm.Item();
        }
    }

    private void CompareCumSum<T>(Shape shape, int axis, double relative, bool reversed = false) where T : unmanaged, INumber<T>
    {
        using TensorScope scope = TensorScope.Begin();
        T[] values = [.. Grid(shape.ElementCount, 1).Select(v => T.CreateSaturating(v + 4.5))];
        Tensor x = View(shape, values, reversed), y = View(shape, new T[values.Length], reversed);
        Cpu.Backend.CumSum(x.Operand, y.Operand, axis);
        T[] input = x.ToArray<T>(), actual = y.ToArray<T>();
        ForEachLine(shape, axis, places =>
        {
            double sum = 0;
            foreach (int place in places)
            {
                sum += double.CreateChecked(input[place]);
                Assert.That(double.CreateChecked(actual[place]), Is.EqualTo(sum).Within(relative * sum), $"{typeof(T).Name} {shape}, element {place}");
            }
        });
    }

    private void CompareArgSort<T>(Shape shape, int axis, bool descending, bool nan, bool reversed = false) where T : unmanaged, INumber<T>
    {
        using TensorScope scope = TensorScope.Begin();
        T[] values = [.. Grid(shape.ElementCount, 1, nan).Select(T.CreateSaturating)];
        Tensor x = View(shape, values, reversed), order = View(shape, new long[values.Length], reversed);
        Cpu.Backend.ArgSort(x.Operand, order.Operand, axis, descending);
        T[] input = x.ToArray<T>();
        long[] actual = order.ToArray<long>();
        ForEachLine(shape, axis, places =>
        {
            // LINQ's sort is stable. NaN becomes the largest key.
            IEnumerable<int> line = Enumerable.Range(0, places.Length);
            double Key(int i) => T.IsNaN(input[places[i]]) ? 100 : double.CreateChecked(input[places[i]]);
            int[] expected = [.. descending ? line.OrderByDescending(Key) : line.OrderBy(Key)];
            Assert.That(places.Select(place => actual[place]), Is.EqualTo(expected.Select(i => (long)i)), $"{typeof(T).Name} {shape} along {axis}");
        });
    }

    private Tensor View<T>(Shape shape, T[] values, bool reversed) where T : unmanaged =>
        reversed ? Tensor.From(values, [.. shape.Reverse()], Cpu).Reversed() : Tensor.From(values, shape, Cpu);

    /// <summary>Calls back with the row-major places of the elements of each line along an axis.</summary>
    private static void ForEachLine(Shape shape, int axis, Action<int[]> check)
    {
        int inner = shape.AsSpan()[(axis + 1)..].ToArray().Aggregate(1, (a, b) => a * b), size = shape[axis], outer = (int)shape.ElementCount / (inner * size);
        for (int o = 0; o < outer; o++)
        {
            for (int i = 0; i < inner; i++)
            {
                check([.. Enumerable.Range(0, size).Select(k => (((o * size) + k) * inner) + i)]);
            }
        }
    }
}
