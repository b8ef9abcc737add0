namespace Engine.Nn;

/// <summary>Finds out which steps of a graph belong to which call of a module.</summary>
/// <remarks>
/// Modules report when they have finished. The steps of a call are those that its result was computed from, back to its input, less those of
/// modules that are not below it; since a module reports before the one that called it, the innermost comes first.
/// </remarks>
internal sealed class ModuleGroups
{
    private readonly Dictionary<Module, string> _paths = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Tensor, string> _names = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Module, int> _calls = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<GraphGroup, string> _groups = [];
    private readonly Dictionary<string, Module> _containers = [];
    private readonly List<Tensor> _inputs = [];
    private readonly long _start = GradNode.LastSequence;

    public ModuleGroups(Module model)
    {
        foreach ((string path, Module module) in model.NamedModules())
        {
            _paths.TryAdd(module, path);
            _containers.TryAdd(path, module);
        }

        foreach ((string name, Tensor tensor) in (IEnumerable<(string, Tensor)>)[.. model.NamedParameters(), .. model.NamedBuffers()])
        {
            _names.TryAdd(tensor, name);
        }
    }

    /// <summary>A module has finished.</summary>
    public void Add(Module module, Tensor x, Tensor y)
    {
        if (x.History is null)
        {
            _inputs.Add(x);
        }

        if (!_paths.TryGetValue(module, out string? path) || path.Length == 0 || y.History is not { } result || result == x.History || result is LeafNode)
        {
            return;
        }

        GraphGroup? around = GraphRecorder.Current?.Group;
        int call = _calls[module] = _calls.GetValueOrDefault(module) + 1;
        string suffix = call == 1 ? string.Empty : $" ({ModulePath.Index(call)})";
        GraphGroup group = new(path[(path.LastIndexOf('.') + 1)..] + suffix, module.GetType().Name, around, path + suffix);
        if (Claim(group, path, around, x.History, result))
        {
            _groups[group] = path;
        }
    }

    /// <summary>Names the leaves, and puts groups of modules that were called by one that does not report into a group of that one.</summary>
    public void Name(ComputationGraph graph)
    {
        foreach (GraphMember member in graph.Members)
        {
            GraphTrace? trace = member.Node.Trace;
            for (int i = 0; i < (trace?.Leaves.Length ?? 0); i++)
            {
                if (trace!.Leaves[i] is { } leaf)
                {
                    leaf.Given = leaf.Tensor is { } tensor && _names.TryGetValue(tensor, out string? name) ? name : null;
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
            PlaceIn(group, path, containers);
        }
    }

    private bool Claim(GraphGroup group, string path, GraphGroup? around, GradNode? input, GradNode result)
    {
        // What was there before the input was is not the module's.
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

    private void PlaceIn(GraphGroup group, string path, Dictionary<string, GraphGroup> containers)
    {
        if (group.Parent is not null && _groups.ContainsKey(group.Parent))
        {
            return;
        }

        GraphGroup child = group;
        for (int dot = path.LastIndexOf('.'); dot > 0; dot = path.LastIndexOf('.', dot - 1))
        {
            string outer = path[..dot];
            if (!_containers.TryGetValue(outer, out Module? module))
            {
                continue;
            }

            bool isNew = !containers.TryGetValue(outer, out GraphGroup? container);
            containers[outer] = container ??= new GraphGroup(outer[(outer.LastIndexOf('.') + 1)..], module.GetType().Name, child.Parent, outer);
            child.Parent = container;
            if (!isNew)
            {
                return;
            }

            child = container;
        }
    }
}
