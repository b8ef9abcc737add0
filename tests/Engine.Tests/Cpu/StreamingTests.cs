using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

/// <summary>Calls whose operands do not fit into the last-level cache write their results past the caches: with the bits that a part of them has alone.</summary>
internal sealed class StreamingTests
{
    private const int Columns = 1024, First = 100, Part = 37;

    private readonly CpuDevice _device = new("streaming-test", threads: 2);

    private static IEnumerable<TestCaseData> Calls()
    {
        yield return Case("LayerNorm", static x => [x.LayerNorm(null, null)]);
        yield return Case("LayerNormGradient", static x => [Gradient(x, static x => x.LayerNorm(null, null))]);
        yield return Case("Softmax", static x => [x.Softmax(-1)]);
        yield return Case("LogSoftmax", static x => [x.LogSoftmax(-1)]);
        yield return Case("SoftmaxGradient", static x => [Gradient(x, static x => x.Softmax(-1))]);
        yield return Case("Copy", static x => [x.Clone(), CopyBetween(x, 0), CopyBetween(x, 3)]);
        yield return Case("Arithmetic", static x => [x + (x * 2), x * (x + 1), x - (x * 3), x + 0.5]);

        static TestCaseData Case(string name, Func<Tensor, Tensor[]> call) => new TestCaseData(call).SetArgDisplayNames(name);
    }

    [OneTimeTearDown]
    public void EndThreads() => _device.Dispose();

    [TestCaseSource(nameof(Calls))]
    public void LargeCall_HasTheBitsOfItsParts(Func<Tensor, Tensor[]> call)
    {
        const long MostBytes = 128 << 20;
        if (CacheSizes.LastLevel > MostBytes)
        {
            Assert.Ignore($"operands that do not fit into {CacheSizes.LastLevel >> 20} MiB take too much memory for a test");
        }

        using TensorScope scope = TensorScope.Begin();
        int rows = (int)(CacheSizes.LastLevel / (Columns * sizeof(float))) + Part;
        Assert.That(Streaming.Pays(2L * rows * Columns * sizeof(float)), "two tensors of this size are streamed");
        Tensor x = Tensor.Randn([rows, Columns], generator: new Generator(2), device: _device);
        Tensor[] whole = call(x), part = call(x.Narrow(0, First, Part).Clone()), end = call(x.Narrow(0, rows - Part, Part).Clone());
        for (int i = 0; i < whole.Length; i++)
        {
            Assert.That(whole[i].Narrow(0, First, Part).ToArray<float>(), Is.EqualTo(part[i].ToArray<float>()));
            Assert.That(whole[i].Narrow(0, rows - Part, Part).ToArray<float>(), Is.EqualTo(end[i].ToArray<float>()));
        }
    }

    /// <summary>Rows that do not begin at multiples of a vector are written as ever.</summary>
    [Test]
    public void RowsOfOddLength_HaveTheBitsOfTheirParts()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Tensor.Randn([9_000, 1027], generator: new Generator(2), device: _device);
        float[] part = x.Narrow(0, First, Part).Clone().Softmax(-1).ToArray<float>();
        Assert.That(x.Softmax(-1).Narrow(0, First, Part).ToArray<float>(), Is.EqualTo(part));
    }

    [Test]
    public void LargeBatchNormGradient_HasTheBitsOfItsChannels()
    {
        using TensorScope scope = TensorScope.Begin();
        const int Images = 8, Channels = 32;
        int length = (int)Math.Min(CacheSizes.LastLevel / (Images * Channels * sizeof(float)), 1 << 17) | 1;
        Tensor x = Tensor.Randn([Images, Channels, length, 1], generator: new Generator(3), device: _device);
        foreach (int pixels in (int[])[length, length - 1])
        {
            Tensor whole = x.Narrow(2, 0, pixels).Clone();
            float[] part = Normalized(whole.Narrow(1, 5, 2).Clone()).ToArray<float>();
            Assert.That(Normalized(whole).Narrow(1, 5, 2).ToArray<float>(), Is.EqualTo(part));
        }

        static Tensor Normalized(Tensor x) => Gradient(x, static x => x.BatchNorm(null, null));
    }

    /// <summary>A copy into rows that begin <paramref name="gap"/> elements behind a multiple of the vectors, with what lies between them.</summary>
    private static Tensor CopyBetween(Tensor x, int gap)
    {
        Tensor y = Tensor.Full([x.Shape[0], x.Shape[1] + gap + 1], 7f, device: x.Device);
        y.Narrow(1, gap, x.Shape[1]).CopyFrom(x);
        return y;
    }

    private static Tensor Gradient(Tensor x, Func<Tensor, Tensor> call)
    {
        Tensor leaf = x.Detach().WithGrad();
        Tensor y = call(leaf);
        return Autograd.Grad([y], [leaf], [x * 0.5])[0]!;
    }
}
