namespace Engine.Data.Images;

/// <summary>
/// A file is no image that can be read; the message has its name and the reason. Of a data set of files one that cannot be opened is a bad sample too, with
/// the system's error as <see cref="Exception.InnerException"/>.
/// </summary>
public sealed class BadImageException : DataFileException
{
    /// <summary>A file and what is wrong with it.</summary>
    public BadImageException(string file, string reason, Exception? innerException = null)
        : base($"{file}: {reason}", innerException)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(reason);
        (File, Reason) = (file, reason);
    }

    /// <summary>The path, or the name that was given to the bytes.</summary>
    public string File { get; }

    /// <summary>What is wrong with it.</summary>
    public string Reason { get; }
}
