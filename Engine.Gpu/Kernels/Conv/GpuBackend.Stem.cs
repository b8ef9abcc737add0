namespace Engine.Gpu;

/// <summary>Convolutions of images with few channels.</summary>
internal partial class GpuBackend
{
    private void CorrelateStem(in Correlation c, in StemPlan plan)
    {
        var kernel = StemCorrelationKernel.Of(c, plan);
        ArgumentList arguments = new(stackalloc KernelArgument[64]);
        kernel.Bind(ref arguments, c);
        LaunchAlone(kernel, plan.Tile.GroupSize, plan.Grid, arguments.Span);
    }

    private void CorrelateStemWeights(in Correlation c, in StemWeightPlan plan, TileMath math)
    {
        using TensorScope scope = TensorScope.Begin();
        var kernel = StemWeightKernel.Of(c, plan, math);
        LaunchGrid grid = StemWeightKernel.Grid(c, plan);
        ArgumentList arguments = new(stackalloc KernelArgument[64]);
        kernel.Bind(ref arguments, c);
        BindParts(ref arguments, plan.Product, grid, DType.Float32);
        LaunchAlone(kernel, StemWeightPlan.GroupSize, grid, arguments.Span);
    }
}
