namespace Engine.Gpu;

/// <summary>Launches of convolutions in the form that all directions share.</summary>
internal partial class GpuBackend
{
    // Work-items and pixels are numbered in 32 bits.
    private protected const long MostPixels = 1 << 30;

    // Groups with fewer channels than this would leave most of a tile empty.
    private const int FewChannels = 8;

    /// <summary>Convolution forward, or a part of the gradient to the images.</summary>
    private protected virtual void Correlate(in Correlation c)
    {
        if (c.Batch > 1 && c.Results > MostPixels)
        {
            int half = c.Batch / 2;
            Correlate(Part(c, 0, half));
            Correlate(Part(c, half, c.Batch - half));
            return;
        }

        DType compute = c.Out.DType == DType.Float64 ? DType.Float64 : DType.Float32;
        bool rows = c.WritesChannelsLast;
        int pixels = (int)c.Pixels;
        TileMath math = TileMaths.Choose(Target, _device.MathMode.ForConvolutions(), c.In.DType, c.Weight.DType, compute);
        if (PatchesOf(c, math) is { } patches)
        {
            CorrelateByPatches(c, patches);
            return;
        }

        if (StemPlan.Choose(Target, c, math) is { } stem)
        {
            CorrelateStem(c, stem);
            return;
        }

        (int m, int n) = rows ? (pixels, c.OutChannels) : (c.OutChannels, pixels);
        var factors = TileFactors.Of(math, c.In.DType, c.InAccess(math), c.WeightAccess(math));
        if (IsNarrow(c) || PlanFor(ConvPlanKeys.OfCorrelation(c, m, n, compute, factors), c, compute) is not { } plan)
        {
            CorrelateDirectly(c, compute);
        }
        else if (WinogradPlan.Upright(c) is var upright && WinogradPlan.Choose(Target, upright, plan) is { } winograd)
        {
            CorrelateByWinograd(upright, winograd);
        }
        else
        {
            CorrelateByTiles(c, plan, compute);
        }
    }

    /// <summary>All phases of a strided gradient to the images in one launch; false where each has to be launched on its own.</summary>
    private protected virtual bool TryCorrelatePhases(in Correlation c)
    {
        (WindowPhases rows, WindowPhases columns) = c.Phases!.Value;
        int phases = rows.Count * columns.Count;
        if (rows.Size < rows.Count || columns.Size < columns.Count || c.Results * phases > MostPixels)
        {
            // A phase without results, or too many of them.
            return false;
        }

        DType compute = c.Out.DType == DType.Float64 ? DType.Float64 : DType.Float32;
        TileMath math = TileMaths.Choose(Target, _device.MathMode.ForConvolutions(), c.In.DType, c.Weight.DType, compute);
        (int m, int n) = c.WritesChannelsLast ? ((int)c.Pixels, c.OutChannels) : (c.OutChannels, (int)c.Pixels);
        var factors = TileFactors.Of(math, c.In.DType, c.InAccess(math), c.WeightAccess(math));
        int depth = Math.Max(1, c.InChannels * rows.Taps * columns.Taps / phases);
        if (IsNarrow(c) || GemmPlan.Choose(Target, compute, (long)phases * c.Groups, m, n, depth, factors, PreferredGroup) is not { } plan)
        {
            CorrelateDirectly(c, compute);
            return true;
        }

        // Sums in parts would have another number of parts in each phase.
        if (plan.Parts > 1)
        {
            return false;
        }

        CorrelateByTiles(c, plan, compute);
        return true;
    }

    private static bool IsNarrow(in Correlation c) => c.Groups > 1 && c.OutChannels < FewChannels;

    private void CorrelateByTiles(in Correlation c, in GemmPlan plan, DType compute)
    {
        using TensorScope scope = TensorScope.Begin();
        SplitKind split = plan.SplitOn(Target);
        Operand result = c.Out.Shifted(c.OutOrigin), target = split == SplitKind.SecondLaunch ? Temporary(plan.Parts * c.Results, compute) : result;
        var kernel = CorrelationKernel.Of(c, plan, compute, split);
        LaunchGrid grid = kernel.Grid(c, plan);
        ArgumentList arguments = new(stackalloc KernelArgument[64]);
        kernel.Bind(ref arguments, c, target, plan);
        BindParts(ref arguments, plan, grid, compute);
        LaunchAlone(kernel, plan.Tile.GroupSize, grid, arguments.Span);
        if (split == SplitKind.SecondLaunch)
        {
            SumParts(target, plan.Parts, c.Results, result, c.Bias, c.ResultAxes(kernel.PixelsAreRows), c.Epilogue(BiasKind.Full), 1, 0);
        }
    }

    /// <summary>The plan by patches, if there is one, with warpgroups only where these are right.</summary>
    private PatchPlan? PatchesOf(in Correlation c, TileMath math)
    {
        PatchPlan? plan = PatchPlan.Choose(Target, c, math, mayUseWarpgroups: _device.Warpgroups.Complaint is null);
        return plan is not { Tile.UsesWarpgroups: true } chosen || _device.Warpgroups.Passes(this, new WarpgroupPatchTrial(chosen.Tile, c.WeightAccess(math).AlongDepth)) ? plan : PatchPlan.Choose(Target, c, math, mayUseWarpgroups: false);
    }

