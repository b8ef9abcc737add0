namespace Engine.Hosts.Tests;

/// <summary>The packages of the libraries as built for these tests, in a folder.</summary>
internal static class Feed
{
    private static readonly Lazy<string> s_folder = new(static () =>
    {
        string folder = Directory.CreateTempSubdirectory("engine-feed-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        Pack(Repository.Root, Repository.Configuration, folder);
        return folder;
    });

    private static readonly Lazy<string> s_othersPackages = new(static () =>
    {
        DirectoryInfo[] packages = new DirectoryInfo(Repository.PackageFolder).GetDirectories();
        DirectoryInfo[] others = [.. packages.Where(static p => p.Name != "gradwerk" && !p.Name.StartsWith("gradwerk.", StringComparison.Ordinal))];
        if (others.Length == packages.Length)
        {
            return Repository.PackageFolder;
        }

        string folder = Directory.CreateTempSubdirectory("engine-packages-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        foreach (DirectoryInfo package in others)
        {
            Directory.CreateSymbolicLink(Path.Combine(folder, package.Name), package.FullName);
        }

        return folder;
    });

    public static string Folder => s_folder.Value;

    /// <summary>The packages that the machine has restored, without those of this repository: an earlier build of the same version would be taken in place of the feed's.</summary>
    public static string OthersPackages => s_othersPackages.Value;

    /// <summary>Packs what is built in a folder of the repository, each library and the package for all of them: as <c>dotnet pack --no-build</c> does, but in one process.</summary>
    public static void Pack(string root, string configuration, string feed)
    {
        using OutsideFolder folder = new();
        string projects = string.Join(';', ((string[])["Engine.Core", "Engine.Cpu", "Engine.Gpu", "Engine.Nn", "Engine.All"]).Select(project => Path.Combine(root, project, project + ".csproj")));
        folder.Write("pack.proj", $"""
            <Project>
              <Target Name="Pack">
                <MSBuild Projects="{projects}" Targets="Pack" Properties="NoBuild=true;_IsPacking=true;Configuration={configuration};PackageOutputPath={feed}" />
              </Target>
            </Project>
            """);
        Command.DotNet(root, null, "msbuild", Path.Combine(folder.Path, "pack.proj"), "-t:Pack", "-warnaserror");
    }
}
