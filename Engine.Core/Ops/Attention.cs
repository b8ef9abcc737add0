namespace Engine;

public sealed partial class Tensor
{
    /// <summary>softmax(q·kᵀ/√d + mask)·v: each query takes the mean of the values, weighted by how well their keys fit.</summary>
    /// <param name="query">[…, L, d].</param>
    /// <param name="key">[…, S, d].</param>
    /// <param name="value">[…, S, e].</param>
    /// <param name="mask">Broadcastable to […, L, S]: bool, false hides a key; or floating, added to the scores.</param>
    /// <param name="causal">Whether query i sees keys 0 … i only.</param>
    /// <param name="dropout">The probability with which a weight is dropped; give it while training only.</param>
    /// <param name="scale">1/√d if left out.</param>
    /// <returns>[…, L, e].</returns>
    /// <exception cref="ShapeMismatchException">Sizes do not fit.</exception>
    /// <exception cref="DTypeMismatchException">The element types differ, outside of <see cref="Autocast"/>.</exception>
    /// <remarks>(Vaswani et al. 2017.) A query that sees no key at all gives NaN, as in PyTorch.</remarks>
    public static Tensor ScaledDotProductAttention(
        Tensor query, Tensor key, Tensor value, Tensor? mask = null, bool causal = false, double dropout = 0, double? scale = null)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        if (query.Rank < 2 || key.Rank < 2 || value.Rank < 2 || query.Shape[-1] != key.Shape[-1] || key.Shape[-2] != value.Shape[-2])
        {
            throw new ShapeMismatchException(
                $"ScaledDotProductAttention: query is {query.Shape}, key is {key.Shape}, value is {value.Shape}; they must be […, L, d], […, S, d] and […, S, e].");
        }

        Guard.ProductTypes(nameof(ScaledDotProductAttention), query, key, nameX: nameof(query));
        Guard.ProductTypes(nameof(ScaledDotProductAttention), query, value, nameX: nameof(query));
        if (mask is not null && mask.DType != DType.Bool && mask.DType != DType.Float32 && mask.DType != query.DType && !Autocast.Bridges(mask.DType, query.DType))
        {
            throw new DTypeMismatchException(
                $"ScaledDotProductAttention: mask is {mask.DType.ShortName()}, query is {query.DType.ShortName()}; a mask is bool, f32 or of the query's type. Use mask.To(DType.Bool) to hide keys, mask.To(DType.{query.DType}) to add to scores.");
        }

        Tensor scores = (query * (scale ?? 1 / Math.Sqrt(query.Shape[-1]))).MatMul(key.T);
        if (causal)
        {
            Tensor visible = Ones([query.Shape[-2], key.Shape[-2]], DType.Bool, query.Device).Tril();
            scores = scores.MaskedFill(visible.Not(), double.NegativeInfinity);
        }

        if (mask is not null)
        {
            scores = mask.DType == DType.Bool ? scores.MaskedFill(mask.Not(), double.NegativeInfinity) : scores + mask;
        }

        // A float32 mask makes the scores float32; the weights get the type of the values again.
        Tensor weights = scores.Softmax(-1).Dropout(dropout);
        return (Autocast.Type is null ? weights.ToOrSelf(value.DType) : weights).MatMul(value);
    }
}
