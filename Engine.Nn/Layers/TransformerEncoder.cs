namespace Engine.Nn;

/// <summary>Blocks of a transformer one after another, and a norm at the end if one is given.</summary>
/// <remarks>Shapes: src [L, N, E] (or [N, L, E] with batchFirst) → the same. Names in a state dict are PyTorch's: <c>layers.0.self_attn.…</c>, <c>norm.…</c>.</remarks>
public sealed partial class TransformerEncoder : Layer
{
    /// <summary>A stack.</summary>
    /// <param name="encoderLayer">Makes one block: <c>() =&gt; new TransformerEncoderLayer(512, 8)</c>. Each has start values of its own; PyTorch copies those of one.</param>
    /// <param name="numLayers">How many blocks there are.</param>
    /// <param name="norm">The norm at the end: with normFirst usually a <see cref="LayerNorm"/>.</param>
    public TransformerEncoder(Func<TransformerEncoderLayer> encoderLayer, int numLayers, Layer? norm = null)
    {
        ArgumentNullException.ThrowIfNull(encoderLayer);
        LayerArguments.Parts(nameof(TransformerEncoder), numLayers, nameof(numLayers));
        for (int i = 0; i < numLayers; i++)
        {
            Layers.Add(encoderLayer() ?? throw new ArgumentException("TransformerEncoder: the function returned null; it must return a layer.", nameof(encoderLayer)));
        }

        Norm = norm;
    }

    /// <summary>The blocks.</summary>
    public ModuleList<TransformerEncoderLayer> Layers { get; } = [];

    /// <summary>The norm at the end; null if there is none.</summary>
    public Layer? Norm { get; }

    /// <summary>Empty caches for generation, one for each block; dispose them when the sequence is done.</summary>
    public KeyValueCache[] CreateCaches() => [.. Layers.Select(static _ => new KeyValueCache())];

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (Intercepts)
        {
            return Call(x);
        }

        return Forward(x, mask: null);
    }

    /// <summary>The stack with masks.</summary>
    /// <param name="src">[L, N, E], or [N, L, E] with batchFirst.</param>
    /// <param name="mask">[L, L], [N·heads, L, L] or [N, heads, L, L]: bool, <b>true hides a key</b> from a query; or floating, added to the scores.</param>
    /// <param name="srcKeyPaddingMask">[N, L]: bool, <b>true hides a key</b> of a sample; or floating, added to the scores.</param>
    /// <param name="isCausal">Whether position i sees positions 0 … i only.</param>
    /// <param name="caches">From <see cref="CreateCaches"/>: src is then what follows the positions of earlier calls.</param>
    /// <exception cref="ArgumentException">There are not as many caches as blocks.</exception>
    public Tensor Forward(Tensor src, Tensor? mask, Tensor? srcKeyPaddingMask = null, bool isCausal = false, IReadOnlyList<KeyValueCache>? caches = null)
    {
        ArgumentNullException.ThrowIfNull(src);
        caches = caches is null ? null : Guard.NoNulls(caches);
        if (caches is not null && caches.Count != Layers.Count)
        {
            throw new ArgumentException($"TransformerEncoder: there are {Layers.Count} blocks and {caches.Count} caches; CreateCaches() makes one for each.", nameof(caches));
        }

        Tensor x = src;
        for (int i = 0; i < Layers.Count; i++)
        {
            x = Layers[i].Forward(x, mask, srcKeyPaddingMask, isCausal, caches?[i]);
        }

        return ForwardTrace.Record(this, src, Norm?.Forward(x) ?? x);
    }

    internal override bool KeepsNothing(int depth) => false;
}
