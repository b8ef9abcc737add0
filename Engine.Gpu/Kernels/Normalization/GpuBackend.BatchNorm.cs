namespace Engine.Gpu;

/// <summary>Batch normalisation: one launch where a group can see its channels as a whole or groups can meet, otherwise two.</summary>
internal partial class GpuBackend
{
    protected override void BatchNormForwardCore(in BatchNormForwardArgs args)
    {
        Operand x = args.X;
        DType affine = (args.Scale ?? args.Shift ?? args.RunningMean ?? x).DType;
        bool fits = HaveType(x.DType, args.Y, args.Residual) && HaveType(x.DType.ComputeType(), args.Mean, args.InverseStd)
            && args.RunningMean is null == args.RunningVariance is null
            && HaveType(affine, args.Scale, args.Shift, args.RunningMean, args.RunningVariance);
        if (!fits || x.Shape.ElementCount > MaxItems)
        {
            base.BatchNormForwardCore(args);
            return;
        }

        if (ChannelTiles.AreRows(Target, x, args.Y, args.Residual))
        {
            BatchNormForwardArgs rows = args with { X = ChannelTiles.Rows(x), Y = ChannelTiles.Rows(args.Y), Residual = ChannelTiles.Rows(args.Residual) };

            // The residual has no say, so that the statistics have the same bits with it and without.
            Normalize(rows, affine, ChannelTiles.ChooseRows(Target, reads: 1, writes: 1, rows.X, rows.Y, rows.Residual));
            return;
        }

        Normalize(args, affine, ChannelTiles.Choose(Target, x, args.Y, args.Residual).WithLargeGroups(Target, x.DType, reads: 1, writes: args.Residual is null ? 1 : 2));
    }

    private void Normalize(in BatchNormForwardArgs args, DType affine, in ChannelTiles tiles)
    {
        Operand x = args.X;
        bool is64Bit = StridesParameter.Is64Bit(
            x, args.Y, args.Residual, args.Mean, args.InverseStd, args.Scale, args.Shift, args.RunningMean, args.RunningVariance);
        BatchNormForwardKernel kernel = new(ChannelStage.Whole, tiles.Shape, x.DType, affine, is64Bit)
        {
            HasScale = args.Scale is not null,
            HasShift = args.Shift is not null,
            HasRunning = args.RunningMean is not null,
            HasBatchCount = args.BatchCount is not null,
            HasResidual = args.Residual is not null,
            Relu = args.Relu,
        };
        ArgumentList arguments = new(stackalloc KernelArgument[48]);
        using TensorScope scope = TensorScope.Begin();
        Operand? partials = tiles.Chunks > 1 ? Partials(tiles, x.DType) : null, totals = null;
        KernelArgument? arrivals = Meeting(tiles);
        ChannelTiles rest = tiles;
        if (arrivals is not null)
        {
            kernel = kernel with { Stage = ChannelStage.Together };
        }
        else if (tiles.Chunks > 1)
        {
            BatchNormForwardKernel chunks = new(ChannelStage.Partial, tiles.Shape, x.DType, x.DType, is64Bit);
            if (LastGroupAdds(tiles))
            {
                totals = Totals(1, tiles, x.DType);
                chunks = chunks with { AddsChunks = true, Affine = affine, HasRunning = kernel.HasRunning, HasBatchCount = kernel.HasBatchCount };
                kernel = kernel with { HasRunning = false, HasBatchCount = false };
                rest = tiles.WithoutSums(Target);
            }

            chunks.Bind(ref arguments, args, tiles, partials, totals, chunks.AddsChunks ? _device.Counters.From(0) : null);
            Launch(chunks, tiles.Grid, arguments.Span);
            kernel = kernel with { Stage = chunks.AddsChunks ? ChannelStage.Finished : ChannelStage.Apply };
            arguments.Clear();
        }

        kernel.Bind(ref arguments, args, rest, kernel.Stage == ChannelStage.Finished ? null : partials, totals, arrivals);
        Launch(kernel, rest.Grid, arguments.Span);
    }

    protected override void BatchNormBackwardCore(in BatchNormBackwardArgs args)
    {
        Operand x = args.X, gradient = args.GradY;
        Operand? y = args.Y, more = args.GradYMore, kept = args.GradResidual;
        bool fits = HaveType(x.DType, gradient, more, y, args.GradX, kept) && HaveType(x.DType.ComputeType(), args.Mean, args.InverseStd) && HaveType(args.GradScale.DType, args.GradShift);
        if (!fits || x.Shape.ElementCount > MaxItems)
        {
            base.BatchNormBackwardCore(args);
            return;
        }

        int reads = 2 + (y is null ? 0 : 1) + (more is null ? 0 : 1), writes = 1 + (kept is null ? 0 : 1) + (args.AddsToGradX ? 1 : 0);
        if (ChannelTiles.AreRows(Target, x, gradient, more, y, args.GradX, kept))
        {
            BatchNormBackwardArgs rows = args with
            {
                X = ChannelTiles.Rows(x),
                GradY = ChannelTiles.Rows(gradient),
                GradYMore = ChannelTiles.Rows(more),
                Y = ChannelTiles.Rows(y),
                GradX = ChannelTiles.Rows(args.GradX),
                GradResidual = ChannelTiles.Rows(kept),
            };
            Differentiate(rows, ChannelTiles.ChooseRows(Target, reads, writes, rows.X, rows.GradY, rows.GradYMore, rows.Y, rows.GradX, rows.GradResidual));
            return;
        }

        Differentiate(args, ChannelTiles.Choose(Target, x, gradient, more, y, args.GradX, kept).WithLargeGroups(Target, x.DType, reads, writes));
    }

