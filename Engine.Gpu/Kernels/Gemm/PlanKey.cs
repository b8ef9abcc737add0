namespace Engine.Gpu;

/// <summary>What is multiplied.</summary>
internal enum PlanKind : byte
{
    /// <summary>Matrices.</summary>
    Product,

    /// <summary>A convolution, forward or its gradient to the images.</summary>
    Correlation,

    /// <summary>The gradient to the filters of a convolution.</summary>
    WeightGradient,
}

/// <summary>The window of a convolution and the order of its operands in memory, as far as speed depends on them.</summary>
internal readonly record struct PlanWindow(int Rows, int Columns, int RowStep, int ColumnStep, bool ReadsChannelsLast, bool WritesChannelsLast);

/// <summary>A problem that a plan is chosen for; the best one depends on nothing else but the device.</summary>
internal readonly record struct PlanKey(PlanKind Kind, DType Compute, DType Element, long Batch, int M, int N, int Depth, TileFactors Factors, PlanWindow Window)
{
    /// <summary>A product of matrices.</summary>
    public static PlanKey OfProduct(in GemmProblem problem, DType compute, TileFactors factors) =>
        new(PlanKind.Product, compute, problem.A.Operand.DType, problem.Batch.Total, problem.M, problem.N, problem.K, factors, default);
}
