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

        bool wide = StridesParameter.IsWide(
            x, args.Y, args.Residual, args.Mean, args.InverseStd, args.Scale, args.Shift, args.RunningMean, args.RunningVariance);
        ChannelTiles tiles = ChannelTiles.Choose(Target, x, args.Y, args.Residual);
        BatchNormForwardKernel kernel = new(ChannelStage.Whole, tiles.Shape, x.DType, affine, wide)
        {
            HasScale = args.Scale is not null,
            HasShift = args.Shift is not null,
            HasRunning = args.RunningMean is not null,
            HasBatchCount = args.BatchCount is not null,
            HasResidual = args.Residual is not null,
            Relu = args.Relu,
        };
        using TensorScope scope = TensorScope.Begin();
        Operand? partials = null;
        if (tiles.Chunks > 1)
        {
            partials = Partials(tiles, x.DType);
            ArgumentList first = new(stackalloc KernelArgument[16]);
            Begin(ref first);
            Launch(new BatchNormForwardKernel(ChannelStage.Partial, tiles.Shape, x.DType, x.DType, wide), tiles.Grid, first.Span);
            kernel = kernel with { Stage = ChannelStage.Apply };
        }

        RegisterType type = x.DType.InRegister();
        ArgumentList arguments = new(stackalloc KernelArgument[48]);
        Begin(ref arguments);
        arguments.Add(args.Y);
        arguments.Add(args.Mean);
        arguments.Add(args.InverseStd);
        arguments.AddStrides(args.Y, wide);
        arguments.AddStrides(args.Mean, wide);
        arguments.AddStrides(args.InverseStd, wide);
        arguments.AddNumber(type, args.Epsilon);
        ChannelVector.AddArgument(ref arguments, args.Scale, wide);
        ChannelVector.AddArgument(ref arguments, args.Shift, wide);
        if (args.RunningMean is not null)
        {
            arguments.AddNumber(type, 1 - args.Momentum);
            arguments.AddNumber(type, args.Momentum);
            arguments.AddNumber(type, args.Momentum * tiles.Count / (tiles.Count - 1.0));
            ChannelVector.AddArgument(ref arguments, args.RunningMean, wide);
            ChannelVector.AddArgument(ref arguments, args.RunningVariance, wide);
        }

        arguments.AddOptional(args.BatchCount);
        arguments.AddOptional(args.Residual);
        arguments.AddStrides(args.Residual, wide);
        Launch(kernel, tiles.Grid, arguments.Span);

        void Begin(ref ArgumentList list)
        {
            list.Add(x);
            list.AddOptional(partials);
            ChannelItems.AddArguments(ref list, tiles, x.Shape[2]);
            list.AddStrides(x, wide);
        }
    }

    protected override void BatchNormBackwardCore(in BatchNormBackwardArgs args)
    {
        Operand x = args.X, dy = args.GradY, mean = args.Mean, inverse = args.InverseStd;
        Operand? y = args.Y, more = args.GradYMore, kept = args.GradResidual;
        DType gradients = args.GradScale.DType;
        bool fits = HaveType(x.DType, dy, more, y, args.GradX, kept) && HaveType(x.DType.ComputeType(), mean, inverse) && HaveType(gradients, args.GradShift);
        if (!fits || x.Shape.ElementCount > MaxItems)
        {
            base.BatchNormBackwardCore(args);
            return;
        }

        bool wide = StridesParameter.IsWide(x, dy, more, y, mean, inverse, args.Scale, args.GradX, kept, args.GradScale, args.GradShift);
        bool hasScale = args.GradX is not null && args.Scale is not null;
        ChannelTiles tiles = ChannelTiles.Choose(Target, x, dy, more, y, args.GradX, kept);
        BatchNormBackwardKernel kernel = new(ChannelStage.Whole, tiles.Shape, x.DType, hasScale ? args.Scale!.Value.DType : x.DType, gradients, wide)
        {
            HasScale = hasScale,
            HasY = y is not null,
            HasMore = more is not null,
            HasGradX = args.GradX is not null,
            HasKept = kept is not null,
        };
        using TensorScope scope = TensorScope.Begin();
        Operand? partials = null;
        if (tiles.Chunks > 1)
        {
            partials = Partials(tiles, x.DType);
            ArgumentList first = new(stackalloc KernelArgument[32]);
            Begin(ref first);
            BatchNormBackwardKernel sums = new(ChannelStage.Partial, tiles.Shape, x.DType, x.DType, x.DType, wide)
            {
                HasY = kernel.HasY,
                HasMore = kernel.HasMore,
                HasKept = kernel.HasKept,
            };
            Launch(sums, tiles.Grid, first.Span);
            kernel = kernel with { Stage = ChannelStage.Apply };
            if (kept is { } passed)
            {
                // What passed the ReLU is read where the first launch has left it.
                (dy, more, y, kept) = (passed, null, null, null);
                kernel = kernel with { HasY = false, HasMore = false, HasKept = false };
            }
        }

        ArgumentList arguments = new(stackalloc KernelArgument[48]);
        Begin(ref arguments);
        arguments.Add(args.GradShift);
        arguments.Add(args.GradScale);
        arguments.AddStrides(args.GradShift, wide);
        arguments.AddStrides(args.GradScale, wide);
        if (args.GradX is { } gradX)
        {
            arguments.Add(gradX);
            arguments.AddStrides(gradX, wide);
            arguments.AddNumber(x.DType.InRegister(), 1.0 / tiles.Count);
            ChannelVector.AddArgument(ref arguments, args.Scale, wide);
        }

        Launch(kernel, tiles.Grid, arguments.Span);

        void Begin(ref ArgumentList list)
        {
            list.AddOptional(partials);
            ChannelItems.AddArguments(ref list, tiles, x.Shape[2]);
            list.Add(x);
            list.Add(dy);
            list.AddOptional(y);
            list.AddStrides(x, wide);
            list.AddStrides(dy, wide);
            list.AddStrides(y, wide);
            list.AddOptional(more);
            list.AddStrides(more, wide);
            list.AddOptional(kept);
            list.AddStrides(kept, wide);
            ChannelVector.AddArgument(ref list, mean, wide);
            ChannelVector.AddArgument(ref list, inverse, wide);
        }
    }

    private protected static bool HaveType(DType type, params ReadOnlySpan<Operand?> operands)
    {
        foreach (Operand? operand in operands)
        {
            if (operand is { } given && given.DType != type)
            {
                return false;
            }
        }

        return true;
    }

    private protected static bool HaveType(DType type, ReadOnlySpan<Operand> operands)
    {
        foreach (Operand operand in operands)
        {
            if (operand.DType != type)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Room for two numbers per chunk and channel, in the type that is computed in; until the surrounding scope ends.</summary>
    private Operand Partials(in ChannelTiles tiles, DType dtype) =>
        Tensor.Allocate([2, tiles.Chunks, tiles.Channels], dtype == DType.Float64 ? DType.Float64 : DType.Float32, _device).Operand;
}
