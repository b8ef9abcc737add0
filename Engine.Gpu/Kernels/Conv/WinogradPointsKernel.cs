namespace Engine.Gpu;

/// <summary>Transforms tiles of images and filters to points: [point][tile][channel] and [point][one channel of the filters][the other].</summary>
/// <remarks>One launch does both: the first groups take tiles, the others filters. A work-item holds all pixels of a tile, of some channels, in registers.</remarks>
/// <param name="ImageWidth">Channels of the image that a work-item takes.</param>
/// <param name="FilterWidth">Channels of the filters that a work-item takes, along the direction in which they are nearer in memory.</param>
/// <param name="Is64Bit">Whether indices of images and filters need 64 bits.</param>
internal readonly record struct WinogradPointsKernel(int ImageWidth, int FilterWidth, bool Is64Bit) : IKernelDefinition
{
    /// <summary>The kernel of a plan.</summary>
    public static WinogradPointsKernel Of(in Correlation c, in WinogradPlan plan) => new(c.InAccess(TileMath.Fma).Width, plan.FilterWidth, c.Is64Bit);

    /// <summary>The groups of a launch; without filters where a launch before has transformed them.</summary>
    public LaunchGrid Grid(GpuTarget target, in Correlation c, in WinogradPlan plan, bool hasFilters) =>
        new(checked((int)(GroupsOfTiles(target, c, plan) + (hasFilters ? Groups(target, (long)c.InChannels * c.OutChannels / FilterWidth) : 0))));

    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new("winograd_points", target, WinogradPlan.GroupSize(target));
        RegisterType type = Is64Bit ? RegisterType.Int64 : RegisterType.Int32;
        Memory image = k.Buffer("image", DType.Float32, readOnly: true), filters = k.Buffer("filters", DType.Float32, readOnly: true);
        Memory tilePoints = k.Buffer("tile_points", DType.Float32), filterPoints = k.Buffer("filter_points", DType.Float32);
        Value groupsOfTiles = k.Size("groups_of_tiles");
        int imageWidth = ImageWidth, filterWidth = FilterWidth;
        TileParameters tiles = new(k, type, image, imageWidth);
        FilterParameters filter = new(k, type, filters, filterWidth);
        k.If(
            k.GroupX < groupsOfTiles,
            () => tiles.Transform(k, k.GlobalId, tilePoints),
            () => filter.Transform(k, k.GlobalId - (groupsOfTiles * k.GroupSize), filterPoints),
            uniform: true);
        return k.Build();
    }

    /// <summary>Adds the arguments in the order of the parameters.</summary>
    public void Bind(ref ArgumentList arguments, GpuTarget target, in Correlation c, in WinogradPlan plan, in Operand tilePoints, in Operand filterPoints)
    {
        arguments.Add(c.In);
        arguments.Add(c.Weight.Shifted(c.WeightOrigin));
        arguments.Add(tilePoints);
        arguments.Add(filterPoints);
        arguments.Add((int)GroupsOfTiles(target, c, plan));
        int vectors = c.InChannels / ImageWidth, tiles = plan.Tiles(c);
        arguments.Add(tiles * vectors);
        arguments.Add(vectors, new Divisor(vectors));
        NestedIndex.Bind(ref arguments, plan.Down, plan.Across);
        c.InSteps.Bind(ref arguments, Is64Bit);
        arguments.Add(c.Rows.Origin);
        arguments.Add(c.Columns.Origin);
        arguments.Add(c.Rows.Size);
        arguments.Add(c.Columns.Size);
        arguments.Add(tiles * c.InChannels);
        (int fast, long slowStride, long fastStride) = plan.FiltersAlongIn
            ? (c.InChannels, c.WeightStrides.Out, c.WeightStrides.In)
            : (c.OutChannels, c.WeightStrides.In, c.WeightStrides.Out);
        int items = c.InChannels * c.OutChannels / FilterWidth;
        arguments.Add(items);
        arguments.Add(fast / FilterWidth, new Divisor(fast / FilterWidth));
        arguments.AddIndex(slowStride, Is64Bit);
        arguments.AddIndex(fastStride, Is64Bit);
        arguments.AddIndex(c.WeightStrides.Row, Is64Bit);
        arguments.AddIndex(c.WeightStrides.Column, Is64Bit);
        arguments.Add(c.InChannels * c.OutChannels);
    }

    private static long Groups(GpuTarget target, long items) => (items + WinogradPlan.GroupSize(target) - 1) / WinogradPlan.GroupSize(target);

    private long GroupsOfTiles(GpuTarget target, in Correlation c, in WinogradPlan plan) => Groups(target, (long)plan.Tiles(c) * (c.InChannels / ImageWidth));

    /// <summary>Transforms a square of vectors along both directions and stores the points.</summary>
    private static void TransformAndStore(KernelBuilder k, Func<KernelBuilder, Value[], Value[]> transform, Value[][][] columns, Memory points, Value at, Value pointStride)
    {
        Value[][][] halfway = [.. columns.Select(column => WinogradLines.Apply(transform, k, column))];
        for (int row = 0; row < WinogradLines.Size; row++)
        {
            Value[][] line = WinogradLines.Apply(transform, k, [.. halfway.Select(column => column[row])]);
            for (int column = 0; column < WinogradLines.Size; column++)
            {
                k.StoreVector(points, at + (pointStride * ((row * WinogradLines.Size) + column)), line[column]);
            }
        }
    }

    private sealed class TileParameters(KernelBuilder k, RegisterType type, Memory image, int width)
    {
        private readonly Value _count = k.Size("tile_items");
        private readonly DivisorParameter _vectors = new(k, "tile_vectors");
        private readonly NestedIndex _tile = new(k, "tile");
        private readonly Value[] _steps = Strides3.Declare(k, "image_pixel", type);
        private readonly Value _firstRow = k.Scalar("first_row", RegisterType.Int32), _firstColumn = k.Scalar("first_column", RegisterType.Int32);
        private readonly Value _rows = k.Size("image_rows"), _columns = k.Size("image_columns"), _pointStride = k.Size("tile_point_stride");

        public void Transform(KernelBuilder k, Value item, Memory points) => k.If(item < _count, () =>
        {
            (Value tile, Value vector) = _vectors.Divide(item);
            (Value number, Value down, Value across) = _tile.Split(tile);
            Value firstRow = (down * WinogradLines.Tile) + _firstRow, firstColumn = (across * WinogradLines.Tile) + _firstColumn;
            Value origin = (number.To(type) * _steps[0]) + (firstRow.To(type) * _steps[1]) + (firstColumn.To(type) * _steps[2]) + (vector * width).To(type);
            Value[] insideRow = Inside(firstRow, _rows), insideColumn = Inside(firstColumn, _columns);
            var columns = new Value[WinogradLines.Size][][];
            for (int column = 0; column < WinogradLines.Size; column++)
            {
                columns[column] = new Value[WinogradLines.Size][];
                for (int row = 0; row < WinogradLines.Size; row++)
                {
                    Value index = origin + (_steps[1] * row) + (_steps[2] * column);
                    columns[column][row] = k.LoadVector(image, index, width, insideRow[row] & insideColumn[column]);
                }
            }

            TransformAndStore(k, WinogradLines.Pixels, columns, points, item * width, _pointStride);
        });

        private static Value[] Inside(Value first, Value size) =>
            [.. Enumerable.Range(0, WinogradLines.Size).Select(i => (first + i).IsInside(size))];
    }

    private sealed class FilterParameters(KernelBuilder k, RegisterType type, Memory filters, int width)
    {
        private readonly Value _count = k.Size("filter_items");
        private readonly DivisorParameter _vectors = new(k, "filter_vectors");
        private readonly Value _slow = k.Scalar("filter_slow", type), _fast = k.Scalar("filter_fast", type);
        private readonly Value _row = k.Scalar("filter_row", type), _column = k.Scalar("filter_column", type), _pointStride = k.Size("filter_point_stride");

        public void Transform(KernelBuilder k, Value item, Memory points) => k.If(item < _count, () =>
        {
            (Value slow, Value vector) = _vectors.Divide(item);
            Value channel = (vector * width).To(type);
            Value origin = (slow.To(type) * _slow) + (width > 1 ? channel : channel * _fast);
            var columns = new Value[WinogradLines.Taps][][];
            for (int column = 0; column < WinogradLines.Taps; column++)
            {
                columns[column] = new Value[WinogradLines.Taps][];
                for (int row = 0; row < WinogradLines.Taps; row++)
                {
                    columns[column][row] = k.LoadVector(filters, origin + (_row * row) + (_column * column), width);
                }
            }

            TransformAndStore(k, WinogradLines.Filter, columns, points, item * width, _pointStride);
        });
    }
}
