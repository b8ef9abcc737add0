namespace Engine.Nn;

/// <summary>
/// A block of a transformer (Vaswani et al. 2017): self-attention and a feed-forward network, each with a residual and a layer normalisation; with
/// isCausal also the block of models that generate, such as GPT.
/// </summary>
/// <remarks>
/// Shapes: src [L, N, E] (or [N, L, E] with batchFirst) → the same. <c>x ← norm1(x + attention(x))</c>, <c>x ← norm2(x + linear2(activation(linear1(x))))</c>;
/// with normFirst the norms stand before attention and network instead. Masks are true where a key is hidden, as in <see cref="MultiheadAttention"/>.
/// </remarks>
public sealed partial class TransformerEncoderLayer : Layer
{
    private readonly Func<Tensor, Tensor>? _activation;
    private readonly bool _normFirst;

    /// <summary>A block with random start values.</summary>
    /// <param name="dModel">E, the last size of src.</param>
    /// <param name="nhead">How many heads attend separately; divides E.</param>
    /// <param name="dimFeedforward">The width of the network.</param>
    /// <param name="dropout">The probability with which attention weights and results are dropped, while training.</param>
    /// <param name="activation">The function within the network, as <c>x =&gt; x.Gelu()</c>; ReLU if left out.</param>
    /// <param name="layerNormEps">Keeps the root of the norms away from 0.</param>
    /// <param name="batchFirst">Whether the batch is the first axis instead of the second.</param>
    /// <param name="normFirst">Whether the norms stand before attention and network.</param>
    /// <param name="bias">Whether projections and norms have biases.</param>
    /// <param name="rotary">Rotates queries and keys by their positions.</param>
    /// <param name="generator">The source of start values and dropout.</param>
    public TransformerEncoderLayer(
        int dModel,
        int nhead,
        int dimFeedforward = 2048,
        double dropout = 0.1,
        Func<Tensor, Tensor>? activation = null,
        double layerNormEps = 1e-5,
        bool batchFirst = false,
        bool normFirst = false,
        bool bias = true,
        RotaryPositions? rotary = null,
        Generator? generator = null)
    {
        (_activation, _normFirst) = (activation, normFirst);
        SelfAttn = new MultiheadAttention(dModel, nhead, dropout, bias, batchFirst: batchFirst, rotary: rotary, generator: generator);
        Linear1 = new Linear(dModel, dimFeedforward, bias, generator);
        Dropout = new Dropout(dropout, generator);
        Linear2 = new Linear(dimFeedforward, dModel, bias, generator);
        Norm1 = new LayerNorm(dModel, layerNormEps, bias: bias);
        Norm2 = new LayerNorm(dModel, layerNormEps, bias: bias);
        Dropout1 = new Dropout(dropout, generator);
        Dropout2 = new Dropout(dropout, generator);
    }

    /// <summary>Attention of the sequence to itself.</summary>
    public MultiheadAttention SelfAttn { get; }

    /// <summary>The first layer of the network.</summary>
    public Linear Linear1 { get; }

    /// <summary>Dropout within the network.</summary>
    public Dropout Dropout { get; }

    /// <summary>The second layer of the network.</summary>
    public Linear Linear2 { get; }

    /// <summary>The norm of the attention.</summary>
    public LayerNorm Norm1 { get; }

    /// <summary>The norm of the network.</summary>
    public LayerNorm Norm2 { get; }

    /// <summary>Dropout of what attention gives.</summary>
    public Dropout Dropout1 { get; }

    /// <summary>Dropout of what the network gives.</summary>
    public Dropout Dropout2 { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (Intercepts)
        {
            return Call(x);
        }

        return Forward(x, srcMask: null);
    }

    /// <summary>The block with masks.</summary>
    /// <param name="src">[L, N, E], or [N, L, E] with batchFirst.</param>
    /// <param name="srcMask">[L, L], [N·heads, L, L] or [N, heads, L, L]: bool, <b>true hides a key</b> from a query; or floating, added to the scores.</param>
    /// <param name="srcKeyPaddingMask">[N, L]: bool, <b>true hides a key</b> of a sample; or floating, added to the scores.</param>
    /// <param name="isCausal">Whether position i sees positions 0 … i only.</param>
    /// <param name="cache">Keys and values of earlier positions, for generation (<see cref="MultiheadAttention"/>).</param>
    public Tensor Forward(Tensor src, Tensor? srcMask, Tensor? srcKeyPaddingMask = null, bool isCausal = false, KeyValueCache? cache = null)
    {
        ArgumentNullException.ThrowIfNull(src);
        Tensor x = src;
        if (_normFirst)
        {
            x += Attend(Norm1.Forward(x));
            x += FeedForward(Norm2.Forward(x));
        }
        else
        {
            x = Norm1.Forward(x + Attend(x));
            x = Norm2.Forward(x + FeedForward(x));
        }

        return ForwardTrace.Record(this, src, x);

        Tensor Attend(Tensor y) => Dropout1.Forward(SelfAttn.Forward(y, y, y, srcKeyPaddingMask, srcMask, isCausal, cache));
    }

    internal override bool KeepsNothing(int depth) => false;

    private Tensor FeedForward(Tensor x)
    {
        Tensor y = _activation is null ? Linear1.Forward(x, relu: true) : Guard.Returned(_activation(Linear1.Forward(x)), nameof(TransformerEncoderLayer), "the activation");
        return Dropout2.Forward(Linear2.Forward(Dropout.Forward(y)));
    }
}
