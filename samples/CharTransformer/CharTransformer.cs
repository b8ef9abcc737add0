using Engine;
using Engine.Nn;

namespace CharTransformerSample;

/// <summary>The sizes of a model.</summary>
/// <param name="Width">The length of the vector that stands for a character.</param>
/// <param name="Layers">Blocks of attention and network.</param>
/// <param name="Heads">Heads of each attention.</param>
/// <param name="Context">How many characters it sees at once.</param>
internal sealed record ModelSize(int Width = 96, int Layers = 3, int Heads = 3, int Context = 128);

/// <summary>A transformer as GPT is one: each position sees itself and those before it, and says which character comes next.</summary>
internal sealed partial class CharTransformer : Layer
{
    public CharTransformer(ModelSize size, int characters, Generator? generator = null)
    {
        Size = size;
        Embedding = new Embedding(characters, size.Width, generator: generator);

        // Positions are told by rotating queries and keys: attention then sees distances.
        RotaryPositions rotary = new(size.Width / size.Heads, size.Context);
        Blocks = new TransformerEncoder(
            () => new TransformerEncoderLayer(size.Width, size.Heads, 4 * size.Width, dropout: 0, static x => x.Gelu(), batchFirst: true, normFirst: true, rotary: rotary, generator: generator),
            size.Layers,
            new LayerNorm(size.Width));
        Head = new Linear(size.Width, characters, generator: generator);
    }

    public ModelSize Size { get; }

    public Embedding Embedding { get; }

    public TransformerEncoder Blocks { get; }

    public Linear Head { get; }

    /// <summary>Characters [N, L] → logits of the next ones [N, characters, L], the order of axes of losses and metrics.</summary>
    public override Tensor Forward(Tensor x) => Forward(x, caches: null);

    /// <summary>The same for characters that follow those in the caches.</summary>
    public Tensor Forward(Tensor x, KeyValueCache[]? caches) =>
        Head.Forward(Blocks.Forward(Embedding.Forward(x), mask: null, isCausal: true, caches: caches)).Transpose(1, 2);
}
