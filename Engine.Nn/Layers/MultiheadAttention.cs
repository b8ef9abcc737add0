namespace Engine.Nn;

/// <summary>
/// Multi-head attention (Vaswani et al. 2017): queries, keys and values are projected, cut into heads that attend separately
/// (<see cref="Tensor.ScaledDotProductAttention"/>), joined again and projected once more.
/// </summary>
/// <remarks>
/// Shapes: query [L, N, E] (or [N, L, E] with batchFirst), key and value [S, N, E] → [L, N, E]. <see cref="InProjWeight"/> [3·E, E] holds the
/// projections of queries, keys and values in this order and starts Xavier-uniform; the biases start at 0, the output projection as a
/// <see cref="Linear"/>.
/// </remarks>
public sealed partial class MultiheadAttention : Layer
{
    private readonly int _size;
    private readonly int _heads;
    private readonly double _dropout;
    private readonly bool _batchFirst;

    /// <summary>A layer with random start values.</summary>
    /// <param name="size">E, the last size of queries, keys and values; a multiple of heads.</param>
    /// <param name="heads">How many heads attend separately.</param>
    /// <param name="dropout">The probability with which an attention weight is dropped, while training.</param>
    /// <param name="bias">Whether the projections have biases.</param>
    /// <param name="batchFirst">Whether the batch is the first axis instead of the second.</param>
    /// <param name="generator">The source of the start values.</param>
    public MultiheadAttention(int size, int heads, double dropout = 0, bool bias = true, bool batchFirst = false, Generator? generator = null)
    {
        LayerArguments.Channels(nameof(MultiheadAttention), size, size, heads);
        LayerArguments.Probability(nameof(MultiheadAttention), dropout);
        (_size, _heads, _dropout, _batchFirst) = (size, heads, dropout, batchFirst);
        InProjWeight = Init.XavierUniform(Tensor.Empty([3 * size, size]), generator: generator).WithGrad();
        InProjBias = bias ? Weights.Constant([3 * size], 0) : null;
        OutProj = new Linear(size, size, bias, generator);
        if (OutProj.Bias is { } outBias)
        {
            Init.Zeros(outBias);
        }
    }

    /// <summary>The projections of queries, keys and values below one another, [3·E, E].</summary>
    public Tensor InProjWeight { get; }

    /// <summary>Their biases, [3·E]; null if there are none.</summary>
    public Tensor? InProjBias { get; }

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
    /// <param name="key">[S, N, E], or [N, S, E].</param>
    /// <param name="value">As the keys.</param>
    /// <param name="mask">
    /// Broadcastable to [N, heads, L, S]: bool, false hides a key; or floating, added to the scores. (PyTorch's module hides where a bool is
    /// true; its function, like this, where it is false.)
    /// </param>
    /// <param name="causal">Whether query i sees keys 0 … i only.</param>
    /// <exception cref="ShapeMismatchException">A tensor does not have three axes, or its last size is not E, or sizes disagree.</exception>
    /// <exception cref="DTypeMismatchException">A tensor's type is not that of the weights, outside of <see cref="Autocast"/>.</exception>
    public Tensor Forward(Tensor query, Tensor key, Tensor value, Tensor? mask = null, bool causal = false)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        Check(query, nameof(query));
        Check(key, nameof(key));
        Check(value, nameof(value));
        Tensor q, k, v;
        if (ReferenceEquals(query, key) && ReferenceEquals(key, value))
        {
            Tensor all = BatchFirst(query).Linear(InProjWeight, InProjBias);
            (q, k, v) = (Part(all, 0), Part(all, 1), Part(all, 2));
        }
        else
        {
            (q, k, v) = (Project(query, 0), Project(key, 1), Project(value, 2));
        }

        Tensor heads = Tensor.ScaledDotProductAttention(Heads(q), Heads(k), Heads(v), mask, causal, DropoutScope.IsOn(this) ? _dropout : 0);
        Tensor joined = heads.Transpose(1, 2).Reshape(shape: q.Shape);
        Tensor y = OutProj.Forward(joined);
        return ForwardTrace.Record(this, query, _batchFirst ? y : y.Transpose(0, 1));
    }

    /// <inheritdoc/>
    public override string ToString() => $"MultiheadAttention({_size}, {_heads} heads)";

    /// <summary>Of self-attention: three projections, then scores and weighted values; the output projection counts itself.</summary>
    protected internal override long MultiplyAdds(Shape input, Shape output)
    {
        long length = input[_batchFirst ? 1 : 0];
        return input.ElementCount * ((3 * _size) + (2 * length));
    }

    private Tensor BatchFirst(Tensor x) => _batchFirst ? x : x.Transpose(0, 1);

    private Tensor Part(Tensor all, int index) => all.Narrow(2, index * _size, _size);

    private Tensor Project(Tensor x, int index) =>
        BatchFirst(x).Linear(InProjWeight.Narrow(0, index * _size, _size), InProjBias?.Narrow(0, index * _size, _size));

    /// <summary>[N, L, E] → [N, heads, L, E/heads].</summary>
    private Tensor Heads(Tensor x) => x.Reshape(x.Shape[0], x.Shape[1], _heads, _size / _heads).Transpose(1, 2);

    private void Check(Tensor x, string name)
    {
        ArgumentNullException.ThrowIfNull(x, name);
        if (x.Rank != 3 || x.Shape[2] != _size)
        {
            throw new ShapeMismatchException(
                $"MultiheadAttention: {name} is {x.Shape}; it must be {(_batchFirst ? "[N, L" : "[L, N")}, {_size}] (batchFirst: {_batchFirst}, size: {_size}).");
        }

        Guard.ProductTypes(nameof(MultiheadAttention), x, InProjWeight, "weight", name);
    }
}
