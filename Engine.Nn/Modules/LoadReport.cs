namespace Engine.Nn;

/// <summary>A saved tensor whose shape is not that of the module's tensor of the same name.</summary>
/// <param name="Name">The name.</param>
/// <param name="Expected">The module's shape.</param>
/// <param name="Found">The saved shape.</param>
public sealed record ShapeConflict(string Name, Shape Expected, Shape Found);

/// <summary>The result of <see cref="Module.LoadStateDict"/>.</summary>
public sealed class LoadReport
{
    internal LoadReport(IReadOnlyList<string> loaded, IReadOnlyList<string> missing, IReadOnlyList<string> unexpected, IReadOnlyList<ShapeConflict> conflicts)
    {
        Loaded = loaded;
        Missing = missing;
        Unexpected = unexpected;
        Conflicts = conflicts;
    }

    /// <summary>Names that were copied.</summary>
    public IReadOnlyList<string> Loaded { get; }

    /// <summary>Names of the module that the saved state does not have.</summary>
    public IReadOnlyList<string> Missing { get; }

    /// <summary>Names of the saved state that the module does not have.</summary>
    public IReadOnlyList<string> Unexpected { get; }

    /// <summary>Names that both have, with different shapes.</summary>
    public IReadOnlyList<ShapeConflict> Conflicts { get; }

    /// <summary>Whether every name and shape fitted.</summary>
    public bool IsComplete => Missing.Count + Unexpected.Count + Conflicts.Count == 0;

    /// <summary>One line per kind of trouble.</summary>
    public override string ToString()
    {
        List<string> lines = [$"{Loaded.Count} tensors fit"];
        if (Missing.Count > 0)
        {
            lines.Add($"missing: {FileText.List(Missing)}");
        }

        if (Unexpected.Count > 0)
        {
            lines.Add($"unexpected: {FileText.List(Unexpected)}");
        }

        if (Conflicts.Count > 0)
        {
            lines.Add($"other shape: {FileText.List(Conflicts.Select(static c => $"{c.Name} is {c.Found}, the module has {c.Expected}"))}");
        }

        return string.Join("; ", lines);
    }
}
