namespace Engine.Nn;

/// <summary>
/// Multi-head attention (Vaswani et al. 2017): queries, keys and values are projected, cut into heads that attend separately
/// (<see cref="Tensor.ScaledDotProductAttention"/>), joined again and projected once more.
/// </summary>
/// <remarks>
/// Shapes: query [L, N, E] (or [N, L, E] with batchFirst), key [S, N, kdim], value [S, N, vdim] → [L, N, E]. <see cref="InProjWeight"/> [3·E, E] holds the
/// projections of queries, keys and values in this order; with a kdim or vdim other than E they are three tensors. They start Xavier-uniform, the biases
/// at 0, the output projection as a <see cref="Linear"/>. <b>Masks have the sense of PyTorch's module: true hides a key</b>, the opposite of
/// <see cref="Tensor.ScaledDotProductAttention"/>. A query that sees no key gets 0 from every head; PyTorch's module gives NaN.
/// </remarks>
public sealed partial class MultiheadAttention : Layer
{
    private readonly int _size;
    private readonly int _heads;
    private readonly double _dropout;
    private readonly bool _batchFirst;
    private readonly bool _addZeroAttn;

    /// <summary>A layer with random start values.</summary>
    /// <param name="embedDim">E, the last size of queries and of the result; a multiple of numHeads.</param>
    /// <param name="numHeads">How many heads attend separately.</param>
    /// <param name="dropout">The probability with which an attention weight is dropped, while training.</param>
    /// <param name="bias">Whether the projections have biases.</param>
    /// <param name="addBiasKv">Whether one more key and value, which are learned, follow the others.</param>
    /// <param name="addZeroAttn">Whether one more key and value of zeros follow the others.</param>
    /// <param name="kdim">The last size of keys; E if left out.</param>
    /// <param name="vdim">The last size of values; E if left out.</param>
    /// <param name="batchFirst">Whether the batch is the first axis instead of the second.</param>
    /// <param name="rotary">Rotates queries and keys by their positions, with the length of a head, E/numHeads; for self-attention.</param>
    /// <param name="generator">The source of the start values.</param>
    public MultiheadAttention(
        int embedDim,
        int numHeads,
        double dropout = 0,
        bool bias = true,
        bool addBiasKv = false,
        bool addZeroAttn = false,
        int? kdim = null,
        int? vdim = null,
        bool batchFirst = false,
        RotaryPositions? rotary = null,
        Generator? generator = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(embedDim);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(numHeads);
        if (embedDim % numHeads != 0)
        {
            throw new ArgumentException($"MultiheadAttention: embedDim {embedDim} cannot be divided among {numHeads} heads; it must be a multiple of numHeads.", nameof(numHeads));
        }

        LayerArguments.Probability(nameof(MultiheadAttention), dropout);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(kdim ?? 1, nameof(kdim));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(vdim ?? 1, nameof(vdim));
        int all = LayerArguments.Features(nameof(MultiheadAttention), 3L * embedDim, nameof(embedDim));
        (_size, _heads, _dropout, _batchFirst, _addZeroAttn) = (embedDim, numHeads, dropout, batchFirst, addZeroAttn);
        if ((kdim ?? embedDim) == embedDim && (vdim ?? embedDim) == embedDim)
        {
            InProjWeight = Start(all, embedDim);
        }
        else
        {
            (QProjWeight, KProjWeight, VProjWeight) = (Start(embedDim, embedDim), Start(embedDim, kdim ?? embedDim), Start(embedDim, vdim ?? embedDim));
        }

        InProjBias = bias ? Weights.Constant([all], 0) : null;
        if (addBiasKv)
        {
            BiasK = Init.XavierNormal(Tensor.Empty([1, 1, embedDim]), generator: generator).WithGrad();
            BiasV = Init.XavierNormal(Tensor.Empty([1, 1, embedDim]), generator: generator).WithGrad();
        }

        Rotary = rotary;
        OutProj = new Linear(embedDim, embedDim, bias, generator);
        if (OutProj.Bias is { } outBias)
        {
            Init.Zeros(outBias);
        }

        Tensor Start(int rows, int columns) => Init.XavierUniform(Tensor.Empty([rows, columns]), generator: generator).WithGrad();
    }

    /// <summary>The projections of queries, keys and values below one another, [3·E, E]; null where they are three tensors.</summary>
    public Tensor? InProjWeight { get; }

    /// <summary>The projection of queries, [E, E], where keys or values have another size; otherwise null.</summary>
    public Tensor? QProjWeight { get; }

    /// <summary>The projection of keys, [E, kdim], likewise.</summary>
    public Tensor? KProjWeight { get; }

    /// <summary>The projection of values, [E, vdim], likewise.</summary>
    public Tensor? VProjWeight { get; }

