using System.Numerics;
using ILGPU;

namespace Engine.Gpu;

/// <summary>
/// Gradients of batch normalisation: with dy as the ReLU lets it through dshift = Σ dy, dscale = Σ dy·x̂, dx = scale·invStd·(dy − (dshift + x̂·dscale)/count).
/// A view without elements is an operand that is not given or not needed.
/// </summary>
internal static class BatchNormGradientKernels
{
    /// <summary>The sums of chunks, [2, chunks, channels], and the gradient after the ReLU: for channels that several groups share.</summary>
    public static void GradientPartials<T>(
        ArrayView<T> x,
        ArrayView<T> dy,
        ArrayView<T> more,
        ArrayView<T> y,
        ArrayView<T> kept,
        ArrayView<T> mean,
        ArrayView<T> inverseStd,
        ArrayView<T> partials,
        ChannelWork work,
        ChannelSteps xSteps,
        ChannelSteps dySteps,
        ChannelSteps moreSteps,
        ChannelSteps ySteps,
        ChannelSteps keptSteps,
        VectorSteps meanSteps,
        VectorSteps inverseSteps)
        where T : unmanaged, INumber<T>
    {
        ChannelElements elements = new(work);
        int channel = elements.Channel;
        T center = mean[meanSteps.At(channel)], inverse = inverseStd[inverseSteps.At(channel)], sum = default, product = default;
        for (ChannelElements e = elements; e.Exists; e.Advance())
        {
            T passed = Passed(dy, more, y, e, dySteps, moreSteps, ySteps);
            if (kept.Length > 0)
            {
                kept[e.At(keptSteps)] = passed;
            }

            sum += passed;
            product += passed * ((x[e.At(xSteps)] - center) * inverse);
        }

        sum = GroupSums.Sum(sum, work.Tile);
        product = GroupSums.Sum(product, work.Tile);
        if (elements.IsFirst)
        {
            int offset = (Grid.IdxY * work.Channels) + channel;
            partials[offset] = sum;
            partials[offset + (work.Chunks * work.Channels)] = product;
        }
    }

    /// <summary>The gradients, of sums that are in memory already where several groups share a channel.</summary>
    public static void BatchNormGradients<T>(
        ArrayView<T> x,
        ArrayView<T> dy,
        ArrayView<T> more,
        ArrayView<T> y,
        ArrayView<T> kept,
        ArrayView<T> dx,
        ArrayView<T> mean,
        ArrayView<T> inverseStd,
        ArrayView<T> scale,
        ArrayView<T> partials,
        ArrayView<T> gradShift,
        ArrayView<T> gradScale,
        ChannelWork work,
        ChannelSteps xSteps,
        ChannelSteps dySteps,
        ChannelSteps moreSteps,
        ChannelSteps ySteps,
        ChannelSteps keptSteps,
        ChannelSteps dxSteps,
        VectorSteps meanSteps,
        VectorSteps inverseSteps,
        VectorSteps scaleSteps,
        VectorSteps gradShiftSteps,
        VectorSteps gradScaleSteps,
        T share)
        where T : unmanaged, INumber<T>
    {
        ChannelElements elements = new(work);
        int channel = elements.Channel;
        T center = mean[meanSteps.At(channel)], inverse = inverseStd[inverseSteps.At(channel)], sum = default, product = default;
        if (work.Chunks == 1)
        {
            for (ChannelElements e = elements; e.Exists; e.Advance())
            {
                T passed = Passed(dy, more, y, e, dySteps, moreSteps, ySteps);
                if (kept.Length > 0)
                {
                    kept[e.At(keptSteps)] = passed;
                }

                sum += passed;
                product += passed * ((x[e.At(xSteps)] - center) * inverse);
            }
        }
        else
        {
            for (int chunk = Group.IdxX / work.Tile; chunk < work.Chunks; chunk += Group.DimX / work.Tile)
            {
                int offset = (chunk * work.Channels) + channel;
                sum += partials[offset];
                product += partials[offset + (work.Chunks * work.Channels)];
            }
        }

        sum = GroupSums.Sum(sum, work.Tile);
        product = GroupSums.Sum(product, work.Tile);
        if (elements.IsFirst && Grid.IdxY == 0)
        {
            gradShift[gradShiftSteps.At(channel)] = sum;
            gradScale[gradScaleSteps.At(channel)] = product;
        }

        if (dx.Length == 0)
        {
            return;
        }

        T factor = inverse, meanSum = sum * share, meanProduct = product * share;
        if (scale.Length > 0)
        {
            factor *= scale[scaleSteps.At(channel)];
        }

        for (; elements.Exists; elements.Advance())
        {
            T passed = Passed(dy, more, y, elements, dySteps, moreSteps, ySteps), normalized = (x[elements.At(xSteps)] - center) * inverse;
            dx[elements.At(dxSteps)] = factor * (passed - (meanSum + (normalized * meanProduct)));
        }
    }

    /// <summary>The sum of both parts of the gradient, after the ReLU.</summary>
    private static T Passed<T>(
        ArrayView<T> dy, ArrayView<T> more, ArrayView<T> y, ChannelElements elements, ChannelSteps dySteps, ChannelSteps moreSteps, ChannelSteps ySteps)
        where T : unmanaged, INumber<T>
    {
        T gradient = dy[elements.At(dySteps)];
        if (more.Length > 0)
        {
            gradient += more[elements.At(moreSteps)];
        }

        if (y.Length > 0 && !(y[elements.At(ySteps)] > default(T)))
        {
            gradient = default;
        }

        return gradient;
    }
}
