namespace Engine.Nn;

/// <summary>The points of one line or cloud of a chart of a <see cref="Report"/>.</summary>
/// <param name="Name">Its name in the legend.</param>
/// <param name="X">Where each point lies on the horizontal axis; series of one chart may differ in them.</param>
/// <param name="Y">Its value, as many as <paramref name="X"/>; NaN and infinities leave a gap.</param>
public sealed record ReportSeries(string Name, IReadOnlyList<double> X, IReadOnlyList<double> Y)
{
    /// <summary>Points at 0, 1, 2, ….</summary>
    public ReportSeries(string name, IReadOnlyList<double> y)
        : this(name, [.. Enumerable.Range(0, y?.Count ?? 0).Select(static i => (double)i)], y!)
    {
    }

    /// <summary>Whether the line is dashed, as those of validation data are.</summary>
    public bool IsDashed { get; init; }

    /// <summary>Whether points are drawn and no line between them.</summary>
    public bool IsPoints { get; init; }

    /// <summary>Series of one chart with the same number have the same color; by their order where left out.</summary>
    public int? Color { get; init; }
}
