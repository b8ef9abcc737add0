namespace Engine.Hosts.Tests;

/// <summary>A folder outside of the repository's tree, where nothing of its build settings is seen. Deleted at the end.</summary>
internal sealed class OutsideFolder : IDisposable
{
    /// <param name="feed">A folder of packages to restore from, together with what the machine has; null to restore as the machine does.</param>
    public OutsideFolder(string? feed = null)
    {
        Path = Directory.CreateTempSubdirectory("engine-host-").FullName;
        if (feed is not null)
        {
            Packages = System.IO.Path.Combine(Path, "packages");
            Write("nuget.config", $"""
                <configuration>
                  <packageSources><clear /><add key="feed" value="{feed}" /></packageSources>
                  <fallbackPackageFolders><add key="machine" value="{Feed.OthersPackages}" /></fallbackPackageFolders>
                </configuration>
                """);
        }
    }

    public string Path { get; }

    /// <summary>A folder of its own for restored packages: one of the same version from an earlier build must not be taken.</summary>
    public string? Packages { get; }

    public void Write(string name, string text)
    {
        string path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    /// <summary>Writes a project with the given references.</summary>
    public void WriteProject(string name, string references, string properties = "") => Write($"{name}/{name}.csproj", $"""
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <TargetFramework>net10.0</TargetFramework>
            <ImplicitUsings>enable</ImplicitUsings>
            <Nullable>enable</Nullable>
            <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
            {properties}
          </PropertyGroup>
          <ItemGroup>
            {references}
          </ItemGroup>
        </Project>
        """);

    /// <summary>Builds a program and runs it to a successful end.</summary>
    public string Run(string project, params string[] arguments) =>
        Command.DotNet(System.IO.Path.Combine(Path, project), Packages, ["run", "-c", Repository.Configuration, "--", .. arguments]).ReplaceLineEndings("\n");

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
