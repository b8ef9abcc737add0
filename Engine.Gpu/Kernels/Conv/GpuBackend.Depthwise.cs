namespace Engine.Gpu;

/// <summary>Launches of convolutions with few channels a group.</summary>
internal partial class GpuBackend
{
    // Blocks of channels are the second direction of the grid.
    private const int MostChannelBlocks = 65535;

    /// <summary>Forward or, where backward, the gradient to the images; false where other kernels have to do it.</summary>
    private protected virtual bool TryDepthwise(in ConvGeometry g, in Correlation c, bool isBackward)
    {
        DType compute = c.Out.DType == DType.Float64 ? DType.Float64 : DType.Float32;
        if (!IsNarrow(c) || c.InChannels >= FewChannels || (long)c.Batch * c.Out.Shape[1] * c.Out.Shape[2] * c.Out.Shape[3] > MostPixels || !c.Out.DType.IsFloatingPoint()
            || DepthwisePlan.Choose(Target, g, c, isBackward, compute) is not { } plan || DepthwiseKernel.Grid(c, plan).Y > MostChannelBlocks)
        {
            return false;
        }

        var kernel = DepthwiseKernel.Of(c, plan, compute);
        ArgumentList arguments = new(stackalloc KernelArgument[64]);
        kernel.Bind(ref arguments, c);
        Launch(kernel, DepthwiseKernel.Grid(c, plan), arguments.Span);
        return true;
    }

    /// <summary>The gradient to the filters; false where other kernels have to do it.</summary>
    private protected virtual bool TryDepthwiseWeights(in ConvGeometry g, in Correlation c)
    {
        DType compute = c.Weight.DType == DType.Float64 ? DType.Float64 : DType.Float32;
        if (!IsNarrow(c) || c.InChannels >= FewChannels || c.Pixels > MostPixels || !c.Weight.DType.IsFloatingPoint()
            || DepthwisePlan.ChooseForFilters(Target, g, c, compute) is not { } plan || DepthwiseWeightKernel.Grid(c, plan, 1).Y > MostChannelBlocks)
        {
            return false;
        }

        using TensorScope scope = TensorScope.Begin();
        int parts = DepthwiseWeightKernel.Parts(Target, c, plan);
        Operand target = parts > 1 ? Temporary(parts * c.WeightResults, compute) : c.Weight;
        DepthwiseWeightKernel kernel = new(plan, c.In.DType, c.Out.DType, target.DType, compute, c.Is64Bit);
        ArgumentList arguments = new(stackalloc KernelArgument[64]);
        kernel.Bind(ref arguments, c, target, parts);
        Launch(kernel, DepthwiseWeightKernel.Grid(c, plan, parts), arguments.Span);
        if (parts > 1)
        {
            SumParts(target, parts, c.WeightResults, c.Weight, null, DepthwiseWeightKernel.Axes(c, plan), Epilogue.None, 1, 0);
        }

        return true;
    }
}
