namespace Engine.Gpu;

/// <summary>
/// A convolution with few channels a group, above all depthwise, forward or to the images at any stride: a work-item takes a tile of results of some channels, reads
/// each element of the image under it once, row by row, and adds it to all results that it counts for.
/// </summary>
/// <param name="Plan">Tiles, taps and lanes.</param>
/// <param name="InType">Elements of the image.</param>
/// <param name="WeightType">Elements of the filters.</param>
/// <param name="OutType">Elements of the result.</param>
/// <param name="Compute">Float32 or Float64.</param>
/// <param name="IsDeep">Whether a result is a sum over more than one channel.</param>
/// <param name="Epilogue">The operations after the sum.</param>
/// <param name="Is64Bit">Whether indices need 64 bits.</param>
internal readonly record struct DepthwiseKernel(
    DepthwisePlan Plan, DType InType, DType WeightType, DType OutType, DType Compute, bool IsDeep, Epilogue Epilogue, bool Is64Bit) : IKernelDefinition
{
    /// <summary>The kernel of a correlation.</summary>
    public static DepthwiseKernel Of(in Correlation c, in DepthwisePlan plan, DType compute) =>
        new(plan, c.In.DType, c.Weight.DType, c.Out.DType, compute, c.InChannels > 1, c.Epilogue(BiasKind.Full), c.Is64Bit);

    /// <summary>The groups of a launch: tiles by channels.</summary>
    public static LaunchGrid Grid(in Correlation c, in DepthwisePlan plan)
    {
        long tiles = plan.Tiles(c.Batch, c.Out.Shape[2], c.Out.Shape[3]);
        return new LaunchGrid(checked((int)((tiles + plan.TileLanes - 1) / plan.TileLanes)), ((c.OutChannels * c.Groups) + plan.Channels - 1) / plan.Channels);
    }

    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new(Plan.Rows.IsBackward ? "conv_depthwise_backward" : "conv_depthwise", target, Plan.GroupSize) { MinGroupsPerUnit = DepthwisePlan.MinGroupsPerUnit };
        RegisterType type = Is64Bit ? RegisterType.Int64 : RegisterType.Int32, compute = Compute.InRegister();
        Memory image = k.Buffer("image", InType, readOnly: true), filters = k.Buffer("filters", WeightType, readOnly: true), result = k.Buffer("result", OutType);
        Memory? bias = Epilogue.Bias == BiasKind.None ? null : k.Buffer("bias", Epilogue.BiasType);
        Memory taps = k.Shared("taps", Compute, Plan.Taps * Plan.Pitch);
        DepthwiseTiles tiles = new(k, Plan, type);
        Value inChannels = k.Size("in_channels"), channels = k.Size("channels");
        DivisorParameter groupChannels = new(k, "group_channels");
        Value[] filter = [.. new[] { "group", "out", "in", "row", "column" }.Select(name => k.Scalar("filter_" + name, type))];
        Value biasChannel = k.Scalar("bias_channel", type);
        EpilogueParameters epilogue = new(k, Epilogue, compute);
        (DepthwisePlan plan, DType outType) = (Plan, OutType);

        Value firstChannel = k.GroupY * plan.Channels, lane = k.LocalId % plan.ChannelLanes * plan.Width, channel = firstChannel + lane;
        Value group = groupChannels.Divide(channel).Quotient;
        DepthwiseTile tile = tiles.At((k.GroupX * plan.TileLanes) + (k.LocalId / plan.ChannelLanes), channel < channels);

        void Stage(Value inner) => k.For(k.LocalId, k.Int32(plan.Taps * plan.Channels), k.Int32(k.GroupSize), number =>
        {
            Value inBlock = number / plan.Taps, tap = number % plan.Taps, at = firstChannel + inBlock;
            (Value itsGroup, Value itsOut) = groupChannels.Divide(at);
            Value[] along = [itsGroup, itsOut, inner, tap / plan.Columns.Taps, tap % plan.Columns.Taps];
            Value offset = along.Zip(filter, (index, stride) => index.To(type) * stride).Aggregate(static (a, b) => a + b);
            k.Store(taps, (tap * plan.Pitch) + inBlock, k.Load(filters, offset, at < channels).To(compute));
        });

        Value[] sums = [.. Enumerable.Repeat(k.Constant(compute, 0), plan.Rows.Tile * plan.Columns.Tile * plan.Width)];
        if (IsDeep)
        {
            Variable[] variables = k.Variables(sums.Length, sums[0]);
            k.For(0, inChannels, 1, inner =>
            {
                k.Barrier();
                Stage(inner);
                k.Barrier();
                Value[] more = Add(k, plan, compute, image, taps, tile, (group * inChannels) + inner, lane, [.. variables.Select(static variable => variable.Value)]);
                for (int i = 0; i < more.Length; i++)
                {
                    variables[i].Value = more[i];
                }
            });
            sums = [.. variables.Select(static variable => variable.Value)];
        }
        else
        {
            Stage(k.Int32(0));
            k.Barrier();
            sums = Add(k, plan, compute, image, taps, tile, group, lane, sums);
        }

        Value[]? added = bias is null ? null : [.. Enumerable.Range(0, plan.Width).Select(e => k.Load(bias, (channel + e).To(type) * biasChannel, tile.Exists))];
        for (int row = 0; row < plan.Rows.Tile; row++)
        {
            for (int column = 0; column < plan.Columns.Tile; column++)
            {
                int at = ((row * plan.Columns.Tile) + column) * plan.Width;
                tile.StoreResult(result, row, column, channel, [.. Enumerable.Range(0, plan.Width).Select(e => epilogue.Apply(sums[at + e], null, added?[e], outType))]);
            }
        }

        return k.Build();
    }

    /// <summary>Adds the arguments in the order of the parameters.</summary>
    public void Bind(ref ArgumentList arguments, in Correlation c)
    {
        arguments.Add(c.In);
        arguments.Add(c.Weight);
        arguments.Add(c.Out);
        arguments.AddOptional(c.Bias);
        DepthwiseTiles.Bind(ref arguments, c, Plan, Is64Bit);
        arguments.Add(c.InChannels);
        arguments.Add(c.OutChannels * c.Groups);
        arguments.Add(c.OutChannels, new Divisor(c.OutChannels));
        arguments.AddIndex(c.WeightGroup, Is64Bit);
        arguments.AddIndex(c.WeightStrides.Out, Is64Bit);
        arguments.AddIndex(c.WeightStrides.In, Is64Bit);
        arguments.AddIndex(c.Weight.Layout.Strides[2], Is64Bit);
        arguments.AddIndex(c.Weight.Layout.Strides[3], Is64Bit);
        arguments.AddIndex(c.BiasStride, Is64Bit);
    }

    /// <summary>Adds one channel of the image to all sums of the tile.</summary>
    private static Value[] Add(KernelBuilder k, DepthwisePlan plan, RegisterType compute, Memory image, Memory taps, DepthwiseTile tile, Value channel, Value lane, Value[] sums)
    {
        Value[][] factors = [.. Enumerable.Range(0, plan.Taps).Select(tap => k.LoadVector(taps, lane + (tap * plan.Pitch), plan.Width))];
        Value[] result = [.. sums];
        (int firstRow, int lastRow) = plan.Rows.Reach;
        (int firstColumn, int lastColumn) = plan.Columns.Reach;
        for (int row = firstRow; row <= lastRow; row++)
        {
            (int Result, int Tap)[] rows = [.. plan.Rows.Uses(row)];
            if (rows.Length == 0)
            {
                continue;
            }

            for (int column = firstColumn; column <= lastColumn; column++)
            {
                (int Result, int Tap)[] columns = [.. plan.Columns.Uses(column)];
                if (columns.Length == 0)
                {
                    continue;
                }

                Value[] read = tile.LoadImage(image, row, column, channel);
                foreach ((int Result, int Tap) down in rows)
                {
                    foreach ((int Result, int Tap) across in columns)
                    {
                        int at = ((down.Result * plan.Columns.Tile) + across.Result) * plan.Width, tap = (down.Tap * plan.Columns.Taps) + across.Tap;
                        for (int e = 0; e < plan.Width; e++)
                        {
                            result[at + e] = k.Fma(read[e].To(compute), factors[tap][e], result[at + e]);
                        }
                    }
                }
            }
        }

        return result;
    }
}
