namespace Engine.Backends;

/// <summary>C = activation(alpha·A·B + beta·C + bias), batched over the leading axes.</summary>
/// <remarks>All three have one rank; any strides, also 0 in batch axes. With beta = 0, C is not read. With K = 0 the product is 0.</remarks>
public readonly ref struct GemmArgs
{
    /// <summary>[…, M, K].</summary>
    public required Operand A { get; init; }

    /// <summary>[…, K, N].</summary>
    public required Operand B { get; init; }

    /// <summary>[…, M, N].</summary>
    public required Operand C { get; init; }

    /// <summary>The factor of the product.</summary>
    public double Alpha { get; init; } = 1;

    /// <summary>The factor of what C held before.</summary>
    public double Beta { get; init; }

    /// <summary>Added before the activation; has the shape of C, usually with strides 0.</summary>
    public Operand? Bias { get; init; }

    /// <summary>A program with one input and one output, or null.</summary>
    public MapProgram? Activation { get; init; }

    /// <summary>Starts from alpha 1, beta 0, no epilogue.</summary>
    public GemmArgs()
    {
    }
}
