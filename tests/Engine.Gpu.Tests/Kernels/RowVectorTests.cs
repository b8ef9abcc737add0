using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Rows whose elements are read several at a time, and the same where memory does not allow it.</summary>
[TestFixture]
internal sealed class RowVectorTests() : KernelFixture(GroupLimits[^1])
{
    private const double Epsilon = 1e-5;

    [Test]
    public void Softmax_WhereverRowsLie_HasTheSameBits(
        [Values(DType.Float32, DType.Float64, DType.BFloat16)] DType dtype, [Values(4, 10, 64, 512, 2080, 4096)] int length, [Values] bool log)
    {
        double[][] results = Everywhere(dtype, [3, length], (x, y, placement) =>
        {
            Backend.Softmax(x, y, 1, log);
            DeviceArray dx = Result(dtype, x.Layout.Shape, placement);
            Backend.SoftmaxBackward(y, x, dx, 1, log);
            return [.. y.Read(), .. dx.Read()];
        });
        Assert.That(results[1], Is.EqualTo(results[0]));
        Assert.That(results[2], Is.EqualTo(results[0]));
    }

    [Test]
    public void LayerNorm_WhereverRowsLie_HasTheSameBits([Values(4, 10, 64, 512, 4096)] int length)
    {
        double[][] results = Everywhere(DType.Float32, [3, length], (x, y, placement) =>
        {
            DeviceArray scale = Array(DType.Float32, [length], Noise(5), placement), shift = Array(DType.Float32, [length], Noise(6), placement);
            DeviceArray mean = Result(DType.Float32, [3]), inverse = Result(DType.Float32, [3]), dx = Result(DType.Float32, [3, length], placement);
            Backend.LayerNormForward(new LayerNormForwardArgs { X = x, Y = y, Scale = scale.Operand, Shift = shift.Operand, Mean = mean, InverseStd = inverse, Epsilon = Epsilon });
            Backend.LayerNormBackward(new LayerNormBackwardArgs { X = x, GradY = y, Scale = scale.Operand, Mean = mean, InverseStd = inverse, GradX = dx.Operand });
            return [.. y.Read(), .. mean.Read(), .. inverse.Read(), .. dx.Read()];
        });
        Assert.That(results[1], Is.EqualTo(results[0]));
        Assert.That(results[2], Is.EqualTo(results[0]));
    }

    [Test]
    public void CrossEntropy_WhereverRowsLie_HasTheSameBits([Values(4, 10, 64, 512, 4096)] int classes)
    {
        double[][] results = Everywhere(DType.Float32, [3, classes], (z, dz, placement) =>
        {
            DeviceArray targets = Array(DType.Int64, [3], i => i), losses = Result(DType.Float32, [3]), lse = Result(DType.Float32, [3]);
            Backend.CrossEntropyForward(new CrossEntropyForwardArgs { Logits = z, Targets = targets, LogSumExp = lse, IgnoreIndex = -100, Losses = losses, LabelSmoothing = 0.1 });
            DeviceArray gradient = Array(DType.Float32, [3], Noise(7));
            Backend.CrossEntropyBackward(new CrossEntropyBackwardArgs
            {
                Logits = z,
                Targets = targets,
                LogSumExp = lse,
                IgnoreIndex = -100,
                LabelSmoothing = 0.1,
                GradLosses = gradient,
                GradLogits = dz,
            });
            return [.. losses.Read(), .. lse.Read(), .. dz.Read()];
        });
        Assert.That(results[1], Is.EqualTo(results[0]));
        Assert.That(results[2], Is.EqualTo(results[0]));
    }

    [Test]
    public void Kernels_OfAlignedRows_ReadAndWriteVectorsOnly()
    {
        RowShape shape = new(256, 8, 4, IsAligned: true);
        Assert.Multiple(() =>
        {
            Assert.That(PtxAccesses.Of(new SoftmaxKernel(DType.Float32, Log: false, shape, Is64Bit: false)), Is.EqualTo((2, 0, 2, 0)));
            Assert.That(PtxAccesses.Of(new SoftmaxBackwardKernel(DType.Float32, Log: false, shape, Is64Bit: false)), Is.EqualTo((4, 0, 2, 0)));

            // The row's first element; mean and deviation.
            Assert.That(PtxAccesses.Of(new LayerNormForwardKernel(DType.Float32, DType.Float32, true, true, shape, false)), Is.EqualTo((6, 1, 2, 2)));
        });
    }

    // Aligned, misaligned with gaps between the rows, and with rows side by side.
    private double[][] Everywhere(DType dtype, Shape shape, Func<DeviceArray, DeviceArray, Placement, double[]> run) =>
        [.. new[] { Placement.Dense, Placement.Spaced, Placement.Reversed }.Select(placement => run(Array(dtype, shape, Noise(1), placement), Result(dtype, shape, placement), placement))];
}
