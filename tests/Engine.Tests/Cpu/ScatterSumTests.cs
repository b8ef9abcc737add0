using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

/// <summary>Long sums at one place, at sizes that only a processor gets through in a test.</summary>
internal sealed class ScatterSumTests
{
    private readonly CpuDevice _device = new("scatter-test", threads: 2);

    [OneTimeTearDown]
    public void EndThreads() => _device.Dispose();

    [Test]
    public void Embedding_GradientOf2To25Ones_IsExact()
    {
        Tensor table = Tensor.Zeros([2, 1], device: _device).WithGrad();
        Tensor index = Tensor.Zeros([1 << 25], DType.Int32, _device);
        table.Embedding(index).Sum().Backward();
        Assert.That(table.Grad!.ToArray<float>(), Is.EqualTo(new float[] { 1 << 25, 0 }));
    }

    [Test]
    public void ScatterAdd_TermsThatMeetOften_AreSummedInDoublePrecision([Values(1, 3, 8, 17, 200)] int columns, [Values] bool turned)
    {
        const int Terms = 20_000, Words = 5;
        Generator random = new(4);
        Tensor start = Tensor.Randn([Words, columns], generator: random, device: _device), index = Tensor.RandInt([Terms], 0, Words, random, _device);
        Tensor source = turned ? Tensor.Randn([columns, Terms], generator: random, device: _device).T : Tensor.Randn([Terms, columns], generator: random, device: _device);
        double[] sums = [.. start.ToArray<float>().Select(x => (double)x)];
        float[] values = source.ToArray<float>();
        long[] places = index.ToArray<long>();
        for (int i = 0; i < values.Length; i++)
        {
            sums[(places[i / columns] * columns) + (i % columns)] += values[i];
        }

        Tensor actual = start.ScatterAdd(0, index.Unsqueeze(1).Expand([Terms, columns]), source);
        Assert.That(actual.ToArray<float>(), Is.EqualTo(sums.Select(x => (float)x).ToArray()));
    }

    /// <summary>Many rows for a small table are summed in chunks, each in a table of its own.</summary>
    [Test]
    public void ScatterAdd_ManyRowsForASmallTable_HaveTheSameBitsForAnyNumberOfThreads([Values] bool wideIndex)
    {
        const int Rows = 30_011, Words = 21, Columns = 13;
        List<float[]> results = [];
        foreach (int threads in (int[])[1, 2, 3])
        {
            using CpuDevice device = new($"scatter-{threads}", threads);
            Generator random = new(5);
            Tensor start = Tensor.Randn([Words, Columns], generator: random, device: device), source = Tensor.Randn([Rows, Columns], generator: random, device: device);
            Tensor index = Tensor.RandInt([Rows], 0, Words, random, device);
            Tensor places = (wideIndex ? index : index.To(DType.Int32)).Unsqueeze(1).Expand([Rows, Columns]);
            double[] sums = [.. start.ToArray<float>().Select(x => (double)x)];
            float[] values = source.ToArray<float>();
            long[] words = index.ToArray<long>();
            for (int i = 0; i < values.Length; i++)
            {
                sums[words[i / Columns] * Columns + i % Columns] += values[i];
            }

            results.Add(start.ScatterAdd(0, places, source).ToArray<float>());
            Assert.That(results[^1], Is.EqualTo(sums.Select(x => (float)x).ToArray()));
        }

        Assert.That(results, Has.All.EqualTo(results[0]));
    }

    [TestCase(0)]
    [TestCase(29_999)]
    public void ScatterAdd_ManyRowsWithAnIndexOutside_Throws(int at)
    {
        long[] places = [.. Enumerable.Range(0, 30_000).Select(i => (long)(i % 20))];
        places[at] = 20;
        Tensor index = Tensor.From(places, [30_000, 1], _device).Expand([30_000, 8]), source = Tensor.Ones([30_000, 8], device: _device);
        Assert.That(() => Tensor.Zeros([20, 8], device: _device).ScatterAdd(0, index, source), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("20"));
    }

    [Test]
    public void ScatterAdd_WideSumsInParts_AreThoseOfTheWhole()
    {
        Generator random = new(3);
        Tensor start = Tensor.Randn([40, 3, 50_000], generator: random, device: _device);
        Tensor index = Tensor.RandInt([40, 3, 50_000], 0, 40, random, _device), terms = Tensor.Randn(index.Shape, generator: random, device: _device);
        float[] expected = start.ToArray<float>(), values = terms.ToArray<float>();
        double[] sums = [.. expected.Select(x => (double)x)];
        long[] places = index.ToArray<long>();
        for (int i = 0; i < values.Length; i++)
        {
            sums[(places[i] * 150_000) + (i % 150_000)] += values[i];
        }
        Assert.That(start.ScatterAdd(0, index, terms).ToArray<float>(), Is.EqualTo(sums.Select(x => (float)x).ToArray()));
    }
}
