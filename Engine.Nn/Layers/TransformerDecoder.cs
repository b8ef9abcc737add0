namespace Engine.Nn;

/// <summary>Blocks of a transformer's decoder one after another, and a norm at the end if one is given.</summary>
/// <remarks>Shapes: tgt [L, N, E], memory [S, N, E] (or [N, L, E], [N, S, E] with batchFirst) → [L, N, E]. Names in a state dict are PyTorch's.</remarks>
public sealed partial class TransformerDecoder : Module
{
    /// <summary>A stack.</summary>
    /// <param name="decoderLayer">Makes one block: <c>() =&gt; new TransformerDecoderLayer(512, 8)</c>. Each has start values of its own; PyTorch copies those of one.</param>
    /// <param name="numLayers">How many blocks there are.</param>
    /// <param name="norm">The norm at the end.</param>
    public TransformerDecoder(Func<TransformerDecoderLayer> decoderLayer, int numLayers, Layer? norm = null)
    {
        ArgumentNullException.ThrowIfNull(decoderLayer);
        LayerArguments.Parts(nameof(TransformerDecoder), numLayers, nameof(numLayers));
        for (int i = 0; i < numLayers; i++)
        {
            Layers.Add(decoderLayer() ?? throw new ArgumentException("TransformerDecoder: the function returned null; it must return a layer.", nameof(decoderLayer)));
        }

        Norm = norm;
    }

    /// <summary>The blocks.</summary>
    public ModuleList<TransformerDecoderLayer> Layers { get; } = [];

    /// <summary>The norm at the end; null if there is none.</summary>
    public Layer? Norm { get; }

    /// <summary>Empty caches for generation, one for each block; dispose them when the sequence is done.</summary>
    public KeyValueCache[] CreateCaches() => [.. Layers.Select(static _ => new KeyValueCache())];

    /// <summary>The stack.</summary>
    /// <param name="tgt">[L, N, E], or [N, L, E] with batchFirst.</param>
    /// <param name="memory">[S, N, E], or [N, S, E].</param>
    /// <param name="tgtMask">[L, L], [N·heads, L, L] or [N, heads, L, L]: bool, <b>true hides a key</b> from a query; or floating, added to the scores.</param>
    /// <param name="memoryMask">[L, S] and so on, for the memory.</param>
    /// <param name="tgtKeyPaddingMask">[N, L]: bool, <b>true hides a key</b> of a sample; or floating, added to the scores.</param>
    /// <param name="memoryKeyPaddingMask">[N, S], for the memory.</param>
    /// <param name="tgtIsCausal">Whether position i of tgt sees positions 0 … i only.</param>
    /// <param name="memoryIsCausal">Whether position i of tgt sees positions 0 … i of the memory only.</param>
    /// <param name="caches">From <see cref="CreateCaches"/>: tgt is then what follows the positions of earlier calls.</param>
    /// <exception cref="ArgumentException">There are not as many caches as blocks.</exception>
    public Tensor Forward(
        Tensor tgt,
        Tensor memory,
        Tensor? tgtMask = null,
        Tensor? memoryMask = null,
        Tensor? tgtKeyPaddingMask = null,
        Tensor? memoryKeyPaddingMask = null,
        bool tgtIsCausal = false,
        bool memoryIsCausal = false,
        IReadOnlyList<KeyValueCache>? caches = null)
    {
        ArgumentNullException.ThrowIfNull(tgt);
        ArgumentNullException.ThrowIfNull(memory);
        caches = caches is null ? null : Guard.NoNulls(caches);
        if (caches is not null && caches.Count != Layers.Count)
        {
            throw new ArgumentException($"TransformerDecoder: there are {Layers.Count} blocks and {caches.Count} caches; CreateCaches() makes one for each.", nameof(caches));
        }

        Tensor x = tgt;
        for (int i = 0; i < Layers.Count; i++)
        {
            x = Layers[i].Forward(x, memory, tgtMask, memoryMask, tgtKeyPaddingMask, memoryKeyPaddingMask, tgtIsCausal, memoryIsCausal, caches?[i]);
        }

        return Norm?.Forward(x) ?? x;
    }
}
