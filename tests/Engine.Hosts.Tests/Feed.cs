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

    public static string Folder => s_folder.Value;

    /// <summary>Packs what is built, each library and the package for all of them.</summary>
    public static void Pack(string folder)
    {
        foreach (string project in (string[])["Engine.Core", "Engine.Cpu", "Engine.Gpu", "Engine.Nn", "Engine.All"])
        {
            Command.DotNet(Repository.Root, null, "pack", Repository.File(project), "--no-build", "-c", Repository.Configuration, "-o", folder, "-warnaserror");
        }
    }
}
