namespace Engine;

/// <summary>Steps that belong together: those of a module, of a <see cref="ComputationGraph.Group"/>, of a fused formula.</summary>
public sealed class GraphGroup
{
    private readonly string? _path;

    internal GraphGroup(string name, string kind, GraphGroup? parent, string? path = null)
    {
        (Name, Kind, Parent) = (name, kind, parent);
        _path = path;
    }

    /// <summary>The last part of its path: <c>conv1</c>.</summary>
    public string Name { get; }

    /// <summary>The kind of the group: the type of a module, <c>BasicBlock</c>, or the operation of a formula; may be empty.</summary>
    public string Kind { get; }

    /// <summary>The group around it; null at the top.</summary>
    public GraphGroup? Parent { get; internal set; }

    /// <summary>The names from the outermost group on: <c>layer1.0.conv1</c>.</summary>
    public string Path => _path ?? (Parent is null ? Name : Parent.Path + "." + Name);

    /// <summary>1 for a group at the top, 2 for one inside of it.</summary>
    public int Depth => Outward().Count();

    /// <summary>The path and the kind.</summary>
    public override string ToString() => Kind.Length == 0 ? Path : $"{Path} ({Kind})";

    /// <summary>Whether it is a formula that runs as one step.</summary>
    internal bool IsFormula { get; init; }

    /// <summary>This group and those around it, the innermost first.</summary>
    internal IEnumerable<GraphGroup> Outward()
    {
        for (GraphGroup? group = this; group is not null; group = group.Parent)
        {
            yield return group;
        }
    }
}
