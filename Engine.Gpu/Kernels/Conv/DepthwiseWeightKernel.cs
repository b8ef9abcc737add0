namespace Engine.Gpu;

/// <summary>
/// The gradient to the filters of a convolution with few channels a group, above all depthwise: a work-item walks over tiles of the result's gradient and keeps the sums of
/// all taps in registers, so that each element of image and gradient is read once; the group adds its work-items' sums in order.
/// </summary>
/// <param name="Plan">Tiles, taps and lanes; its channels are pairs of a channel of the result and one of the image.</param>
/// <param name="InType">Elements of the image.</param>
/// <param name="GradType">Elements of the result's gradient.</param>
/// <param name="OutType">Elements of the filters' gradient, or of its parts.</param>
/// <param name="Compute">Float32 or Float64.</param>
/// <param name="Is64Bit">Whether indices need 64 bits.</param>
internal readonly record struct DepthwiseWeightKernel(DepthwisePlan Plan, DType InType, DType GradType, DType OutType, DType Compute, bool Is64Bit) : IKernelDefinition
{
    // Tiles that a work-item walks over at least, so that its sums are worth adding up.
    private const int FewestTiles = 4;

    /// <summary>Groups that share the tiles of some channels: enough to fill the card.</summary>
    public static int Parts(GpuTarget target, in Correlation c, in DepthwisePlan plan)
    {
        long tiles = plan.Tiles(c.Batch, c.Out.Shape[2], c.Out.Shape[3]), blocks = Blocks(c, plan);
        return (int)Math.Clamp(4L * target.ComputeUnits / blocks, 1, Math.Max(1, tiles / ((long)plan.TileLanes * FewestTiles)));
    }

    /// <summary>The groups of a launch: parts by channels.</summary>
    public static LaunchGrid Grid(in Correlation c, in DepthwisePlan plan, int parts) => new(parts, checked((int)Blocks(c, plan)));

    /// <summary>Axes of the gradient as parts hold it, with its strides.</summary>
    public static BatchAxisList Axes(in Correlation c, in DepthwisePlan plan)
    {
        BatchAxisList axes = default;
        axes.Add(new BatchAxis(c.Groups, 0, 0, c.WeightGroup, 0));
        axes.Add(new BatchAxis(c.OutChannels, 0, 0, c.WeightStrides.Out, 0));
        axes.Add(new BatchAxis(c.InChannels, 0, 0, c.WeightStrides.In, 0));
        axes.Add(new BatchAxis(plan.Rows.Taps, 0, 0, c.WeightStrides.Row, 0));
        axes.Add(new BatchAxis(plan.Columns.Taps, 0, 0, c.WeightStrides.Column, 0));
        return axes;
    }

    public Kernel Build(GpuTarget target)
    {
        DepthwisePlan plan = Plan;
        KernelBuilder k = new("conv_weight_depthwise", target, plan.GroupSize) { MinGroupsPerUnit = DepthwisePlan.MinGroupsOfFilters };
        RegisterType type = Is64Bit ? RegisterType.Int64 : RegisterType.Int32, compute = Compute.InRegister();
        Memory grad = k.Buffer("grad", GradType, readOnly: true), image = k.Buffer("image", InType, readOnly: true), result = k.Buffer("result", OutType);
        Memory shared = k.Shared("sums", Compute, plan.GroupSize * plan.Width * plan.Taps);
        DepthwiseTiles tiles = new(k, plan, type);
        Value pairs = k.Size("pairs");
        DivisorParameter inChannels = new(k, "in_channels"), outChannels = new(k, "out_channels");
        Value[] filter = [.. new[] { "group", "out", "in", "row", "column" }.Select(name => k.Scalar("filter_" + name, type))];
        Value partStride = k.Scalar("part_stride", type);

        Value firstPair = k.GroupY * plan.Channels, lane = k.LocalId % plan.ChannelLanes * plan.Width, tileLane = k.LocalId / plan.ChannelLanes;
        (Value channel, Value inner) = inChannels.Divide(firstPair + lane);
        Value imageChannel = (outChannels.Divide(channel).Quotient * inChannels.Size) + inner, exists = firstPair + lane < pairs;
        Variable[] sums = k.Variables(plan.Taps * plan.Width, k.Constant(compute, 0));
        k.For((k.GroupX * plan.TileLanes) + tileLane, tiles.Count, k.GroupCountX * plan.TileLanes, number =>
        {
            Value[] added = Add(k, plan, compute, image, grad, tiles.At(number, exists), imageChannel, channel, [.. sums.Select(static sum => sum.Value)]);
            for (int i = 0; i < added.Length; i++)
            {
                sums[i].Value = added[i];
            }
        });

        for (int tap = 0; tap < plan.Taps; tap++)
        {
            Value at = (((tileLane * plan.Taps) + tap) * plan.Channels) + lane;
            k.StoreVector(shared, at, [.. Enumerable.Range(0, plan.Width).Select(e => sums[(tap * plan.Width) + e].Value)]);
        }

        k.Barrier();
        DType outType = OutType;
        k.For(k.LocalId, k.Int32(plan.Taps * plan.Channels), k.Int32(k.GroupSize), number =>
        {
            Value inBlock = number / plan.Taps, tap = number % plan.Taps, pair = firstPair + inBlock, at = (tap * plan.Channels) + inBlock;
            Value total = k.Load(shared, at);
            for (int other = 1; other < plan.TileLanes; other++)
            {
                total += k.Load(shared, at + (other * plan.Taps * plan.Channels));
            }

            (Value outIndex, Value inIndex) = inChannels.Divide(pair);
            (Value group, Value outInGroup) = outChannels.Divide(outIndex);
            Value[] along = [group, outInGroup, inIndex, tap / plan.Columns.Taps, tap % plan.Columns.Taps];
            Value offset = along.Zip(filter, (index, stride) => index.To(type) * stride).Aggregate(static (a, b) => a + b) + (k.GroupX.To(type) * partStride);
            k.Store(result, offset, total.To(outType.InRegister()), pair < pairs);
        });
        return k.Build();
    }

    /// <summary>Adds the arguments in the order of the parameters.</summary>
    /// <param name="arguments">The arguments of the launch.</param>
    /// <param name="c">The convolution's sum.</param>
    /// <param name="target">The gradient, or its parts.</param>
    /// <param name="parts">How many parts there are.</param>
    public void Bind(ref ArgumentList arguments, in Correlation c, in Operand target, int parts)
    {
        arguments.Add(c.Out);
        arguments.Add(c.In);
        arguments.Add(target);
        DepthwiseTiles.Bind(ref arguments, c, Plan, Is64Bit);
        arguments.Add(c.InChannels * c.OutChannels * c.Groups);
        arguments.Add(c.InChannels, new Divisor(c.InChannels));
        arguments.Add(c.OutChannels, new Divisor(c.OutChannels));
        int filter = Plan.Taps * c.InChannels;
        Span<long> strides = parts > 1
            ? [(long)filter * c.OutChannels, filter, Plan.Taps, Plan.Columns.Taps, 1]
            : [c.WeightGroup, c.WeightStrides.Out, c.WeightStrides.In, c.WeightStrides.Row, c.WeightStrides.Column];
        foreach (long stride in strides)
        {
            arguments.AddIndex(stride, Is64Bit);
        }

        arguments.AddIndex(c.WeightResults, Is64Bit);
    }

    private static long Blocks(in Correlation c, in DepthwisePlan plan) => (((long)c.InChannels * c.OutChannels * c.Groups) + plan.Channels - 1) / plan.Channels;

    /// <summary>Adds one tile to the sums of all taps.</summary>
    private static Value[] Add(
        KernelBuilder k, DepthwisePlan plan, RegisterType compute, Memory image, Memory grad, DepthwiseTile tile, Value imageChannel, Value channel, Value[] sums)
    {
        Value[] result = [.. sums];
        var gradients = new Value[plan.Rows.Tile * plan.Columns.Tile][];
        for (int i = 0; i < gradients.Length; i++)
        {
            gradients[i] = [.. tile.LoadResult(grad, i / plan.Columns.Tile, i % plan.Columns.Tile, channel).Select(value => value.To(compute))];
        }

        (int firstRow, int lastRow) = plan.Rows.Reach;
        (int firstColumn, int lastColumn) = plan.Columns.Reach;
        for (int row = firstRow; row <= lastRow; row++)
        {
            (int Result, int Tap)[] rows = [.. plan.Rows.Uses(row)];
            for (int column = firstColumn; rows.Length > 0 && column <= lastColumn; column++)
            {
                (int Result, int Tap)[] columns = [.. plan.Columns.Uses(column)];
                if (columns.Length == 0)
                {
                    continue;
                }

                Value[] read = tile.LoadImage(image, row, column, imageChannel);
                foreach ((int Result, int Tap) down in rows)
                {
                    foreach ((int Result, int Tap) across in columns)
                    {
                        int at = ((down.Tap * plan.Columns.Taps) + across.Tap) * plan.Width;
                        Value[] gradient = gradients[(down.Result * plan.Columns.Tile) + across.Result];
                        for (int e = 0; e < plan.Width; e++)
                        {
                            result[at + e] = k.Fma(read[e].To(compute), gradient[e], result[at + e]);
                        }
                    }
                }
            }
        }

        return result;
    }
}
