namespace Engine.Nn;

/// <summary>The transformer of the paper (Vaswani et al. 2017): an encoder of a source sequence, and a decoder of a target sequence that attends to it.</summary>
/// <remarks>
/// Shapes: src [S, N, E], tgt [L, N, E] (or [N, S, E], [N, L, E] with batchFirst) → [L, N, E]. Embeddings, positions and the last projection are yours to
/// add. All matrices start Xavier-uniform. Masks are true where a key is hidden, as in <see cref="MultiheadAttention"/>.
/// </remarks>
public sealed partial class Transformer : Module
{
    /// <summary>A transformer with random start values.</summary>
    /// <param name="dModel">E, the last size of src and tgt.</param>
    /// <param name="nhead">How many heads attend separately; divides E.</param>
    /// <param name="numEncoderLayers">How many blocks the encoder has.</param>
    /// <param name="numDecoderLayers">How many blocks the decoder has.</param>
    /// <param name="dimFeedforward">The width of the networks.</param>
    /// <param name="dropout">The probability with which attention weights and results are dropped, while training.</param>
    /// <param name="activation">The function within the networks, as <c>x =&gt; x.Gelu()</c>; ReLU if left out.</param>
    /// <param name="layerNormEps">Keeps the root of the norms away from 0.</param>
    /// <param name="batchFirst">Whether the batch is the first axis instead of the second.</param>
    /// <param name="normFirst">Whether the norms stand before attention and network.</param>
    /// <param name="bias">Whether projections and norms have biases.</param>
    /// <param name="generator">The source of start values and dropout.</param>
    public Transformer(
        int dModel = 512,
        int nhead = 8,
        int numEncoderLayers = 6,
        int numDecoderLayers = 6,
        int dimFeedforward = 2048,
        double dropout = 0.1,
        Func<Tensor, Tensor>? activation = null,
        double layerNormEps = 1e-5,
        bool batchFirst = false,
        bool normFirst = false,
        bool bias = true,
        Generator? generator = null)
    {
        Encoder = new TransformerEncoder(
            () => new TransformerEncoderLayer(dModel, nhead, dimFeedforward, dropout, activation, layerNormEps, batchFirst, normFirst, bias, generator: generator),
            numEncoderLayers,
            new LayerNorm(dModel, layerNormEps, bias: bias));
        Decoder = new TransformerDecoder(
            () => new TransformerDecoderLayer(dModel, nhead, dimFeedforward, dropout, activation, layerNormEps, batchFirst, normFirst, bias, generator: generator),
            numDecoderLayers,
            new LayerNorm(dModel, layerNormEps, bias: bias));
        foreach (Tensor parameter in Parameters)
        {
            if (parameter.Rank > 1)
            {
                Init.XavierUniform(parameter, generator: generator);
            }
        }
    }

    /// <summary>What reads the source.</summary>
    public TransformerEncoder Encoder { get; }

    /// <summary>What makes the target.</summary>
    public TransformerDecoder Decoder { get; }

    /// <summary>The decoder's output.</summary>
    /// <param name="src">[S, N, E], or [N, S, E] with batchFirst.</param>
    /// <param name="tgt">[L, N, E], or [N, L, E].</param>
    /// <param name="srcMask">[S, S], [N·heads, S, S] or [N, heads, S, S]: bool, <b>true hides a key</b> from a query; or floating, added to the scores.</param>
    /// <param name="tgtMask">[L, L] and so on, for the target.</param>
    /// <param name="memoryMask">[L, S] and so on, from the target to the source.</param>
    /// <param name="srcKeyPaddingMask">[N, S]: bool, <b>true hides a key</b> of a sample; or floating, added to the scores.</param>
    /// <param name="tgtKeyPaddingMask">[N, L], for the target.</param>
    /// <param name="memoryKeyPaddingMask">[N, S], from the target to the source.</param>
    /// <param name="srcIsCausal">Whether position i of src sees positions 0 … i only.</param>
    /// <param name="tgtIsCausal">Whether position i of tgt sees positions 0 … i only.</param>
    /// <param name="memoryIsCausal">Whether position i of tgt sees positions 0 … i of the source only.</param>
    public Tensor Forward(
        Tensor src,
        Tensor tgt,
        Tensor? srcMask = null,
        Tensor? tgtMask = null,
        Tensor? memoryMask = null,
        Tensor? srcKeyPaddingMask = null,
        Tensor? tgtKeyPaddingMask = null,
        Tensor? memoryKeyPaddingMask = null,
        bool srcIsCausal = false,
        bool tgtIsCausal = false,
        bool memoryIsCausal = false)
    {
        ArgumentNullException.ThrowIfNull(src);
        ArgumentNullException.ThrowIfNull(tgt);
        Tensor memory = Encoder.Forward(src, srcMask, srcKeyPaddingMask, srcIsCausal);
        return Decoder.Forward(tgt, memory, tgtMask, memoryMask, tgtKeyPaddingMask, memoryKeyPaddingMask, tgtIsCausal, memoryIsCausal);
    }

    /// <summary>The floating mask that hides what comes later: 0 up to the diagonal, −∞ above it. <c>tgtIsCausal: true</c> does the same without a mask.</summary>
    /// <param name="size">L.</param>
    /// <param name="dtype">The type of the mask.</param>
    /// <param name="device">Where it is made.</param>
    public static Tensor GenerateSquareSubsequentMask(int size, DType dtype = DType.Float32, Device? device = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        Tensor hidden = Tensor.Ones([size, size], DType.Bool, device).Triu(1);
        return Tensor.Zeros([size, size], dtype, device).MaskedFill(hidden, double.NegativeInfinity);
    }
}
