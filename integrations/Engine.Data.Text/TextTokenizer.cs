namespace Engine.Data.Text;

/// <summary>Cuts a text into tokens and numbers them: what a language model reads and writes.</summary>
/// <remarks>
/// <para>Vocabularies of published models are read from their files by <see cref="FromWordPiece"/>, <see cref="FromBpe"/>, <see cref="FromTiktoken"/> and
/// <see cref="FromSentencePiece"/>; nothing is downloaded. <see cref="Vocabulary"/> learns the characters or words of one's own texts, and <see cref="Bytes"/> needs no vocabulary.</para>
/// <para>A tokenizer does not change; several threads may use it at once.</para>
/// </remarks>
public abstract partial class TextTokenizer
{
    /// <summary>A tokenizer with so many ids.</summary>
    /// <param name="vocabularySize">The ids are below it.</param>
    /// <param name="padId">The id that fills up shorter texts.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no ids, or <paramref name="padId"/> is none.</exception>
    protected TextTokenizer(int vocabularySize, int padId)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(vocabularySize);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)padId, (uint)vocabularySize, nameof(padId));
        (VocabularySize, PadId) = (vocabularySize, padId);
    }

    /// <summary>The tokenizer that takes each byte of UTF-8 as a token: 256 of them, and 256 for padding. It knows every text.</summary>
    public static TextTokenizer Bytes { get; } = new ByteTokenizer();

    /// <summary>How many ids there are: the size of an embedding, and of a model's output.</summary>
    public int VocabularySize { get; }

    /// <summary>The id that fills up shorter texts. Where a vocabulary has none of its own it is 0; masks tell which places count.</summary>
    public int PadId { get; }

    /// <summary>The ids of a text, with the marks of its beginning and end where the vocabulary's model has them.</summary>
    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return EncodeText(text, int.MaxValue);
    }

    /// <summary>The ids of a text, cut off behind <paramref name="maxLength"/>; a mark of its end that the model has stays.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxLength"/> is not positive.</exception>
    public int[] Encode(string text, int maxLength)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxLength);
        return EncodeText(text, maxLength);
    }

    /// <summary>The text of ids. What a vocabulary does not keep, such as capitals, does not come back.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is none of the vocabulary.</exception>
    public string Decode(params IEnumerable<int> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        int[] all = [.. ids];
        foreach (int id in all)
        {
            if ((uint)id >= (uint)VocabularySize)
            {
                throw new ArgumentOutOfRangeException(nameof(ids), id, $"Decode: ids go from 0 to {VocabularySize - 1}.");
            }
        }

        return DecodeIds(all);
    }

    /// <summary>Texts as one tensor: shorter ones are filled up, longer ones cut off.</summary>
    /// <param name="texts">The texts, one or more.</param>
    /// <param name="options">To which length; that of the longest where null.</param>
    /// <param name="device">Where the tensors shall be.</param>
    /// <exception cref="ArgumentException">There are no texts.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A length of the options is not positive.</exception>
    public TokenBatch EncodeBatch(IReadOnlyList<string> texts, TokenOptions? options = null, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(texts);
        options ??= new TokenOptions();
        options.Check();
        if (texts.Count == 0)
        {
            throw new ArgumentException("EncodeBatch: there are no texts.", nameof(texts));
        }

        int[][] ids = new int[texts.Count][];
        int length = 1;
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = EncodeText(texts[i] ?? throw new ArgumentNullException(nameof(texts)), options.MaxLength ?? int.MaxValue);
            length = Math.Max(length, ids[i].Length);
        }

        length = options.PadToMaxLength && options.MaxLength is { } max ? max : checked((length + options.PadToMultipleOf - 1) / options.PadToMultipleOf * options.PadToMultipleOf);
        return TokenBatch.From(ids, length, PadId, options.PadLeft, device);
    }

    /// <summary>The ids of a text, at most so many.</summary>
    protected abstract int[] EncodeText(string text, int maxLength);

    /// <summary>The text of ids, all of which are in the vocabulary.</summary>
    protected abstract string DecodeIds(int[] ids);
}