    /// <summary>Convolution forward, or the gradient to the images, where the result has the size of its image.</summary>
    internal void CorrelateByPatches(in Correlation c, in PatchPlan plan)
    {
        using IDisposable? pause = plan.Tile.UsesWarpgroups ? IndependentLaunches.Pause() : null;
        using TensorScope scope = TensorScope.Begin();
        var kernel = PatchCorrelationKernel.Of(c, plan);
        LaunchGrid grid = PatchCorrelationKernel.Grid(c, plan);
        ArgumentList arguments = new(stackalloc KernelArgument[64]);
        kernel.Bind(ref arguments, c, plan);
        BindParts(ref arguments, plan.Product, grid, DType.Float32);
        LaunchAlone(kernel, plan.Tile.GroupSize, grid, arguments.Span);
    }

    private void CorrelateDirectly(in Correlation c, DType compute)
    {
        int count = checked((int)DirectCorrelationKernel.Results(c));
        var kernel = DirectCorrelationKernel.Of(c, compute);
        ArgumentList arguments = new(stackalloc KernelArgument[64]);
        kernel.Bind(ref arguments, c, count);
        Launch(kernel, Cover(count), arguments.Span);
    }

    /// <summary>The gradient to the filters of a correlation whose result's gradient is <see cref="Correlation.Out"/>; beta is the factor of the old values.</summary>
    private protected virtual void CorrelateWeights(in Correlation c, double beta)
    {
        if (c.Batch > 1 && c.Pixels > MostPixels)
        {
            int half = c.Batch / 2;
            CorrelateWeights(Part(c, 0, half), beta);
            CorrelateWeights(Part(c, half, c.Batch - half), 1);
            return;
        }

        DType compute = c.Weight.DType == DType.Float64 ? DType.Float64 : DType.Float32;
        Epilogue epilogue = Epilogue.None with { HasBeta = beta != 0 };
        bool narrow = c.Groups > 1 && (c.OutChannels < FewChannels || c.Depth < FewChannels);
        TileMath math = TileMaths.Choose(Target, _device.MathMode.ForConvolutions(), c.Out.DType, c.In.DType, compute);
        if (beta == 0 && PatchWeightPlan.Choose(Target, c, math) is { } patches)
        {
            CorrelateWeightsByPatches(c, patches, math);
            return;
        }

        if (beta == 0 && StemWeightPlan.Choose(Target, c, math) is { } stem)
        {
            CorrelateStemWeights(c, stem, math);
            return;
        }

        var factors = TileFactors.Of(math, c.In.DType, c.GradAccess(math), c.ImageAccess(math));
        if (narrow || PlanFor(ConvPlanKeys.OfWeightGradient(c, compute, factors), c, epilogue, beta, compute) is not { } plan)
        {
            CorrelateWeightsDirectly(c, epilogue, beta, compute);
        }
        else
        {
            CorrelateWeightsByTiles(c, plan, epilogue, beta, compute);
        }
    }

    private void CorrelateWeightsByTiles(in Correlation c, in GemmPlan plan, in Epilogue epilogue, double beta, DType compute)
    {
        using TensorScope scope = TensorScope.Begin();
        SplitKind split = plan.SplitOn(Target);
        Operand target = split == SplitKind.SecondLaunch ? Temporary(plan.Parts * c.WeightResults, compute) : c.Weight;
        var kernel = WeightGradientKernel.Of(c, plan, compute, epilogue, split);
        LaunchGrid grid = TileGrid.For(plan, c.Groups, c.OutChannels, c.Depth);
        ArgumentList arguments = new(stackalloc KernelArgument[64]);
        kernel.Bind(ref arguments, c, target, plan, beta);
        BindParts(ref arguments, plan, grid, compute);
        LaunchAlone(kernel, plan.Tile.GroupSize, grid, arguments.Span);
        if (split == SplitKind.SecondLaunch)
        {
            SumParts(target, plan.Parts, c.WeightResults, c.Weight, null, c.WeightAxes, epilogue, 1, beta);
        }
    }

    private void CorrelateWeightsByPatches(in Correlation c, in PatchWeightPlan plan, TileMath math)
    {
        using TensorScope scope = TensorScope.Begin();
        var kernel = PatchWeightKernel.Of(c, plan, math);
        LaunchGrid grid = PatchWeightKernel.Grid(c, plan);
        ArgumentList arguments = new(stackalloc KernelArgument[32]);
        kernel.Bind(ref arguments, c, plan);
        BindParts(ref arguments, plan.Product(c.Rows.Taps * c.Columns.Taps), grid, DType.Float32);
        LaunchAlone(kernel, PatchWeightProduct.GroupSize, grid, arguments.Span);
    }

    private void CorrelateWeightsDirectly(in Correlation c, in Epilogue epilogue, double beta, DType compute)
    {
        var kernel = DirectWeightGradientKernel.Of(c, compute, epilogue);
        ArgumentList arguments = new(stackalloc KernelArgument[64]);
        kernel.Bind(ref arguments, c, beta);
        Launch(kernel, new LaunchGrid(checked(c.OutChannels * c.Groups * c.Depth)), arguments.Span);
    }

    private static Correlation Part(in Correlation c, int start, int length) => c with
    {
        Batch = length,
        In = c.In.With(c.In.Layout.Slice(0, start, length, 1)),
        Out = c.Out.With(c.Out.Layout.Slice(0, start, length, 1)),
    };
}
