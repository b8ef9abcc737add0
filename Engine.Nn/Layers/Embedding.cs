namespace Engine.Nn;

/// <summary>A vector for each word: <c>y[i…] = W[x[i…]]</c>.</summary>
/// <remarks>
/// Shapes: x […] of int64 or int32 → y […, embeddingDim]; <see cref="Weight"/> [numEmbeddings, embeddingDim] starts normal with mean 0 and standard
/// deviation 1, a padding row at 0.
/// </remarks>
public sealed partial class Embedding : Layer
{
    private readonly int? _paddingIdx;
    private readonly double? _maxNorm;
    private readonly double _normType;

    /// <summary>A table with random start values.</summary>
    /// <param name="numEmbeddings">The number of words.</param>
    /// <param name="embeddingDim">The length of each vector.</param>
    /// <param name="paddingIdx">A word whose vector starts at 0 and is never trained; negative numbers count from the end.</param>
    /// <param name="maxNorm">If given, vectors that are looked up and longer than this are shortened to it in place, without a gradient.</param>
    /// <param name="normType">The p of the p-norm that maxNorm is about.</param>
    /// <param name="generator">The source of the start values.</param>
    public Embedding(int numEmbeddings, int embeddingDim, int? paddingIdx = null, double? maxNorm = null, double normType = 2, Generator? generator = null)
    {
        (_maxNorm, _normType) = EmbeddingTable.CheckNorm(nameof(Embedding), maxNorm, normType);
        (Weight, _paddingIdx) = EmbeddingTable.Create(numEmbeddings, embeddingDim, paddingIdx, generator);
    }

    /// <summary>W, [numEmbeddings, embeddingDim].</summary>
    public Tensor Weight { get; }

    /// <inheritdoc/>
    /// <param name="x">Numbers of words.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number lies outside the table (told by the CPU).</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (Intercepts)
        {
            return Call(x);
        }

        if (_maxNorm is { } maxNorm)
        {
            EmbeddingTable.Shorten(Weight, x, maxNorm, _normType);
        }

        Tensor y = Weight.Embedding(x);
        if (_paddingIdx is { } padding && y.RequiresGrad)
        {
            // The value stays, the gradient does not pass.
            y = Tensor.Where(x.EqualTo(padding).Unsqueeze(x.Rank), y.Detach(), y);
        }

        return ForwardTrace.Record(this, x, y);
    }

    /// <inheritdoc/>
    public override string ToString() => $"Embedding({Weight.Shape[0]} × {Weight.Shape[1]})";
}
