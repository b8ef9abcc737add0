namespace Engine.Gpu;

/// <summary>Where the tiles of a <see cref="DepthwisePlan"/> lie in images and results, as parameters of a kernel.</summary>
internal sealed class DepthwiseTiles
{
    private readonly KernelBuilder _k;
    private readonly DepthwisePlan _plan;
    private readonly NestedIndex _tile;

    /// <summary>Adds the parameters; <see cref="Bind"/> adds the arguments in the same order.</summary>
    public DepthwiseTiles(KernelBuilder k, in DepthwisePlan plan, RegisterType index)
    {
        (_k, _plan) = (k, plan);
        Count = k.Size("tiles");
        _tile = new NestedIndex(k, "tile");
        (ImageRows, ImageColumns, Rows, Columns) = (k.Size("image_rows"), k.Size("image_columns"), k.Size("rows"), k.Size("columns"));
        (ImagePixel, ResultPixel) = (Strides3.Declare(k, "image_pixel", index), Strides3.Declare(k, "result_pixel", index));
        (ImageChannel, ResultChannel) = (k.Scalar("image_channel", index), k.Scalar("result_channel", index));
    }

    /// <summary>Tiles of all images.</summary>
    public Value Count { get; }

    /// <summary>Sizes of the image and of the result.</summary>
    public Value ImageRows { get; }

    /// <summary>Columns of the image.</summary>
    public Value ImageColumns { get; }

    /// <summary>Rows of the result.</summary>
    public Value Rows { get; }

    /// <summary>Columns of the result.</summary>
    public Value Columns { get; }

    /// <summary>Strides of the image: image, row, column.</summary>
    public Value[] ImagePixel { get; }

    /// <summary>Strides of the result: image, row, column.</summary>
    public Value[] ResultPixel { get; }

    /// <summary>From one channel of the image to the next.</summary>
    public Value ImageChannel { get; }

    /// <summary>From one channel of the result to the next.</summary>
    public Value ResultChannel { get; }

    /// <summary>Adds the arguments of a launch.</summary>
    public static void Bind(ref ArgumentList arguments, in Correlation c, in DepthwisePlan plan, bool is64Bit)
    {
        Layout image = c.In.Layout, result = c.Out.Layout;
        int down = DepthwisePlan.Parts(result.Shape[2], plan.Rows.Tile), across = DepthwisePlan.Parts(result.Shape[3], plan.Columns.Tile);
        arguments.Add(checked(c.Batch * down * across));
        NestedIndex.Bind(ref arguments, down, across);
        arguments.Add(image.Shape[2]);
        arguments.Add(image.Shape[3]);
        arguments.Add(result.Shape[2]);
        arguments.Add(result.Shape[3]);
        new Strides3(image.Strides[0], image.Strides[2], image.Strides[3]).Bind(ref arguments, is64Bit);
        new Strides3(result.Strides[0], result.Strides[2], result.Strides[3]).Bind(ref arguments, is64Bit);
        arguments.AddIndex(image.Strides[1], is64Bit);
        arguments.AddIndex(result.Strides[1], is64Bit);
    }

    /// <summary>A tile by its number.</summary>
    public DepthwiseTile At(Value number, Value? condition = null)
    {
        Value exists = number < Count;
        (Value image, Value down, Value across) = _tile.Split(number);
        return new DepthwiseTile(_k, this, _plan, image, down, across, condition is null ? exists : exists & condition);
    }
}

/// <summary>One tile: loads of the image under it and stores of its results.</summary>
internal sealed class DepthwiseTile
{
    private readonly KernelBuilder _k;
    private readonly DepthwiseTiles _tiles;
    private readonly int _width;
    private readonly Value _imageRow, _imageColumn, _row, _column, _imageOrigin, _resultOrigin;

    /// <summary>A tile of an image.</summary>
    public DepthwiseTile(KernelBuilder k, DepthwiseTiles tiles, in DepthwisePlan plan, Value image, Value down, Value across, Value exists)
    {
        (_k, _tiles, _width, Exists) = (k, tiles, plan.Width, exists);
        (_imageRow, _imageColumn) = ((down * plan.Rows.Step) + plan.Rows.Start, (across * plan.Columns.Step) + plan.Columns.Start);
        (_row, _column) = (down * plan.Rows.Tile, across * plan.Columns.Tile);
        RegisterType type = tiles.ImageChannel.Type;
        Value Origin(Value[] strides, Value row, Value column) => (image.To(type) * strides[0]) + (row.To(type) * strides[1]) + (column.To(type) * strides[2]);
        (_imageOrigin, _resultOrigin) = (Origin(tiles.ImagePixel, _imageRow, _imageColumn), Origin(tiles.ResultPixel, _row, _column));
    }

    /// <summary>Whether there is such a tile, and such channels.</summary>
    public Value Exists { get; }

    /// <summary>Some channels of a pixel of the image, counted from where the tile begins in it; zeros outside.</summary>
    public Value[] LoadImage(Memory memory, int row, int column, Value channel)
    {
        Value index = At(_imageOrigin, _tiles.ImagePixel, row, column, channel, _tiles.ImageChannel);
        return _k.LoadVector(memory, index, _width, (_imageRow + row).IsInside(_tiles.ImageRows) & (_imageColumn + column).IsInside(_tiles.ImageColumns) & Exists);
    }

    /// <summary>Some channels of one of the tile's results; zeros outside.</summary>
    public Value[] LoadResult(Memory memory, int row, int column, Value channel) =>
        _k.LoadVector(memory, At(_resultOrigin, _tiles.ResultPixel, row, column, channel, _tiles.ResultChannel), _width, Has(row, column));

    /// <summary>Stores some channels of one of the tile's results.</summary>
    public void StoreResult(Memory memory, int row, int column, Value channel, Value[] values) =>
        _k.StoreVector(memory, At(_resultOrigin, _tiles.ResultPixel, row, column, channel, _tiles.ResultChannel), values, Has(row, column));

    private Value Has(int row, int column) => (_row + row < _tiles.Rows) & (_column + column < _tiles.Columns) & Exists;

    private Value At(Value origin, Value[] strides, int row, int column, Value channel, Value channelStride) =>
        origin + (channel.To(origin.Type) * (_width > 1 ? channelStride.Like(1) : channelStride)) + (strides[1] * row) + (strides[2] * column);
}
