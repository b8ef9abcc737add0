namespace Engine.Gpu;

/// <summary>
/// A <see cref="Correlation"/> whose result has the size of its image, on tensor cores: pixels by channels of the result. A group holds the stretch of
/// the image that its pixels' windows reach in shared memory, a few channels at a time, and sums all taps from there.
/// </summary>
/// <param name="Tile">Pixels by channels.</param>
/// <param name="PatchPixels">Pixels of the stretch.</param>
/// <param name="RowTaps">Rows of taps.</param>
/// <param name="ColumnTaps">Columns of taps.</param>
/// <param name="ColumnStep">1, or −1 where taps run backwards over the image.</param>
/// <param name="InType">Elements of the image.</param>
/// <param name="InWidth">Neighbouring channels of the image that are read at once.</param>
/// <param name="WeightType">Elements of the filters.</param>
/// <param name="Weight">How the filters are read.</param>
/// <param name="OutType">Elements of the result.</param>
/// <param name="StoreWidth">Neighbouring channels that are stored at once.</param>
/// <param name="Epilogue">The operations after the sum.</param>
/// <param name="IsSplit">Whether groups share the channels of the image; the last of them stores the results.</param>
/// <param name="Is64Bit">Whether indices need 64 bits.</param>
internal readonly record struct PatchCorrelationKernel(
    GemmTile Tile,
    int PatchPixels,
    int RowTaps,
    int ColumnTaps,
    int ColumnStep,
    DType InType,
    int InWidth,
    DType WeightType,
    TileAccess Weight,
    DType OutType,
    int StoreWidth,
    Epilogue Epilogue,
    bool IsSplit,
    bool Is64Bit) : IKernelDefinition
{
    // Loads that are under way at once before the loop.
    private const int LoadsAhead = 4;

    private const int RegistersOfUnit = 1 << 16;

    /// <summary>The kernel of a plan.</summary>
    public static PatchCorrelationKernel Of(in Correlation c, in PatchPlan plan)
    {
        TileMath math = plan.Tile.Math;
        return new PatchCorrelationKernel(
            plan.Tile,
            plan.PatchPixels,
            c.Rows.Taps,
            c.Columns.Taps,
            c.Columns.TapStep,
            c.In.DType,
            c.InAccess(math).Width,
            c.Weight.DType,
            c.WeightAccess(math),
            c.Out.DType,
            c.StoreWidth,
            c.Epilogue(BiasKind.PerColumn),
            plan.Parts > 1,
            c.Is64Bit || plan.Parts * c.Results > int.MaxValue / 2);
    }

    /// <summary>The groups of a launch.</summary>
    public static LaunchGrid Grid(in Correlation c, in PatchPlan plan) => TileGrid.For(plan.Product, 1, (int)c.Pixels, c.OutChannels);

    public Kernel Build(GpuTarget device)
    {
        int sumCount = Tile.TM * Tile.TN, registers = sumCount > 48 ? 192 : sumCount > 32 ? 168 : 128;

        // Of warpgroups a group may have more than other kernels want.
        GpuTarget target = Tile.UsesWarpgroups ? device with { MaxGroupSize = Math.Max(Tile.GroupSize, device.MaxGroupSize) } : device;
        KernelBuilder k = new($"conv_patch_{Tile.Name}", target, Tile.GroupSize) { MinGroupsPerUnit = RegistersOfUnit / (registers * Tile.GroupSize) };
        RegisterType type = Is64Bit ? RegisterType.Int64 : RegisterType.Int32;
        Memory image = k.Buffer("image", InType, readOnly: true), filters = k.Buffer("filters", WeightType, readOnly: true);
        Memory result = k.Buffer("result", OutType);
        Memory? bias = Epilogue.Bias == BiasKind.None ? null : k.Buffer("bias", Epilogue.BiasType);
        Value channels = k.Size("channels"), pixels = k.Size("pixels"), inChannels = k.Size("in_channels");
        Value imagePixel = k.Scalar("image_pixel", type);
        Value filterOut = k.Scalar("filter_out", type), filterIn = k.Scalar("filter_in", type);
        Value filterRow = k.Scalar("filter_row", type), filterColumn = k.Scalar("filter_column", type);
        Value resultPixel = k.Scalar("result_pixel", type), resultChannel = k.Scalar("result_channel", type), biasChannel = k.Scalar("bias_channel", type);
        PatchWindows windows = new(k, RowTaps, ColumnTaps, ColumnStep);
        EpilogueParameters epilogue = new(k, Epilogue, RegisterType.Float32);
        TileGrid grid = new(k, Tile, pixels, channels, IsSplit);
        TileParts? parts = IsSplit ? new TileParts(k, Tile, DType.Float32) : null;
        var product = PatchProduct.Create(k, Tile, Weight, PatchPixels);
        product.WriteZeros();
        FilterSource taps = new(
            k,
            product,
            Weight,
            filters,
            Weight is { Width: > 1, AlongDepth: false } ? filterOut.Like(1) : filterOut,
            Weight is { Width: > 1, AlongDepth: true } ? filterIn.Like(1) : filterIn,
            grid.FirstColumn,
            channels);
        PixelSource patch = new PixelSource(k, image, product.CarriesWords(InType, InWidth), InWidth, Tile.BK, PatchPixels)
            .At(imagePixel, grid.FirstRow + windows.Lowest, pixels, k.Int32(0), inChannels);
        Value lastSlice = (inChannels + (Tile.BK - 1)) / Tile.BK * Tile.BK;
        (Value start, _, Value end) = grid.Range(lastSlice);
        windows.Enter(product, grid.FirstRow, pixels);
        Variable[] sums = k.Variables(Tile.TM * Tile.TN, k.Constant(RegisterType.Float32, 0));
        Sum(k, sums, product, patch, taps, windows, (start, end, inChannels), (filterIn, filterRow, filterColumn));

        Value ChannelOffset(Value number) => number.To(type) * resultChannel;
        Value BiasOffset(Value number) => number.To(type) * biasChannel;
        TileTarget results = new()
        {
            Memory = result,
            Offsets = new TileOffsets(number => number.To(type) * resultPixel, ChannelOffset),
            Rows = pixels,
            Columns = channels,
            Width = StoreWidth,
            Epilogue = epilogue,
            BiasKind = Epilogue.Bias,
            Bias = bias,
            BiasOffsets = new TileOffsets(BiasOffset, BiasOffset),
        };
        results.Store(k, product, Array.ConvertAll(sums, sum => sum.Value), grid.FirstRow, grid.FirstColumn, parts);
        return k.Build();
    }

    /// <summary>Adds the arguments in the order of the parameters.</summary>
    public void Bind(ref ArgumentList arguments, in Correlation c, in PatchPlan plan)
    {
        int pixels = (int)c.Pixels;
        arguments.Add(c.In);
        arguments.Add(c.Weight.Shifted(c.WeightOrigin));
        arguments.Add(c.Out);
        arguments.AddOptional(c.Bias);
        arguments.Add(c.OutChannels);
        arguments.Add(pixels);
        arguments.Add(c.InChannels);
        arguments.AddIndex(c.In.Layout.Strides[3], Is64Bit);
        arguments.AddIndex(c.WeightStrides.Out, Is64Bit);
        c.WeightTaps.Bind(ref arguments, Is64Bit);
        arguments.AddIndex(c.Out.Layout.Strides[3], Is64Bit);
        arguments.AddIndex(1, Is64Bit);
        arguments.AddIndex(c.BiasStride, Is64Bit);
        PatchWindows.Bind(ref arguments, Patch.Of(c)!.Value, c.Rows, c.Columns);
        if (IsSplit)
        {
            arguments.Add(plan.SlicesPerPart);
        }
    }

    /// <summary>The sums over all channels and taps: a slice of channels at a time, in it tap after tap.</summary>
    private void Sum(
        KernelBuilder k,
        Variable[] sums,
        PatchProduct product,
        PixelSource patch,
        FilterSource taps,
        PatchWindows windows,
        (Value Start, Value End, Value Count) channels,
        (Value In, Value Row, Value Column) filter)
    {
        int bk = Tile.BK, rows = RowTaps, columns = ColumnTaps, perTap = (patch.Passes + (RowTaps * ColumnTaps) - 1) / (RowTaps * ColumnTaps);
        RegisterType type = filter.In.Type;
        Variable stage = k.Variable(k.Int32(0)), buffer = k.Variable(k.Int32(0));

        Value[][] FetchTap(Value offset, Value firstChannel, Value? condition = null) => taps.Fetch(
            offset + (firstChannel.To(type) * filter.In),
            depth => condition is null ? firstChannel + depth < channels.Count : (firstChannel + depth < channels.Count) & condition);

        void Write(Value pass, Value[] values, Value to) => product.WritePatch(patch.Pixel(pass), patch.Channel, values, to, pass < patch.Passes);

        taps.Write(FetchTap(filter.In.Like(0), channels.Start), stage.Value);
        k.For(k.Int32(0), k.Int32(patch.Passes), k.Int32(LoadsAhead), first =>
        {
            var values = new Value[LoadsAhead][];
            for (int i = 0; i < LoadsAhead; i++)
            {
                values[i] = patch.Fetch(first + i, k.Int32(0), channels.Start);
            }

            for (int i = 0; i < LoadsAhead; i++)
            {
                Write(first + i, values[i], k.Int32(0));
            }
        });
        product.Publish();
        k.For(channels.Start, channels.End, k.Int32(bk), channel =>
        {
            Value nextChannel = channel + bk, isMore = nextChannel < channels.End, current = buffer.Value, other = product.PatchWords - current;
            k.For(0, k.Int32(rows), 1, row =>
            {
                Value rowOffset = row.To(type) * filter.Row, nextRow = row + 1, isInSlice = nextRow < rows;
                Value[] seen = windows.SeenFrom(row);
                for (int column = 0; column < columns; column++)
                {
                    bool isLast = column == columns - 1;
                    Value[][] nextTap = isLast
                        ? FetchTap(k.Select(isInSlice, nextRow.To(type) * filter.Row, filter.In.Like(0)), k.Select(isInSlice, channel, nextChannel), isInSlice | isMore)
                        : FetchTap(rowOffset + ((column + 1) * filter.Column), channel);
                    Value firstPass = ((row * columns) + column) * perTap;
                    var parts = new Value[perTap][];
                    for (int i = 0; i < perTap; i++)
                    {
                        parts[i] = patch.Fetch(firstPass + i, k.Int32(0), nextChannel, isMore);
                    }

                    Value now = stage.Value, then = product.Next(now);
                    product.Multiply(sums, windows.Rows(product, seen, row, column, current), now);
                    taps.Write(nextTap, then);
                    for (int i = 0; i < perTap; i++)
                    {
                        Write(firstPass + i, parts[i], other);
                    }

                    stage.Value = then;
                    product.Publish();
                }
            });
            buffer.Value = other;
        });
        product.Finish();
    }
}
