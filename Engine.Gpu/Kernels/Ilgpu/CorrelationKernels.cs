using System.Numerics;
using ILGPU;

namespace Engine.Gpu;

/// <summary>
/// Convolution forward and its gradient to the images, which are one sum: out[n, k, i, j] = Σ in[n, c, row(i, r), column(j, s)] · w[k, c, r, s] over the
/// channels c of k's group and all taps, 0 outside of the image; then the bias and the activation.
/// </summary>
/// <remarks>
/// Stride, padding and dilation are in <see cref="WindowIndices"/>. The gradient to the images has taps that run backwards, and one such sum for each remainder of
/// indices divided by the stride. Offsets are 32-bit numbers: operands that span more elements belong to the engine's own kernels.
/// </remarks>
internal static class CorrelationKernels
{
    /// <summary>Work-items of a group of <see cref="DirectCorrelation"/>.</summary>
    public const int DirectGroupSize = 64;

    /// <summary>
    /// The sum as one product of matrices for each tap, [channels out, channels in] · [channels in, pixels], all added up in registers: blocks of 64 channels
    /// and 64 pixels, one a group. Groups are numbered by pixel block, channel block, group of channels.
    /// </summary>
    public static void TiledCorrelation<T>(
        ArrayView<T> image,
        ArrayView<T> weight,
        ArrayView<T> result,
        ArrayView<T> bias,
        ConvolutionChannels channels,
        PixelGrid grid,
        WindowIndices rows,
        WindowIndices columns,
        ImageStrides imageSteps,
        FilterSteps weightSteps,
        ImageStrides resultSteps,
        int biasOrigin,
        int biasStep,
        ProductEnding<T> ending)
        where T : unmanaged, INumber<T>
    {
        ArrayView<T> leftSlice = SharedMemory.Allocate<T>(BlockProduct.SliceLength), rightSlice = SharedMemory.Allocate<T>(BlockProduct.SliceLength);
        int pixelBlocks = BlockProduct.Blocks(grid.Pixels), channelBlocks = BlockProduct.Blocks(channels.Output);
        int pixel = Grid.IdxX % pixelBlocks * BlockProduct.Side, channel = Grid.IdxX / pixelBlocks % channelBlocks * BlockProduct.Side;
        int group = Grid.IdxX / pixelBlocks / channelBlocks;
        QuadRows<T> sums = default;
        for (int r = 0; r < rows.Taps; r++)
        {
            for (int s = 0; s < columns.Taps; s++)
            {
                MatrixFactor<T> filters = new(weight, weightSteps.Tap(group, r, s), channels.Output, weightSteps.Output, weightSteps.Input);
                PixelFactor<T> pixels = new(image, imageSteps, grid, rows, r, columns, s, group * channels.Input, channels.Input, false);
                sums = BlockProduct.Add(sums, leftSlice, rightSlice, filters, pixels, channel, pixel, 0, channels.Input);
            }
        }

        PixelResult<T> target = new(result, resultSteps, grid, group * channels.Output, channels.Output, bias, biasOrigin, biasStep, ending);
        BlockProduct.Store(target, sums, channel, pixel);
    }

    /// <summary>One result a work-item, neighbours along the columns: for few channels, where a block would stay empty for the most part.</summary>
    public static void DirectCorrelation<T>(
        ArrayView<T> image,
        ArrayView<T> weight,
        ArrayView<T> result,
        ArrayView<T> bias,
        ConvolutionChannels channels,
        PixelGrid grid,
        WindowIndices rows,
        WindowIndices columns,
        ImageStrides imageSteps,
        FilterSteps weightSteps,
        ImageStrides resultSteps,
        int biasOrigin,
        int biasStep,
        ProductEnding<T> ending)
        where T : unmanaged, INumber<T>
    {
        int item = (Grid.IdxX * DirectGroupSize) + Group.IdxX;
        int number = item % grid.Pixels, channel = item / grid.Pixels % channels.Output, group = item / grid.Pixels / channels.Output;
        if (group >= channels.Groups)
        {
            return;
        }

        PixelIndex pixel = grid.At(number);
        T sum = default;
        for (int c = 0; c < channels.Input; c++)
        {
            int filter = (channel * weightSteps.Output) + (c * weightSteps.Input);
            for (int r = 0; r < rows.Taps; r++)
            {
                int row = rows.At(pixel.Row, r);
                for (int s = 0; s < columns.Taps; s++)
                {
                    int column = columns.At(pixel.Column, s);
                    if (rows.Contains(row) && columns.Contains(column))
                    {
                        sum += image[imageSteps.At(pixel.Image, (group * channels.Input) + c, row, column)] * weight[filter + weightSteps.Tap(group, r, s)];
                    }
                }
            }
        }

        PixelResult<T> target = new(result, resultSteps, grid, group * channels.Output, channels.Output, bias, biasOrigin, biasStep, ending);
        target.Write(channel, number, sum);
    }
}
