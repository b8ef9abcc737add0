namespace Engine.Hosts.Tests;

/// <summary>Where the repository lies, and how it was built for these tests.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>artifacts/bin/Engine.Hosts.Tests/release → Release</summary>
    public static string Configuration { get; } = Path.GetFileName(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)) switch
    {
        "debug" => "Debug",
        "release" => "Release",
        string other => throw new InvalidOperationException($"The tests lie in a folder '{other}', which names no configuration."),
    };

    /// <summary>The folder that restored packages lie in on this machine.</summary>
    public static string PackageFolder { get; } =
        Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    public static string Version { get; } = Text("Directory.Build.props").Split("<VersionPrefix>")[1].Split('<')[0];

    public static string File(params string[] parts) => Path.Combine([Root, .. parts]);

    public static string Text(params string[] parts) => System.IO.File.ReadAllText(File(parts));

    /// <summary>The folder of a built library.</summary>
    public static string Output(string project) => File("artifacts", "bin", project, Configuration.ToLowerInvariant());

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !System.IO.File.Exists(Path.Combine(folder.FullName, "Engine.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The tests do not run inside the repository.");
    }
}
