using System.Text.Json;

namespace Engine.Data.Text;

/// <summary>Vocabularies as JSON: an object of tokens and ids.</summary>
internal static class VocabularyJson
{
    public static Dictionary<string, int> Read(ReadOnlyMemory<byte> json)
    {
        Dictionary<string, int> ids = new(StringComparer.Ordinal);
        using JsonDocument document = JsonDocument.Parse(json);
        foreach (JsonProperty token in document.RootElement.EnumerateObject())
        {
            if (!token.Value.TryGetInt32(out int id) || id < 0 || !ids.TryAdd(token.Name, id))
            {
                throw new InvalidDataException($"'{token.Name}' has no id, or comes twice.");
            }
        }

        return ids;
    }
}
