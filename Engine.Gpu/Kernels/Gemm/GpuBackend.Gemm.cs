namespace Engine.Gpu;

/// <summary>Matrix products.</summary>
internal partial class GpuBackend
{
    // Products with at most this many rows (or columns) read their larger operand once and hardly use it again: tiles gain nothing.
    private const int FewRows = 8;

    /// <summary>
    /// Rows, columns and depth from which on float32 factors that a mode rounds to 16 bits are rounded before the product, once, and not in every tile that reads
    /// them: tiles then read half the bytes, past the registers. Two passes over the factors cost less than that from here on; at 1024³ it is a tie (on paper, H100).
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

        (DType left, DType right) = (problem.A.Operand.DType, problem.B.Operand.DType);
        TileMath math = TileMaths.Choose(Target, _device.MathMode.ForProducts(), left, right, compute);
        if (math.IsHalf && left == DType.Float32 && problem.Batch.Count == 0 && Math.Min(problem.K, Math.Min(problem.M, problem.N)) >= LeastRounded)
        {
            using TensorScope scope = TensorScope.Begin();
            Multiply(problem with { A = Rounded(problem.A, problem.M, problem.K, math.HalfType), B = Rounded(problem.B, problem.K, problem.N, math.HalfType) });
            return;
        }

        var factors = TileFactors.Of(math, left, problem.LeftAccess(math), problem.RightAccess(math));
        if (GemmPlan.Choose(Target, compute, problem.Batch.Total, problem.M, problem.N, problem.K, factors, PreferredGroup) is not { } plan)
        {
            DirectGemm(ref problem, compute);
        }
        else if (plan.SplitOn(Target) == SplitKind.SecondLaunch)
        {
            SplitGemm(problem, plan, compute);
        }
        else
        {
            TiledGemm(problem, plan, compute);
        }
    }

    /// <summary>A matrix in 16 bits, dense in the order in which it lies in memory.</summary>
    private MatrixView Rounded(in MatrixView matrix, int rows, int columns, DType type)
    {
        bool isByColumns = Math.Abs(matrix.Row) < Math.Abs(matrix.Column);
        long[] strides = isByColumns ? [1, rows] : [columns, 1];
        Operand result = Temporary((long)rows * columns, type);
        result = result.With(new Layout([rows, columns], strides, result.Layout.Offset));
        Operand source = matrix.Operand.With(new Layout([rows, columns], [matrix.Row, matrix.Column], matrix.Operand.Layout.Offset));
        Map(new MapArgs { Program = Programs.Copy, ComputeType = DType.Float32, Shape = [rows, columns], Inputs = [source], Outputs = [result], Parameters = [] });
        return new MatrixView(result, strides[0], strides[1]);
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
