namespace Engine.Reports.Tests;

/// <summary>A folder that is gone after the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("engine-reports-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public string Address(string name) => new Uri(File(name)).AbsoluteUri;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
