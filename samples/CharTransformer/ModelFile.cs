using System.Text.Json;
using Engine;
using Engine.Nn;

namespace CharTransformerSample;

/// <summary>A trained model in one file: its weights, and as metadata of the file what they mean.</summary>
internal static class ModelFile
{
    public static string In(string folder) => Path.Combine(folder, "model.safetensors");

    public static void Save(string folder, CharTransformer model, Vocabulary vocabulary) => Safetensors.Save(In(folder), model.StateDict(), new Dictionary<string, string>
    {
        ["vocabulary"] = vocabulary.Characters,
        ["size"] = JsonSerializer.Serialize(model.Size),
    });

    public static (CharTransformer Model, Vocabulary Vocabulary) Load(string folder)
    {
        using SafetensorsFile file = SafetensorsFile.Open(In(folder));
        if (!file.Metadata.TryGetValue("vocabulary", out string? characters) || !file.Metadata.TryGetValue("size", out string? size))
        {
            throw new ModelFileException($"'{file.Path}' is not a model of this program.");
        }

        CharTransformer model = new(JsonSerializer.Deserialize<ModelSize>(size)!, characters.Length);
        model.LoadStateDict(Safetensors.Load(file.Path));
        return (model, new Vocabulary(characters));
    }
}
