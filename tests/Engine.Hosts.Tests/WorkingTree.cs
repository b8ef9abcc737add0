namespace Engine.Hosts.Tests;

/// <summary>The repository as it lies here, in another folder.</summary>
internal static class WorkingTree
{
    /// <summary>Clones and brings over what is changed and not yet committed. The origin stays, where SourceLink would look.</summary>
    public static void Copy(string clone)
    {
        Command.Git(Path.GetDirectoryName(clone)!, "clone", "--quiet", Repository.Root, clone);
        foreach (string name in Names("--deleted").Where(name => File.Exists(Path.Combine(clone, name))))
        {
            File.Delete(Path.Combine(clone, name));
        }

        foreach (string name in Names("--modified", "--others", "--exclude-standard").Where(static name => File.Exists(Repository.File(name))))
        {
            string target = Path.Combine(clone, name);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(Repository.File(name), target, overwrite: true);
        }

        Command.Git(clone, "remote", "remove", "origin");
        string[] origin = Command.Git(Repository.Root, "remote").Split('\n', StringSplitOptions.RemoveEmptyEntries).Contains("origin") ? [Command.Git(Repository.Root, "remote", "get-url", "origin").Trim()] : [];
        foreach (string address in origin)
        {
            Command.Git(clone, "remote", "add", "origin", address);
        }
    }

    private static string[] Names(params string[] options) =>
        Command.Git(Repository.Root, ["-c", "core.quotePath=false", "ls-files", "-z", .. options]).Split('\0', StringSplitOptions.RemoveEmptyEntries);
}
