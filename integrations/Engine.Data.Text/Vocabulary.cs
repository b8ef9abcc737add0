using System.Buffers;
using System.Text;
using System.Text.Json;
using Engine.Nn;

namespace Engine.Data.Text;

/// <summary>A small vocabulary that is learnt from one's own texts: their characters, or their words. It is saved as a file, or with the model.</summary>
/// <remarks>
/// Id 0 fills up, id 1 stands for what the training texts did not have. Words are runs of letters, digits and marks, and each other character but white space
/// by itself; decoded words are joined by blanks.
/// <code>
/// Vocabulary vocabulary = Vocabulary.OfCharacters([text]);
/// Safetensors.Save("model.safetensors", model.StateDict(), vocabulary.ToMetadata());
/// …
/// using SafetensorsFile file = SafetensorsFile.Open("model.safetensors");
/// Vocabulary same = Vocabulary.FromMetadata(file.Metadata);
/// </code>
/// </remarks>
public sealed class Vocabulary : TextTokenizer
{
    /// <summary>The key of the metadata under which it is saved.</summary>
    public const string MetadataKey = "engine.vocabulary";

    private const int Pad = 0, Unknown = 1, FirstToken = 2;
    private const string UnknownText = "\uFFFD";

    private readonly bool _isWords;
    private readonly string[] _tokens;
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    private Vocabulary(bool isWords, string[] tokens)
        : base(tokens.Length + FirstToken, Pad)
    {
        (_isWords, _tokens) = (isWords, tokens);
        _ids = new Dictionary<string, int>(tokens.Length, StringComparer.Ordinal);
        for (int i = 0; i < tokens.Length; i++)
        {
            _ids.Add(tokens[i], i + FirstToken);
        }

        _lookup = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>The tokens, in the order of their ids from 2 on.</summary>
    public IReadOnlyList<string> Tokens => _tokens;

    /// <summary>The id of what is not in the vocabulary.</summary>
    public int UnknownId => Unknown;

    /// <summary>The characters (Unicode's scalar values) of texts, in their order in Unicode.</summary>
    /// <param name="texts">The training part.</param>
    /// <param name="minCount">Those that come less often are unknown.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="minCount"/> is not positive.</exception>
    public static Vocabulary OfCharacters(IEnumerable<string> texts, int minCount = 1)
    {
        Dictionary<string, long> counts = Count(texts, isWords: false, minCount);
        return new Vocabulary(false, [.. counts.Where(c => c.Value >= minCount).Select(static c => c.Key).OrderBy(static c => Rune.GetRuneAt(c, 0).Value)]);
    }

    /// <summary>The words of texts, the most frequent first.</summary>
    /// <param name="texts">The training part.</param>
    /// <param name="maxSize">The largest number of words.</param>
    /// <param name="minCount">Those that come less often are unknown.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is not positive.</exception>
    public static Vocabulary OfWords(IEnumerable<string> texts, int maxSize = 50_000, int minCount = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxSize);
        Dictionary<string, long> counts = Count(texts, isWords: true, minCount);
        return new Vocabulary(true, [.. counts.Where(c => c.Value >= minCount).OrderByDescending(static c => c.Value).ThenBy(static c => c.Key, StringComparer.Ordinal).Take(maxSize).Select(static c => c.Key)]);
    }

    /// <summary>The vocabulary of a file that <see cref="Save"/> wrote.</summary>
    /// <exception cref="DataFileException">The file is damaged or something else.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static Vocabulary Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            return FromJson(File.ReadAllText(path));
        }
        catch (JsonException error)
        {
            throw new DataFileException($"{path}: it is no vocabulary: {error.Message}", error);
        }
    }

    /// <summary>The vocabulary that was saved with a model.</summary>
    /// <exception cref="ModelFileException">There is none, or it is damaged.</exception>
    public static Vocabulary FromMetadata(IReadOnlyDictionary<string, string> metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        if (!metadata.TryGetValue(MetadataKey, out string? json))
        {
            throw new ModelFileException($"Vocabulary: the metadata has no '{MetadataKey}'. Save the model with vocabulary.ToMetadata().");
        }

        try
        {
            return FromJson(json);
        }
        catch (JsonException error)
        {
            throw new ModelFileException($"Vocabulary: '{MetadataKey}' is damaged: {error.Message}", error);
        }
    }

    /// <summary>What to give <see cref="Safetensors.Save"/> as metadata.</summary>
    public Dictionary<string, string> ToMetadata() => new() { [MetadataKey] = ToJson() };

    /// <summary>Writes it to a file.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string part = path + ".part";
        File.WriteAllText(part, ToJson());
        File.Move(part, path, overwrite: true);
    }

    /// <inheritdoc/>
    protected override int[] EncodeText(string text, int maxLength)
    {
        List<int> ids = [];
        foreach (ReadOnlySpan<char> token in new TokenSpans(text, _isWords))
        {
            if (ids.Count == maxLength)
            {
                break;
            }

            ids.Add(_lookup.TryGetValue(token, out int id) ? id : Unknown);
        }

        return [.. ids];
    }

    /// <inheritdoc/>
    protected override string DecodeIds(int[] ids) =>
        string.Join(_isWords ? " " : string.Empty, ids.Where(static id => id != Pad).Select(id => id == Unknown ? UnknownText : _tokens[id - FirstToken]));

    private static Dictionary<string, long> Count(IEnumerable<string> texts, bool isWords, int minCount)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(minCount);
        Dictionary<string, long> counts = new(StringComparer.Ordinal);
        Dictionary<string, long>.AlternateLookup<ReadOnlySpan<char>> lookup = counts.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (string text in texts)
        {
            foreach (ReadOnlySpan<char> token in new TokenSpans(text ?? throw new ArgumentNullException(nameof(texts)), isWords))
            {
                // Half of a pair of surrogates is no text that a file could hold.
                if (Rune.DecodeFromUtf16(token, out _, out _) == OperationStatus.Done)
                {
                    lookup.TryGetValue(token, out long count);
                    lookup[token] = count + 1;
                }
            }
        }

        return counts;
    }

    private static Vocabulary FromJson(string json)
    {
        try
        {
            return Parse(json);
        }
        catch (InvalidOperationException error)
        {
            // Of an escape that stands for half a pair of surrogates.
            throw new JsonException(error.Message, error);
        }
    }

    private static Vocabulary Parse(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        if (document.RootElement.ValueKind != JsonValueKind.Object
            || !document.RootElement.TryGetProperty("kind", out JsonElement kind) || kind.ValueKind != JsonValueKind.String || kind.GetString() is not ("characters" or "words")
            || !document.RootElement.TryGetProperty("tokens", out JsonElement list) || list.ValueKind != JsonValueKind.Array)
        {
            throw new JsonException("it has no kind or no tokens.");
        }

        HashSet<string> tokens = new(StringComparer.Ordinal);
        foreach (JsonElement token in list.EnumerateArray())
        {
            if (token.ValueKind != JsonValueKind.String || token.GetString() is not { Length: > 0 } text || !tokens.Add(text))
            {
                throw new JsonException("a token is empty, or comes twice.");
            }
        }

        return new Vocabulary(kind.GetString() == "words", [.. tokens]);
    }

    private string ToJson()
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("kind", _isWords ? "words" : "characters");
            writer.WriteStartArray("tokens");
            foreach (string token in _tokens)
            {
                writer.WriteStringValue(token);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }
}
