namespace Engine.Gpu;

/// <summary>
/// The gradient to a convolution's filters as a product by tiles that reads both images in place: channels of the result by channels and
/// taps of the image, summed over pixels.
/// </summary>
/// <param name="Tile">The sizes of the tile.</param>
/// <param name="GradType">Elements of the result's gradient.</param>
/// <param name="Grad">How it is read.</param>
/// <param name="InType">Elements of the image.</param>
/// <param name="In">How the image is read.</param>
/// <param name="OutType">Elements of the filters' gradient.</param>
/// <param name="Compute">Float32 or Float64.</param>
/// <param name="Taps">The order of the product's columns.</param>
/// <param name="EvenWeights">Whether the filters lie evenly in that order.</param>
/// <param name="IsPadded">Whether some taps lie outside of the image.</param>
/// <param name="StoreWidth">Neighbouring columns that are stored at once.</param>
/// <param name="Epilogue">The operations after the sum.</param>
/// <param name="Split">Where groups sum parts of the pixels: with a second launch each stores the bare sums, [part, group, rows, columns].</param>
/// <param name="Is64Bit">Whether indices need 64 bits.</param>
internal readonly record struct WeightGradientKernel(
    GemmTile Tile,
    DType GradType,
    TileAccess Grad,
    DType InType,
    TileAccess In,
    DType OutType,
    DType Compute,
    TapOrder Taps,
    bool EvenWeights,
    bool IsPadded,
    int StoreWidth,
    Epilogue Epilogue,
    SplitKind Split,
    bool Is64Bit) : IKernelDefinition
{
    private bool StoresParts => Split == SplitKind.SecondLaunch;

    /// <summary>The kernel of a plan; where a second launch adds the parts, the epilogue is left to <see cref="SplitSumKernel"/>.</summary>
    public static WeightGradientKernel Of(in Correlation c, in GemmPlan plan, DType compute, in Epilogue epilogue, SplitKind split)
    {
        bool storesParts = split == SplitKind.SecondLaunch;
        TileMath math = plan.Tile.Math;
        return new WeightGradientKernel(
            plan.Tile,
            c.Out.DType,
            c.GradAccess(math),
            c.In.DType,
            c.ImageAccess(math),
            c.Weight.DType,
            compute,
            c.Taps,
            c.HasEvenWeights,
            c.IsPadded,
            storesParts ? 1 : c.WeightStoreWidth,
            storesParts ? Epilogue.None : epilogue,
            split,
            c.Is64Bit || plan.Parts * c.WeightResults > int.MaxValue / 2);
    }

    public Kernel Build(GpuTarget device)
    {
        KernelBuilder k = new($"conv_weight_{Tile.Name}", device, Tile.GroupSize) { MinGroupsPerUnit = Tile.MinGroupsPerUnit(Compute, Grad, In, IsPadded && In.Width > 1) };
        RegisterType type = Is64Bit ? RegisterType.Int64 : RegisterType.Int32;
        Memory grad = k.Buffer("grad", GradType, readOnly: true), image = k.Buffer("image", InType, readOnly: true);
        Memory result = k.Buffer("result", StoresParts ? Compute : OutType);
        Value channels = k.Size("channels"), columns = k.Size("columns"), pixels = k.Size("pixels");
        NestedIndex pixel = new(k, "pixel"), tap = new(k, "tap");
        Value[] gradPixel = Strides3.Declare(k, "grad_pixel", type), imagePixel = Strides3.Declare(k, "image_pixel", type);
        Value[] imageTap = Strides3.Declare(k, "image_tap", type), resultTap = Strides3.Declare(k, "result_tap", type);
        Value gradChannel = k.Scalar("grad_channel", type), resultChannel = k.Scalar("result_channel", type);
        Value gradGroup = k.Scalar("grad_group", type), imageOrigin = k.Scalar("image_origin", type), imageGroup = k.Scalar("image_group", type);
        Value resultGroup = k.Scalar("result_group", type);
        ImageParameters window = new(k);
        EpilogueParameters epilogue = new(k, Epilogue, Compute.InRegister());
        TileGrid grid = new(k, Tile, channels, columns, Split != SplitKind.None);
        Value group = grid.Batch.To(type);
        Value origin = group * resultGroup;
        if (StoresParts)
        {
            origin += k.GroupY.To(type) * k.Scalar("part_stride", type);
        }

        TileParts? parts = Split == SplitKind.LastGroup ? new TileParts(k, Tile, Compute) : null;
        var product = TileProduct.Create(k, Tile, Compute, Grad, In);
        Value lastGradPixel = Grad is { Width: > 1, AlongDepth: true } ? gradPixel[2].Like(1) : gradPixel[2];
        GlobalSource gradSource = new(
            k,
            product,
            isLeft: true,
            Grad,
            grad,
            group * gradGroup,
            AddressMap.Even(Grad is { Width: > 1, AlongDepth: false } ? gradChannel.Like(1) : gradChannel),
            AddressMap.Nested(pixel, [gradPixel[0], gradPixel[1], lastGradPixel]),
            grid.FirstRow,
            channels);
        GlobalSource imageSource = new(
            k,
            product,
            isLeft: false,
            In,
            image,
            imageOrigin + (group * imageGroup),
            Taps == TapOrder.One ? AddressMap.Even(imageTap[2]) : AddressMap.Nested(tap, imageTap, IsPadded ? window.TapSteps(Taps) : null),
            AddressMap.Nested(pixel, imagePixel, IsPadded ? window.PixelSteps : null),
            grid.FirstColumn,
            columns,
            IsPadded ? window.Bounds : null);
        (Value start, Value shortLength, Value end) = grid.Range(pixels);
        Value[] sums = product.Sum(gradSource, imageSource, start, shortLength, end);

        AddressMap taps = EvenWeights || StoresParts ? AddressMap.Even(resultTap[2]) : AddressMap.Nested(tap, resultTap);
        TileTarget target = new()
        {
            Memory = result,
            Offsets = new TileOffsets(row => origin + (row.To(type) * resultChannel), column => taps.At(column).Offset),
            Rows = channels,
            Columns = columns,
            Width = StoreWidth,
            Epilogue = epilogue,
        };
        target.Store(k, product, sums, grid.FirstRow, grid.FirstColumn, parts);
        return k.Build();
    }

    /// <summary>Adds the arguments in the order of the parameters.</summary>
    /// <param name="arguments">The arguments of the launch.</param>
    /// <param name="c">The correlation whose filters get the gradient.</param>
    /// <param name="target">Where the gradient goes, or the sums of the parts.</param>
    /// <param name="plan">The parts.</param>
    /// <param name="beta">The factor of the old values.</param>
    public void Bind(ref ArgumentList arguments, in Correlation c, in Operand target, in GemmPlan plan, double beta)
    {
        arguments.Add(c.Out);
        arguments.Add(c.In);
        arguments.Add(target);
        arguments.Add(c.OutChannels);
        arguments.Add(c.Depth);
        arguments.Add((int)c.Pixels);
        NestedIndex.Bind(ref arguments, c.Rows.Count, c.Columns.Count);
        NestedIndex.Bind(ref arguments, c.Sizes.Second, c.Sizes.Third);
        c.OutSteps.Bind(ref arguments, Is64Bit);
        c.InSteps.Bind(ref arguments, Is64Bit);
        c.Ordered(c.InTaps).Bind(ref arguments, Is64Bit);
        (StoresParts ? new Strides3(0, 0, 1) : c.Ordered(c.WeightTaps)).Bind(ref arguments, Is64Bit);
        arguments.AddIndex(c.Out.Layout.Strides[1], Is64Bit);
        arguments.AddIndex(StoresParts ? c.Depth : c.WeightStrides.Out, Is64Bit);
        arguments.AddIndex(c.OutChannels * c.Out.Layout.Strides[1], Is64Bit);
        arguments.AddIndex(c.InOrigin, Is64Bit);
        arguments.AddIndex(c.InChannels * c.In.Layout.Strides[1], Is64Bit);
        arguments.AddIndex(StoresParts ? (long)c.OutChannels * c.Depth : c.WeightGroup, Is64Bit);
        ImageParameters.Bind(ref arguments, c.Rows, c.Columns);
        Epilogue.Bind(ref arguments, Compute.InRegister(), 1, beta);
        if (Split != SplitKind.None)
        {
            arguments.Add(plan.SlicesPerPart);
        }

        if (StoresParts)
        {
            arguments.AddIndex(c.WeightResults, Is64Bit);
        }
    }
}
