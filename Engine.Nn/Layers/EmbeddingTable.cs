namespace Engine.Nn;

/// <summary>What tables of vectors share: their start values, and vectors that are kept short.</summary>
internal static class EmbeddingTable
{
    // PyTorch's: a vector that is shortened ends this little below the limit, and is not shortened once more for a rounding.
    private const double Slack = 1e-7;

    /// <summary>Normal values, a padding row of 0; and the padding row counted from the start.</summary>
    public static (Tensor Weight, int? PaddingIdx) Create(int numEmbeddings, int embeddingDim, int? paddingIdx, Generator? generator)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(numEmbeddings);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(embeddingDim);
        if (paddingIdx is { } index)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(index, -numEmbeddings, nameof(paddingIdx));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, numEmbeddings, nameof(paddingIdx));
            paddingIdx = index < 0 ? index + numEmbeddings : index;
        }

        Tensor weight = Init.Normal(Tensor.Empty([numEmbeddings, embeddingDim]), generator: generator).WithGrad();
        if (paddingIdx is { } row)
        {
            using TensorScope scope = TensorScope.Begin();
            using GradMode.Scope mode = GradMode.Off();
            weight[row].ZeroInPlace();
        }

        return (weight, paddingIdx);
    }

    public static (double? MaxNorm, double NormType) CheckNorm(string layer, double? maxNorm, double normType)
    {
        if (maxNorm is { } limit && !(limit >= 0))
        {
            throw new ArgumentOutOfRangeException(nameof(maxNorm), limit, $"{layer}: maxNorm must be at least 0.");
        }

        return normType > 0
            ? (maxNorm, normType)
            : throw new ArgumentOutOfRangeException(nameof(normType), normType, $"{layer}: normType is the p of a p-norm; it must be above 0.");
    }

    /// <summary>Scales the rows that <paramref name="index"/> names and that are longer than the limit, in place.</summary>
    /// <remarks>Rows that are not named get the factor 1: so no shape depends on values.</remarks>
    public static void Shorten(Tensor weight, Tensor index, double maxNorm, double normType)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor sizes = weight.Abs();
        Tensor norms = normType == 2 ? weight.Norm(1)
            : double.IsPositiveInfinity(normType) ? sizes.Max(1)
            : sizes.Pow(normType).Sum(1).Pow(1 / normType);
        Tensor flat = index.Reshape(-1);
        Tensor named = Tensor.Zeros([weight.Shape[0]], device: weight.Device).ScatterAdd(0, flat, Tensor.Ones(flat.Shape, device: weight.Device));
        Tensor isLong = (norms > maxNorm).And(named > 0);
        Tensor factors = Tensor.Where(isLong, maxNorm / (norms + Slack), norms.OnesLike());
        weight.MulInPlace(factors.Unsqueeze(1));
    }
}
