namespace Engine.Gpu;

/// <summary>Transforms points, [point][tile][channel], back to tiles of results, with bias and activation.</summary>
/// <remarks>
/// A transform mixes all pixels of a tile. Where one of them is NaN or infinite, or a sum overflows, the tile's results are summed directly from image and filters:
/// NaN stays in the windows that contain it. Every window with such a pixel has points that are not finite, so the results tell.
/// </remarks>
/// <param name="Width">Channels that a work-item takes.</param>
/// <param name="Epilogue">The operations after the sums.</param>
/// <param name="Is64Bit">Whether indices of images, filters and results need 64 bits.</param>
internal readonly record struct WinogradResultsKernel(int Width, Epilogue Epilogue, bool Is64Bit) : IKernelDefinition
{
    /// <summary>The kernel of a correlation.</summary>
    public static WinogradResultsKernel Of(in Correlation c) => new(c.StoreWidth, c.Epilogue(BiasKind.PerColumn), c.Is64Bit);

    /// <summary>The groups of a launch.</summary>
    public LaunchGrid Grid(GpuTarget target, in Correlation c, in WinogradPlan plan)
    {
        int groupSize = WinogradPlan.GroupSize(target);
        return new LaunchGrid(checked((int)((((long)plan.Tiles(c) * (c.OutChannels / Width)) + groupSize - 1) / groupSize)));
    }

    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new("winograd_results", target, WinogradPlan.GroupSize(target));
        RegisterType type = Is64Bit ? RegisterType.Int64 : RegisterType.Int32;
        Memory points = k.Buffer("points", DType.Float32, readOnly: true), image = k.Buffer("image", DType.Float32, readOnly: true);
        Memory filters = k.Buffer("filters", DType.Float32, readOnly: true), result = k.Buffer("result", DType.Float32);
        Memory? bias = Epilogue.Bias == BiasKind.None ? null : k.Buffer("bias", Epilogue.BiasType);
        Value count = k.Size("count"), pointStride = k.Size("point_stride"), rows = k.Size("rows"), columns = k.Size("columns"), inChannels = k.Size("in_channels");
        DivisorParameter vectors = new(k, "vectors");
        NestedIndex tileIndex = new(k, "tile");
        Value[] resultPixel = Strides3.Declare(k, "result_pixel", type), imagePixel = Strides3.Declare(k, "image_pixel", type), filterTap = Strides3.Declare(k, "filter_tap", type);
        Value filterChannel = k.Scalar("filter_channel", type), biasChannel = k.Scalar("bias_channel", type);
        ImageBounds bounds = new(k.Scalar("first_row", RegisterType.Int32), k.Scalar("first_column", RegisterType.Int32), k.Size("image_rows"), k.Size("image_columns"));
        EpilogueParameters epilogue = new(k, Epilogue, RegisterType.Float32);
        int width = Width;
        Value item = k.GlobalId;
        k.If(item < count, () =>
        {
            (Value tile, Value vector) = vectors.Divide(item);
            (Value number, Value down, Value across) = tileIndex.Split(tile);
            Value firstRow = down * WinogradLines.Tile, firstColumn = across * WinogradLines.Tile, channel = vector * width;
            Value[][][] sums = Transform(k, points, item * width, pointStride, width);

            Value[]? added = bias is null ? null : [.. Enumerable.Range(0, width).Select(e => k.Load(bias, (channel + e).To(type) * biasChannel))];
            Value origin = (number.To(type) * resultPixel[0]) + channel.To(type);
            void Store(Value row, Value column, Value[] values)
            {
                Value at = origin + (row.To(type) * resultPixel[1]) + (column.To(type) * resultPixel[2]);
                k.StoreVector(result, at, [.. values.Select((value, e) => epilogue.Apply(value, null, added?[e], DType.Float32))], (row < rows) & (column < columns));
            }

            // 0 · x is 0 for finite numbers alone.
            Value zero = k.Float32(0), check = zero;
            foreach (Value sum in sums.SelectMany(static line => line).SelectMany(static vector => vector))
            {
                check = k.Fma(sum, zero, check);
            }

            k.If(
                check.Is(0),
                () =>
                {
                    for (int row = 0; row < WinogradLines.Tile; row++)
                    {
                        for (int column = 0; column < WinogradLines.Tile; column++)
                        {
                            Store(firstRow + row, firstColumn + column, sums[row][column]);
                        }
                    }
                },
                () => k.For(0, k.Int32(WinogradLines.Tile * WinogradLines.Tile), 1, pixel =>
                {
                    Value row = firstRow + (pixel >> 2), column = firstColumn + (pixel & 3);
                    Variable[] direct = k.Variables(width, zero);
                    k.For(0, inChannels, 1, c => k.For(0, k.Int32(WinogradLines.Taps), 1, r => k.For(0, k.Int32(WinogradLines.Taps), 1, s =>
                    {
                        Value inRow = bounds.Row + row + r, inColumn = bounds.Column + column + s;
                        Value inside = inRow.IsInside(bounds.Height) & inColumn.IsInside(bounds.Width);
                        Value read = k.Load(
                            image, (number.To(type) * imagePixel[0]) + (inRow.To(type) * imagePixel[1]) + (inColumn.To(type) * imagePixel[2]) + c.To(type), inside);
                        Value tap = (c.To(type) * filterTap[0]) + (r.To(type) * filterTap[1]) + (s.To(type) * filterTap[2]);
                        for (int e = 0; e < width; e++)
                        {
                            direct[e].Value = k.Fma(read, k.Load(filters, tap + ((channel + e).To(type) * filterChannel)), direct[e].Value);
                        }
                    })));
                    Store(row, column, [.. direct.Select(static sum => sum.Value)]);
                }));
        });
        return k.Build();
    }

    /// <summary>Adds the arguments in the order of the parameters.</summary>
    public void Bind(ref ArgumentList arguments, in Correlation c, in WinogradPlan plan, in Operand points)
    {
        int vectors = c.OutChannels / Width, tiles = plan.Tiles(c);
        arguments.Add(points);
        arguments.Add(c.In);
        arguments.Add(c.Weight.Shifted(c.WeightOrigin));
        arguments.Add(c.Out);
        arguments.AddOptional(c.Bias);
        arguments.Add(tiles * vectors);
        arguments.Add(tiles * c.OutChannels);
        arguments.Add(c.Rows.Count);
        arguments.Add(c.Columns.Count);
        arguments.Add(c.InChannels);
        arguments.Add(vectors, new Divisor(vectors));
        NestedIndex.Bind(ref arguments, plan.Down, plan.Across);
        c.OutSteps.Bind(ref arguments, Is64Bit);
        c.InSteps.Bind(ref arguments, Is64Bit);
        c.WeightTaps.Bind(ref arguments, Is64Bit);
        arguments.AddIndex(c.WeightStrides.Out, Is64Bit);
        arguments.AddIndex(c.BiasStride, Is64Bit);
        arguments.Add(c.Rows.Origin);
        arguments.Add(c.Columns.Origin);
        arguments.Add(c.Rows.Size);
        arguments.Add(c.Columns.Size);
    }

    /// <summary>Results by row and column, each a vector of channels. Columns of points are transformed as they come, so that few are held at once.</summary>
    private static Value[][][] Transform(KernelBuilder k, Memory points, Value at, Value pointStride, int width)
    {
        var halfway = new Value[WinogradLines.Size][][];
        for (int column = 0; column < WinogradLines.Size; column++)
        {
            var line = new Value[WinogradLines.Size][];
            for (int row = 0; row < WinogradLines.Size; row++)
            {
                line[row] = k.LoadVector(points, at + (pointStride * ((row * WinogradLines.Size) + column)), width);
            }

            halfway[column] = WinogradLines.Apply(WinogradLines.Results, k, line);
        }

        return [.. Enumerable.Range(0, WinogradLines.Tile).Select(row => WinogradLines.Apply(WinogradLines.Results, k, [.. halfway.Select(column => column[row])]))];
    }
}
