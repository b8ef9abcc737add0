namespace Engine.Gpu;

/// <summary>The image under a tile of a <see cref="StemShape"/>, on its way from memory to factors in shared memory. Each work-item takes the same places of every tile.</summary>
/// <remarks>
/// In tf32 a word is a number. In 16 bits it is a pair, of a number and of the one that an instruction multiplies together with it: numbers then lie in two words each, but any window
/// reads whole words, wherever it begins.
/// </remarks>
internal sealed class StemPatch
{
    /// <summary>Words before the patch, for the second halves of pairs whose first lies outside of it.</summary>
    public const int Margin = 8;

    private readonly KernelBuilder _k;
    private readonly StemShape _shape;
    private readonly Memory _image;
    private readonly NestedIndex _tile;
    private readonly Value _imageStride, _rowStride, _rowOrigin, _columnOrigin, _height, _width, _row, _lineStep;
    private readonly Value[] _line, _column, _offset;
    private readonly Value?[] _exists;
    private readonly int _linesAtOnce;

    /// <summary>Adds the parameters; <see cref="Bind"/> adds the arguments in the same order.</summary>
    public StemPatch(KernelBuilder k, StemShape shape, Memory image, RegisterType type)
    {
        (_k, _shape, _image) = (k, shape, image);
        _tile = new NestedIndex(k, "tile");
        _imageStride = k.Scalar("image_stride", type);
        Value channelStride = k.Scalar("image_channel", type);
        _rowStride = k.Scalar("image_row", type);
        Value columnStride = k.Scalar("image_column", type);
        (_rowOrigin, _columnOrigin) = (k.Scalar("first_row", RegisterType.Int32), k.Scalar("first_column", RegisterType.Int32));
        (_height, _width) = (k.Size("image_rows"), k.Size("image_columns"));

        int perLine = (shape.Line + k.GroupSize - 1) / k.GroupSize;
        _linesAtOnce = Math.Max(1, k.GroupSize / shape.Line);
        _row = perLine > 1 ? k.Int32(0) : k.LocalId / shape.Line;
        (_line, _column, _offset, _exists) = (new Value[perLine], new Value[perLine], new Value[perLine], new Value?[perLine]);
        for (int i = 0; i < perLine; i++)
        {
            _line[i] = perLine > 1 ? k.LocalId + (i * k.GroupSize) : k.LocalId - (_row * shape.Line);
            _column[i] = _line[i] / shape.Channels;
            Value channel = _line[i] - (_column[i] * shape.Channels);
            _offset[i] = (_row.To(type) * _rowStride) + (_column[i].To(type) * columnStride) + (channel.To(type) * channelStride);
            _exists[i] = perLine == 1 ? (_linesAtOnce * shape.Line == k.GroupSize ? null : _row < _linesAtOnce)
                : (i + 1) * k.GroupSize <= shape.Line ? null : _line[i] < shape.Line;
        }

        _lineStep = _rowStride * _linesAtOnce;
        ColumnStride = columnStride;
    }

    private Value ColumnStride { get; }

    private int Passes => (_shape.PatchRows + _linesAtOnce - 1) / _linesAtOnce;

    /// <summary>Adds the arguments.</summary>
    public static void Bind(ref ArgumentList arguments, in Correlation c, bool is64Bit)
    {
        (int down, int across) = StemShape.TilesOf(c);
        NestedIndex.Bind(ref arguments, down, across);
        ReadOnlySpan<long> strides = c.In.Layout.Strides;
        arguments.AddIndex(strides[0], is64Bit);
        arguments.AddIndex(strides[1], is64Bit);
        arguments.AddIndex(strides[2], is64Bit);
        arguments.AddIndex(strides[3], is64Bit);
        arguments.Add(c.Rows.Origin);
        arguments.Add(c.Columns.Origin);
        arguments.Add(c.Rows.Size);
        arguments.Add(c.Columns.Size);
    }

    /// <summary>The image, the first row and the first column of a tile's results.</summary>
    public (Value Image, Value Row, Value Column) At(Value tile)
    {
        (Value image, Value row, Value column) = _tile.Split(tile);
        return (image, row * StemShape.TileRows, column * StemShape.TileColumns);
    }

    /// <summary>Reads this work-item's part of a tile's image: zeros outside of it, and all zeros where there is no such tile.</summary>
    public Value[] Fetch((Value Image, Value Row, Value Column) tile, Value isTile)
    {
        RegisterType type = _rowStride.Type;
        Value firstRow = (tile.Row * _shape.RowStep) + _rowOrigin, firstColumn = (tile.Column * _shape.ColumnStep) + _columnOrigin;
        Value origin = (tile.Image.To(type) * _imageStride) + (firstRow.To(type) * _rowStride) + (firstColumn.To(type) * ColumnStride);
        Value height = _k.Select(isTile, _height, _k.Int32(0));
        Value[] exists = [.. _column.Select((column, i) => _exists[i] is { } one ? (firstColumn + column).IsInside(_width) & one : (firstColumn + column).IsInside(_width))];
        var values = new Value[Passes * _line.Length];
        Value start = origin;
        for (int pass = 0; pass < Passes; pass++)
        {
            int line = pass * _linesAtOnce;
            Value rowExists = (firstRow + _row + line).IsInside(height);
            rowExists = line + _linesAtOnce > _shape.PatchRows ? rowExists & (_row + line < _shape.PatchRows) : rowExists;
            for (int i = 0; i < _line.Length; i++)
            {
                values[(pass * _line.Length) + i] = _k.Load(_image, start + _offset[i], rowExists & exists[i]);
            }

            start += _lineStep;
        }

        return values;
    }

    /// <summary>Writes what <see cref="Fetch"/> read.</summary>
    /// <param name="shared">Shared memory, in words.</param>
    /// <param name="at">Where the patch begins, behind its margin.</param>
    /// <param name="values">The numbers.</param>
    /// <param name="math">The format.</param>
    /// <param name="pair">In 16 bits: words from the first number of a pair to the second.</param>
    public void Write(Memory shared, Value at, Value[] values, TileMath math, int pair)
    {
        for (int pass = 0; pass < Passes; pass++)
        {
            int line = pass * _linesAtOnce;
            for (int i = 0; i < _line.Length; i++)
            {
                Value word = at + (_row * _shape.Line) + _line[i] + (line * _shape.Line), value = values[(pass * _line.Length) + i];
                Value? exists = line + _linesAtOnce <= _shape.PatchRows ? _exists[i]
                    : _exists[i] is { } one ? one & (_row + line < _shape.PatchRows) : _row + line < _shape.PatchRows;
                if (math.IsHalf)
                {
                    _k.Store(shared.As(math.HalfType), word * 2, value, exists);
                    _k.Store(shared.As(math.HalfType), ((word - pair) * 2) + 1, value, exists);
                }
                else
                {
                    _k.Store(shared, word, _k.RoundTf32(value).As(RegisterType.Int32), exists);
                }
            }
        }
    }

    /// <summary>In 16 bits: zeros where the last pairs have no second number, so that what masks hide later is at least written.</summary>
    public void Close(Memory shared, Value at, TileMath math, int pair)
    {
        if (math.IsHalf)
        {
            _k.Store(shared.As(math.HalfType), ((at + _k.LocalId + (_shape.Words - pair)) * 2) + 1, _k.Float32(0), _k.LocalId < pair);
        }
    }
}
