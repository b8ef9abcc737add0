using System.Numerics;
using ILGPU;

namespace Engine.Gpu;

/// <summary>
/// Images as a factor of a product, seen through one tap of the window: element (pixel, channel) is the value under the tap at the pixel, 0 in the padding.
/// </summary>
/// <param name="memory">The images.</param>
/// <param name="steps">Where their elements lie.</param>
/// <param name="grid">The pixels, which are those of the result.</param>
/// <param name="rows">Where the window stands vertically.</param>
/// <param name="rowTap">The tap's row.</param>
/// <param name="columns">Where the window stands horizontally.</param>
/// <param name="columnTap">The tap's column.</param>
/// <param name="firstChannel">The first channel.</param>
/// <param name="channels">How many channels.</param>
/// <param name="sumsPixels">Whether pixels are summed, as for the filters' gradient; else they are lines, and channels are summed.</param>
internal readonly struct PixelFactor<T>(
    ArrayView<T> memory, ImageStrides steps, PixelGrid grid, WindowIndices rows, int rowTap, WindowIndices columns, int columnTap, int firstChannel, int channels, bool sumsPixels)
    : IBlockFactor<T>
    where T : unmanaged
{
    private readonly ArrayView<T> _memory = memory;
    private readonly ImageStrides _steps = steps;
    private readonly PixelGrid _grid = grid;
    private readonly WindowIndices _rows = rows;
    private readonly int _rowTap = rowTap;
    private readonly WindowIndices _columns = columns;
    private readonly int _columnTap = columnTap;
    private readonly int _firstChannel = firstChannel;
    private readonly int _channels = channels;
    private readonly bool _sumsPixels = sumsPixels;

    /// <inheritdoc/>
    public bool AlongDepth => _sumsPixels;

    /// <inheritdoc/>
    public int Locate(int index)
    {
        if (index >= _grid.Pixels)
        {
            return -1;
        }

        PixelIndex pixel = _grid.At(index);
        int row = _rows.At(pixel.Row, _rowTap), column = _columns.At(pixel.Column, _columnTap);
        return _rows.Contains(row) && _columns.Contains(column) ? _steps.At(pixel.Image, _firstChannel, row, column) : -1;
    }

    /// <inheritdoc/>
    public T Read(int offset, int index)
    {
        if (offset < 0 || index >= _channels)
        {
            return default;
        }

        return _memory[offset + (index * _steps.Channel)];
    }
}

/// <summary>The result of a correlation with its epilogue: rows are the channels of a group, columns are pixels.</summary>
internal readonly struct PixelResult<T>(
    ArrayView<T> memory, ImageStrides steps, PixelGrid grid, int firstChannel, int channels, ArrayView<T> bias, int biasOrigin, int biasStep, ProductEnding<T> ending)
    : IBlockResult<T>
    where T : unmanaged, INumber<T>
{
    private readonly ArrayView<T> _memory = memory;
    private readonly ImageStrides _steps = steps;
    private readonly PixelGrid _grid = grid;
    private readonly int _firstChannel = firstChannel;
    private readonly int _channels = channels;
    private readonly ArrayView<T> _bias = bias;
    private readonly int _biasOrigin = biasOrigin;
    private readonly int _biasStep = biasStep;
    private readonly ProductEnding<T> _ending = ending;

    /// <inheritdoc/>
    public void Write(int row, int column, T sum)
    {
        if (row >= _channels || column >= _grid.Pixels)
        {
            return;
        }

        int channel = _firstChannel + row;
        PixelIndex pixel = _grid.At(column);
        T added = default;
        if (_ending.ReadsBias)
        {
            added = _bias[_biasOrigin + (channel * _biasStep)];
        }

        _memory[_steps.At(pixel.Image, channel, pixel.Row, pixel.Column)] = _ending.Of(sum, default, added);
    }
}
