namespace Engine.Gpu;

/// <summary>
/// A <see cref="Correlation"/> as a product by tiles that reads the image in place: pixels of the result by channels of the result,
/// summed over channels and taps.
/// </summary>
/// <param name="Tile">The sizes of the tile.</param>
/// <param name="PixelsAreRows">Whether pixels are the rows of the product, where channels are neighbours in the result; else the columns.</param>
/// <param name="InType">Elements of the image.</param>
/// <param name="In">How the image is read; along the depth where channels are neighbours in it, else along the pixels.</param>
/// <param name="WeightType">Elements of the filters.</param>
/// <param name="Weight">How the filters are read.</param>
/// <param name="OutType">Elements of the result.</param>
/// <param name="Compute">Float32 or Float64.</param>
/// <param name="Taps">The order of the sum.</param>
/// <param name="EvenWeights">Whether the filters lie evenly in that order.</param>
/// <param name="IsPadded">Whether some taps lie outside of the image.</param>
/// <param name="StoreWidth">Neighbouring columns that are stored at once.</param>
/// <param name="Epilogue">The operations after the sum.</param>
/// <param name="Split">Where groups sum parts of the depth: with a second launch each stores the bare sums, [part, group, rows, columns].</param>
/// <param name="Is64Bit">Whether indices need 64 bits.</param>
/// <param name="HasPhases">Whether the grid goes through the phases of a strided gradient.</param>
internal readonly record struct CorrelationKernel(
    GemmTile Tile,
    bool PixelsAreRows,
    DType InType,
    TileAccess In,
    DType WeightType,
    TileAccess Weight,
    DType OutType,
    DType Compute,
    TapOrder Taps,
    bool EvenWeights,
    bool IsPadded,
    int StoreWidth,
    Epilogue Epilogue,
    SplitKind Split,
    bool Is64Bit,
    bool HasPhases = false) : IKernelDefinition
{
    private bool StoresParts => Split == SplitKind.SecondLaunch;

    /// <summary>The kernel of a plan; where a second launch adds the parts, the epilogue is left to <see cref="SplitSumKernel"/>.</summary>
    public static CorrelationKernel Of(in Correlation c, in GemmPlan plan, DType compute, SplitKind split)
    {
        bool pixelsAreRows = c.WritesChannelsLast, storesParts = split == SplitKind.SecondLaunch;
        TileMath math = plan.Tile.Math;
        return new CorrelationKernel(
            plan.Tile,
            pixelsAreRows,
            c.In.DType,
            c.InAccess(math),
            c.Weight.DType,
            c.WeightAccess(math),
            c.Out.DType,
            compute,
            c.Taps,
            c.HasEvenWeights,
            c.IsPadded,
            storesParts ? 1 : c.StoreWidth,
            storesParts ? Epilogue.None : c.Epilogue(pixelsAreRows ? BiasKind.PerColumn : BiasKind.PerRow),
            split,
            c.Is64Bit || plan.Parts * c.Results > int.MaxValue / 2,
            c.Phases is not null);
    }

    /// <summary>The groups of a launch.</summary>
    public LaunchGrid Grid(in Correlation c, in GemmPlan plan)
    {
        int pixels = (int)c.Pixels;
        int phases = c.Phases is { } all ? all.Rows.Count * all.Columns.Count : 1;
        return TileGrid.For(plan, phases * c.Groups, PixelsAreRows ? pixels : c.OutChannels, PixelsAreRows ? c.OutChannels : pixels);
    }

    public Kernel Build(GpuTarget device)
    {
        // Single elements of a padded image are told from its edges one by one as well, for which tiles of 64 sums in groups of more than 64 have no register left.
        bool findsTaps = IsPadded && (In.Width > 1 || (Tile.TM * Tile.TN > 32 && Tile.GroupSize > 64));
        KernelBuilder k = new($"conv_{Tile.Name}", device, Tile.GroupSize) { MinGroupsPerUnit = Tile.MinGroupsPerUnit(Compute, In, Weight, findsTaps) };
        RegisterType type = Is64Bit ? RegisterType.Int64 : RegisterType.Int32;
        Memory image = k.Buffer("image", InType, readOnly: true), filters = k.Buffer("filters", WeightType, readOnly: true);
        Memory result = k.Buffer("result", StoresParts ? Compute : OutType);
        Memory? bias = Epilogue.Bias == BiasKind.None ? null : k.Buffer("bias", Epilogue.BiasType);
        Value channels = k.Size("channels"), pixels = k.Size("pixels"), depth = k.Size("depth");
        NestedIndex pixel = new(k, "pixel"), tap = new(k, "tap");
        Value[] imagePixel = Strides3.Declare(k, "image_pixel", type), imageTap = Strides3.Declare(k, "image_tap", type);
        Value[] filterTap = Strides3.Declare(k, "filter_tap", type), resultPixel = Strides3.Declare(k, "result_pixel", type);
        Value filterChannel = k.Scalar("filter_channel", type), resultChannel = k.Scalar("result_channel", type), biasChannel = k.Scalar("bias_channel", type);
        Value imageOrigin = k.Scalar("image_origin", type), imageGroup = k.Scalar("image_group", type);
        Value filterGroup = k.Scalar("filter_group", type), resultGroup = k.Scalar("result_group", type);
        ImageParameters window = new(k);
        EpilogueParameters epilogue = new(k, Epilogue, Compute.InRegister());
        CorrelationPhases? phases = HasPhases ? new(k, type) : null;
        TileGrid grid = new(k, Tile, PixelsAreRows ? pixels : channels, PixelsAreRows ? channels : pixels, Split != SplitKind.None);
        (Value groupNumber, CorrelationPhase? phase) = phases is null ? (grid.Batch, null) : phases.At(grid.Batch, Taps);
        pixels = phase?.Pixels ?? pixels;
        depth = phase?.Depth ?? depth;
        ImageBounds bounds = phase is null ? window.Bounds : window.Bounds with { Row = phase.Rows.Origin, Column = phase.Columns.Origin };
        Value group = groupNumber.To(type);
        Value origin = group * resultGroup;
        if (phase is not null)
        {
            imageOrigin += (phase.Rows.Origin.To(type) * imagePixel[1]) + (phase.Columns.Origin.To(type) * imagePixel[2]);
            origin += phase.ResultOrigin;
        }

        if (StoresParts)
        {
            origin += k.GroupY.To(type) * k.Scalar("part_stride", type);
        }

        (Value firstPixel, Value firstChannel) = PixelsAreRows ? (grid.FirstRow, grid.FirstColumn) : (grid.FirstColumn, grid.FirstRow);
        TileParts? parts = Split == SplitKind.LastGroup ? new TileParts(k, Tile, Compute) : null;
        var product = TileProduct.Create(k, Tile, Compute, PixelsAreRows ? In : Weight, PixelsAreRows ? Weight : In);

        AddressMap Pixels(Value[] strides, ImageSteps? steps = null) => phase?.Pixel(strides, steps) ?? AddressMap.Nested(pixel, strides, steps);
        AddressMap NestedTaps(Value[] strides, ImageSteps? steps = null) => phase?.Tap(strides, steps) ?? AddressMap.Nested(tap, strides, steps);

        // Neighbours that are read at once are neighbours in memory: a stride of 1 that the kernel knows.
        Value lastTap = In.Width > 1 ? imageTap[2].Like(1) : imageTap[2];
        GlobalSource imageSource = new(
            k,
            product,
            PixelsAreRows,
            In,
            image,
            imageOrigin + (group * imageGroup),
            Pixels(imagePixel, IsPadded ? window.PixelSteps : null),
            Taps == TapOrder.One ? AddressMap.Even(lastTap) : NestedTaps([imageTap[0], imageTap[1], lastTap], IsPadded ? window.TapSteps(Taps) : null),
            firstPixel,
            pixels,
            IsPadded ? bounds : null);
        Value lastFilterTap = Weight is { Width: > 1, AlongDepth: true } ? filterTap[2].Like(1) : filterTap[2];
        GlobalSource filterSource = new(
            k,
            product,
            !PixelsAreRows,
            Weight,
            filters,
            phase is null ? group * filterGroup : (group * filterGroup) + phase.FilterOrigin,
            AddressMap.Even(Weight is { Width: > 1, AlongDepth: false } ? filterChannel.Like(1) : filterChannel),
            EvenWeights ? AddressMap.Even(lastFilterTap) : NestedTaps([filterTap[0], filterTap[1], lastFilterTap]),
            firstChannel,
            channels);
        (Value start, Value shortLength, Value end) = grid.Range(depth);
        Value[] sums = product.Sum(PixelsAreRows ? imageSource : filterSource, PixelsAreRows ? filterSource : imageSource, start, shortLength, end);

        AddressMap pixelMap = StoresParts ? AddressMap.Even(resultPixel[2]) : Pixels(resultPixel);
        Value PixelOffset(Value number) => pixelMap.At(number).Offset;
        Value ChannelOffset(Value number) => origin + (number.To(type) * resultChannel);
        Value BiasOffset(Value number) => ((groupNumber * channels) + number).To(type) * biasChannel;
        TileTarget target = new()
        {
            Memory = result,
            Offsets = PixelsAreRows ? new TileOffsets(PixelOffset, ChannelOffset) : new TileOffsets(ChannelOffset, PixelOffset),
            Rows = PixelsAreRows ? pixels : channels,
            Columns = PixelsAreRows ? channels : pixels,
            Width = StoreWidth,
            Epilogue = epilogue,
            BiasKind = Epilogue.Bias,
            Bias = bias,
            BiasOffsets = new TileOffsets(BiasOffset, BiasOffset),
        };
        target.Store(k, product, sums, grid.FirstRow, grid.FirstColumn, parts);
        return k.Build();
    }

    /// <summary>Adds the arguments in the order of the parameters.</summary>
    /// <param name="arguments">The arguments of the launch.</param>
    /// <param name="c">The correlation.</param>
    /// <param name="target">Where the results go, or the sums of the parts.</param>
    /// <param name="plan">The parts.</param>
    public void Bind(ref ArgumentList arguments, in Correlation c, in Operand target, in GemmPlan plan)
    {
        int pixels = (int)c.Pixels;
        arguments.Add(c.In);
        arguments.Add(c.Weight.Shifted(c.WeightOrigin));
        arguments.Add(target);
        arguments.AddOptional(StoresParts ? null : c.Bias);
        arguments.Add(c.OutChannels);
        arguments.Add(pixels);
        arguments.Add(c.Depth);
        NestedIndex.Bind(ref arguments, c.Rows.Count, c.Columns.Count);
        NestedIndex.Bind(ref arguments, c.Sizes.Second, c.Sizes.Third);
        c.InSteps.Bind(ref arguments, Is64Bit);
        c.Ordered(c.InTaps).Bind(ref arguments, Is64Bit);
        c.Ordered(c.WeightTaps).Bind(ref arguments, Is64Bit);
        (StoresParts ? new Strides3(0, 0, PixelsAreRows ? c.OutChannels : 1) : c.OutSteps).Bind(ref arguments, Is64Bit);
        arguments.AddIndex(c.WeightStrides.Out, Is64Bit);
        arguments.AddIndex(!StoresParts ? c.Out.Layout.Strides[1] : PixelsAreRows ? 1 : pixels, Is64Bit);
        arguments.AddIndex(c.BiasStride, Is64Bit);
        arguments.AddIndex(c.InOrigin, Is64Bit);
        arguments.AddIndex(c.InChannels * c.In.Layout.Strides[1], Is64Bit);
        arguments.AddIndex(c.WeightGroup, Is64Bit);
        arguments.AddIndex(StoresParts ? (long)pixels * c.OutChannels : c.OutChannels * c.Out.Layout.Strides[1], Is64Bit);
        ImageParameters.Bind(ref arguments, c.Rows, c.Columns);
        if (HasPhases)
        {
            CorrelationPhases.Bind(ref arguments, c, Is64Bit);
        }

        if (Split != SplitKind.None)
        {
            arguments.Add(plan.SlicesPerPart);
        }

        if (StoresParts)
        {
            arguments.AddIndex(c.Results, Is64Bit);
        }
    }
}
