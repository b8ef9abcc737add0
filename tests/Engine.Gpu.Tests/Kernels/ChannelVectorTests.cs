using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Channels whose elements are read several at a time, and the same where memory does not allow it.</summary>
[TestFixture]
internal sealed class ChannelVectorTests() : KernelFixture(GroupLimits[^1])
{
    private static readonly int[][] s_shapes = [[3, 5, 4], [2, 3, 10], [5, 2, 1028], [8, 2, 4096]];

    [Test]
    public void BatchNorm_WhereverImagesLie_HasTheSameBits(
        [ValueSource(nameof(s_shapes))] int[] sizes, [Values(DType.Float32, DType.Float64, DType.Float16)] DType dtype)
    {
        Shape shape = new(sizes), channels = [sizes[1]];
        DType statistics = dtype.ComputeType();
        double[] Run(Placement placement)
        {
            DeviceArray x = Array(dtype, shape, Noise(1), placement), residual = Array(dtype, shape, Noise(2), placement), y = Result(dtype, shape, placement);
            DeviceArray mean = Result(statistics, channels), inverse = Result(statistics, channels);
            Backend.BatchNormForward(new BatchNormForwardArgs
            {
                X = x,
                Y = y,
                Mean = mean,
                InverseStd = inverse,
                Residual = residual.Operand,
                Momentum = 0.1,
                Epsilon = 1e-5,
                Relu = true,
            });
            DeviceArray dy = Array(dtype, shape, Noise(3), placement), dx = Result(dtype, shape, placement), kept = Result(dtype, shape, placement);
            DeviceArray dscale = Result(dtype, channels), dshift = Result(dtype, channels);
            Backend.BatchNormBackward(new BatchNormBackwardArgs
            {
                X = x,
                GradY = dy,
                Y = y.Operand,
                Mean = mean,
                InverseStd = inverse,
                GradX = dx.Operand,
                GradResidual = kept.Operand,
                GradScale = dscale,
                GradShift = dshift,
            });
            return [.. y.Read(), .. mean.Read(), .. inverse.Read(), .. dx.Read(), .. kept.Read(), .. dscale.Read(), .. dshift.Read()];
        }

        Assert.That(Run(Placement.Spaced), Is.EqualTo(Run(Placement.Dense)));
    }

    [Test]
    public void BiasRelu_WhereverImagesLie_HasTheSameBits([ValueSource(nameof(s_shapes))] int[] sizes)
    {
        Shape shape = new(sizes);
        double[] Run(Placement placement)
        {
            DeviceArray y = Array(DType.Float32, shape, Noise(1), placement), dy = Array(DType.Float32, shape, Noise(3), placement);
            DeviceArray dx = Result(DType.Float32, shape, placement), dbias = Result(DType.Float32, [sizes[1]]);
            Backend.BiasReluBackward(dy, y, dx, dbias);
            return [.. dx.Read(), .. dbias.Read()];
        }

        Assert.That(Run(Placement.Spaced), Is.EqualTo(Run(Placement.Dense)));
    }

    [Test]
    public void Kernels_OfAlignedImages_ReadAndWriteImagesInVectors()
    {
        ChannelShape shape = new(1, 4, IsAligned: true);
        BatchNormForwardKernel forward = new(ChannelStage.Apply, shape, DType.Float32, DType.Float32, Is64Bit: false) { HasResidual = true };
        BatchNormBackwardKernel sums = new(ChannelStage.Partial, shape, DType.Float32, DType.Float32, DType.Float32, Is64Bit: false) { HasY = true, HasKept = true };
        Assert.Multiple(() =>
        {
            // Of each operand two runs in the loop, and one where what is left is taken run by run.
            Assert.That(PtxAccesses.Of(forward) is (6, _, 3, _), $"{PtxAccesses.Of(forward)}");
            Assert.That(PtxAccesses.Of(sums) is (9, _, 3, _), $"{PtxAccesses.Of(sums)}");
            Assert.That(PtxAccesses.Of(new BiasReluBackwardKernel(ChannelStage.Partial, shape, DType.Float32, Is64Bit: false)), Is.EqualTo((6, 0, 3, 1)));
        });
    }
}
