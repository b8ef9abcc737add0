using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;

namespace Engine.Data.Text;

/// <summary>Vocabularies of published models, from their files.</summary>
public abstract partial class TextTokenizer
{
    /// <summary>A larger file is no vocabulary.</summary>
    private const int MaxFileBytes = 1 << 28;

    /// <summary>WordPiece, as BERT has it: a text is cut into words, and words into the longest parts of the vocabulary. <c>[CLS]</c> and <c>[SEP]</c> stand around each text.</summary>
    /// <param name="path">The <c>vocab.txt</c>: one token a line; <c>[PAD]</c>, <c>[UNK]</c>, <c>[CLS]</c>, <c>[SEP]</c> and <c>[MASK]</c> among them.</param>
    /// <param name="lowerCase">Whether capitals become small letters, as in the models that are named "uncased".</param>
    /// <exception cref="DataFileException">The file is no such vocabulary.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static TextTokenizer FromWordPiece(string path, bool lowerCase = true) => Open(path, bytes =>
    {
        string[] tokens = Lines(bytes);
        string[] missing = [.. new[] { "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]" }.Except(tokens)];
        if (missing.Length > 0)
        {
            throw new InvalidDataException($"it has no {string.Join(", ", missing)}.");
        }

        BertTokenizer bert = BertTokenizer.Create(new MemoryStream(bytes), new BertOptions { LowerCaseBeforeTokenization = lowerCase });
        return new MlTokenizer(bert, tokens.Length, bert.PaddingTokenId);
    });

    /// <summary>Byte-pair encoding of bytes, as GPT-2 and RoBERTa have it: bytes are joined in the order of the merges. It knows every text.</summary>
    /// <param name="vocabularyPath">The <c>vocab.json</c>: an object of tokens and their ids.</param>
    /// <param name="mergesPath">The <c>merges.txt</c>: two parts a line.</param>
    /// <param name="specialTokens">Texts that are one token wherever they stand, such as <c>&lt;|endoftext|&gt;</c>, with their ids; those of the vocabulary only.</param>
    /// <exception cref="DataFileException">A file is no such vocabulary.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static TextTokenizer FromBpe(string vocabularyPath, string mergesPath, IReadOnlyDictionary<string, int>? specialTokens = null)
    {
        string[] merges = Open(mergesPath, static bytes => Lines(bytes).Where(static line => line.Length > 0 && !line.StartsWith("#version", StringComparison.Ordinal)).ToArray());
        return Open(vocabularyPath, bytes =>
        {
            Dictionary<string, int> ids = VocabularyJson.Read(bytes);
            BpeOptions options = new(ids) { Merges = merges, ByteLevel = true, PreTokenizer = new RegexPreTokenizer(WordsOfGpt2(), specialTokens), SpecialTokens = specialTokens };
            return new MlTokenizer(BpeTokenizer.Create(options), SizeOf(ids.Values.Concat(specialTokens?.Values ?? [])), PadOf(ids));
        });
    }

    /// <summary>Byte-pair encoding in OpenAI's files.</summary>
    /// <param name="path">The <c>.tiktoken</c> file: a token in base 64 and its rank on each line.</param>
    /// <param name="model">A model that uses it, which decides how texts are cut and which special tokens there are: <c>gpt-4</c> (cl100k_base), <c>gpt-4o</c> (o200k_base), <c>gpt2</c>.</param>
    /// <exception cref="DataFileException">The file is no such vocabulary.</exception>
    /// <exception cref="ArgumentException">The model is not known.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static TextTokenizer FromTiktoken(string path, string model)
    {
        ArgumentException.ThrowIfNullOrEmpty(model);
        try
        {
            return Open(path, bytes =>
            {
                TiktokenTokenizer tokenizer = TiktokenTokenizer.CreateForModel(model, new MemoryStream(bytes));
                IEnumerable<int> ranks = Lines(bytes).Where(static line => line.Length > 0).Select(static line => int.Parse(line.AsSpan(line.LastIndexOf(' ') + 1), CultureInfo.InvariantCulture));
                return new MlTokenizer(tokenizer, SizeOf(ranks.Concat(tokenizer.SpecialTokens?.Values ?? [])), 0);
            });
        }
        catch (DataFileException error) when (error.InnerException is NotSupportedException)
        {
            throw new ArgumentException($"FromTiktoken: '{model}' is no model that is known: {error.InnerException.Message}", nameof(model), error.InnerException);
        }
    }

    /// <summary>SentencePiece, as Llama, T5 and others have it.</summary>
    /// <param name="path">The <c>tokenizer.model</c>.</param>
    /// <param name="addBeginning">Whether the mark of the beginning stands before each text.</param>
    /// <param name="addEnd">Whether the mark of the end stands behind each text.</param>
    /// <exception cref="DataFileException">The file is no such model.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static TextTokenizer FromSentencePiece(string path, bool addBeginning = true, bool addEnd = false) => Open(path, bytes =>
    {
        SentencePieceTokenizer tokenizer = SentencePieceTokenizer.Create(new MemoryStream(bytes), addBeginning, addEnd);
        return new MlTokenizer(tokenizer, SizeOf(tokenizer.Vocabulary.Values), PadOf(tokenizer.Vocabulary));
    });

    /// <summary>Any tokenizer of ML.NET.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="vocabularySize">The ids that it gives are below it.</param>
    /// <param name="padId">The id that fills up shorter texts.</param>
    public static TextTokenizer From(Tokenizer tokenizer, int vocabularySize, int padId = 0)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return new MlTokenizer(tokenizer, vocabularySize, padId);
    }

    /// <summary>How GPT-2 cuts texts into words (Radford et al., "Language models are unsupervised multitask learners", 2019).</summary>
    [GeneratedRegex(@"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    private static partial Regex WordsOfGpt2();

    private static T Open<T>(string path, Func<byte[], T> read)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (new FileInfo(path) is { Exists: true, Length: > MaxFileBytes and var length })
        {
            throw new DataFileException($"{path}: it has {length:N0} bytes; a vocabulary has at most {MaxFileBytes:N0}.");
        }

        byte[] bytes = File.ReadAllBytes(path);
        try
        {
            return read(bytes);
        }
        catch (Exception error) when (error is not EngineException)
        {
            // The readers of ML.NET have no exception of their own for what is wrong with a file.
            throw new DataFileException($"{path}: it is no vocabulary of this kind: {error.Message}", error);
        }
    }

    private static string[] Lines(byte[] bytes)
    {
        string text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        return text.TrimEnd('\n', '\r').ReplaceLineEndings("\n").Split('\n');
    }

    private static int SizeOf(IEnumerable<int> ids)
    {
        int last = -1;
        foreach (int id in ids)
        {
            last = Math.Max(last, id is >= 0 and < int.MaxValue ? id : throw new InvalidDataException($"{id} is no id."));
        }

        return last + 1;
    }

    private static int PadOf(IReadOnlyDictionary<string, int> vocabulary)
    {
        foreach (string pad in new[] { "<pad>", "[PAD]", "<|pad|>" })
        {
            if (vocabulary.TryGetValue(pad, out int id))
            {
                return id;
            }
        }

        return 0;
    }
}
