using System.Numerics;
using ILGPU;

namespace Engine.Gpu;

/// <summary>The numbers of a batch normalisation.</summary>
/// <param name="epsilon">Keeps the root away from 0.</param>
/// <param name="keep">The weight of the old running statistics.</param>
/// <param name="momentum">The weight of the new mean.</param>
/// <param name="unbiased">The weight of the new variance, which makes it the unbiased one.</param>
internal readonly struct BatchNormNumbers<T>(T epsilon, T keep, T momentum, T unbiased)
    where T : unmanaged, INumber<T>
{
    /// <summary>Keeps the root away from 0.</summary>
    public readonly T Epsilon = epsilon;

    /// <summary>The weight of the old running statistics.</summary>
    public readonly T Keep = keep;

    /// <summary>The weight of the new mean.</summary>
    public readonly T Momentum = momentum;

    /// <summary>The weight of the new variance, which makes it the unbiased one.</summary>
    public readonly T Unbiased = unbiased;
}

/// <summary>Batch normalisation of [N, C, L] with the statistics of the batch, in float32 and float64; a view without elements is an operand that is not given.</summary>
/// <remarks>Numbers are taken relative to the channel's first, so that a mean that is large beside the standard deviation costs no digits.</remarks>
internal static class BatchNormKernels
{
    /// <summary>The moments of chunks, [3, chunks, channels]: for channels that several groups share.</summary>
    public static void ChannelPartials<T>(ArrayView<T> x, ArrayView<T> partials, ChannelWork work, ChannelSteps xSteps)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        ChannelElements elements = new(work);
        ChannelMoments<T> moments = OfChunk(x, elements, xSteps, First(x, elements, xSteps)).OverGroup(work.Tile);
        if (elements.IsFirst)
        {
            int offset = (Grid.IdxY * work.Channels) + elements.Channel, part = work.Chunks * work.Channels;
            partials[offset] = moments.Count;
            partials[offset + part] = moments.Mean;
            partials[offset + (2 * part)] = moments.M2;
        }
    }

    /// <summary>y = relu?((x − mean)·invStd·scale + shift + residual), and the statistics that are kept.</summary>
    public static void BatchNorm<T>(
        ArrayView<T> x,
        ArrayView<T> y,
        ArrayView<T> residual,
        ArrayView<T> partials,
        ArrayView<T> scale,
        ArrayView<T> shift,
        ArrayView<T> mean,
        ArrayView<T> inverseStd,
        ArrayView<T> runningMean,
        ArrayView<T> runningVariance,
        ArrayView<long> batches,
        ChannelWork work,
        ChannelSteps xSteps,
        ChannelSteps ySteps,
        ChannelSteps residualSteps,
        VectorSteps scaleSteps,
        VectorSteps shiftSteps,
        VectorSteps meanSteps,
        VectorSteps inverseSteps,
        VectorSteps runningMeanSteps,
        VectorSteps runningVarianceSteps,
        BatchNormNumbers<T> numbers,
        int relu)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        ChannelElements elements = new(work);
        int channel = elements.Channel;
        T origin = First(x, elements, xSteps);
        ChannelMoments<T> own = work.Chunks == 1 ? OfChunk(x, elements, xSteps, origin) : Combined(partials, work, channel);
        ChannelMoments<T> moments = own.OverGroup(work.Tile);
        T variance = moments.M2 / moments.Count, inverse = T.One / T.Sqrt(variance + numbers.Epsilon);
        if (elements.IsFirst && Grid.IdxY == 0)
        {
            T all = origin + moments.Mean;
            mean[meanSteps.At(channel)] = all;
            inverseStd[inverseSteps.At(channel)] = inverse;
            if (runningMean.Length > 0)
            {
                int meanOffset = runningMeanSteps.At(channel), varianceOffset = runningVarianceSteps.At(channel);
                runningMean[meanOffset] = (numbers.Keep * runningMean[meanOffset]) + (numbers.Momentum * all);
                runningVariance[varianceOffset] = (numbers.Keep * runningVariance[varianceOffset]) + (numbers.Unbiased * variance);
            }

            if (batches.Length > 0 && channel == 0)
            {
                batches[0] += 1;
            }
        }

        T factor = inverse, added = default;
        if (scale.Length > 0)
        {
            factor *= scale[scaleSteps.At(channel)];
        }

        if (shift.Length > 0)
        {
            added = shift[shiftSteps.At(channel)];
        }

        for (; elements.Exists; elements.Advance())
        {
            T value = ((x[elements.At(xSteps)] - origin - moments.Mean) * factor) + added;
            if (residual.Length > 0)
            {
                value += residual[elements.At(residualSteps)];
            }

            // NaN stays NaN.
            y[elements.At(ySteps)] = relu != 0 && value < default(T) ? default : value;
        }
    }

    private static T First<T>(ArrayView<T> x, ChannelElements elements, ChannelSteps steps)
        where T : unmanaged => x[steps.Origin + (elements.Channel * steps.Channel)];

    private static ChannelMoments<T> OfChunk<T>(ArrayView<T> x, ChannelElements elements, ChannelSteps steps, T origin)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        ChannelMoments<T> moments = default;
        for (; elements.Exists; elements.Advance())
        {
            moments = moments.With(x[elements.At(steps)] - origin);
        }

        return moments;
    }

    private static ChannelMoments<T> Combined<T>(ArrayView<T> partials, ChannelWork work, int channel)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        ChannelMoments<T> moments = default;
        int part = work.Chunks * work.Channels;
        for (int chunk = Group.IdxX / work.Tile; chunk < work.Chunks; chunk += Group.DimX / work.Tile)
        {
            int offset = (chunk * work.Channels) + channel;
            moments = moments.With(new ChannelMoments<T>(partials[offset], partials[offset + part], partials[offset + (2 * part)]));
        }

        return moments;
    }
}
