using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Sums at indices that are sorted first: the numbers of the plain loop, whatever the lengths of the runs.</summary>
[TestFixtureSource(typeof(KernelDevices), nameof(KernelDevices.All))]
internal sealed class SortedScatterTests(string name)
{
    private GpuDevice Device => KernelDevices.Get(name);

    private GpuBackend Backend => (GpuBackend)Device.Backend;

    [SetUp]
    public void Sort() => Backend.LeastSortedTerms = 1;

    [TearDown]
    public void Restore() => Backend.LeastSortedTerms = null;

    [TestCase(1, 1, 1)]
    [TestCase(7, 3, 1)]
    [TestCase(300, 5, 4)]
    [TestCase(300, 1000, 130)]
    [TestCase(3001, 40, 3)]
    public void WholeNumbers_AreExact(int terms, int rows, int columns)
    {
        foreach (DType index in (DType[])[DType.Int32, DType.Int64])
        {
            foreach (DType type in (DType[])[DType.Float32, DType.Float16, DType.BFloat16])
            {
                Check(terms, rows, columns, type, index, i => (i * 7919 % rows) + 0L, x => x);
            }
        }
    }

    [Test]
    public void Runs_OfAnyLength_AreExact()
    {
        // One index nearly always, in the middle, at the beginning and at the end; two that alternate; ever longer runs.
        Check(3000, 9, 4, DType.Float32, DType.Int64, static i => i % 100 == 0 ? i / 100 % 9 : 4, static x => x);
        Check(3000, 9, 4, DType.Float32, DType.Int64, static i => i % 100 == 0 ? i / 100 % 9 : 0, static x => x);
        Check(3000, 9, 1, DType.Float32, DType.Int64, static i => i % 100 == 0 ? i / 100 % 9 : 8, static x => x);
        Check(3000, 9, 8, DType.Float32, DType.Int64, static _ => 5, static x => x);
        Check(3000, 9, 8, DType.Float32, DType.Int64, static i => 3 + (i % 2), static x => x);
        Check(3000, 80, 3, DType.Float32, DType.Int64, static i => (long)Math.Sqrt(2 * i), static x => x);
    }

    [Test]
    public void IndicesOutside_AreLeftOut() =>
        Check(600, 10, 4, DType.Float32, DType.Int64, static i => i % 5 == 0 ? -1 : i % 5 == 1 ? long.MaxValue : i % 5 == 2 ? long.MinValue : i % 13, static x => x);

    [Test]
    public void Float64_IsExact()
    {
        KernelDevices.RequireFloat64(Device);
        Check(500, 11, 4, DType.Float64, DType.Int64, static i => i % 11, static x => x);
    }

    [Test]
    public void AnyLayout_IsExact()
    {
        Check(400, 10, 12, DType.Float32, DType.Int64, static i => i * i % 10, static x => x.T.Contiguous().T);
        Check(400, 10, 12, DType.Float32, DType.Int64, static i => i * i % 10, static x => Tensor.Stack([x, x], 2).Select(2, 1));
        Check(400, 10, 12, DType.Float32, DType.Int64, static i => i * i % 10, static x => Tensor.Stack([x, x], 1).Select(1, 1));
    }

    [Test]
    public void Sums_HaveTheBitsOfThePlainLoop_WhereTheyLieInAChunk()
    {
        using TensorScope scope = TensorScope.Begin();
        const int Terms = 400, Rows = 500;
        Tensor index = Compare.SameLayout(Compare.Random([Terms], 1, 0, Rows, DType.Float64).Floor().To(DType.Int64), Device).Unsqueeze(1).Expand(new Shape(Terms, 8));
        Tensor source = Compare.SameLayout(Compare.Random([Terms, 8], 2, -1, 1, DType.Float32), Device), start = Compare.SameLayout(Compare.Random([Rows, 8], 3, -1, 1, DType.Float32), Device);
        float[] Sums(int least)
        {
            Backend.LeastSortedTerms = least;
            Tensor sums = start.Clone();
            Backend.ScatterAdd(sums.Operand, index.Operand, source.Operand, 0);
            return sums.ToArray<float>();
        }

        float[] sorted = Sums(1), plain = Sums(int.MaxValue);
        int differing = sorted.Zip(plain).Count(static pair => pair.First != pair.Second);
        Assert.That(differing, Is.LessThan(Rows / 10 * 8), "at most the rows at the ends of chunks");
        Assert.That(sorted, Is.EqualTo(plain).Within(1e-6));
        Assert.That(Sums(1), Is.EqualTo(sorted), "the same bits each time");
    }

    [Test]
    public void ManyTermsOfOneRow_AreRoundedOnce()
    {
        using TensorScope scope = TensorScope.Begin();
        const int Terms = 20_000;
        Tensor sums = Tensor.Zeros([3, 4], DType.Float32, Device), index = Tensor.Ones([Terms, 1], DType.Int64, Device).Expand(new Shape(Terms, 4));
        Tensor source = Tensor.Full([Terms, 4], 0.1, DType.Float32, Device);
        Backend.ScatterAdd(sums.Operand, index.Operand, source.Operand, 0);
        Assert.That(sums[1].ToArray<float>(), Is.All.EqualTo((float)(Terms * (double)0.1f)));
    }

    [Test]
    public void GradientOfAnEmbedding_IsSummedFromSortedIndices_OnCards()
    {
        Backend.LeastSortedTerms = null;
        using TensorScope scope = TensorScope.Begin();
        Tensor table = Tensor.Ones([50, 8], DType.Float32, Device).WithGrad(), index = Tensor.Arange(600, Device) % 50;
        using LaunchCount count = Device.CountLaunches();
        table.Embedding(index).Sum().Backward();
        Assert.That(table.Grad!.ToArray<float>(), Is.All.EqualTo(12));
        Assert.That(count.Kernels.Select(static kernel => kernel.Name), Backend.Target.IsProcessor ? Has.None.Contains("scatter_add_") : Has.Some.EqualTo("scatter_add_chunks"));
    }

    private void Check(int terms, int rows, int columns, DType type, DType indexType, Func<int, long> indexOf, Func<Tensor, Tensor> layout)
    {
        using TensorScope scope = TensorScope.Begin();
        long[] numbers = [.. Enumerable.Range(0, terms).Select(indexOf)];
        Tensor index = indexType == DType.Int64
            ? Tensor.From<long>(numbers, [terms], Device)
            : Tensor.From<int>([.. numbers.Select(static number => (int)Math.Clamp(number, int.MinValue, int.MaxValue))], [terms], Device);
        double[] source = [.. Enumerable.Range(0, terms * columns).Select(static i => (double)((i * 31 % 3) - 1))];
        double[] expected = [.. Enumerable.Range(0, rows * columns).Select(static i => (double)(i % 5))];
        Tensor from = Moved(source, [terms, columns]), to = Moved(expected, [rows, columns]);
        Backend.ScatterAdd(to.Operand, index.Unsqueeze(1).Expand(new Shape(terms, columns)).Operand, from.Operand, 0);
        for (int i = 0; i < terms; i++)
        {
            for (int c = 0; numbers[i] >= 0 && numbers[i] < rows && c < columns; c++)
            {
                expected[(numbers[i] * columns) + c] += source[(i * columns) + c];
            }
        }

        Assert.That(to.To(Compare.Reference).To(DType.Float64).ToArray<double>(), Is.EqualTo(expected), $"{terms} terms, {rows} × {columns}, {type}");

        Tensor Moved(double[] values, Shape shape) => Compare.SameLayout(layout(Tensor.From<double>(values, shape, Compare.Reference).To(type)), Device);
    }
}
