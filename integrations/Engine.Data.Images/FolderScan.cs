namespace Engine.Data.Images;

/// <summary>The files of a folder of classes.</summary>
internal sealed record FolderScan(string Root, string[] ClassNames, string[] Files, long[] Classes)
{
    // A folder that links to one above it does not go on for ever.
    private const int MostFolders = 32;

    public static Func<string, bool> Filter(IEnumerable<string> extensions, Func<string, bool>? isValid)
    {
        string[] endings = [.. extensions];
        return isValid ?? (path => endings.Any(ending => path.EndsWith(ending, StringComparison.OrdinalIgnoreCase)));
    }

    public static string Existing(string root)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        return Directory.Exists(root) ? root : throw new DirectoryNotFoundException($"ImageFolder: there is no folder {root}.");
    }

    public static FolderScan OfClasses(string root, Func<string, bool> isImage)
    {
        string[] names = [.. Directory.EnumerateDirectories(Existing(root)).Select(static path => Path.GetFileName(path))];
        Array.Sort(names, StringComparer.Ordinal);
        if (names.Length == 0)
        {
            throw new DirectoryNotFoundException($"ImageFolder: {root} has no folders; each class has one with its images. ImageFolder.Unlabeled reads images without classes.");
        }

        string[][] files = [.. names.Select(name => FilesBelow(Path.Combine(root, name), isImage))];
        string[] empty = [.. names.Where((_, i) => files[i].Length == 0)];
        if (empty.Length > 0)
        {
            throw new FileNotFoundException($"ImageFolder: there is no image in the folder of {string.Join(", ", empty)} below {root}; remove the folder, or see to the endings of the files.");
        }

        return new FolderScan(root, names, [.. files.SelectMany(static of => of)], [.. files.SelectMany(static (of, i) => Enumerable.Repeat((long)i, of.Length))]);
    }

    /// <summary>In the order of their folders, then of their names.</summary>
    public static string[] FilesBelow(string folder, Func<string, bool> isImage)
    {
        EnumerationOptions all = new() { RecurseSubdirectories = true, MaxRecursionDepth = MostFolders, IgnoreInaccessible = false, AttributesToSkip = FileAttributes.None };
        return [.. Directory.EnumerateFiles(folder, "*", all).Where(isImage).OrderBy(static path => Path.GetDirectoryName(path), StringComparer.Ordinal).ThenBy(static path => Path.GetFileName(path), StringComparer.Ordinal)];
    }
}