    private void Differentiate(in BatchNormBackwardArgs args, in ChannelTiles tiles)
    {
        Operand x = args.X, gradient = args.GradY;
        Operand? y = args.Y, more = args.GradYMore, kept = args.GradResidual;
        bool is64Bit = StridesParameter.Is64Bit(x, gradient, more, y, args.Mean, args.InverseStd, args.Scale, args.GradX, kept, args.GradScale, args.GradShift);
        Operand? scale = args.GradX is null ? null : args.Scale;
        BatchNormBackwardKernel kernel = new(ChannelStage.Whole, tiles.Shape, x.DType, scale?.DType ?? x.DType, args.GradScale.DType, is64Bit)
        {
            HasScale = scale is not null,
            HasY = y is not null,
            HasMore = more is not null,
            HasGradX = args.GradX is not null,
            AddsToGradX = args.AddsToGradX,
            HasKept = kept is not null,
        };
        ArgumentList arguments = new(stackalloc KernelArgument[48]);
        using TensorScope scope = TensorScope.Begin();
        Operand? partials = tiles.Chunks > 1 ? Partials(tiles, x.DType) : null, totals = null;
        KernelArgument? arrivals = Meeting(tiles);
        ChannelTiles rest = tiles;
        if (arrivals is not null)
        {
            kernel = kernel with { Stage = ChannelStage.Together };
        }
        else if (tiles.Chunks > 1)
        {
            BatchNormBackwardKernel sums = new(ChannelStage.Partial, tiles.Shape, x.DType, x.DType, x.DType, is64Bit)
            {
                HasY = kernel.HasY,
                HasMore = kernel.HasMore,
                HasKept = kernel.HasKept,
            };
            if (LastGroupAdds(tiles))
            {
                totals = Totals(2, tiles, x.DType);
                sums = sums with { AddsChunks = true, Gradients = kernel.Gradients };
                rest = tiles.WithoutSums(Target);
            }

            sums.Bind(ref arguments, args, tiles, gradient, partials, totals, sums.AddsChunks ? _device.Counters.From(0) : null);
            Launch(sums, tiles.Grid, arguments.Span);
            if (sums.AddsChunks && !kernel.HasGradX)
            {
                return;
            }

            kernel = kernel with { Stage = sums.AddsChunks ? ChannelStage.Finished : ChannelStage.Apply };
            if (kept is { } passed)
            {
                // The first launch has kept the gradient that passed the ReLU: the second one reads it there.
                gradient = passed;
                kernel = kernel with { HasY = false, HasMore = false, HasKept = false };
            }

            arguments.Clear();
        }

        kernel.Bind(ref arguments, args, rest, gradient, kernel.Stage == ChannelStage.Finished ? null : partials, totals, arrivals);
        Launch(kernel, rest.Grid, arguments.Span);
    }

    /// <summary>Counters for groups that meet, so that channels in chunks take one launch; null where there are no chunks, or they take two.</summary>
    private KernelArgument? Meeting(in ChannelTiles tiles)
    {
        int group = tiles.Shape.Group == 0 ? Target.GroupSize : tiles.Shape.Group;
        return tiles.Chunks > 1 && tiles.Tiles <= GroupCounters.Count && _device.Meetings.Passes(this, (long)tiles.Tiles * tiles.Chunks, group) ? _device.Counters.From(0) : null;
    }

    /// <summary>Whether the last group of a tile of channels combines the results of the chunks.</summary>
    private bool LastGroupAdds(in ChannelTiles tiles) => tiles.Shape.IsRows && tiles.Chunks > 1 && Target.HasLastGroup && tiles.Tiles <= GroupCounters.Count;

    /// <summary>Room for two numbers per chunk and channel, in the type that is computed in; until the surrounding scope ends.</summary>
    private Operand Partials(in ChannelTiles tiles, DType dtype) => Numbers([2, tiles.Chunks, tiles.Channels], dtype);

    /// <summary>The same for some numbers per channel.</summary>
    private Operand Totals(int parts, in ChannelTiles tiles, DType dtype) => Numbers([parts, tiles.Channels], dtype);

    private Operand Numbers(Shape shape, DType dtype) => Tensor.Empty(shape, dtype == DType.Float64 ? DType.Float64 : DType.Float32, _device).Operand;
}
