namespace Engine.Gpu;

/// <summary>
/// A <see cref="Correlation"/> over an image of few channels, on tensor cores. A group goes from tile to tile with its filters in shared memory; the next tile's image is on its
/// way to registers while one is multiplied.
/// </summary>
/// <param name="Tile">Results of a tile by channels.</param>
/// <param name="Shape">The windows.</param>
/// <param name="InType">Elements of the image.</param>
/// <param name="WeightType">Elements of the filters.</param>
/// <param name="OutType">Elements of the result.</param>
/// <param name="StoreWidth">Neighbouring channels that are stored at once.</param>
/// <param name="Epilogue">The operations after the sum.</param>
/// <param name="Is64Bit">Whether indices need 64 bits.</param>
internal readonly record struct StemCorrelationKernel(
    GemmTile Tile, StemShape Shape, DType InType, DType WeightType, DType OutType, int StoreWidth, Epilogue Epilogue, bool Is64Bit) : IKernelDefinition
{
    /// <summary>The kernel of a plan.</summary>
    public static StemCorrelationKernel Of(in Correlation c, in StemPlan plan) =>
        new(plan.Tile, plan.Shape, c.In.DType, c.Weight.DType, c.Out.DType, c.StoreWidth, c.Epilogue(BiasKind.PerColumn), c.Is64Bit);

    public Kernel Build(GpuTarget device)
    {
        KernelBuilder k = new($"conv_stem_{Tile.BM}x{Tile.BN}{Tile.Math.Suffix}", device, Tile.GroupSize) { MinGroupsPerUnit = StemPlan.GroupsOfUnit };
        RegisterType type = Is64Bit ? RegisterType.Int64 : RegisterType.Int32;
        Memory image = k.Buffer("image", InType, readOnly: true), filters = k.Buffer("filters", WeightType, readOnly: true);
        Memory result = k.Buffer("result", OutType);
        Memory? bias = Epilogue.Bias == BiasKind.None ? null : k.Buffer("bias", Epilogue.BiasType);
        Value channels = k.Size("channels"), tiles = k.Size("tiles"), rows = k.Size("rows"), columns = k.Size("columns");
        StemPatch patch = new(k, Shape, image, type);
        var filterStrides = (k.Scalar("filter_out", type), k.Scalar("filter_in", type), k.Scalar("filter_row", type), k.Scalar("filter_column", type));
        Value[] resultPixel = Strides3.Declare(k, "result_pixel", type);
        Value resultChannel = k.Scalar("result_channel", type), biasChannel = k.Scalar("bias_channel", type);
        EpilogueParameters epilogue = new(k, Epilogue, RegisterType.Float32);
        StemProduct product = new(k, Tile, Shape);
        Value firstChannel = k.GroupY * Tile.BN;
        product.Prepare(patch);
        product.WriteFilters(filters, filterStrides, firstChannel, channels);
        product.WritePatch(patch, patch.Fetch(patch.At(k.GroupX), k.GroupX < tiles));
        k.Barrier();
        (GemmTile tile, int storeWidth) = (Tile, StoreWidth);

        // A variable, so that nobody keeps what follows from it for every column in registers from tile to tile.
        Variable column = k.Variable(firstChannel);
        k.For(k.GroupX, tiles, k.GroupCountX, number =>
        {
            Value next = number + k.GroupCountX;
            Value[] ahead = patch.Fetch(patch.At(next), next < tiles);
            Variable[] sums = k.Variables(tile.TM * tile.TN, k.Constant(RegisterType.Float32, 0));
            product.Multiply(sums);
            k.Barrier();
            product.WritePatch(patch, ahead);

            (Value of, Value firstRow, Value firstColumn) = patch.At(number);
            Value origin = (of.To(type) * resultPixel[0]) + (firstRow.To(type) * resultPixel[1]) + (firstColumn.To(type) * resultPixel[2]);
            Value BiasOffset(Value channel) => channel.To(type) * biasChannel;
            TileTarget target = new()
            {
                Memory = result,
                Offsets = new TileOffsets(
                    pixel => origin + ((pixel / StemShape.TileColumns).To(type) * resultPixel[1]) + ((pixel % StemShape.TileColumns).To(type) * resultPixel[2]),
                    channel => channel.To(type) * resultChannel),
                RowExists = pixel => (firstRow + (pixel / StemShape.TileColumns) < rows) & (firstColumn + (pixel % StemShape.TileColumns) < columns),
                Rows = k.Int32(StemShape.TilePixels),
                Columns = channels,
                Width = storeWidth,
                Epilogue = epilogue,
                BiasKind = bias is null ? BiasKind.None : BiasKind.PerColumn,
                Bias = bias,
                BiasOffsets = new TileOffsets(BiasOffset, BiasOffset),
            };
            target.Store(k, product, Array.ConvertAll(sums, sum => sum.Value), k.Int32(0), column.Value, parts: null);
            column.Value = firstChannel;
            k.Barrier();
        });
        return k.Build();
    }

    /// <summary>Adds the arguments in the order of the parameters.</summary>
    public void Bind(ref ArgumentList arguments, in Correlation c)
    {
        (int down, int across) = StemShape.TilesOf(c);
        arguments.Add(c.In);
        arguments.Add(c.Weight.Shifted(c.WeightOrigin));
        arguments.Add(c.Out);
        arguments.AddOptional(c.Bias);
        arguments.Add(c.OutChannels);
        arguments.Add(checked(c.Batch * down * across));
        arguments.Add(c.Rows.Count);
        arguments.Add(c.Columns.Count);
        StemPatch.Bind(ref arguments, c, Is64Bit);
        arguments.AddIndex(c.WeightStrides.Out, Is64Bit);
        c.WeightTaps.Bind(ref arguments, Is64Bit);
        c.OutSteps.Bind(ref arguments, Is64Bit);
        arguments.AddIndex(c.Out.Layout.Strides[1], Is64Bit);
        arguments.AddIndex(c.BiasStride, Is64Bit);
    }
}
