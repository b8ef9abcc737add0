using System.Text.Json;
using System.Text.Json.Nodes;

namespace Engine.Nn;

/// <summary>A run on disk: everything in a <see cref="TrainingState"/>, in one file that is a safetensors file.</summary>
/// <remarks>
/// <para>The model's tensors have their own names (section <c>model</c> of the state), so that any reader of safetensors finds the weights under
/// the names that PyTorch uses; those of other sections are <c>section/name</c>. All other values are JSON in the file's metadata.</para>
/// <para>A file is replaced as a whole: killed at any moment, a process leaves the old checkpoint or the new one.</para>
/// </remarks>
public static class Checkpoint
{
    /// <summary>The section of a state whose tensors are stored under their own names.</summary>
    public const string ModelSection = "model";

    private const int Version = 1;
    private const string VersionKey = "engine.checkpoint";
    private const string ValuesKey = "engine.state";
    private const string ModelPrefix = ModelSection + "/";

    /// <summary>Writes a state. Missing folders are made.</summary>
    /// <exception cref="ArgumentException">A tensor of the model has a slash in its name, or one belongs to no section.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied, or there is a folder of that name.</exception>
    public static void Save(string path, TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        Dictionary<string, Tensor> tensors = new(StringComparer.Ordinal);
        foreach ((string name, Tensor tensor) in state.Tensors)
        {
            bool isModel = name.StartsWith(ModelPrefix, StringComparison.Ordinal);
            string stored = isModel ? name[ModelPrefix.Length..] : name;
            if (isModel == stored.Contains('/'))
            {
                throw new ArgumentException($"Checkpoint: tensor '{name}' must be section/name, without another slash if the section is '{ModelSection}'.", nameof(state));
            }

            tensors.Add(stored, tensor);
        }

        Safetensors.Save(path, tensors, new Dictionary<string, string>
        {
            [VersionKey] = Version.ToString(System.Globalization.CultureInfo.InvariantCulture),
            [ValuesKey] = state.Values.ToJsonString(),
        });
    }

    /// <summary>Reads a state, its tensors onto a device (the default one if none is named).</summary>
    /// <exception cref="ModelFileException">The file is damaged, is not a checkpoint, or is of a later version.</exception>
    /// <exception cref="IOException">It cannot be opened or read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied, or it is a folder.</exception>
    public static TrainingState Load(string path, Device? device = null)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        JsonObject values = ReadValues(file);
        Dictionary<string, Tensor> tensors = new(StringComparer.Ordinal);
        foreach (string name in file.Names)
        {
            string full = FullName(name);
            if (tensors.ContainsKey(full))
            {
                throw new ModelFileException($"Cannot read '{path}': tensor {FileText.Quote(full)} is there twice, with its section and without.");
            }

            tensors.Add(full, file.Read(name, device));
        }

        return new TrainingState(tensors, values);
    }

    /// <summary>The reason why a file cannot be a checkpoint, from everything but the elements of its tensors; null if there is none.</summary>
    internal static ModelFileException? Refusal(string path)
    {
        try
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            ReadValues(file);
            return null;
        }
        catch (ModelFileException refusal)
        {
            return refusal;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new ModelFileException($"Cannot read '{path}': {e.Message}", e);
        }
    }

    private static string FullName(string name) => name.Contains('/') ? name : ModelPrefix + name;

    private static JsonObject ReadValues(SafetensorsFile file)
    {
        string path = file.Path;
        if (!file.Metadata.TryGetValue(VersionKey, out string? version) || !file.Metadata.TryGetValue(ValuesKey, out string? json))
        {
            throw new ModelFileException($"'{path}' holds tensors but not a run: it is no checkpoint. Load weights alone with Safetensors.Load.");
        }

        if (version != "1")
        {
            throw new ModelFileException($"'{path}' is a checkpoint of version {FileText.Escape(version, 20)}; this engine reads version {Version}.");
        }

        return ParseValues(path, json);
    }

    private static JsonObject ParseValues(string path, string json)
    {
        try
        {
            // Nodes are made lazily; a name that is there twice would otherwise surface far from here.
            if (JsonNode.Parse(json, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false }) is JsonObject values)
            {
                return values;
            }
        }
        catch (JsonException error)
        {
            throw new ModelFileException($"Cannot read '{path}': the state of its run is not valid JSON ({FileText.Escape(error.Message, 200)})", error);
        }

        throw new ModelFileException($"Cannot read '{path}': the state of its run is not a JSON object.");
    }
}
