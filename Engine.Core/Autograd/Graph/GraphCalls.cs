namespace Engine.Backends;

/// <summary>
/// Finds out which steps of a recorded graph belong to which call of a module, for a library of modules: it reports each call, and the graph then
/// shows the calls as groups.
/// </summary>
/// <remarks>
/// Calls are reported when they have ended. The steps of a call are those that its result was computed from, back to its input, less those of
/// calls that are not below it; since a call ends before the one around it, the innermost comes first.
/// </remarks>
public sealed class GraphCalls
{
    private readonly Dictionary<string, int> _calls = [];
    private readonly Dictionary<GraphGroup, string> _groups = [];
    private readonly List<Tensor> _inputs = [];
    private readonly long _start = GradNode.LastSequence;

    /// <summary>A call has ended.</summary>
    /// <param name="path">The module's name within the model, <c>layer1.0.conv1</c>; empty for the model itself, which makes no group.</param>
    /// <param name="kind">Its kind: the name of its type.</param>
    /// <param name="x">The input of the call.</param>
    /// <param name="y">The result of the call.</param>
    public void Add(string path, string kind, Tensor x, Tensor y)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(kind);
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        if (x.History is null)
        {
            _inputs.Add(x);
        }

        if (path.Length == 0 || y.History is not { } result || result == x.History || result is LeafNode)
        {
            return;
        }

        GraphGroup? around = GraphRecorder.Current?.Group;
        int call = _calls[path] = _calls.GetValueOrDefault(path) + 1;
        string suffix = call == 1 ? string.Empty : string.Create(System.Globalization.CultureInfo.InvariantCulture, $" ({call})");
        GraphGroup group = new(LastName(path) + suffix, kind, around, path + suffix);
        if (Claim(group, path, around, x.History, result))
        {
            _groups[group] = path;
        }
    }

    /// <summary>Names the leaves of the recorded graph, and puts calls into groups of modules that were not called themselves.</summary>
    /// <param name="graph">The graph that was recorded meanwhile.</param>
    /// <param name="nameOf">The name of a parameter or buffer; null for other tensors.</param>
    /// <param name="kindOf">The kind of a module by its path; null where there is none.</param>
    public void Complete(ComputationGraph graph, Func<Tensor, string?> nameOf, Func<string, string?> kindOf)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(nameOf);
        ArgumentNullException.ThrowIfNull(kindOf);
        foreach (GraphMember member in graph.Members)
        {
            GraphTrace? trace = member.Node.Trace;
            for (int i = 0; i < (trace?.Leaves.Length ?? 0); i++)
            {
                if (trace!.Leaves[i] is { } leaf)
                {
                    leaf.Given = leaf.Tensor is { } tensor ? nameOf(tensor) : null;
                    if (member.Inputs[i] is null && leaf.Given is null && _inputs.Find(leaf.IsOf) is { } input)
                    {
                        (leaf.IsOutside, leaf.Given) = (true, input.Name);
                    }
                }
            }
        }

        Dictionary<string, GraphGroup> containers = [];
        foreach ((GraphGroup group, string path) in _groups)
        {
            PlaceIn(group, path, containers, kindOf);
        }
    }

    private static string LastName(string path) => path[(path.LastIndexOf('.') + 1)..];

    private bool Claim(GraphGroup group, string path, GraphGroup? around, GradNode? input, GradNode result)
    {
        // Steps that were there before the input are not the module's.
        long first = input?.Sequence ?? _start;
        HashSet<GradNode> seen = [];
        Stack<GradNode> stack = new([result]);
        bool any = false;
        while (stack.TryPop(out GradNode? node))
        {
            if (node is LeafNode || node == input || node.Sequence <= first || node.Trace is not { } trace || !seen.Add(node))
            {
                continue;
            }

            if (trace.Group == around)
            {
                trace.Group = group;
            }
            else if (trace.Group is { } inner && !Adopt(inner, group, path, around))
            {
                continue;
            }

            any = true;
            foreach (GradNode? next in node.InputSpan)
            {
                if (next is not null)
                {
                    stack.Push(next);
                }
            }
        }

        return any;
    }

    /// <summary>Puts the outermost group that a step lies in into the group of the call, if it is one of a module below it or the code's own.</summary>
    private bool Adopt(GraphGroup inner, GraphGroup group, string path, GraphGroup? around)
    {
        GraphGroup outermost = inner;
        while (outermost != group && outermost.Parent is { } parent && parent != around)
        {
            outermost = parent;
        }

        if (outermost == group)
        {
            return true;
        }

        if (_groups.TryGetValue(outermost, out string? below) && !below.StartsWith(path + ".", StringComparison.Ordinal))
        {
            return false;
        }

        outermost.Parent = group;
        return true;
    }

    private void PlaceIn(GraphGroup group, string path, Dictionary<string, GraphGroup> containers, Func<string, string?> kindOf)
    {
        if (group.Parent is not null && _groups.ContainsKey(group.Parent))
        {
            return;
        }

        GraphGroup child = group;
        for (int dot = path.LastIndexOf('.'); dot > 0; dot = path.LastIndexOf('.', dot - 1))
        {
            string outer = path[..dot];
            if (kindOf(outer) is not { } kind)
            {
                continue;
            }

            bool isNew = !containers.TryGetValue(outer, out GraphGroup? container);
            containers[outer] = container ??= new GraphGroup(LastName(outer), kind, child.Parent, outer);
            child.Parent = container;
            if (!isNew)
            {
                return;
            }

            child = container;
        }
    }
}
