namespace Engine.Hosting.Tests;

/// <summary>The name of a file that is gone afterwards.</summary>
internal sealed class TemporaryFile : IDisposable
{
    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), System.IO.Path.GetRandomFileName() + ".safetensors");

    public void Dispose() => File.Delete(Path);
}
