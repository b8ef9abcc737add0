namespace Engine.Gpu;

/// <summary>Gradients of bias and ReLU after products and convolutions.</summary>
internal partial class GpuBackend
{
    protected override void BiasReluBackwardCore(in Operand gradY, in Operand y, in Operand gradX, in Operand gradBias)
    {
        if (!HaveType(gradX.DType, gradY, y, gradBias) || gradX.Shape.ElementCount > MaxItems)
        {
            base.BiasReluBackwardCore(gradY, y, gradX, gradBias);
            return;
        }

        if (ChannelTiles.AreRows(Target, gradX, gradY, y))
        {
            Operand result = ChannelTiles.Rows(gradX), gradient = ChannelTiles.Rows(gradY), behind = ChannelTiles.Rows(y);
            PassRelu(gradient, behind, result, gradBias, ChannelTiles.ChooseRows(Target, reads: 0, writes: 3, result, gradient, behind));
            return;
        }

        PassRelu(gradY, y, gradX, gradBias, ChannelTiles.Choose(Target, gradX, gradY, y));
    }

    private void PassRelu(in Operand gradY, in Operand y, in Operand gradX, in Operand gradBias, in ChannelTiles tiles)
    {
        bool is64Bit = StridesParameter.Is64Bit(gradY, y, gradX, gradBias);
        BiasReluBackwardKernel kernel = new(tiles.Chunks > 1 ? ChannelStage.Partial : ChannelStage.Whole, tiles.Shape, gradX.DType, is64Bit);
        kernel = kernel with { AddsChunks = tiles.Chunks > 1 && Target.HasLastGroup && tiles.Tiles <= GroupCounters.Count };
        using TensorScope scope = TensorScope.Begin();
        Operand? partials = tiles.Chunks > 1 ? Partials(tiles, gradX.DType) : null;
        ArgumentList arguments = new(stackalloc KernelArgument[32]);
        kernel.Bind(ref arguments, gradY, y, gradX, gradBias, tiles, partials, kernel.AddsChunks ? _device.Counters.From(0) : null);
        Launch(kernel, tiles.Grid, arguments.Span);
        if (partials is not null && !kernel.AddsChunks)
        {
            kernel = kernel with { Stage = ChannelStage.Apply };
            arguments.Clear();
            kernel.Bind(ref arguments, gradY, y, gradX, gradBias, tiles, partials);
            Launch(kernel, tiles.Grid, arguments.Span);
        }
    }
}
