namespace Engine.Nn;

/// <content>Pictures.</content>
public sealed partial class Report
{
    /// <summary>Lines over a common axis.</summary>
    /// <param name="title">The heading.</param>
    /// <param name="xAxis">The name of the horizontal axis: "step".</param>
    /// <param name="series">The lines; each may have its own values of x, in any order. NaN and infinities leave gaps.</param>
    /// <param name="yAxis">The name of the vertical axis.</param>
    /// <param name="logY">Whether equal ratios of values lie equally far apart; values of zero and below are not drawn then.</param>
    /// <param name="logX">The same of the horizontal axis.</param>
    /// <param name="caption">A line below it that points the reader to something.</param>
    /// <exception cref="ArgumentException">A series has not as many values of x as of y.</exception>
    public Report AddLines(string title, string xAxis, IReadOnlyList<ReportSeries> series, string? yAxis = null, bool logY = false, bool logX = false, string? caption = null)
    {
        ArgumentNullException.ThrowIfNull(title);
        ArgumentNullException.ThrowIfNull(xAxis);
        return Add(new LinesSection(title, xAxis, yAxis, SeriesPoints.Of(nameof(AddLines), series, isSorted: true, logX, logY), logX, logY, caption));
    }

    /// <summary>Points without lines.</summary>
    /// <param name="title">The heading.</param>
    /// <param name="xAxis">The name of the horizontal axis.</param>
    /// <param name="yAxis">The name of the vertical axis.</param>
    /// <param name="series">The clouds, each in a color. Of more than 2,000 points of a cloud that many are drawn.</param>
    /// <param name="caption">A line below it.</param>
    /// <exception cref="ArgumentException">A series has not as many values of x as of y.</exception>
    public Report AddScatter(string title, string xAxis, string yAxis, IReadOnlyList<ReportSeries> series, string? caption = null)
    {
        ArgumentNullException.ThrowIfNull(title);
        ArgumentNullException.ThrowIfNull(xAxis);
        ArgumentNullException.ThrowIfNull(yAxis);
        return Add(new ScatterSection(title, xAxis, yAxis, SeriesPoints.Of(nameof(AddScatter), series, isSorted: false), caption));
    }

    /// <summary>One horizontal bar for each name.</summary>
    /// <param name="title">The heading.</param>
    /// <param name="bars">The bars, from top to bottom.</param>
    /// <param name="caption">A line below it.</param>
    public Report AddBars(string title, IReadOnlyList<ReportBar> bars, string? caption = null)
    {
        ArgumentNullException.ThrowIfNull(title);
        foreach (ReportBar bar in Guard.NoNulls(bars))
        {
            ArgumentNullException.ThrowIfNull(bar.Name, nameof(bars));
        }

        return Add(new BarsSection(title, [.. bars], caption));
    }

    /// <summary>Histograms over one common range of values.</summary>
    /// <param name="title">The heading.</param>
    /// <param name="samples">Whose values.</param>
    /// <param name="bins">In how many equal parts the range from the least to the greatest value of all is divided.</param>
    /// <param name="caption">A line below it.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no bins, or more than 1,000.</exception>
    public Report AddHistograms(string title, IReadOnlyList<ReportSample> samples, int bins = 40, string? caption = null)
    {
        ArgumentNullException.ThrowIfNull(title);
        ArgumentOutOfRangeException.ThrowIfLessThan(bins, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bins, 1000);
        foreach (ReportSample sample in Guard.NoNulls(samples))
        {
            ArgumentNullException.ThrowIfNull(sample.Name, nameof(samples));
            ArgumentNullException.ThrowIfNull(sample.Values, nameof(samples));
        }

        return Add(new HistogramsSection(title, samples, bins, caption));
    }

    /// <summary>A function of two variables from above, as colors and lines of equal value, with paths over it.</summary>
    /// <param name="title">The heading.</param>
    /// <param name="function">The function; it is called now, about twelve thousand times. Where it is NaN or infinite there is a hole.</param>
    /// <param name="x">The range of the first variable.</param>
    /// <param name="y">The range of the second variable.</param>
    /// <param name="paths">Ways over it, such as those of optimizers, in the order of their points; parts outside of the ranges are cut off.</param>
    /// <param name="logLevels">Whether the lines lie at equal ratios above the least value, as a narrow valley needs; else at equal differences.</param>
    /// <param name="xAxis">The name of the first variable.</param>
    /// <param name="yAxis">The name of the second variable.</param>
    /// <param name="caption">A line below it.</param>
    /// <exception cref="ArgumentException">A path has not as many values of x as of y.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A range is empty or not finite.</exception>
    public Report AddContours(
        string title,
        Func<double, double, double> function,
        (double Min, double Max) x,
        (double Min, double Max) y,
        IReadOnlyList<ReportSeries>? paths = null,
        bool logLevels = false,
        string xAxis = "x",
        string yAxis = "y",
        string? caption = null)
    {
        ArgumentNullException.ThrowIfNull(title);
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(xAxis);
        ArgumentNullException.ThrowIfNull(yAxis);
        SeriesPoints[] points = SeriesPoints.Of(nameof(AddContours), paths ?? [], isSorted: false, parameter: nameof(paths));
        CheckRange(x, nameof(x));
        CheckRange(y, nameof(y));
        return Add(new ContoursSection(title, function, x, y, points, logLevels, xAxis, yAxis, caption));
    }

