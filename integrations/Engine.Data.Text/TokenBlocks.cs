using Engine.Nn;

namespace Engine.Data.Text;

/// <summary>Texts as blocks of so many tokens, one behind the other, for a model that predicts the next token.</summary>
/// <remarks>
/// Sample i has the tokens from i·<see cref="Length"/> on as inputs, int64 [N, length], and as targets the tokens one place further, int64 [N, length]. Tokens behind the last whole
/// block are left out. Texts that do not fit into memory are read as a stream by <see cref="Stream(TextTokenizer, IEnumerable{string}, int, int?)"/>.
/// <code>
/// TokenBlocks blocks = TokenBlocks.From(vocabulary, [text], length: 64);
/// trainer.Fit(new DataLoader(blocks, 32) { Shuffle = true }, epochs: 10);
/// </code>
/// </remarks>
public sealed class TokenBlocks : IDataset
{
    private readonly int[] _tokens;

    /// <summary>Blocks of tokens, which are not copied.</summary>
    /// <param name="tokens">The tokens.</param>
    /// <param name="length">How many a block has.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is not positive.</exception>
    public TokenBlocks(int[] tokens, int length)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        (_tokens, Length) = (tokens, length);
    }

    /// <summary>How many tokens a block has.</summary>
    public int Length { get; }

    /// <summary>The tokens of all texts.</summary>
    public ReadOnlySpan<int> Tokens => _tokens;

    /// <inheritdoc/>
    public int Count => Math.Max(_tokens.Length - 1, 0) / Length;

    /// <summary>The blocks of texts.</summary>
    /// <param name="tokenizer">Cuts them into tokens.</param>
    /// <param name="texts">The texts, which follow each other without a gap.</param>
    /// <param name="length">How many tokens a block has.</param>
    /// <param name="separator">An id that stands behind each text; none where null.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is not positive, or <paramref name="separator"/> is no id.</exception>
    public static TokenBlocks From(TextTokenizer tokenizer, IEnumerable<string> texts, int length, int? separator = null)
    {
        Check(tokenizer, texts, length, separator);
        List<int> tokens = [];
        foreach (string text in texts)
        {
            tokens.AddRange(tokenizer.Encode(text));
            if (separator is { } id)
            {
                tokens.Add(id);
            }
        }

        return new TokenBlocks([.. tokens], length);
    }

    /// <summary>The blocks of texts that are read while the model learns: <c>TextLines</c>, <c>File.ReadLines</c>, shards. No more than a text and a block is in memory.</summary>
    /// <remarks>A run that is resumed reads the texts of the epoch from their beginning, and goes on at the exact block.</remarks>
    /// <inheritdoc cref="From(TextTokenizer, IEnumerable{string}, int, int?)" path="/*[not(self::summary or self::remarks)]"/>
    public static IStreamDataset Stream(TextTokenizer tokenizer, IEnumerable<string> texts, int length, int? separator = null)
    {
        Check(tokenizer, texts, length, separator);
        return StreamDataset.From(Blocks(tokenizer, texts, length, separator), MakeSample);
    }

    /// <summary>The same, with the texts of each epoch in an order of its own.</summary>
    /// <inheritdoc cref="From(TextTokenizer, IEnumerable{string}, int, int?)" path="/*[not(self::summary or self::remarks or self::param)]"/>
    /// <param name="tokenizer">Cuts them into tokens.</param>
    /// <param name="texts">The texts of an epoch, from its number; the same each time that it is asked.</param>
    /// <param name="length">How many tokens a block has.</param>
    /// <param name="separator">An id that stands behind each text; none where null.</param>
    public static IStreamDataset Stream(TextTokenizer tokenizer, Func<int, IEnumerable<string>> texts, int length, int? separator = null)
    {
        Check(tokenizer, texts, length, separator);
        return StreamDataset.From(epoch => Blocks(tokenizer, texts(epoch), length, separator), MakeSample);
    }

    /// <inheritdoc/>
    public Batch GetBatch(in BatchRequest request)
    {
        request.RefuseCollate(this);
        long[] inputs = new long[checked(request.Indices.Length * Length)], targets = new long[inputs.Length];
        int to = 0;
        foreach (int index in request.Indices)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(request));
            foreach (int token in _tokens.AsSpan(index * Length, Length))
            {
                inputs[to] = token;
                targets[to] = _tokens[(index * Length) + 1 + (to % Length)];
                to++;
            }
        }

        Shape shape = [request.Indices.Length, Length];
        return new Batch(Tensor.From<long>(inputs, shape, request.Device), Tensor.From<long>(targets, shape, request.Device));
    }

    private static void Check(TextTokenizer tokenizer, object texts, int length, int? separator)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        if (separator is { } id)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)id, (uint)tokenizer.VocabularySize, nameof(separator));
        }
    }

    /// <summary>Each block with the token behind it, which the next one begins with.</summary>
    private static IEnumerable<int[]> Blocks(TextTokenizer tokenizer, IEnumerable<string> texts, int length, int? separator)
    {
        int[] block = new int[length + 1];
        int count = 0;
        foreach (string text in texts)
        {
            int[] ids = tokenizer.Encode(text);
            for (int i = 0; i < ids.Length + (separator is null ? 0 : 1); i++)
            {
                block[count++] = i < ids.Length ? ids[i] : separator!.Value;
                if (count == block.Length)
                {
                    yield return block;
                    block = [block[^1], .. new int[length]];
                    count = 1;
                }
            }
        }
    }

    private static Sample MakeSample(int[] block) =>
        new(Array.ConvertAll(block[..^1], static id => (long)id), Array.ConvertAll(block[1..], static id => (long)id));
}
