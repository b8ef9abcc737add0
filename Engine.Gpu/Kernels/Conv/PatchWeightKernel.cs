namespace Engine.Gpu;

/// <summary>
/// The gradient to the filters of a <see cref="Correlation"/> whose result has the size of its image, on tensor cores: a group sums 64 channels of the result by 32
/// of the image, for all taps at once, so that both are fetched once and not once a tap.
/// </summary>
/// <param name="Math">The format of the factors.</param>
/// <param name="PatchPixels">Pixels that a patch has room for.</param>
/// <param name="RowTaps">Rows of taps.</param>
/// <param name="ColumnTaps">Columns of taps.</param>
/// <param name="GradType">Elements of the result's gradient.</param>
/// <param name="GradWidth">Neighbouring channels of it that are read at once.</param>
/// <param name="InType">Elements of the image.</param>
/// <param name="InWidth">Neighbouring channels of it that are read at once.</param>
/// <param name="OutType">Elements of the gradient to the filters.</param>
/// <param name="StoreWidth">Neighbouring channels that are stored at once, 1 or 2.</param>
/// <param name="IsSplit">Whether groups share the pixels; the last of them stores the results.</param>
/// <param name="Is64Bit">Whether indices need 64 bits.</param>
internal readonly record struct PatchWeightKernel(
    TileMath Math, int PatchPixels, int RowTaps, int ColumnTaps, DType GradType, int GradWidth, DType InType, int InWidth, DType OutType, int StoreWidth, bool IsSplit, bool Is64Bit)
    : IKernelDefinition
{
    private const int Steps = PatchWeightProduct.Block / PatchWeightProduct.Step;

    /// <summary>The kernel of a plan.</summary>
    public static PatchWeightKernel Of(in Correlation c, in PatchWeightPlan plan, TileMath math)
    {
        (int grad, int image) = PatchWeightPlan.Widths(c, math);
        bool pairs = c.WeightStoreWidth > 1 && c.WeightStrides.In == 1;
        return new PatchWeightKernel(
            math,
            plan.PatchPixels,
            c.Rows.Taps,
            c.Columns.Taps,
            c.Out.DType,
            grad,
            c.In.DType,
            image,
            c.Weight.DType,
            pairs ? 2 : 1,
            plan.Parts > 1,
            c.Is64Bit || plan.Parts * c.WeightResults > int.MaxValue / 2);
    }

    /// <summary>The groups of a launch.</summary>
    public static LaunchGrid Grid(in Correlation c, in PatchWeightPlan plan) => new(PatchWeightPlan.Tiles(c), plan.Parts);

    public Kernel Build(GpuTarget target)
    {
        // Sums of nine taps, and those of other groups at the end, take more than half of the registers.
        const int Groups = 1;
        KernelBuilder k = new($"conv_weight_patch_{PatchWeightProduct.Outs}x{PatchWeightProduct.Ins}{Math.Suffix}", target, PatchWeightProduct.GroupSize) { MinGroupsPerUnit = Groups };
        RegisterType type = Is64Bit ? RegisterType.Int64 : RegisterType.Int32;
        Memory gradients = k.Buffer("gradients", GradType, readOnly: true), image = k.Buffer("image", InType, readOnly: true), result = k.Buffer("result", OutType);
        Value outs = k.Size("out_channels"), ins = k.Size("in_channels"), pixels = k.Size("pixels"), across = k.Size("tiles_across"), blocksPerPart = k.Size("blocks_per_part");
        Value gradPixel = k.Scalar("grad_pixel", type), imagePixel = k.Scalar("image_pixel", type);
        Value resultOut = k.Scalar("result_out", type), resultIn = k.Scalar("result_in", type);
        Value resultRow = k.Scalar("result_row", type), resultColumn = k.Scalar("result_column", type);
        PatchWindows windows = new(k, RowTaps, ColumnTaps, 1);
        int taps = RowTaps * ColumnTaps;
        Value tile = k.GroupX / across, firstOut = tile * PatchWeightProduct.Outs, firstIn = (k.GroupX - (tile * across)) * PatchWeightProduct.Ins;
        TileParts? parts = IsSplit ? new TileParts(k, PatchWeightProduct.TileOf(taps), DType.Float32) : null;
        PatchWeightProduct product = new(k, Math, PatchPixels, taps);
        Value start = k.GroupY * (blocksPerPart * PatchWeightProduct.Block), end = k.Min(start + (blocksPerPart * PatchWeightProduct.Block), pixels);
        PixelSource patch = new PixelSource(k, image, FactorWriter.CarriesWords(Math, InType, InWidth), InWidth, PatchWeightProduct.Ins, PatchPixels)
            .At(imagePixel, start + windows.Lowest, pixels, firstIn, ins);
        PixelSource grads = new PixelSource(k, gradients, FactorWriter.CarriesWords(Math, GradType, GradWidth), GradWidth, PatchWeightProduct.Outs, PatchWeightProduct.Step)
            .At(gradPixel, start, end, firstOut, outs);
        Sum(k, product, patch, grads, windows, (start, end));

        bool pairs = StoreWidth == 2;
        int columns = ColumnTaps;
        void Store(Value[] sums) => product.ForEach(sums, (tap, row, column, first, second) =>
        {
            Value at = firstOut + row, channel = firstIn + column, exists = (at < outs) & (channel < ins);
            Value offset = (at.To(type) * resultOut) + (channel.To(type) * resultIn) + (tap / columns * resultRow) + (tap % columns * resultColumn);
            (first, second) = (first.To(result.Element.InRegister()), second.To(result.Element.InRegister()));
            if (pairs)
            {
                k.StoreVector(result, offset, [first, second], exists);
                return;
            }

            k.Store(result, offset, first, exists);
            k.Store(result, offset + resultIn, second, exists & (channel + 1 < ins));
        });

        if (parts is null)
        {
            Store(product.Sums);
        }
        else
        {
            parts.Sum(product.Sums, Store);
        }

        return k.Build();
    }

    /// <summary>Adds the arguments in the order of the parameters.</summary>
    public void Bind(ref ArgumentList arguments, in Correlation c, in PatchWeightPlan plan)
    {
        arguments.Add(c.Out);
        arguments.Add(c.In);
        arguments.Add(c.Weight);
        arguments.Add(c.OutChannels);
        arguments.Add(c.InChannels);
        arguments.Add((int)c.Pixels);
        arguments.Add(PatchWeightPlan.TilesAcross(c));
        arguments.Add(plan.BlocksPerPart);
        arguments.AddIndex(c.Out.Layout.Strides[3], Is64Bit);
        arguments.AddIndex(c.In.Layout.Strides[3], Is64Bit);
        arguments.AddIndex(c.WeightStrides.Out, Is64Bit);
        c.WeightTaps.Bind(ref arguments, Is64Bit);
        PatchWindows.Bind(ref arguments, Patch.Of(c)!.Value, c.Rows, c.Columns);
    }

    /// <summary>The sums over a range of pixels: a block at a time, in it step after step.</summary>
    private void Sum(KernelBuilder k, PatchWeightProduct product, PixelSource patch, PixelSource grads, PatchWindows windows, (Value Start, Value End) range)
    {
        int perStep = (patch.Passes + Steps - 1) / Steps, columns = ColumnTaps;
        Value zero = k.Int32(0);
        Value[] tapPixels = [.. Enumerable.Range(0, RowTaps * ColumnTaps).Select(tap => windows.TapPixels(tap / columns, tap % columns))];

        Value[][] FetchGrads(Value pixel, Value? condition) => [.. Enumerable.Range(0, grads.Passes).Select(pass => grads.Fetch(k.Int32(pass), pixel, zero, condition))];
        void WriteGrads(int stage, Value[][] values)
        {
            for (int pass = 0; pass < values.Length; pass++)
            {
                product.WriteGrad(stage, grads.Pixel(k.Int32(pass)), grads.Channel, values[pass]);
            }
        }

        void WritePatch(Value buffer, Value pass, Value[] values) => product.WritePatch(buffer, patch.Pixel(pass), patch.Channel, values, pass < patch.Passes);
        void WriteMask(Value buffer, Value block) => product.WriteMask(buffer, k.LocalId, windows.Seen(block + k.LocalId, range.End));

        WriteGrads(0, FetchGrads(zero, null));
        for (int first = 0; first < patch.Passes; first += perStep)
        {
            Value[][] values = [.. Enumerable.Range(first, perStep).Select(pass => patch.Fetch(k.Int32(pass), zero, zero))];
            for (int i = 0; i < perStep; i++)
            {
                WritePatch(zero, k.Int32(first + i), values[i]);
            }
        }

        WriteMask(zero, range.Start);
        k.Barrier();
        Variable buffer = k.Variable(zero);
        k.For(range.Start, range.End, k.Int32(PatchWeightProduct.Block), block =>
        {
            Value current = buffer.Value, other = 1 - current, next = block + PatchWeightProduct.Block, isMore = next < range.End, done = block - range.Start;
            for (int step = 0; step < Steps; step++)
            {
                bool isLast = step == Steps - 1;
                Value[][] nextGrads = FetchGrads(done + ((step + 1) * PatchWeightProduct.Step), isLast ? isMore : null);
                Value[][] parts = [.. Enumerable.Range(step * perStep, perStep).Select(pass => patch.Fetch(k.Int32(pass), done + PatchWeightProduct.Block, zero, isMore))];
                product.Multiply(step % 2, step, current, tapPixels);
                WriteGrads((step + 1) % 2, nextGrads);
                for (int i = 0; i < perStep; i++)
                {
                    WritePatch(other, k.Int32((step * perStep) + i), parts[i]);
                }

                if (isLast)
                {
                    WriteMask(other, next);
                }

                k.Barrier();
            }

            buffer.Value = other;
        });
    }
}
