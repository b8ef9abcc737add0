namespace Engine.Nn;

/// <summary>
/// Whole safetensors files at once: the format in which PyTorch, JAX and most model hubs exchange weights. It holds numbers and text
/// only, so that opening a stranger's file runs none of his code.
/// </summary>
/// <example>
/// <code>
/// Safetensors.Save("model.safetensors", new Dictionary&lt;string, Tensor&gt; { ["weight"] = w, ["bias"] = b });
/// Dictionary&lt;string, Tensor&gt; tensors = Safetensors.Load("model.safetensors", device);
/// </code>
/// </example>
public static class Safetensors
{
    /// <summary>Reads every tensor of a file onto a device (the default one if none is named).</summary>
    /// <exception cref="ModelFileException">The file is damaged or holds an element type that the engine lacks.</exception>
    /// <exception cref="IOException">It cannot be opened or read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied, or it is a folder.</exception>
    public static Dictionary<string, Tensor> Load(string path, Device? device = null)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Dictionary<string, Tensor> tensors = new(StringComparer.Ordinal);
        foreach (string name in file.Names)
        {
            tensors.Add(name, file.Read(name, device));
        }

        return tensors;
    }

    /// <summary>
    /// Writes tensors of any device and layout. The file is replaced as a whole: whoever reads it, and whatever interrupts the writer, it is the
    /// old one or the new one.
    /// </summary>
    /// <exception cref="ArgumentException">A name is empty or is <c>__metadata__</c>, or a value is null.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied, or there is a folder of that name.</exception>
    public static void Save(string path, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(tensors);
        NoNullValues(tensors, nameof(tensors));
        NoNullValues(metadata, nameof(metadata));
        AtomicFile.Write(path, stream => SafetensorsWriter.Write(stream, tensors, metadata));
    }

    private static void NoNullValues<T>(IReadOnlyDictionary<string, T>? entries, string parameter)
        where T : class
    {
        foreach ((string key, T? value) in entries ?? new Dictionary<string, T>())
        {
            if (value is null)
            {
                throw new ArgumentException($"Safetensors.Save: '{key}' is null. Leave it out.", parameter);
            }
        }
    }
}
