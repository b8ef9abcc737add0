namespace Engine.Nn;

/// <summary>
/// A block of a transformer's decoder (Vaswani et al. 2017): self-attention, attention to what an encoder gave, and a feed-forward network, each with a
/// residual and a layer normalisation. A model without an encoder, such as GPT, is made of <see cref="TransformerEncoderLayer"/> with isCausal.
/// </summary>
/// <remarks>
/// Shapes: tgt [L, N, E], memory [S, N, E] (or [N, L, E], [N, S, E] with batchFirst) → [L, N, E]. Masks are true where a key is hidden, as in
/// <see cref="MultiheadAttention"/>.
/// </remarks>
public sealed partial class TransformerDecoderLayer : Module
{
    private readonly Func<Tensor, Tensor>? _activation;
    private readonly bool _normFirst;

    /// <summary>A block with random start values.</summary>
    /// <param name="dModel">E, the last size of tgt and memory.</param>
    /// <param name="nhead">How many heads attend separately; divides E.</param>
    /// <param name="dimFeedforward">The width of the network.</param>
    /// <param name="dropout">The probability with which attention weights and results are dropped, while training.</param>
    /// <param name="activation">The function within the network, as <c>x =&gt; x.Gelu()</c>; ReLU if left out.</param>
    /// <param name="layerNormEps">Keeps the root of the norms away from 0.</param>
    /// <param name="batchFirst">Whether the batch is the first axis instead of the second.</param>
    /// <param name="normFirst">Whether the norms stand before attention and network.</param>
    /// <param name="bias">Whether projections and norms have biases.</param>
    /// <param name="rotary">Rotates queries and keys of the self-attention by their positions.</param>
    /// <param name="generator">The source of start values and dropout.</param>
    public TransformerDecoderLayer(
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
        MultiheadAttn = new MultiheadAttention(dModel, nhead, dropout, bias, batchFirst: batchFirst, generator: generator);
        Linear1 = new Linear(dModel, dimFeedforward, bias, generator);
        Dropout = new Dropout(dropout, generator);
        Linear2 = new Linear(dimFeedforward, dModel, bias, generator);
        Norm1 = new LayerNorm(dModel, layerNormEps, bias: bias);
        Norm2 = new LayerNorm(dModel, layerNormEps, bias: bias);
        Norm3 = new LayerNorm(dModel, layerNormEps, bias: bias);
        Dropout1 = new Dropout(dropout, generator);
        Dropout2 = new Dropout(dropout, generator);
        Dropout3 = new Dropout(dropout, generator);
    }

    /// <summary>Attention of the sequence to itself.</summary>
    public MultiheadAttention SelfAttn { get; }

    /// <summary>Attention of the sequence to the memory.</summary>
    public MultiheadAttention MultiheadAttn { get; }

    /// <summary>The first layer of the network.</summary>
    public Linear Linear1 { get; }

    /// <summary>Dropout within the network.</summary>
    public Dropout Dropout { get; }

    /// <summary>The second layer of the network.</summary>
    public Linear Linear2 { get; }

    /// <summary>The norm of the self-attention.</summary>
    public LayerNorm Norm1 { get; }

    /// <summary>The norm of the attention to the memory.</summary>
    public LayerNorm Norm2 { get; }

    /// <summary>The norm of the network.</summary>
    public LayerNorm Norm3 { get; }

    /// <summary>Dropout of what self-attention gives.</summary>
    public Dropout Dropout1 { get; }

    /// <summary>Dropout of what attention to the memory gives.</summary>
    public Dropout Dropout2 { get; }

    /// <summary>Dropout of what the network gives.</summary>
    public Dropout Dropout3 { get; }

    /// <summary>The block.</summary>
    /// <param name="tgt">[L, N, E], or [N, L, E] with batchFirst.</param>
    /// <param name="memory">[S, N, E], or [N, S, E].</param>
    /// <param name="tgtMask">[L, L], [N·heads, L, L] or [N, heads, L, L]: bool, <b>true hides a key</b> from a query; or floating, added to the scores.</param>
    /// <param name="memoryMask">[L, S] and so on, for the memory.</param>
    /// <param name="tgtKeyPaddingMask">[N, L]: bool, <b>true hides a key</b> of a sample; or floating, added to the scores.</param>
    /// <param name="memoryKeyPaddingMask">[N, S], for the memory.</param>
    /// <param name="tgtIsCausal">Whether position i of tgt sees positions 0 … i only.</param>
    /// <param name="memoryIsCausal">Whether position i of tgt sees positions 0 … i of the memory only.</param>
    /// <param name="cache">Keys and values of the self-attention at earlier positions, for generation (<see cref="MultiheadAttention"/>).</param>
    public Tensor Forward(
        Tensor tgt,
        Tensor memory,
        Tensor? tgtMask = null,
        Tensor? memoryMask = null,
        Tensor? tgtKeyPaddingMask = null,
        Tensor? memoryKeyPaddingMask = null,
        bool tgtIsCausal = false,
        bool memoryIsCausal = false,
        KeyValueCache? cache = null)
    {
        ArgumentNullException.ThrowIfNull(tgt);
        ArgumentNullException.ThrowIfNull(memory);
        Tensor x = tgt;
        if (_normFirst)
        {
            x += Attend(Norm1.Forward(x));
            x += Remember(Norm2.Forward(x));
            return x + FeedForward(Norm3.Forward(x));
        }

        x = Norm1.Forward(x + Attend(x));
        x = Norm2.Forward(x + Remember(x));
        return Norm3.Forward(x + FeedForward(x));

        Tensor Attend(Tensor y) => Dropout1.Forward(SelfAttn.Forward(y, y, y, tgtKeyPaddingMask, tgtMask, tgtIsCausal, cache));
        Tensor Remember(Tensor y) => Dropout2.Forward(MultiheadAttn.Forward(y, memory, memory, memoryKeyPaddingMask, memoryMask, memoryIsCausal));
    }

    private Tensor FeedForward(Tensor x)
    {
        Tensor y = _activation is null ? Linear1.Forward(x, relu: true) : Guard.Returned(_activation(Linear1.Forward(x)), nameof(TransformerDecoderLayer), "the activation");
        return Dropout3.Forward(Linear2.Forward(Dropout.Forward(y)));
    }
}
