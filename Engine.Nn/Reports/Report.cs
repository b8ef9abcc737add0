using System.Text;

namespace Engine.Nn;

/// <summary>A page of texts, tables and pictures, saved as one HTML file that needs nothing else: no network, no other file, no server.</summary>
/// <remarks>
/// Parts stand on the page in the order in which they were added. Data are copied when they are added. Every picture has its numbers as a table
/// below it. Of a line of more than 2,000 points those are drawn that show its course: the least and the greatest of each stretch. Names and texts may
/// hold anything: they are never taken for markup. The browser is forbidden to load anything, so that a page of unknown origin can be opened.
/// </remarks>
/// <example><code>
/// Report report = new("Gradient descent 梯度下降");
/// report.AddText("A rate of 0.9 oscillates.");
/// report.AddLines("Loss", "step", [new("0.1", losses), new("0.9", others)], logY: true);
/// report.Save("descent.html");
/// </code></example>
public sealed partial class Report
{
    private readonly List<ReportSection> _sections = [];

    /// <summary>An empty page under a heading.</summary>
    public Report(string title)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(title);
        Title = title;
    }

    /// <summary>The heading of the page and the name of its window.</summary>
    public string Title { get; }

    internal IReadOnlyList<ReportSection> Sections => _sections;

    /// <summary>A heading for the parts that follow.</summary>
    public Report AddHeading(string text)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(text);
        return Add(new HeadingSection(text));
    }

    /// <summary>Text; an empty line begins a new paragraph.</summary>
    public Report AddText(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Add(new TextSection(null, text, isPreformatted: false));
    }

    /// <summary>Lines as they are, in letters of one width: code, a summary, a listing.</summary>
    public Report AddPreformatted(string title, string text)
    {
        ArgumentNullException.ThrowIfNull(title);
        ArgumentNullException.ThrowIfNull(text);
        return Add(new TextSection(title, text, isPreformatted: true));
    }

    /// <summary>The few numbers that are read first, each in a box of its own.</summary>
    /// <param name="figures">Names and values: texts, numbers, or null.</param>
    public Report AddKeyFigures(params IReadOnlyList<(string Name, object? Value)> figures)
    {
        ArgumentNullException.ThrowIfNull(figures);
        return Add(new KeyFiguresSection([.. figures]));
    }

    /// <summary>A table.</summary>
    /// <param name="title">The heading.</param>
    /// <param name="columns">The names of the columns.</param>
    /// <param name="rows">The cells of each row, as many as columns: texts, numbers (shown with six digits), or null. Of more than 2,000 the first are shown.</param>
    /// <param name="caption">A line below it.</param>
    /// <exception cref="ArgumentException">A row has more or fewer cells than there are columns.</exception>
    public Report AddTable(string title, IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<object?>> rows, string? caption = null)
    {
        ArgumentNullException.ThrowIfNull(title);
        ArgumentNullException.ThrowIfNull(columns);
        return Add(new TableSection(title, Guard.NoNulls(columns), CopyRows(nameof(AddTable), rows, columns.Count, "columns"), caption));
    }

    /// <summary>Pictures side by side.</summary>
    /// <param name="title">The heading.</param>
    /// <param name="images">The pictures.</param>
    /// <param name="caption">A line below them.</param>
    /// <exception cref="ArgumentException">A picture has no size, or other than one or three bytes a pixel.</exception>
    public Report AddImages(string title, IReadOnlyList<ReportImage> images, string? caption = null)
    {
        ArgumentNullException.ThrowIfNull(title);
        foreach (ReportImage image in Guard.NoNulls(images))
        {
            ArgumentNullException.ThrowIfNull(image.Pixels, nameof(images));
            ArgumentNullException.ThrowIfNull(image.Caption, nameof(images));
            long pixels = (long)image.Width * image.Height;
            if (image.Width < 1 || image.Height < 1 || (image.Pixels.Length != pixels && image.Pixels.Length != 3 * pixels))
            {
                throw new ArgumentException(
                    $"{nameof(AddImages)}: a picture of {image.Width} × {image.Height} has {image.Pixels.Length} bytes; it must have one byte a pixel (gray) or three (red, green, blue).", nameof(images));
            }
        }

        return Add(new ImagesSection(title, [.. images.Select(static i => i with { Pixels = [.. i.Pixels] })], caption));
    }

    /// <summary>The whole page.</summary>
    public string ToHtml() => ReportPage.Html(Title, _sections);

    /// <summary>Writes the page into a file, whole or not at all. Missing folders are made; a file of this name is replaced.</summary>
    /// <param name="path">The file, such as <c>run.html</c>.</param>
    /// <exception cref="IOException">The file cannot be written; the message says why.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        byte[] page = Encoding.UTF8.GetBytes(ToHtml());
        try
        {
            AtomicFile.Write(path, stream => stream.Write(page));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"Report: '{path}' cannot be written: {error.Message} Give a name in a folder that exists or can be made, and that may be written to.", error);
        }
    }

    internal Report Add(ReportSection section)
    {
        _sections.Add(section);
        return this;
    }

    private static IReadOnlyList<object?>[] CopyRows(string what, IReadOnlyList<IReadOnlyList<object?>> rows, int cells, string ofWhat)
    {
        return [.. Guard.NoNulls(rows).Select((row, i) => row.Count == cells
            ? (IReadOnlyList<object?>)[.. row]
            : throw new ArgumentException($"{what}: row {i} has {row.Count} cells, but there are {cells} {ofWhat}; give each row as many.", nameof(rows)))];
    }
}
