using System.Numerics;
using ILGPU;

namespace Engine.Gpu;

/// <summary>Batch normalisation at prediction: four numbers per channel become two, and the pass over the images is one product and one sum.</summary>
internal static class ChannelScaleKernels
{
    /// <summary>factor = scale / √(variance + epsilon), offset = shift − mean·factor; a work-item a channel.</summary>
    public static void FoldStatistics<T>(
        ArrayView<T> scale,
        ArrayView<T> variance,
        ArrayView<T> shift,
        ArrayView<T> mean,
        ArrayView<T> factor,
        ArrayView<T> offset,
        VectorSteps scaleSteps,
        VectorSteps varianceSteps,
        VectorSteps shiftSteps,
        VectorSteps meanSteps,
        VectorSteps factorSteps,
        VectorSteps offsetSteps,
        int channels,
        T epsilon)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int channel = (Grid.IdxX * Group.DimX) + Group.IdxX;
        if (channel < channels)
        {
            T product = scale[scaleSteps.At(channel)] * (T.One / T.Sqrt(variance[varianceSteps.At(channel)] + epsilon));
            factor[factorSteps.At(channel)] = product;
            offset[offsetSteps.At(channel)] = shift[shiftSteps.At(channel)] - (mean[meanSteps.At(channel)] * product);
        }
    }

    /// <summary>y = relu?(x·factor + offset + residual) over [N, C, L].</summary>
    public static void ScaleChannels<T>(
        ArrayView<T> x,
        ArrayView<T> factor,
        ArrayView<T> offset,
        ArrayView<T> residual,
        ArrayView<T> y,
        ChannelWork work,
        ChannelSteps xSteps,
        VectorSteps factorSteps,
        VectorSteps offsetSteps,
        ChannelSteps residualSteps,
        ChannelSteps ySteps,
        int relu)
        where T : unmanaged, INumber<T>
    {
        ChannelElements elements = new(work);
        T scale = factor[factorSteps.At(elements.Channel)], shift = offset[offsetSteps.At(elements.Channel)];
        for (; elements.Exists; elements.Advance())
        {
            T value = (x[elements.At(xSteps)] * scale) + shift;
            if (residual.Length > 0)
            {
                value += residual[elements.At(residualSteps)];
            }

            // NaN stays NaN.
            y[elements.At(ySteps)] = relu != 0 && value < default(T) ? default : value;
        }
    }
}
