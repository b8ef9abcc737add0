namespace Engine.Gpu;

/// <summary>Layer normalisation: rows forward and to the input, columns to scale and shift.</summary>
internal partial class GpuBackend
{
    protected override void LayerNormForwardCore(in LayerNormForwardArgs args)
    {
        DType affine = (args.Scale ?? args.Shift ?? args.X).DType;
        bool fits = HaveType(args.X.DType, args.Y) & HaveType(args.X.DType.ComputeType(), args.Mean, args.InverseStd) & HaveType(affine, args.Scale, args.Shift)
            & RowSplit.TrySplit(args.X.Shape, 1, out RowSplit split);
        if (!fits || !split.TryView(args.X, out Operand x) || !split.TryView(args.Y, out Operand y))
        {
            base.LayerNormForwardCore(args);
            return;
        }

        bool is64Bit = StridesParameter.Is64Bit(x, y, args.Mean, args.InverseStd, args.Scale, args.Shift);
        RowShape shape = ShapeOf(split).WithRuns(Target, split, [x, y], args.Scale, args.Shift);
        LayerNormForwardKernel kernel = new(x.DType, affine, args.Scale is not null, args.Shift is not null, shape, is64Bit);
        ArgumentList arguments = new(stackalloc KernelArgument[32]);
        kernel.Bind(ref arguments, args, x, y, split);
        Launch(kernel, shape.Grid(Target, split.Rows), arguments.Span);
    }

    protected override void LayerNormBackwardCore(in LayerNormBackwardArgs args)
    {
        DType type = args.X.DType;
        bool fits = HaveType(type, args.GradY, args.GradX) & HaveType(type.ComputeType(), args.Mean, args.InverseStd)
            & HaveType((args.GradScale ?? args.GradShift ?? args.X).DType, args.GradScale, args.GradShift)
            & RowSplit.TrySplit(args.X.Shape, 1, out RowSplit split) & args.X.Shape.ElementCount <= MaxItems;
        if (!fits || !split.TryView(args.X, out Operand x) || !split.TryView(args.GradY, out Operand dy))
        {
            base.LayerNormBackwardCore(args);
            return;
        }

        bool is64Bit = StridesParameter.Is64Bit(x, dy, args.Mean, args.InverseStd, args.Scale, args.GradX, args.GradScale, args.GradShift);
        if (args.GradX is { } gradX)
        {
            _ = split.TryView(gradX, out Operand dx);
            RowShape shape = ShapeOf(split).WithRuns(Target, split, [x, dy, dx], args.Scale);
            LayerNormBackwardKernel kernel = new(type, args.Scale?.DType ?? type, args.Scale is not null, shape, is64Bit);
            ArgumentList arguments = new(stackalloc KernelArgument[32]);
            kernel.Bind(ref arguments, args, x, dy, dx, split);
            Launch(kernel, shape.Grid(Target, split.Rows), arguments.Span);
        }

        if ((args.GradScale ?? args.GradShift) is { } gradient)
        {
            LayerNormColumns(args, x, dy, gradient.DType, is64Bit);
        }
    }

    private void LayerNormColumns(in LayerNormBackwardArgs args, in Operand x, in Operand dy, DType gradients, bool is64Bit)
    {
        ChannelTiles tiles = ChannelTiles.Choose(Target, x);
        LayerNormColumnsKernel kernel = new(
            ChannelStage.Whole, tiles.Shape, x.DType, gradients, args.GradScale is not null, args.GradShift is not null, is64Bit);
        using TensorScope scope = TensorScope.Begin();
        Operand? partials = null;
        ArgumentList arguments = new(stackalloc KernelArgument[32]);
        if (tiles.Chunks > 1)
        {
            partials = Partials(tiles, x.DType);
            LayerNormColumnsKernel chunks = kernel with { Stage = ChannelStage.Partial, Gradients = x.DType, HasScale = false, HasShift = false };
            chunks.Bind(ref arguments, args, x, dy, tiles, partials);
            Launch(chunks, tiles.Grid, arguments.Span);
            arguments.Clear();
            kernel = kernel with { Stage = ChannelStage.Apply };
        }

        kernel.Bind(ref arguments, args, x, dy, tiles, partials);
        Launch(kernel, tiles.Grid, arguments.Span);
    }
}
