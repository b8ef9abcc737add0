using System.Numerics;
using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

/// <summary>Sums of the rows that indices name, and sums into them.</summary>
[TestFixtureSource(typeof(CpuKernelFixture), nameof(Widths))]
internal sealed class RowSumsTests(SimdLevel level, int threads) : CpuKernelFixture(level, threads)
{
    [Test]
    public void EveryType_MatchesReference([Values] bool weighted, [Values] bool wideIndex)
    {
        Compare<float>(11, 7, 5, 4, weighted, wideIndex);
        Compare<double>(11, 7, 5, 4, weighted, wideIndex);
        Compare<Half>(11, 7, 5, 4, weighted, wideIndex);
    }

    [Test]
    public void RowsOfAnySize_MatchReference([Values(1, 3, 8, 16, 17, 64, 129)] int size, [Values] bool weighted) => Compare<float>(37, size, 9, 11, weighted, wideIndex: true);

    [Test]
    public void BagsOfAnyLength_MatchReference([Values(1, 2, 3, 4, 5, 128, 129, 300)] int length, [Values] bool weighted) => Compare<float>(37, 19, 3, length, weighted, wideIndex: true);

    /// <summary>More words than terms, so that sums stay in float32 and most rows are 0; and enough of them for several threads.</summary>
    [TestCase(2000, 40, 100, 3)]
    [TestCase(5000, 130, 700, 1)]
    public void FewTermsInALargeTable_MatchReference(int words, int size, int bags, int length)
    {
        Compare<float>(words, size, bags, length, weighted: false, wideIndex: true);
        Compare<float>(words, size, bags, length, weighted: true, wideIndex: true);
    }

    [Test]
    public void Views_MatchReference([Values] bool weighted) => Compare<float>(11, 7, 5, 4, weighted, wideIndex: true, static x => x.T);

    [Test]
    public void RowsWithAPitch_MatchReference([Values] bool weighted) => Compare<float>(11, 7, 5, 4, weighted, wideIndex: true, static x => x[.., 2..], columnsMore: 2);

    [Test]
    public void LongBag_IsSummedInDoublePrecision()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor table = Tensor.Full([2, 9], 0.1, device: Cpu), y = Tensor.Zeros([1, 9], device: Cpu), index = Tensor.Ones([1, 100_000], DType.Int64, Cpu);
        Cpu.Backend.GatherSum(table.Operand, index.Operand, null, y.Operand);
        double[] sums = y.ToArray<double>();
        Assert.That(sums, Is.All.EqualTo(100_000.0 * 0.1f).Within(2e-2), "in float32 alone the sum is 9998.56");
    }

    [Test]
    public void OneWordForAll_MatchesReference()
    {
        Compare<float>(1, 300, 1000, 2, weighted: false, wideIndex: true);
        Compare<float>(1, 300, 1000, 2, weighted: true, wideIndex: true);
    }

    [Test]
    public void NonFiniteRows_StayInTheirSums()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor table = Tensor.From<float>([float.NaN, 1, float.PositiveInfinity, 2, 3, 4], [3, 2], Cpu), index = Tensor.From<long>([0, 2, 1, 2, 2, 2], [3, 2], Cpu);
        Tensor y = Tensor.Zeros([3, 2], device: Cpu), sums = Tensor.Zeros([3, 2], device: Cpu);
        Cpu.Backend.GatherSum(table.Operand, index.Operand, null, y.Operand);
        Assert.That(y.ToArray<float>(), Is.EqualTo(new[] { float.NaN, 5, float.PositiveInfinity, 6, 6, 8 }));
        Cpu.Backend.ScatterSum(table.Operand, index.Operand, null, sums.Operand);
        Assert.That(sums.ToArray<float>(), Is.EqualTo(new[] { float.NaN, 1, float.PositiveInfinity, 2, float.NaN, 11 }));
    }

    [TestCase(4)]
    [TestCase(-1)]
    [TestCase(long.MinValue)]
    public void OutsideIndex_Throws(long outside)
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor table = Tensor.Zeros([4, 3], device: Cpu), y = Tensor.Zeros([2, 3], device: Cpu), index = Tensor.From<long>([1, 2, 3, 0, 1, 2, outside, 0], [2, 4], Cpu);
        Assert.That(
            () => Cpu.Backend.GatherSum(table.Operand, index.Operand, null, y.Operand),
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains($"GatherSum: index {outside} lies outside an axis of size 4"));
        Assert.That(
            () => Cpu.Backend.ScatterSum(y.Operand, index.Operand, null, table.Operand),
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains($"ScatterSum: index {outside} lies outside an axis of size 4"));
    }

    [Test]
    public void Sums_AreTheSameForAnyNumberOfThreads()
    {
        using CpuDevice other = new("other", 4, Level);
        Assert.That(Sums(Cpu), Is.EqualTo(Sums(other)));

        static float[] Sums(Device device)
        {
            using TensorScope scope = TensorScope.Begin();
            Tensor table = Make<float>(device, [900, 320], Normal(900 * 320, 5)), weights = Make<float>(device, [101, 5], Normal(505, 6)), y = Tensor.Zeros([101, 320], device: device);
            Tensor index = Tensor.RandInt([101, 5], 0, 900, new Generator(3), Device.Cpu).To(device), back = Tensor.Zeros([900, 320], device: device);
            device.Backend.GatherSum(table.Operand, index.Operand, weights.Operand, y.Operand);
            device.Backend.ScatterSum(y.Operand, index.Operand, weights.Operand, back.Operand);
            return [.. y.ToArray<float>(), .. back.ToArray<float>()];
        }
    }

    private void Compare<T>(int words, int size, int bags, int length, bool weighted, bool wideIndex, Func<Tensor, Tensor>? view = null, int columnsMore = 0)
        where T : unmanaged, INumberBase<T>
    {
        bool isTurned = view is not null && columnsMore == 0;
        view ??= static x => x;

        // Numbers on a grid are exact in every type, and so are their sums and products.
        AssertMatchesReference($"{typeof(T).Name} [{words}, {size}], [{bags}, {length}], weighted {weighted}, wide {wideIndex}, turned {isTurned}, {columnsMore} more", Run, 0);

        Tensor[] Run(Device device)
        {
            Random random = new(7);
            double[] numbers = [.. Enumerable.Range(0, bags * (length + columnsMore)).Select(_ => (double)random.Next(words))];
            Shape indices = Sizes(bags, length);
            Tensor index = view(wideIndex ? Make<long>(device, indices, numbers) : Make<int>(device, indices, numbers)), table = Filled(words, 1), y = Filled(bags, 2);
            Tensor? weights = weighted ? view(Make<T>(device, indices, Grid(indices.ElementCount, 3))) : null;
            Tensor sums = Filled(bags, 4), back = Filled(words, 5);
            device.Backend.GatherSum(table.Operand, index.Operand, weights?.Operand, sums.Operand);
            device.Backend.ScatterSum(y.Operand, index.Operand, weights?.Operand, back.Operand);
            return [sums, back];

            Tensor Filled(int rows, int seed)
            {
                Shape shape = Sizes(rows, size);
                return view(Make<T>(device, shape, Grid(shape.ElementCount, seed)));
            }

            Shape Sizes(int rows, int columns) => isTurned ? new Shape(columns, rows) : new Shape(rows, columns + columnsMore);
        }
    }
}
