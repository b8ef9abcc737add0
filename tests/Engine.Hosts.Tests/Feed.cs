namespace Engine.Hosts.Tests;

/// <summary>The packages of the libraries as built for these tests, in a folder.</summary>
internal static class Feed
{
    private static readonly Lazy<string> s_folder = new(static () =>
    {
        string folder = Directory.CreateTempSubdirectory("engine-feed-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        Pack(folder);
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

    /// <summary>Packs what is built, each library and the package for all of them.</summary>
    public static void Pack(string folder)
    {
        foreach (string project in (string[])["Engine.Core", "Engine.Cpu", "Engine.Gpu", "Engine.Nn", "Engine.All"])
        {
            Command.DotNet(Repository.Root, null, "pack", Repository.File(project), "--no-build", "-c", Repository.Configuration, "-o", folder, "-warnaserror");
        }
    }
}
