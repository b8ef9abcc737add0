namespace Engine.Gpu;

/// <summary>Gradients of bias and ReLU behind products and convolutions.</summary>
internal partial class GpuBackend
{
    protected override void BiasReluBackwardCore(in Operand gradY, in Operand y, in Operand gradX, in Operand gradBias)
    {
        if (!HaveType(gradX.DType, gradY, y, gradBias) || gradX.Shape.ElementCount > MaxItems)
        {
            base.BiasReluBackwardCore(gradY, y, gradX, gradBias);
            return;
        }

        bool wide = StridesParameter.IsWide(gradY, y, gradX, gradBias);
        ChannelTiles tiles = ChannelTiles.Choose(Target, gradX, gradY, y);
        BiasReluBackwardKernel kernel = new(tiles.Chunks > 1 ? ChannelStage.Partial : ChannelStage.Whole, tiles.Shape, gradX.DType, wide);
        using TensorScope scope = TensorScope.Begin();
        Operand? partials = tiles.Chunks > 1 ? Partials(tiles, gradX.DType) : null;
        ArgumentList arguments = new(stackalloc KernelArgument[32]);
        arguments.AddOptional(partials);
        ChannelItems.AddArguments(ref arguments, tiles, gradX.Shape[2]);
        arguments.Add(gradY);
        arguments.Add(y);
        arguments.Add(gradX);
        arguments.AddStrides(gradY, wide);
        arguments.AddStrides(y, wide);
        arguments.AddStrides(gradX, wide);
        if (partials is null)
        {
            ChannelVector.AddArgument(ref arguments, gradBias, wide);
            Launch(kernel, tiles.Grid, arguments.Span);
            return;
        }

        Launch(kernel, tiles.Grid, arguments.Span);
        ArgumentList last = new(stackalloc KernelArgument[16]);
        last.AddOptional(partials);
        ChannelItems.AddArguments(ref last, tiles, gradX.Shape[2]);
        ChannelVector.AddArgument(ref last, gradBias, wide);
        Launch(kernel with { Stage = ChannelStage.Apply }, tiles.Grid, last.Span);
    }
}
