namespace Engine.Gpu;

/// <summary>One work-item for each cell of images [N, C, rows, columns], or for the cells of a few neighbouring channels: the item's coordinates in them.</summary>
internal sealed class PoolGrid
{
    private readonly Value _count;
    private readonly DivisorParameter _channels, _rows, _columns;
    private readonly bool _channelsLast;
    private readonly int _width;

    /// <summary>Adds the parameters; <see cref="Bind"/> adds the arguments in the same order.</summary>
    /// <param name="k">The kernel.</param>
    /// <param name="channelsLast">Whether neighbouring work-items take neighbouring channels, else columns.</param>
    /// <param name="width">Neighbouring channels of a work-item; above 1 with channels last only.</param>
    public PoolGrid(KernelBuilder k, bool channelsLast, int width = 1)
    {
        (_channelsLast, _width) = (channelsLast, width);
        _count = k.Size("count");
        _channels = new DivisorParameter(k, "channels");
        _rows = new DivisorParameter(k, "rows");
        _columns = new DivisorParameter(k, "columns");
    }

    /// <summary>Adds the arguments for images of a shape.</summary>
    public static void Bind(ref ArgumentList arguments, Shape shape, int width = 1)
    {
        int channels = shape[1] / width;
        arguments.Add((int)(shape.ElementCount / width));
        arguments.Add(channels, new Divisor(channels));
        arguments.Add(shape[2], new Divisor(shape[2]));
        arguments.Add(shape[3], new Divisor(shape[3]));
    }

    /// <summary>Whether the work-item has a cell.</summary>
    public Value Contains(Value item) => item < _count;

    /// <summary>The item's image, first channel, row and column.</summary>
    public (Value Image, Value Channel, Value Row, Value Column) Split(Value item)
    {
        if (_channelsLast)
        {
            (Value pixels, Value last) = _channels.Divide(item);
            (Value lines, Value x) = _columns.Divide(pixels);
            (Value number, Value y) = _rows.Divide(lines);
            return (number, last * _width, y, x);
        }

        (Value rest, Value column) = _columns.Divide(item);
        (rest, Value row) = _rows.Divide(rest);
        (Value image, Value channel) = _channels.Divide(rest);
        return (image, channel, row, column);
    }
}