    /// <summary>A matrix, its values as colors; those of a small one are written too.</summary>
    /// <param name="title">The heading.</param>
    /// <param name="values">The matrix, row by row from the top.</param>
    /// <param name="rowNames">The names beside the rows; their numbers where left out.</param>
    /// <param name="columnNames">The names above the columns; their numbers where left out.</param>
    /// <param name="rowAxis">The meaning of the rows: "true".</param>
    /// <param name="columnAxis">The meaning of the columns: "predicted".</param>
    /// <param name="caption">A line below it.</param>
    /// <exception cref="ArgumentException">The matrix is empty, or there are more or fewer names than rows or columns.</exception>
    public Report AddHeatmap(
        string title, double[,] values, IReadOnlyList<string>? rowNames = null, IReadOnlyList<string>? columnNames = null, string rowAxis = "row", string columnAxis = "column", string? caption = null)
    {
        ArgumentNullException.ThrowIfNull(title);
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(rowAxis);
        ArgumentNullException.ThrowIfNull(columnAxis);
        (int rows, int columns) = (values.GetLength(0), values.GetLength(1));
        CheckNames(rowNames, rows, "rows", nameof(rowNames));
        CheckNames(columnNames, columns, "columns", nameof(columnNames));
        if (values.Length == 0)
        {
            throw new ArgumentException($"{nameof(AddHeatmap)}: the matrix is {rows} × {columns}; it needs a row and a column at least.", nameof(values));
        }

        return Add(new HeatmapSection(title, values, rowNames, columnNames, rowAxis, columnAxis, caption));
    }

    /// <summary>A line for each row across parallel axes, one axis for each column: which values go together.</summary>
    /// <param name="title">The heading.</param>
    /// <param name="axes">The axes from left to right.</param>
    /// <param name="rows">The cells of each row, as many as axes: numbers, words, or null where there is none.</param>
    /// <param name="color">The name of the axis whose values give the lines their color; the last one where left out.</param>
    /// <param name="caption">A line below it.</param>
    /// <exception cref="ArgumentException">There are fewer than two axes, a row has more or fewer cells, or no axis has the name of <paramref name="color"/>.</exception>
    public Report AddParallelCoordinates(string title, IReadOnlyList<ReportAxis> axes, IReadOnlyList<IReadOnlyList<object?>> rows, string? color = null, string? caption = null)
    {
        ArgumentNullException.ThrowIfNull(title);
        foreach (ReportAxis axis in Guard.NoNulls(axes))
        {
            ArgumentNullException.ThrowIfNull(axis.Name, nameof(axes));
        }

        Guard.NoNulls(rows);

        if (axes.Count < 2)
        {
            throw new ArgumentException($"{nameof(AddParallelCoordinates)}: there are {axes.Count} axes; lines need two at least.", nameof(axes));
        }

        int index = color is null ? axes.Count - 1 : axes.ToList().FindIndex(a => a.Name == color);
        return index < 0
            ? throw new ArgumentException($"{nameof(AddParallelCoordinates)}: {FigureNames.Unknown(color!, [.. axes.Select(static a => a.Name)])}", nameof(color))
            : Add(new ParallelSection(title, [.. axes], CopyRows(nameof(AddParallelCoordinates), rows, axes.Count, "axes"), index, caption));
    }

    /// <summary>Boxes and arrows in layers.</summary>
    /// <param name="title">The heading.</param>
    /// <param name="graph">The graph.</param>
    /// <param name="caption">A line below it.</param>
    /// <exception cref="ArgumentException">Two nodes have the same id, or an edge or a step names a node or an edge that is not there.</exception>
    public Report AddGraph(string title, ReportGraph graph, string? caption = null)
    {
        ArgumentNullException.ThrowIfNull(title);
        ArgumentNullException.ThrowIfNull(graph);
        HashSet<string> ids = [];
        foreach (ReportNode node in Guard.NoNulls(graph.Nodes, nameof(graph)))
        {
            ArgumentNullException.ThrowIfNull(node.Id, nameof(graph));
            ArgumentNullException.ThrowIfNull(node.Label, nameof(graph));
            if (!ids.Add(node.Id))
            {
                throw new ArgumentException($"{nameof(AddGraph)}: two nodes have the id '{node.Id}'; edges could not tell them apart.", nameof(graph));
            }
        }

        Guard.NoNulls(graph.Edges, nameof(graph));
        Guard.NoNulls(graph.Steps, nameof(graph));
        string? stranger = graph.Edges.SelectMany(static e => (string[])[e.From, e.To]).Concat(graph.Steps.SelectMany(static s => s.Nodes)).FirstOrDefault(id => !ids.Contains(id));
        if (stranger is not null)
        {
            throw new ArgumentException($"{nameof(AddGraph)}: an edge or a step names the node '{stranger}', which is not among the {ids.Count} nodes.", nameof(graph));
        }

        foreach (int edge in graph.Steps.SelectMany(static s => s.Edges))
        {
            if ((uint)edge >= graph.Edges.Count)
            {
                throw new ArgumentException($"{nameof(AddGraph)}: a step names edge {edge}; there are {graph.Edges.Count}.", nameof(graph));
            }
        }

        ReportGraph copy = graph with { Nodes = [.. graph.Nodes], Edges = [.. graph.Edges], Steps = [.. graph.Steps] };
        return Add(new GraphSection(title, copy, caption));
    }

    private static void CheckRange((double Min, double Max) range, string name)
    {
        if (!(range.Min < range.Max) || !double.IsFinite(range.Max - range.Min))
        {
            throw new ArgumentOutOfRangeException(name, range, $"{nameof(AddContours)}: the range of {name} must go from a finite number to a greater one.");
        }
    }

    private static void CheckNames(IReadOnlyList<string>? names, int count, string what, string parameter)
    {
        if (names is null)
        {
            return;
        }

        Guard.NoNulls(names, parameter);
        if (names.Count != count)
        {
            throw new ArgumentException($"Report: there are {count} {what}, but {names.Count} names were given for them; give one for each.", parameter);
        }
    }
}
