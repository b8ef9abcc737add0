using System.IO.Compression;

namespace Engine.Data.Tables;

/// <summary>Tables from comma-separated values: one row a line, quotes as in RFC 4180, numbers with a decimal point. Read by Sep.</summary>
/// <example><code>
/// Table houses = Csv.Read("houses.csv", new CsvOptions { Types = new Dictionary&lt;string, ColumnType&gt; { ["zip"] = ColumnType.Category } });
/// </code></example>
public static class Csv
{
    /// <summary>Reads a file; one that ends in <c>.gz</c> is unpacked on the way.</summary>
    /// <exception cref="DataFileException">A row cannot be read, and <see cref="CsvOptions.OnBadRow"/> says to throw; or the file has no columns, or not those that are asked for.</exception>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><see cref="CsvOptions.MaxThreads"/> is negative.</exception>
    public static Table Read(string path, CsvOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Read([path], options);
    }

    /// <summary>Reads files with the same columns, one after the other, into one table. Types are decided by the first.</summary>
    /// <exception cref="DataFileException">A file has other columns than the first; otherwise as for one file.</exception>
    /// <exception cref="IOException">A file cannot be opened.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><see cref="CsvOptions.MaxThreads"/> is negative.</exception>
    public static Table Read(IReadOnlyList<string> paths, CsvOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(paths);
        CsvTable table = new(Checked(options));
        foreach (string path in paths)
        {
            table.Add(path, () => Open(path));
        }

        return table.Build();
    }

    /// <summary>Reads a text.</summary>
    /// <exception cref="DataFileException">As for a file.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><see cref="CsvOptions.MaxThreads"/> is negative.</exception>
    public static Table Parse(string text, CsvOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        CsvTable table = new(Checked(options));
        table.Add("text", () => new StringReader(text));
        return table.Build();
    }

    private static CsvOptions Checked(CsvOptions? options)
    {
        options ??= new CsvOptions();
        return options.MaxThreads >= 0 ? options : throw new ArgumentOutOfRangeException(nameof(options), options.MaxThreads, "Csv: MaxThreads is a number of threads, or 0 for all processors.");
    }

    private static StreamReader Open(string path)
    {
        FileStream file = File.OpenRead(path);
        return new StreamReader(path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file, bufferSize: 1 << 16);
    }
}
