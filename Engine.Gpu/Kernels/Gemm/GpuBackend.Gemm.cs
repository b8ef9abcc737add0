namespace Engine.Gpu;

/// <summary>Matrix products.</summary>
internal partial class GpuBackend
{
    // Products with at most this many rows (or columns) read their larger operand once and hardly use it again: tiles gain nothing.
    private const int FewRows = 8;

    /// <summary>
    /// Rows, columns and depth from which on float32 factors that a mode rounds to 16 bits are rounded before the product, once, and not in every tile that reads
    /// them: tiles then read half the bytes, past the registers. Two passes over the factors cost less than that from here on; at 1024³ it is a tie (on paper, H100).
    /// In tf32 they are rounded from here on where warpgroups multiply.
    /// </summary>
    internal int LeastRounded { get; set; } = 1536;

    protected override void GemmCore(in GemmArgs args)
    {
        GemmProblem problem = GemmProblem.From(args);
        if (_device.Products is not { } library || !library.TryMultiply(problem, _device.MathMode.ForProducts()))
        {
            Multiply(problem);
        }
    }

    /// <summary>Computes a product. Its factors and its result may be of three types, of which Core asks for one only.</summary>
    internal void Multiply(GemmProblem problem)
    {
        DType compute = ComputeTypeOf(problem);
        if (Math.Min(problem.M, problem.N) <= FewRows || !compute.IsFloatingPoint())
        {
            DirectGemm(ref problem, compute);
            return;
        }

        // Stores run along the columns: C's rows are to be contiguous.
        if (problem.C.Row == 1 && problem.C.Column != 1)
        {
            problem.Transpose();
        }

        TileMath math = TileMaths.Choose(Target, _device.MathMode.ForProducts(), problem.A.Operand.DType, problem.B.Operand.DType, compute);
        if (MayRound(problem, math))
        {
            using IDisposable? pause = IndependentLaunches.Pause();
            using TensorScope scope = TensorScope.Begin();
            MultiplyByTiles(Rounded(problem, math), math, compute, isRounded: true);
        }
        else
        {
            MultiplyByTiles(problem, math, compute, isRounded: false);
        }
    }

    // Formats of 16 bits save half of the bytes; tf32 gains where warpgroups multiply, which cannot round, and factors of 16 bits that these cannot read as they lie do, too.
    // A tensor has at most as many elements as 32 bits can count.
    private bool MayRound(in GemmProblem problem, TileMath math)
    {
        if (math == TileMath.Fma || Math.Min(problem.K, Math.Min(problem.M, problem.N)) < LeastRounded
            || (double)problem.Batch.Total * RoundedFactors.PaddedDepth(problem) * Math.Max(problem.M, problem.N) > int.MaxValue)
        {
            return false;
        }

        bool isFormat = problem.A.Operand.DType != DType.Float32;
        if (math.IsHalf && !isFormat)
        {
            return true;
        }

        if (!Target.HasWarpgroups || (isFormat && TileFactors.Of(math, problem.A.Operand.DType, problem.LeftAccess(math), problem.RightAccess(math)).Flow == TileFlow.Asynchronous))
        {
            return false;
        }

        // What the faster units save grows with rows times columns, what rounding costs with their sum: a tie at about 3000 of each (on paper, H100).
        TileAccess alongDepth = new(AlongDepth: true, TileAccess.Widest(problem.A.Operand.DType, math));
        return (double)problem.M * problem.N >= LeastRounded * ((double)problem.M + problem.N)
            && WarpgroupPlan(problem with { K = RoundedFactors.PaddedDepth(problem) }, math, alongDepth, alongDepth) is not null;
    }

    /// <summary>A plan with warpgroups, where the device has them, they are the fastest, and they are right.</summary>
    private GemmPlan? WarpgroupPlan(in GemmProblem problem, TileMath math, TileAccess left, TileAccess right) =>
        Target.HasWarpgroups
        && GemmPlan.Choose(Target, DType.Float32, problem.Batch.Total, problem.M, problem.N, problem.K, new TileFactors(math, TileFlow.Warpgroups)) is { Tile.UsesWarpgroups: true } plan
        && _device.Warpgroups.Passes(this, plan.Tile, left, right) ? plan : null;

    private void MultiplyByTiles(GemmProblem problem, TileMath math, DType compute, bool isRounded)
    {
        (TileAccess left, TileAccess right) = (problem.LeftAccess(math), problem.RightAccess(math));
        var factors = TileFactors.Of(math, problem.A.Operand.DType, left, right);
        GemmPlan? chosen = factors.Flow == TileFlow.Asynchronous && (math.IsHalf || isRounded) ? WarpgroupPlan(problem, math, left, right) : null;
        using IDisposable? pause = chosen is null ? null : IndependentLaunches.Pause();
        if ((chosen ?? PlanFor(problem, compute, factors)) is { } plan)
        {
            Multiply(problem, plan, compute);
        }
        else
        {
            DirectGemm(ref problem, compute);
        }
    }

    private void Multiply(in GemmProblem problem, in GemmPlan plan, DType compute)
    {
        if (plan.SplitOn(Target) == SplitKind.SecondLaunch)
        {
            SplitGemm(problem, plan, compute);
        }
        else
        {
            TiledGemm(problem, plan, compute);
        }
    }

