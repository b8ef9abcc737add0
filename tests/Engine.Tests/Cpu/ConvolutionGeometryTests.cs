using System.Diagnostics;
using Engine.Cpu;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

/// <summary>
/// Small random convolutions in all directions against the reference: kernels of height or width 1, few rows, strides and dilations with and without
/// common divisors, so that taps reach some residues of a stride and miss others; and many channels, which choose other algorithms.
/// </summary>
internal sealed class ConvolutionGeometryTests
{
    private readonly CpuDevice _device = new("geometry-test", threads: 2);

    [OneTimeTearDown]
    public void EndThreads() => _device.Dispose();

    [Test]
    public void KernelRowThatMissesResidues_ManyChannels_HasAGradient()
    {
        Tensor x = Tensor.Ones([1, 1, 3, 15], device: _device).WithGrad();
        x.Conv2d(Tensor.Ones([64, 1, 1, 3], device: _device), null, (2, 1), (0, 1), (3, 1)).Sum().Backward();
        float[] gradient = x.Grad!.ToArray<float>();
        for (int i = 0; i < gradient.Length; i++)
        {
            Assert.That(gradient[i], Is.EqualTo(i / 15 == 1 ? 0 : 64 * (i % 15 is 0 or 14 ? 2 : 3)), $"element {i}");
        }
    }

    [Test]
    public void ResiduesThatNoTapReaches_EveryShape_MatchReference([Values(1, 2, 3, 5)] int rows, [Values(1, 2)] int kernel, [Values(2, 3, 4)] int stride, [Values(2, 3, 4, 6)] int dilation)
    {
        if (dilation * (kernel - 1) < rows)
        {
            Compare(new Random(rows), 2, 38, 62, (rows, 15), (kernel, 5), (stride, 1), (0, 2), (dilation, 1), 1, transposed: false);
        }
        Compare(new Random(rows), 1, 62, 38, (rows, 9), (kernel, 3), (stride, 1), (0, 1), (dilation, 1), 1, transposed: true);
    }

    [Test]
    public void StridesBeyondTheKernel_MatchReference([Values(5, 40, 700)] int stride, [Values(1, 3)] int images, [Values(1, 2)] int groups)
    {
        Random random = new(stride);
        Compare(random, images, 2 * groups, 4 * groups, (4, 3), (3, 2), (stride, 4), (1, 0), (1, 2), groups, transposed: true);
        Compare(random, images, 2 * groups, groups, (2, 2), (16, 1), (stride, stride), (0, 0), (3, 1), groups, transposed: true);
        Compare(random, images, 2 * groups, 4 * groups, (9, 8), (3, 2), (stride, 5), (1, 1), (2, 1), groups, transposed: false);
        Compare(random, images, 2 * groups, 4 * groups, (6, 4), (3, 2), (int.MaxValue, int.MaxValue), (1, 0), (2, 1), groups, transposed: false);
    }

    [Test]
    public void LongStride_TakesTimeThatGrowsWithTheOutput()
    {
        Stopwatch clock = Stopwatch.StartNew();
        Tensor y = Tensor.Ones([1, 1, 2, 1], device: _device).ConvTranspose2d(Tensor.Ones([1, 1, 3, 1], device: _device), stride: (1 << 18, 1));
        Assert.That(y.Shape, Is.EqualTo(new Shape(1, 1, (1 << 18) + 3, 1)));
        Assert.That(y.Sum().Item(), Is.EqualTo(6));
        Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(20)));
    }

    [Test]
    public void RandomGeometries_MatchReference([Range(0, 29)] int seed)
    {
        Random random = new(seed);
        for (int i = 0; i < 100; i++)
        {
            (int, int) kernel = (1 + random.Next(4), 1 + random.Next(4)), stride = (1 + random.Next(4), 1 + random.Next(4)), dilation = (1 + random.Next(4), 1 + random.Next(4));
            (int, int) padding = (random.Next(3), random.Next(3));
            int groups = 1 + random.Next(2), most = i % 20 == 0 ? 40 : 4, inputs = groups * (1 + random.Next(most)), outputs = groups * (1 + random.Next(most));
            (int, int) size = (
                Math.Max(1, (dilation.Item1 * (kernel.Item1 - 1)) + 1 - (2 * padding.Item1)) + random.Next(5),
                Math.Max(1, (dilation.Item2 * (kernel.Item2 - 1)) + 1 - (2 * padding.Item2)) + random.Next(12));
            Compare(random, 1 + random.Next(2), inputs, outputs, size, kernel, stride, padding, dilation, groups, transposed: i % 4 == 3);
        }
    }

    private void Compare(
        Random random, int images, int inputs, int outputs, (int H, int W) size, (int H, int W) kernel, (int H, int W) stride, (int H, int W) padding, (int H, int W) dilation, int groups, bool transposed)
    {
        if (transposed && (((size.H - 1) * stride.H) + (dilation.H * (kernel.H - 1)) + 1 <= 2 * padding.H || ((size.W - 1) * stride.W) + (dilation.W * (kernel.W - 1)) + 1 <= 2 * padding.W))
        {
            return;
        }
        string where = $"{(transposed ? "transposed " : string.Empty)}{images}x{inputs}->{outputs}, image {size}, kernel {kernel}, stride {stride}, padding {padding}, dilation {dilation}, groups {groups}";
        float[] x = Numbers(images * inputs * size.H * size.W), w = Numbers((transposed ? inputs * (outputs / groups) : outputs * (inputs / groups)) * kernel.H * kernel.W);
        int seed = random.Next();
        double[][] actual = Run(_device), expected = Run(ReferenceDevice.Shared);
        double scale = 1 + Math.Sqrt(Math.Max(inputs, outputs) * kernel.H * kernel.W);
        for (int i = 0; i < actual.Length; i++)
        {
            Assert.That(actual[i], Is.EqualTo(expected[i]).Within(2e-5 * scale * (i == 2 ? Math.Sqrt(images * size.H * size.W) + 1 : 1)), $"{((string[])["y", "dx", "dw"])[i]} of {where}");
        }

        float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1)];

        double[][] Run(Device device)
        {
            using TensorScope scope = TensorScope.Begin();
            Tensor input = Tensor.From<float>(x, [images, inputs, size.H, size.W], device).WithGrad();
            Tensor filters = Tensor.From<float>(w, transposed ? [inputs, outputs / groups, kernel.H, kernel.W] : [outputs, inputs / groups, kernel.H, kernel.W], device).WithGrad();
            Tensor y = transposed
                ? input.ConvTranspose2d(filters, null, stride, padding, null, dilation, groups)
                : input.Conv2d(filters, null, stride, padding, dilation, groups);
            Random weights = new(seed);
            float[] factors = [.. Enumerable.Range(0, (int)y.ElementCount).Select(_ => (weights.NextSingle() * 2) - 1)];
            (y * Tensor.From<float>(factors, y.Shape, device)).Sum().Backward();
            return [y.ToArray<double>(), input.Grad!.ToArray<double>(), filters.Grad!.ToArray<double>()];
        }
    }
}
