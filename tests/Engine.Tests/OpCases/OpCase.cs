namespace Engine.Tests.OpCases;

/// <summary>What an operand holds.</summary>
internal enum OpInputKind
{
    /// <summary>Random numbers in [Low, High); gradients flow to them.</summary>
    Real,

    /// <summary>Random numbers that are given, not differentiated with respect to: targets, running statistics.</summary>
    Constant,

    /// <summary>Random int64 in [Low, High).</summary>
    Index,

    /// <summary>Random truth values.</summary>
    Truth,
}

/// <summary>The shape and the range of one operand.</summary>
internal sealed record OpInput(Shape Shape, double Low = -2, double High = 2, OpInputKind Kind = OpInputKind.Real)
{
    public static OpInput Index(Shape shape, int count) => new(shape, 0, count, OpInputKind.Index);

    public static OpInput Constant(Shape shape, double low = -2, double high = 2) => new(shape, low, high, OpInputKind.Constant);

    public static OpInput Truth(Shape shape) => new(shape, Kind: OpInputKind.Truth);
}

/// <summary>
/// One row of the table of operations: how to call it and on what. The layout, gradient and special-value tests walk the rows.
/// </summary>
/// <param name="Name">Unique; the name of the test.</param>
/// <param name="Inputs">The operands for a size n.</param>
/// <param name="Run">The operation; one result.</param>
internal sealed record OpCase(string Name, Func<int, OpInput[]> Inputs, Func<Tensor[], Tensor> Run)
{
    private static readonly int[] s_aroundVectors = [0, 1, 3, 15, 16, 17, 31, 32, 33, 127, 129, 257, 1025];

    private static readonly int[] s_aroundTiles = [1, 3, 5, 8, 16, 17];

    /// <summary>Whether gradients exist.</summary>
    public bool Differentiable { get; init; } = true;

    /// <summary>Whether second derivatives exist and are recorded.</summary>
    public bool TwiceDifferentiable { get; init; } = true;

    /// <summary>Whether equal elements make the gradient ambiguous, so that finite differences need distinct ones.</summary>
    public bool NeedsDistinct { get; init; }

    /// <summary>Whether equal elements magnify rounding beyond any bound: a division by their deviation.</summary>
    public bool NeedsSpread { get; init; }

    /// <summary>The sizes of the layout tests.</summary>
    public int[] Sizes { get; init; } = s_aroundVectors;

    /// <summary>The sizes of the gradient checks.</summary>
    public int[] GradientSizes { get; init; } = [1, 3];

    /// <summary>Bound of the relative and absolute difference between two devices in float32; 1e-12 in float64.</summary>
    public double Tolerance { get; init; } = 1e-5;

    /// <summary>Whether the operation is made of others that have rows: then values and gradients are compared on all devices, but differences are taken in host memory only.</summary>
    public bool IsComposed { get; init; }

    /// <summary>For operations whose time grows fast: fewer and smaller sizes.</summary>
    public OpCase Small() => this with { Sizes = s_aroundTiles };

    public OpCase NotDifferentiable() => this with { Differentiable = false, TwiceDifferentiable = false };

    public override string ToString() => Name;
}