    /// <summary>The product with its factors in a format of the tensor cores, in memory of the pool.</summary>
    private GemmProblem Rounded(GemmProblem problem, TileMath format)
    {
        RoundedFactors left = new(problem, isLeft: true, format), right = new(problem, isLeft: false, format);
        BatchAxisList batch = default;
        for (int i = 0; i < problem.Batch.Count; i++)
        {
            batch.Add(problem.Batch[i] with { A = left.Strides[i], B = right.Strides[i] });
        }

        return problem with { A = left.View(Round(left, format)), B = right.View(Round(right, format)), K = RoundedFactors.PaddedDepth(problem), Batch = batch };
    }

    private Operand Round(in RoundedFactors factors, TileMath format)
    {
        Operand result = Temporary(factors.Elements, format.IsHalf ? format.HalfType : DType.Float32);
        var kernel = RoundFactorsKernel.Of(format, factors);
        ArgumentList arguments = new(stackalloc KernelArgument[64]);
        kernel.Bind(ref arguments, factors, result);
        Launch(kernel, kernel.Grid(factors), arguments.Span);
        return result;
    }

    /// <summary>Whole numbers are summed in 64 bits unless a factor has a fraction or the activation needs one.</summary>
    private static DType ComputeTypeOf(in GemmProblem problem)
    {
        DType c = problem.C.Operand.DType;
        bool whole = double.IsInteger(problem.Alpha) && double.IsInteger(problem.Beta) && problem.Activation is null or { SupportsInteger: true };
        return c.IsFloatingPoint() ? c.ComputeType() : whole ? DType.Int64 : DType.Float64;
    }

    private void TiledGemm(in GemmProblem problem, in GemmPlan plan, DType compute)
    {
        var kernel = GemmKernel.Of(problem, plan, compute, plan.SplitOn(Target));
        LaunchGrid grid = TileGrid.For(plan, problem.Batch.Total, problem.M, problem.N);
        using TensorScope scope = TensorScope.Begin();
        ArgumentList arguments = new(stackalloc KernelArgument[64]);
        kernel.Bind(ref arguments, problem, plan);
        BindParts(ref arguments, plan, grid, compute);
        LaunchAlone(kernel, plan.Tile.GroupSize, grid, arguments.Span);
    }

    /// <summary>Adds the arguments of <see cref="TileParts"/>, where the groups of a launch add parts; their memory lives until the surrounding scope ends.</summary>
    private void BindParts(ref ArgumentList arguments, in GemmPlan plan, LaunchGrid grid, DType compute)
    {
        if (plan.SplitOn(Target) == SplitKind.LastGroup)
        {
            int counters = IndependentLaunches.Current?.TakeCounters((int)TileParts.Counters(grid.X, plan.Parts)) ?? 0;
            TileParts.Bind(ref arguments, plan, Temporary(TileParts.Elements(plan, grid), compute), _device.Counters.From(counters));
        }
    }

    /// <summary>Several groups share the depth of each tile, and a second launch adds their sums in order: the device has no other way.</summary>
    private void SplitGemm(in GemmProblem problem, in GemmPlan plan, DType compute)
    {
        using TensorScope scope = TensorScope.Begin();
        int batch = problem.Batch.Total;
        long results = (long)batch * problem.M * problem.N;
        Operand parts = Temporary(plan.Parts * results, compute);
        GemmProblem bare = problem.IntoParts(parts);
        var kernel = GemmKernel.Of(bare, plan, compute, SplitKind.SecondLaunch);
        ArgumentList arguments = new(stackalloc KernelArgument[64]);
        kernel.Bind(ref arguments, bare, plan);
        Launch(kernel, TileGrid.For(plan, batch, problem.M, problem.N), arguments.Span);
        BatchAxisList axes = problem.Batch;
        axes.Add(new BatchAxis(problem.M, 0, 0, problem.C.Row, problem.Bias?.Row ?? 0));
        axes.Add(new BatchAxis(problem.N, 0, 0, problem.C.Column, problem.Bias?.Column ?? 0));
        SumParts(parts, plan.Parts, results, problem.C.Operand, problem.Bias?.Operand, axes.ForResult(), problem.Epilogue, problem.Alpha, problem.Beta);
    }

    /// <summary>result = epilogue(the sum of the parts); <paramref name="axes"/> hold the strides of the result and the bias.</summary>
    private void SumParts(
        in Operand parts, int count, long results, in Operand result, Operand? bias, in BatchAxisList axes, in Epilogue epilogue, double alpha, double beta)
    {
        bool is64Bit = axes.Is64Bit || count * results > int.MaxValue / 2;
        SplitSumKernel kernel = new(parts.DType, result.DType, epilogue, axes.Count, is64Bit);
        ArgumentList arguments = new(stackalloc KernelArgument[64]);
        kernel.Bind(ref arguments, parts, count, result, bias, axes, alpha, beta);
        Launch(kernel, new LaunchGrid((int)((results + SplitSumKernel.GroupSize(Target) - 1) / SplitSumKernel.GroupSize(Target))), arguments.Span);
    }

    private void DirectGemm(ref GemmProblem problem, DType compute)
    {
        if (problem.N < problem.M)
        {
            problem.Transpose();
        }

        bool is64Bit = problem.Is64Bit;
        DirectGemmKernel kernel = DirectGemmKernel.Choose(Target, problem, compute, is64Bit);
        ArgumentList arguments = new(stackalloc KernelArgument[64]);
        kernel.Bind(ref arguments, problem);
        Launch(kernel, kernel.Grid(Target, problem.Batch.Total, problem.M, problem.N), arguments.Span);
    }
}
