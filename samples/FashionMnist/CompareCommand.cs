using Engine.Nn;

namespace FashionMnistSample;

/// <summary>Several finished runs on one page: what each reached, and a chart for each figure with a line for each run.</summary>
internal static class CompareCommand
{
    public static int Run(IReadOnlyList<string> folders, string file)
    {
        IEnumerable<string> names = folders.Select(Path.TrimEndingDirectorySeparator).Distinct();
        Report.Compare("Fashion-MNIST: runs compared", [.. names.Select(static folder => (folder, History(folder)))]).Save(file);
        Console.WriteLine($"wrote {file}");
        return 0;
    }

    private static History History(string folder) => new(new RunFolder(folder).ReadMetrics().History);
}
