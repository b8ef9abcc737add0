using System.Text;

namespace CharTransformerSample;

/// <summary>The characters that a model knows, each with a number.</summary>
internal sealed class Vocabulary(string characters)
{
    // A character that is seen less often is never learned.
    private const int LeastOccurrences = 10;

    public string Characters { get; } = characters;

    public static Vocabulary Of(string text) =>
        new(string.Concat(text.GroupBy(static c => c).Where(static group => group.Count() >= LeastOccurrences).Select(static group => group.Key).Order()));

    /// <summary>The numbers of a text's characters; those that are not known are left out.</summary>
    public long[] Encode(string text) => [.. text.Select(c => (long)Characters.IndexOf(c)).Where(static number => number >= 0)];
}

/// <summary>What there is to read.</summary>
internal static class CharText
{
    /// <summary>The text of a file, or of all files of a folder, in two parts: the last tenth of each file is kept for validation.</summary>
    public static (string Train, string Validation) Read(string path)
    {
        StringBuilder train = new(), validation = new();
        foreach (string file in Directory.Exists(path) ? Directory.GetFiles(path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal) : (IEnumerable<string>)[path])
        {
            if (Path.GetExtension(file) is ".md" or ".txt" || file == path)
            {
                string text = File.ReadAllText(file).ReplaceLineEndings("\n");
                int cut = text.Length - (text.Length / 10);
                train.Append(text[..cut]);
                validation.Append(text[cut..]);
            }
        }

        return (train.ToString(), validation.ToString());
    }
}
