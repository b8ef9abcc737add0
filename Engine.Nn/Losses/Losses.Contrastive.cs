namespace Engine.Nn;

/// <content>Losses that compare each sample with all others of its batch.</content>
public static partial class Losses
{
    private const double LeastLength = 1e-12;

    /// <summary>InfoNCE: cross-entropy of the cosines of each query with all keys, divided by a temperature; the key of the same row is the right one.</summary>
    /// <remarks>van den Oord et al. 2018. Both ways round and averaged it is CLIP's loss.</remarks>
    /// <param name="query">[N, D].</param>
    /// <param name="key">[N, D].</param>
    /// <param name="temperature">Smaller is stricter.</param>
    /// <param name="reduction">Mean by default.</param>
    public static Tensor InfoNce(Tensor query, Tensor key, double temperature = 0.1, Reduction reduction = Reduction.Mean)
    {
        const string Op = nameof(InfoNce);
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(key);
        Guard.FloatingPoint(Op, query, nameof(query));
        Guard.Rank(Op, query, 2, "[N, D]", nameof(query));
        Guard.SamePairs(Op, query, key, nameof(query));
        Hyper.Positive(temperature);
        Tensor cosines = Directions(query.Wide()).MatMul(Directions(key.Wide()).T) / temperature;
        return cosines.CrossEntropy(Tensor.Arange(query.Shape[0], query.Device), reduction: reduction);
    }

    /// <summary>NT-Xent: of 2·N views, two of each sample, every view is to find its partner among all others (SimCLR, Chen et al. 2020).</summary>
    /// <param name="first">[N, D], the first view of each sample.</param>
    /// <param name="second">[N, D], the second.</param>
    /// <param name="temperature">Smaller is stricter.</param>
    /// <param name="reduction">Mean by default; none gives [2·N].</param>
    public static Tensor NtXent(Tensor first, Tensor second, double temperature = 0.5, Reduction reduction = Reduction.Mean)
    {
        const string Op = nameof(NtXent);
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        Guard.FloatingPoint(Op, first, nameof(first));
        Guard.Rank(Op, first, 2, "[N, D]", nameof(first));
        Guard.SamePairs(Op, first, second, nameof(first));
        Hyper.Positive(temperature);
        int n = first.Shape[0];
        Tensor views = Directions(Tensor.Concat([first.Wide(), second.Wide()]));
        Tensor cosines = views.MatMul(views.T) / temperature;

        // A view is not compared with itself.
        Tensor self = Tensor.Eye(2 * n, dtype: DType.Bool, device: first.Device);
        Tensor partner = Tensor.Concat([Tensor.Arange(n, 2L * n, 1, DType.Int64, first.Device), Tensor.Arange(n, first.Device)]);
        return cosines.MaskedFill(self, double.NegativeInfinity).CrossEntropy(partner, reduction: reduction);
    }

    private static Tensor Directions(Tensor x) => x / x.Norm(1, keepDims: true).Clamp(LeastLength);
}
