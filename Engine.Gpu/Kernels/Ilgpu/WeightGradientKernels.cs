using System.Numerics;
using ILGPU;

namespace Engine.Gpu;

/// <summary>
/// The gradient to a convolution's filters: dw[k, c, r, s] = Σ dy[n, k, i, j] · in[n, c, row(i, r), column(j, s)] over all pixels (n, i, j).
/// </summary>
/// <remarks>
/// The sums are long and few, so groups share the pixels of one result. No two groups add to the same memory: parts are stored and summed in order, so the
/// same call gives the same bits.
/// </remarks>
internal static class WeightGradientKernels
{
    /// <summary>The largest group of <see cref="DirectWeightGradient"/>.</summary>
    public const int MaxDirectGroupSize = 256;

    /// <summary>Work-items of a group of <see cref="SumOfParts"/>.</summary>
    public const int SumGroupSize = 64;

    /// <summary>
    /// A product of matrices for each tap, [channels out, pixels] · [pixels, channels in]: a group makes 64 × 64 results of one tap from one part of the pixels.
    /// </summary>
    /// <remarks>
    /// Groups are numbered by block of channels in, block of channels out, column and row of the tap, group of channels, part. The part with number i stores
    /// its sums i · <paramref name="partStep"/> elements after the first one.
    /// </remarks>
    public static void TiledWeightGradient<T>(
        ArrayView<T> grad,
        ArrayView<T> image,
        ArrayView<T> result,
        ConvolutionChannels channels,
        PixelGrid grid,
        WindowIndices rows,
        WindowIndices columns,
        WindowIndices gradRows,
        WindowIndices gradColumns,
        ImageStrides gradSteps,
        ImageStrides imageSteps,
        FilterSteps resultSteps,
        int partStep,
        int pixelsOfPart,
        ProductEnding<T> ending)
        where T : unmanaged, INumber<T>
    {
        ArrayView<T> leftSlice = SharedMemory.Allocate<T>(BlockProduct.SliceLength), rightSlice = SharedMemory.Allocate<T>(BlockProduct.SliceLength);
        int inBlocks = BlockProduct.Blocks(channels.Input), outBlocks = BlockProduct.Blocks(channels.Output);
        int input = Grid.IdxX % inBlocks * BlockProduct.Side, output = Grid.IdxX / inBlocks % outBlocks * BlockProduct.Side;
        int number = Grid.IdxX / inBlocks / outBlocks;
        int s = number % columns.Taps, r = number / columns.Taps % rows.Taps;
        int group = number / columns.Taps / rows.Taps % channels.Groups, part = number / columns.Taps / rows.Taps / channels.Groups;
        int first = part * pixelsOfPart, end = Math.Min(first + pixelsOfPart, grid.Pixels);
        PixelFactor<T> left = new(grad, gradSteps, grid, gradRows, 0, gradColumns, 0, group * channels.Output, channels.Output, true);
        PixelFactor<T> right = new(image, imageSteps, grid, rows, r, columns, s, group * channels.Input, channels.Input, true);
        QuadRows<T> sums = BlockProduct.Add(default, leftSlice, rightSlice, left, right, output, input, first, end);
        FilterResult<T> target = new(result, resultSteps.Tap(group, r, s) + (part * partStep), resultSteps, channels.Output, channels.Input, ending);
        BlockProduct.Store(target, sums, output, input);
    }

    /// <summary>dw = Σ parts + beta · before, one result a work-item; parts hold [groups · K, C, R, S] row-major, one after another.</summary>
    public static void SumOfParts<T>(
        ArrayView<T> parts, ArrayView<T> result, ConvolutionChannels channels, int rowTaps, int columnTaps, FilterSteps resultSteps, int count, ProductEnding<T> ending)
        where T : unmanaged, INumber<T>
    {
        int item = (Grid.IdxX * SumGroupSize) + Group.IdxX, results = channels.Groups * channels.Output * channels.Input * rowTaps * columnTaps;
        if (item >= results)
        {
            return;
        }

        T sum = default;
        for (int part = 0; part < count; part++)
        {
            sum += parts[(part * results) + item];
        }

        int s = item % columnTaps, r = item / columnTaps % rowTaps, filter = item / columnTaps / rowTaps;
        int input = filter % channels.Input, output = filter / channels.Input % channels.Output, group = filter / channels.Input / channels.Output;
        FilterResult<T> target = new(result, resultSteps.Tap(group, r, s), resultSteps, channels.Output, channels.Input, ending);
        target.Write(output, input, sum);
    }

    /// <summary>
    /// One result a group, whose work-items share the pixels and add their sums pairwise: for few channels, where a block would stay empty for the most part.
    /// </summary>
    /// <remarks>
    /// Groups are numbered by column and row of the tap, channel in, channel out. The group's size is a power of two, at most <see cref="MaxDirectGroupSize"/>.
    /// </remarks>
    public static void DirectWeightGradient<T>(
        ArrayView<T> grad,
        ArrayView<T> image,
        ArrayView<T> result,
        ConvolutionChannels channels,
        PixelGrid grid,
        WindowIndices rows,
        WindowIndices columns,
        ImageStrides gradSteps,
        ImageStrides imageSteps,
        FilterSteps resultSteps,
        ProductEnding<T> ending)
        where T : unmanaged, INumber<T>
    {
        ArrayView<T> sums = SharedMemory.Allocate<T>(MaxDirectGroupSize);
        int s = Grid.IdxX % columns.Taps, r = Grid.IdxX / columns.Taps % rows.Taps, filter = Grid.IdxX / columns.Taps / rows.Taps;
        int input = filter % channels.Input, output = filter / channels.Input % channels.Output, group = filter / channels.Input / channels.Output;
        T sum = default;
        PixelIndex pixel = grid.At(Group.IdxX), step = grid.At(Group.DimX);
        for (int number = Group.IdxX; number < grid.Pixels; number += Group.DimX)
        {
            int row = rows.At(pixel.Row, r), column = columns.At(pixel.Column, s);
            if (rows.Contains(row) && columns.Contains(column))
            {
                sum += grad[gradSteps.At(pixel.Image, (group * channels.Output) + output, pixel.Row, pixel.Column)]
                    * image[imageSteps.At(pixel.Image, (group * channels.Input) + input, row, column)];
            }

            pixel = grid.Sum(pixel, step);
        }

        sums[Group.IdxX] = sum;
        Group.Barrier();
        for (int half = Group.DimX / 2; half > 0; half /= 2)
        {
            if (Group.IdxX < half)
            {
                sums[Group.IdxX] += sums[Group.IdxX + half];
            }

            Group.Barrier();
        }

        if (Group.IdxX == 0)
        {
            FilterResult<T> target = new(result, resultSteps.Tap(group, r, s), resultSteps, channels.Output, channels.Input, ending);
            target.Write(output, input, sums[0]);
        }
    }
}
