namespace Engine.Nn;

/// <summary>Which file of a sample becomes which array of a batch.</summary>
/// <param name="Extensions">The rest of the file's name behind the first dot, in small letters, or several with semicolons between them, the first that is there wins: <c>jpg;jpeg;png</c>.</param>
/// <param name="Decoder">Makes an array of the file.</param>
/// <param name="Name">The array's name in the batch. Of the inputs all have one or none, and so of the targets.</param>
public sealed record TarField(string Extensions, FieldDecoder Decoder, string? Name = null)
{
    private readonly FieldDecoder _decoder = Decoder ?? throw new ArgumentNullException(nameof(Decoder));
    private readonly string[] _extensions = Split(Extensions);

    /// <summary>The rest of the file's name behind the first dot, in small letters, or several with semicolons between them.</summary>
    /// <exception cref="ArgumentException">It is empty or has capitals, which no file that was read has.</exception>
    public string Extensions
    {
        get => string.Join(';', _extensions);
        init => _extensions = Split(value);
    }

    /// <summary>Makes an array of the file.</summary>
    public FieldDecoder Decoder
    {
        get => _decoder;
        init => _decoder = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>The array of a sample.</summary>
    /// <exception cref="DataFileException">The sample has no such file, or the file cannot be decoded.</exception>
    internal HostArray Decode(TarSample sample, ref SampleRandom random)
    {
        foreach (string extension in _extensions)
        {
            if (sample.Files.TryGetValue(extension, out byte[]? file))
            {
                return _decoder.Decode(file, $"'{sample.Shard}', file {FileText.Quote($"{sample.Key}.{extension}")}", ref random);
            }
        }

        throw new DataFileException($"'{sample.Shard}': sample {FileText.Quote(sample.Key)} has no {string.Join(" or ", _extensions)}; it has {FileText.List(sample.Files.Keys)}.");
    }

    private static string[] Split(string extensions)
    {
        ArgumentNullException.ThrowIfNull(extensions);
        string[] all = extensions.Split(';');
        return Array.TrueForAll(all, static one => one.Length > 0 && one == one.ToLowerInvariant().Trim().TrimStart('.'))
            ? all
            : throw new ArgumentException($"TarField: '{extensions}' are no extensions: small letters without a dot before them, with semicolons between them, as in jpg;png.", nameof(extensions));
    }
}
