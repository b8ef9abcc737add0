namespace Engine.Gpu;

/// <summary>Which taps of the lane's pixels lie inside of their image, and where the patch has them.</summary>
internal sealed class PatchWindows
{
    private readonly KernelBuilder _k;
    private readonly int _rowTaps, _columnTaps, _step;
    private readonly NestedIndex _pixel;
    private readonly Value _firstTap, _rowOrigin, _columnOrigin, _height, _width;
    private Value[] _rows = [], _seen = [];

    /// <summary>Adds the parameters; <see cref="Bind"/> adds the arguments in the same order.</summary>
    /// <param name="k">The kernel.</param>
    /// <param name="rowTaps">Rows of taps.</param>
    /// <param name="columnTaps">Columns of taps.</param>
    /// <param name="step">1, or −1 where taps run backwards over the image.</param>
    public PatchWindows(KernelBuilder k, int rowTaps, int columnTaps, int step)
    {
        (_k, _rowTaps, _columnTaps, _step) = (k, rowTaps, columnTaps, step);
        _pixel = new NestedIndex(k, "pixel");
        Lowest = k.Scalar("lowest_tap", RegisterType.Int32);
        _firstTap = k.Scalar("first_tap", RegisterType.Int32);
        (_rowOrigin, _columnOrigin) = (k.Scalar("first_row", RegisterType.Int32), k.Scalar("first_column", RegisterType.Int32));
        (_height, _width) = (k.Size("image_rows"), k.Size("image_columns"));
    }

    /// <summary>Pixels from a result to the lowest of its taps, Int32.</summary>
    public Value Lowest { get; }

    /// <summary>Adds the arguments.</summary>
    public static void Bind(ref ArgumentList arguments, in Patch patch, in WindowAxis rows, in WindowAxis columns)
    {
        NestedIndex.Bind(ref arguments, rows.Count, columns.Count);
        arguments.Add(patch.Lowest);
        arguments.Add(patch.First - patch.Lowest);
        arguments.Add(rows.Origin);
        arguments.Add(columns.Origin);
        arguments.Add(rows.Size);
        arguments.Add(columns.Size);
    }

    /// <summary>Looks at the windows of the lane's pixels, once before the loop.</summary>
    /// <param name="product">The product.</param>
    /// <param name="firstPixel">The tile's first pixel.</param>
    /// <param name="pixels">Pixels that exist.</param>
    public void Enter(PatchProduct product, Value firstPixel, Value pixels)
    {
        _rows = new Value[product.Blocks];
        _seen = new Value[product.Blocks];
        for (int i = 0; i < _rows.Length; i++)
        {
            Value local = product.Pixel(i), pixel = firstPixel + local;
            _rows[i] = product.PatchRow(local + _firstTap);
            _seen[i] = Seen(pixel, pixels);
        }
    }

    /// <summary>A bit for each tap of a pixel, set where it lies inside of the image. A pixel at or past the end sees nothing.</summary>
    public Value Seen(Value pixel, Value pixels)
    {
        (_, Value row, Value column) = _pixel.Split(pixel);
        Value seen = _k.Int32(0);
        for (int r = 0; r < _rowTaps; r++)
        {
            Value rowExists = (row + _rowOrigin + (r * _step)).IsInside(_height) & (pixel < pixels);
            for (int s = 0; s < _columnTaps; s++)
            {
                Value exists = rowExists & (column + _columnOrigin + (s * _step)).IsInside(_width);
                seen |= _k.Select(exists, _k.Int32(1 << ((r * _columnTaps) + s)), _k.Int32(0));
            }
        }

        return seen;
    }

    /// <summary>Pixels of the patch from the lowest tap of a pixel to a tap.</summary>
    public Value TapPixels(int row, int column) => _firstTap + (row * _step * _width) + (column * _step);

    /// <summary>For each block a number whose lowest bits say of the taps of a row whether they exist.</summary>
    public Value[] SeenFrom(Value row) => Array.ConvertAll(_seen, seen => seen >> (row * _columnTaps));

    /// <summary>Where the lane reads its row of each block for one tap.</summary>
    /// <param name="product">The product.</param>
    /// <param name="seen">What <see cref="SeenFrom"/> gave for the row of taps.</param>
    /// <param name="row">The row of taps.</param>
    /// <param name="column">The column of taps.</param>
    /// <param name="buffer">The buffer of the patch.</param>
    public Value[] Rows(PatchProduct product, Value[] seen, Value row, int column, Value buffer)
    {
        Value shift = buffer + (row * (_width * (_step * product.Lead))) + (column * _step * product.Lead);
        var rows = new Value[_rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i] = _k.Select((seen[i] & (1 << column)).Is(0), product.Zeros, _rows[i] + shift);
        }

        return rows;
    }
}
