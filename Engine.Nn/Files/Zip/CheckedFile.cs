using Microsoft.Win32.SafeHandles;

namespace Engine.Nn;

/// <summary>A file that is read at any position, with the exception that says what is wrong with it.</summary>
internal sealed class CheckedFile : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly bool _isModel;

    private CheckedFile(string path, SafeFileHandle handle, bool isModel)
    {
        (Path, _handle, _isModel) = (path, handle, isModel);
        Length = RandomAccess.GetLength(handle);
    }

    public string Path { get; }

    public long Length { get; }

    /// <summary>Opens a file whose faults are a <see cref="ModelFileException"/>.</summary>
    public static CheckedFile Model(string path) => Open(path, isModel: true);

    /// <summary>Opens a file whose faults are a <see cref="DataFileException"/>.</summary>
    public static CheckedFile Data(string path) => Open(path, isModel: false);

    public void Read(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            int read = RandomAccess.Read(_handle, destination, offset);
            if (read == 0)
            {
                throw Damaged("it ends too early; it is cut short, or was while it was open");
            }

            offset += read;
            destination = destination[read..];
        }
    }

    public EngineException Damaged(string reason, Exception? inner = null)
    {
        string message = $"Cannot read '{Path}': {reason}.";
        return _isModel ? new ModelFileException(message, inner) : new DataFileException(message, inner);
    }

    public void Dispose() => _handle.Dispose();

    private static CheckedFile Open(string path, bool isModel)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        try
        {
            return new CheckedFile(path, handle, isModel);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }
}
