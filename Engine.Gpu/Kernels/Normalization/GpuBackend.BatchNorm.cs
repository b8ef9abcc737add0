namespace Engine.Gpu;

/// <summary>Batch normalisation: one launch where a group can see its channels as a whole, otherwise two.</summary>
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

        bool is64Bit = StridesParameter.Is64Bit(
            x, args.Y, args.Residual, args.Mean, args.InverseStd, args.Scale, args.Shift, args.RunningMean, args.RunningVariance);
        ChannelTiles tiles = ChannelTiles.Choose(Target, x, args.Y, args.Residual).WithLargeGroups(Target, x.DType, reads: 1, writes: args.Residual is null ? 1 : 2);
        BatchNormForwardKernel kernel = new(ChannelStage.Whole, tiles.Shape, x.DType, affine, is64Bit)
        {
            HasScale = args.Scale is not null,
            HasShift = args.Shift is not null,
            HasRunning = args.RunningMean is not null,
            HasBatchCount = args.BatchCount is not null,
            HasResidual = args.Residual is not null,
            Relu = args.Relu,
        };
        using TensorScope scope = TensorScope.Begin();
        Operand? partials = tiles.Chunks > 1 ? Partials(tiles, x.DType) : null;
        KernelArgument? arrivals = Meeting(tiles);
        if (arrivals is not null)
        {
            kernel = kernel with { Stage = ChannelStage.Together };
        }
        else if (tiles.Chunks > 1)
        {
            BatchNormForwardKernel chunks = new(ChannelStage.Partial, tiles.Shape, x.DType, x.DType, is64Bit);
            ArgumentList first = new(stackalloc KernelArgument[16]);
            chunks.Bind(ref first, args, tiles, partials);
            Launch(chunks, tiles.Grid, first.Span);
            kernel = kernel with { Stage = ChannelStage.Apply };
        }

        ArgumentList arguments = new(stackalloc KernelArgument[48]);
        kernel.Bind(ref arguments, args, tiles, partials, arrivals);
        Launch(kernel, tiles.Grid, arguments.Span);
    }

    protected override void BatchNormBackwardCore(in BatchNormBackwardArgs args)
    {
        Operand x = args.X, gradient = args.GradY;
        Operand? y = args.Y, more = args.GradYMore, kept = args.GradResidual;
        DType gradients = args.GradScale.DType;
        bool fits = HaveType(x.DType, gradient, more, y, args.GradX, kept) && HaveType(x.DType.ComputeType(), args.Mean, args.InverseStd) && HaveType(gradients, args.GradShift);
        if (!fits || x.Shape.ElementCount > MaxItems)
        {
            base.BatchNormBackwardCore(args);
            return;
        }

        bool is64Bit = StridesParameter.Is64Bit(x, gradient, more, y, args.Mean, args.InverseStd, args.Scale, args.GradX, kept, args.GradScale, args.GradShift);
        Operand? scale = args.GradX is null ? null : args.Scale;
        ChannelTiles tiles = ChannelTiles.Choose(Target, x, gradient, more, y, args.GradX, kept).WithLargeGroups(Target, x.DType, reads: 2 + (y is null ? 0 : 1) + (more is null ? 0 : 1), writes: 1 + (kept is null ? 0 : 1) + (args.AddsToGradX ? 1 : 0));
        BatchNormBackwardKernel kernel = new(ChannelStage.Whole, tiles.Shape, x.DType, scale?.DType ?? x.DType, gradients, is64Bit)
        {
            HasScale = scale is not null,
            HasY = y is not null,
            HasMore = more is not null,
            HasGradX = args.GradX is not null,
            AddsToGradX = args.AddsToGradX,
            HasKept = kept is not null,
        };
        using TensorScope scope = TensorScope.Begin();
        Operand? partials = tiles.Chunks > 1 ? Partials(tiles, x.DType) : null;
        KernelArgument? arrivals = Meeting(tiles);
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
            ArgumentList first = new(stackalloc KernelArgument[32]);
            sums.Bind(ref first, args, tiles, partials, gradient);
            Launch(sums, tiles.Grid, first.Span);
            kernel = kernel with { Stage = ChannelStage.Apply };
            if (kept is { } passed)
            {
                // The first launch has kept the gradient that passed the ReLU: the second one reads it there.
                gradient = passed;
                kernel = kernel with { HasY = false, HasMore = false, HasKept = false };
            }
        }

        ArgumentList arguments = new(stackalloc KernelArgument[48]);
        kernel.Bind(ref arguments, args, tiles, partials, gradient, arrivals);
        Launch(kernel, tiles.Grid, arguments.Span);
    }

    /// <summary>Counters for groups that meet, so that channels in chunks take one launch; null where there are no chunks, or they take two.</summary>
    private KernelArgument? Meeting(in ChannelTiles tiles)
    {
        int group = tiles.Shape.Group == 0 ? Target.GroupSize : tiles.Shape.Group;
        return tiles.Chunks > 1 && tiles.Tiles <= GroupCounters.Count && _device.Meetings.Passes(this, (long)tiles.Tiles * tiles.Chunks, group) ? _device.Counters.From(0) : null;
    }

    /// <summary>Room for two numbers per chunk and channel, in the type that is computed in; until the surrounding scope ends.</summary>
    private Operand Partials(in ChannelTiles tiles, DType dtype) =>
        Tensor.Empty([2, tiles.Chunks, tiles.Channels], dtype == DType.Float64 ? DType.Float64 : DType.Float32, _device).Operand;
}
