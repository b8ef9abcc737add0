namespace Engine.Nn;

/// <summary>
/// An open safetensors file. Its header is read and checked at once, each tensor only when it is asked for, through a small buffer: a
/// model larger than the host's memory can be read tensor by tensor onto a device.
/// </summary>
/// <remarks>
/// The format (https://github.com/huggingface/safetensors): 8 bytes little-endian length, a JSON header, the elements in row-major order.
/// Element types that the engine has are read, others are an error. Not safe for several threads at once.
/// </remarks>
public sealed class SafetensorsFile : IDisposable
{
    private const int BufferBytes = 1 << 20;

    private readonly FileStream _stream;
    private readonly SafetensorsHeader _header;
    private readonly long _dataStart;

    private SafetensorsFile(FileStream stream, string path)
    {
        _stream = stream;
        Path = path;
        _header = SafetensorsHeader.Read(stream, path);
        _dataStart = stream.Position;
        Names = [.. _header.Entries.Keys.Order(StringComparer.Ordinal)];
    }

    /// <summary>The file that was opened.</summary>
    public string Path { get; }

    /// <summary>The names of the tensors, sorted.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The type, the shape and the offsets of each tensor, by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries => _header.Entries;

    /// <summary>The writer's remarks on the file: the header's <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>Opens a file and checks its header against its length.</summary>
    /// <exception cref="ModelFileException">It is not a safetensors file, it is damaged, or it holds an element type that the engine lacks.</exception>
    /// <exception cref="IOException">It cannot be opened or read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied, or it is a folder.</exception>
    public static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
        try
        {
            return new SafetensorsFile(stream, path);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Reads one tensor onto a device (the default one if none is named).</summary>
    /// <exception cref="ModelFileException">The file has no tensor of that name, or a truth value is neither 0 nor 1.</exception>
    public Tensor Read(string name, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!_header.Entries.TryGetValue(name, out SafetensorsEntry entry))
        {
            throw new ModelFileException($"'{Path}' has no tensor '{name}'; it has {Names.Count}: {FileText.List(Names)}.");
        }

        Tensor tensor = Tensor.Empty(entry.Shape, entry.DType, device);
        try
        {
            Fill(tensor, entry);
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    /// <summary>Closes the file. Tensors that were read stay.</summary>
    public void Dispose() => _stream.Dispose();

    private void Fill(Tensor tensor, SafetensorsEntry entry)
    {
        byte[] buffer = new byte[(int)Math.Min(entry.Bytes, BufferBytes)];
        _stream.Position = _dataStart + entry.Offset;
        for (long done = 0; done < entry.Bytes;)
        {
            Span<byte> chunk = buffer.AsSpan(0, (int)Math.Min(entry.Bytes - done, buffer.Length));
            try
            {
                _stream.ReadExactly(chunk);
            }
            catch (EndOfStreamException error)
            {
                throw new ModelFileException($"Cannot read '{Path}': it was cut short while it was open.", error);
            }

            // Kernels take a truth value's byte to be 0 or 1.
            if (entry.DType == DType.Bool && chunk.ContainsAnyExceptInRange((byte)0, (byte)1))
            {
                throw new ModelFileException($"Cannot read '{Path}': tensor {FileText.Quote(entry.Name)} is BOOL, but has bytes other than 0 and 1.");
            }

            tensor.Device.Upload(chunk, tensor.Storage, done);
            done += chunk.Length;
        }
    }
}
