using System.Numerics;
using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

[TestFixtureSource(typeof(CpuKernelFixture), nameof(Widths))]
internal sealed class GatherTests(SimdLevel level, int threads) : CpuKernelFixture(level, threads)
{
    [Test]
    public void EveryType_MatchesReference([Values(0, 1, 2)] int axis, [Values] bool wideIndex)
    {
        Compare<float>([4, 5, 6], axis, 7, wideIndex);
        Compare<double>([4, 5, 6], axis, 7, wideIndex);
        Compare<int>([4, 5, 6], axis, 7, wideIndex);
        Compare<long>([4, 5, 6], axis, 7, wideIndex);
        Compare<byte>([4, 5, 6], axis, 7, wideIndex);
        Compare<Half>([4, 5, 6], axis, 7, wideIndex);
    }

    [Test]
    public void Views_MatchReference([Values(0, 1, 2)] int axis) => Compare<float>([4, 5, 6], axis, 7, wideIndex: true, static x => x.Reversed(), reversed: true);

    [Test]
    public void Rows_OfATable_MatchReference([Values(1, 3, 16, 17, 64, 129)] int columns) => CompareRows([37, columns], 0, 301);

    [Test]
    public void Large_IsSharedAmongThreads()
    {
        CompareRows([97, 700], 0, 401);
        CompareRows([700, 97], 1, 401);
        Compare<float>([300, 97], 0, 1201, wideIndex: true);
        Compare<float>([97, 300], 1, 1201, wideIndex: true);
        Compare<float>([200_003], 0, 300_001, wideIndex: true);
    }

    [Test]
    public void Bool_ScatterIsOr()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor sums = Tensor.From<bool>([false, true, false, false], [4], Cpu);
        Tensor index = Tensor.From<long>([0, 0, 1, 3, 2], [5], Cpu), source = Tensor.From<bool>([true, true, false, true, false], [5], Cpu);
        Cpu.Backend.ScatterAdd(sums.Operand, index.Operand, source.Operand, 0);
        Assert.That(sums.ToArray<bool>(), Is.EqualTo(new[] { true, true, false, true }));
    }

    [TestCase(4)]
    [TestCase(-1)]
    [TestCase(-5)]
    [TestCase(long.MaxValue)]
    [TestCase(long.MinValue)]
    public void OutsideIndex_ThrowsNamingIndexAndSize(long outside)
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Make<float>(Cpu, [4, 3], new double[12]), y = Make<float>(Cpu, [2, 3], new double[6]);
        Tensor index = Tensor.From<long>([1, 1, 1, 0, outside, 0], [2, 3], Cpu);
        Assert.That(
            () => Cpu.Backend.Gather(x.Operand, index.Operand, y.Operand, 0),
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains($"Gather: index {outside} lies outside an axis of size 4").And.Property("ParamName").EqualTo("index"));
        Assert.That(
            () => Cpu.Backend.ScatterAdd(x.Operand, index.Operand, y.Operand, 0),
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains($"ScatterAdd: index {outside} lies outside an axis of size 4"));
    }

    [Test]
    public void Sums_AreTheSameForAnyNumberOfThreads()
    {
        using TensorScope scope = TensorScope.Begin();
        using CpuDevice other = new("other", 4);
        Assert.That(Sums(Cpu), Is.EqualTo(Sums(other)));

        static float[] Sums(Device device)
        {
            Tensor sums = Make<float>(device, [13, 320], new double[13 * 320]), source = Make<float>(device, [501, 320], Normal(501 * 320, 5));
            Tensor index = Indices(device, [501, 1], 13, 6, wide: true).Expand([501, 320]);
            device.Backend.ScatterAdd(sums.Operand, index.Operand, source.Operand, 0);
            return sums.ToArray<float>();
        }
    }

    private static Tensor Indices(Device device, Shape shape, int size, int seed, bool wide)
    {
        Random random = new(seed);
        double[] values = [.. Enumerable.Range(0, (int)shape.ElementCount).Select(_ => (double)random.Next(size))];
        return wide ? Make<long>(device, shape, values) : Make<int>(device, shape, values);
    }

    /// <summary>Whole rows (or columns): the index has stride 0 along them.</summary>
    private void CompareRows(Shape table, int axis, int count)
    {
        Shape index = new Shape(1, 1).With(axis, count);
        Compare<float>(table, axis, count, wideIndex: true, x => x.Shape == index ? x.Expand(table.With(axis, count)) : x, reversed: false, index);
    }

    private void Compare<T>(Shape table, int axis, int count, bool wideIndex, Func<Tensor, Tensor>? view = null, bool reversed = false, Shape? indexShape = null)
        where T : unmanaged, INumberBase<T>
    {
        Shape dense = table.With(axis, count), index = indexShape ?? dense;
        double[] tableValues = Grid(table.ElementCount, 1), denseValues = Grid(dense.ElementCount, 2);
        if (typeof(T) == typeof(byte))
        {
            (tableValues, denseValues) = ([.. tableValues.Select(v => v + 4)], [.. denseValues.Select(v => v + 4)]);
        }
        view ??= static x => x;

        // Grid values are exact in every type and so are their sums.
        AssertMatchesReference($"{typeof(T).Name} {table}, axis {axis}, {count} indices of {index}, wide {wideIndex}, reversed {reversed}", Run, 0);

        Tensor[] Run(Device device)
        {
            Tensor x = view(Make<T>(device, Sizes(table), tableValues)), sums = view(Make<T>(device, Sizes(table), tableValues));
            Tensor y = view(Make<T>(device, Sizes(dense), denseValues)), source = view(Make<T>(device, Sizes(dense), denseValues));
            Tensor places = view(Indices(device, Sizes(index), table[axis], 3, wideIndex));
            device.Backend.Gather(x.Operand, places.Operand, y.Operand, axis);
            device.Backend.ScatterAdd(sums.Operand, places.Operand, source.Operand, axis);
            return [y, sums];
        }

        Shape Sizes(Shape shape) => reversed ? [.. shape.Reverse()] : shape;
    }
}
