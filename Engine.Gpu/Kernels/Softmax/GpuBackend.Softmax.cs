namespace Engine.Gpu;

/// <summary>The softmax family: a row for one work-item, several, or a group.</summary>
internal partial class GpuBackend
{
    protected override void SoftmaxCore(in Operand x, in Operand y, int axis, bool log)
    {
        if (x.DType != y.DType || !RowSplit.TrySplit(x.Shape, axis, out RowSplit split) || !split.TryView(x, out Operand xView) || !split.TryView(y, out Operand yView))
        {
            base.SoftmaxCore(x, y, axis, log);
            return;
        }

        bool is64Bit = StridesParameter.Is64Bit(xView, yView);
        RowShape shape = ShapeOf(split).WithRuns(Target, split, [xView, yView]);
        SoftmaxKernel kernel = new(y.DType, log, shape, is64Bit);
        ArgumentList arguments = new(stackalloc KernelArgument[16]);
        kernel.Bind(ref arguments, xView, yView, split);
        Launch(kernel, shape.Grid(Target, split.Rows), arguments.Span);
    }

    protected override void SoftmaxBackwardCore(in Operand y, in Operand gradY, in Operand gradX, int axis, bool log)
    {
        bool fits = RowSplit.TrySplit(y.Shape, axis, out RowSplit split) & y.DType == gradX.DType & gradY.DType == gradX.DType;
        if (!fits || !split.TryView(y, out Operand yView) || !split.TryView(gradY, out Operand gradient) || !split.TryView(gradX, out Operand output))
        {
            base.SoftmaxBackwardCore(y, gradY, gradX, axis, log);
            return;
        }

        bool is64Bit = StridesParameter.Is64Bit(yView, gradient, output);
        RowShape shape = ShapeOf(split).WithRuns(Target, split, [yView, gradient, output]);
        SoftmaxBackwardKernel kernel = new(y.DType, log, shape, is64Bit);
        ArgumentList arguments = new(stackalloc KernelArgument[24]);
        kernel.Bind(ref arguments, yView, gradient, output, split);
        Launch(kernel, shape.Grid(Target, split.Rows), arguments.Span);
    }

    protected override void CrossEntropyForwardCore(in CrossEntropyForwardArgs args)
    {
        if (!TryCrossEntropy(args, hasMean: false))
        {
            base.CrossEntropyForwardCore(args);
        }
    }

    protected override void CrossEntropyMeanCore(in CrossEntropyForwardArgs args)
    {
        if (!Target.HasLastGroup || !TryCrossEntropy(args, hasMean: true))
        {
            base.CrossEntropyMeanCore(args);
        }
    }

    private bool TryCrossEntropy(in CrossEntropyForwardArgs args, bool hasMean)
    {
        DType type = args.Logits.DType;
        bool fits = args.Targets.DType == DType.Int64 & HaveType(type, args.ClassWeights, args.LogSumExp, args.Losses, args.Mean, args.Share);
        if (!fits || !RowSplit.TrySplit(args.Logits.Shape, 1, out RowSplit split) || !split.TryView(args.Logits, out Operand z))
        {
            return false;
        }

        bool is64Bit = StridesParameter.Is64Bit(args.Logits, args.Targets, args.ClassWeights, args.LogSumExp, args.Losses);
        RowShape shape = ShapeOf(split).WithRuns(Target, split, [z]);
        CrossEntropyForwardKernel kernel = new(z.DType, args.ClassWeights is not null, args.LabelSmoothing > 0, shape, is64Bit) { HasMean = hasMean };
        LaunchGrid grid = shape.Grid(Target, split.Rows);
        using TensorScope scope = TensorScope.Begin();
        ArgumentList arguments = new(stackalloc KernelArgument[32]);
        kernel.Bind(ref arguments, args, z, split);
        if (hasMean)
        {
            LaunchSums.Bind(ref arguments, Temporary(2L * grid.X, z.DType.ComputeType()), _device.Counters.From(0));
        }

        Launch(kernel, grid, arguments.Span);
        return true;
    }

    protected override void CrossEntropyBackwardCore(in CrossEntropyBackwardArgs args)
    {
        DType type = args.Logits.DType;
        bool fits = args.Targets.DType == DType.Int64 & HaveType(type, args.ClassWeights, args.LogSumExp, args.GradLosses, args.GradLogits)
            & RowSplit.TrySplit(args.Logits.Shape, 1, out RowSplit split);
        if (!fits || !split.TryView(args.Logits, out Operand z) || !split.TryView(args.GradLogits, out Operand output))
        {
            base.CrossEntropyBackwardCore(args);
            return;
        }

        bool is64Bit = StridesParameter.Is64Bit(args.Logits, args.Targets, args.ClassWeights, args.LogSumExp, args.GradLosses, args.GradLogits);
        RowShape shape = ShapeOf(split).WithRuns(Target, split, [z, output]);
        CrossEntropyBackwardKernel kernel = new(z.DType, args.ClassWeights is not null, args.LabelSmoothing > 0, shape, is64Bit);
        ArgumentList arguments = new(stackalloc KernelArgument[32]);
        kernel.Bind(ref arguments, args, z, output, split);
        Launch(kernel, shape.Grid(Target, split.Rows), arguments.Span);
    }
}