    /// <summary>The biases of the projections, [3·E]; null if there are none.</summary>
    public Tensor? InProjBias { get; }

    /// <summary>The key that follows the others, [1, 1, E]; null without addBiasKv.</summary>
    public Tensor? BiasK { get; }

    /// <summary>The value that follows the others, [1, 1, E]; null without addBiasKv.</summary>
    public Tensor? BiasV { get; }

    /// <summary>What rotates queries and keys; null if nothing does.</summary>
    public RotaryPositions? Rotary { get; }

    /// <summary>The projection of the joined heads.</summary>
    public Linear OutProj { get; }

    /// <summary>Self-attention: every position attends to all.</summary>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (Intercepts)
        {
            return Call(x);
        }

        return Forward(x, x, x);
    }

    /// <summary>Attention of queries to keys, which select values.</summary>
    /// <param name="query">[L, N, E], or [N, L, E] with batchFirst.</param>
    /// <param name="key">[S, N, kdim], or [N, S, kdim].</param>
    /// <param name="value">[S, N, vdim], or [N, S, vdim].</param>
    /// <param name="keyPaddingMask">[N, S]: bool, <b>true hides a key</b> of a sample from all queries; or floating, added to the scores.</param>
    /// <param name="attnMask">[L, S], [N·heads, L, S] or [N, heads, L, S]: bool, <b>true hides a key</b> from a query; or floating, added to the scores.</param>
    /// <param name="isCausal">Whether query i sees keys 0 … i only, whatever else the masks hide. (PyTorch's module wants the mask of it as well.)</param>
    /// <param name="cache">
    /// Keys and values of earlier calls, which come before those of this one and are seen too, for generation one position at a time. Masks then have as many
    /// columns as there are keys in all; with isCausal query i is at the position after those of the cache. Without gradients only.
    /// </param>
    /// <exception cref="ShapeMismatchException">A tensor does not have three axes, or its last size is another, or sizes disagree.</exception>
    /// <exception cref="DTypeMismatchException">A tensor's type is not that of the weights, outside of <see cref="Autocast"/>.</exception>
    public Tensor Forward(
        Tensor query, Tensor key, Tensor value, Tensor? keyPaddingMask = null, Tensor? attnMask = null, bool isCausal = false, KeyValueCache? cache = null)
    {
        (Tensor q, Tensor k, Tensor v, Tensor? visible, bool causal) = Prepare(query, key, value, keyPaddingMask, attnMask, isCausal, cache);
        Tensor heads = Tensor.ScaledDotProductAttention(q, k, v, visible, DropoutScope.IsOn(this) ? _dropout : 0, causal);
        return ForwardTrace.Record(this, query, Join(heads));
    }

    /// <summary>As <see cref="Forward(Tensor, Tensor, Tensor, Tensor?, Tensor?, bool, KeyValueCache?)"/>, with the weights of attention (PyTorch's <c>need_weights</c>).</summary>
    /// <param name="query">[L, N, E], or [N, L, E] with batchFirst.</param>
    /// <param name="key">[S, N, kdim], or [N, S, kdim].</param>
    /// <param name="value">[S, N, vdim], or [N, S, vdim].</param>
    /// <param name="keyPaddingMask">[N, S]: bool, <b>true hides a key</b>; or floating, added to the scores.</param>
    /// <param name="attnMask">[L, S], [N·heads, L, S] or [N, heads, L, S]: bool, <b>true hides a key</b>; or floating, added to the scores.</param>
    /// <param name="averageAttnWeights">Whether the weights are the mean of all heads, [N, L, S], instead of [N, heads, L, S].</param>
    /// <param name="isCausal">Whether query i sees keys 0 … i only.</param>
    /// <returns>The result, and the weights, which are L·S numbers for each head in memory.</returns>
    public (Tensor Output, Tensor AttnWeights) ForwardWithWeights(
        Tensor query, Tensor key, Tensor value, Tensor? keyPaddingMask = null, Tensor? attnMask = null, bool averageAttnWeights = true, bool isCausal = false)
    {
        (Tensor q, Tensor k, Tensor v, Tensor? visible, bool causal) = Prepare(query, key, value, keyPaddingMask, attnMask, isCausal, null);

        // Attention to the unit vectors gives the weights themselves.
        Tensor each = Tensor.Eye(k.Shape[2], dtype: v.DType, device: v.Device).Expand([k.Shape[0], k.Shape[1], k.Shape[2], k.Shape[2]]);
        Tensor weights = Tensor.ScaledDotProductAttention(q, k, each, visible, DropoutScope.IsOn(this) ? _dropout : 0, causal);
        Tensor output = ForwardTrace.Record(this, query, Join(weights.MatMul(v)));
        return (output, averageAttnWeights ? weights.Mean(1) : weights);
    }

    /// <inheritdoc/>
    public override string ToString() => $"MultiheadAttention({_size}, {_heads} heads)";

    /// <summary>Of self-attention: three projections, then scores and weighted values; the output projection counts itself.</summary>
    protected internal override long MultiplyAdds(Shape input, Shape output)
    {
        long length = input[_batchFirst ? 1 : 0];
        return input.ElementCount * ((3L * _size) + (2 * length));
    }

    private (Tensor Q, Tensor K, Tensor V, Tensor? Mask, bool Causal) Prepare(
        Tensor query, Tensor key, Tensor value, Tensor? keyPaddingMask, Tensor? attnMask, bool isCausal, KeyValueCache? cache)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        Check(query, nameof(query), _size, "embedDim");
        Check(key, nameof(key), KProjWeight?.Shape[1] ?? _size, "kdim");
        Check(value, nameof(value), VProjWeight?.Shape[1] ?? _size, "vdim");
        Tensor q, k, v;
        if (InProjWeight is { } all && ReferenceEquals(query, key) && ReferenceEquals(key, value))
        {
            Tensor projected = BatchFirst(query).Linear(all, InProjBias);
            (q, k, v) = (Part(projected, 0), Part(projected, 1), Part(projected, 2));
        }
        else
        {
            (q, k, v) = (Project(query, 0), Project(key, 1), Project(value, 2));
        }

        (q, k, v) = (Heads(q), Heads(k), Heads(v));
        int before = cache?.Length ?? 0;
        if (Rotary is { } rotary)
        {
            (q, k) = (rotary.Forward(q, before), rotary.Forward(k, before));
        }

        if (cache is not null)
        {
            (k, v) = cache.Append(k, v);
        }

        int keys = k.Shape[2], extra = 0;
        if (BiasK is { } biasK && BiasV is { } biasV)
        {
            (k, v) = (Append(k, Heads(biasK)), Append(v, Heads(biasV)));
            extra++;
        }

        if (_addZeroAttn)
        {
            Tensor zero = Tensor.Zeros([1, _heads, 1, _size / _heads], k.DType, k.Device);
            (k, v) = (Append(k, zero), Append(v, zero));
            extra++;
        }

        AttentionMasks masks = new(q.Shape[0], _heads, q.Shape[2], keys, q);
        if (isCausal && (extra > 0 || before > 0))
        {
            // The diagonal does not begin in the corner, or not all columns belong to it.
            masks.HideFuture(before);
            isCausal = false;
        }

        masks.Hide(nameof(keyPaddingMask), keyPaddingMask);
        masks.Hide(nameof(attnMask), attnMask);
        return (q, k, v, masks.ForScores(extra), isCausal);
    }

    private static Tensor Append(Tensor x, Tensor last) => Tensor.Concat([x, last.Expand([x.Shape[0], x.Shape[1], 1, x.Shape[3]]).To(x.DType)], 2);

    private Tensor BatchFirst(Tensor x) => _batchFirst ? x : x.Transpose(0, 1);

    private Tensor Join(Tensor heads)
    {
        Tensor joined = heads.Transpose(1, 2).Reshape(heads.Shape[0], heads.Shape[2], _size);
        Tensor y = OutProj.Forward(joined);
        return _batchFirst ? y : y.Transpose(0, 1);
    }

    private Tensor Part(Tensor all, int index) => all.Narrow(2, index * _size, _size);

    /// <summary>The projection of queries (0), keys (1) or values (2).</summary>
    private Tensor Projection(int index) => InProjWeight?.Narrow(0, index * _size, _size) ?? index switch
    {
        0 => QProjWeight!,
        1 => KProjWeight!,
        _ => VProjWeight!,
    };

    private Tensor Project(Tensor x, int index) => BatchFirst(x).Linear(Projection(index), InProjBias?.Narrow(0, index * _size, _size));

    /// <summary>[N, L, E] → [N, heads, L, E/heads].</summary>
    private Tensor Heads(Tensor x) => x.Reshape(x.Shape[0], x.Shape[1], _heads, _size / _heads).Transpose(1, 2);

    private void Check(Tensor x, string name, int size, string argument)
    {
        ArgumentNullException.ThrowIfNull(x, name);
        if (x.Rank != 3 || x.Shape[2] != size)
        {
            throw new ShapeMismatchException(
                $"MultiheadAttention: {name} is {x.Shape}; it must be {(_batchFirst ? "[N, L" : "[L, N")}, {size}] (batchFirst: {_batchFirst}, {argument}: {size}).");
        }

        Guard.ProductTypes(nameof(MultiheadAttention), x, OutProj.Weight, "weight", name);
    }
}
