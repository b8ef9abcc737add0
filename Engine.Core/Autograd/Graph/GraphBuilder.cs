namespace Engine;

/// <summary>Makes nodes and edges of recorded steps: leaves where they are read first, constants out of formulas.</summary>
internal sealed class GraphBuilder(bool unfoldsAll)
{
    private readonly List<GraphNode> _nodes = [];
    private readonly List<GraphEdge> _edges = [];
    private readonly Dictionary<object, int> _ids = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<LeafNode, GraphLeaf> _recorded = new(ReferenceEqualityComparer.Instance);

    public GraphSnapshot Build(ReadOnlySpan<GraphMember> members, long passes)
    {
        foreach (GraphMember member in members)
        {
            for (int i = 0; i < member.Inputs.Length; i++)
            {
                if (member.Inputs[i] is LeafNode parameter && LeafOf(member.Node.Trace, i) is { } leaf)
                {
                    _recorded.TryAdd(parameter, leaf);
                }
            }
        }

        foreach (GraphMember member in members)
        {
            if (member.Node is not LeafNode)
            {
                AddStep(member);
            }
        }

        if (members is [.., { Node: LeafNode only }])
        {
            // A leaf by itself is a graph too.
            _ = AddParameter(only, null);
        }

        _nodes[_ids[members[^1].Node]].IsResult = true;
        AddUpLeaves(members);
        return new GraphSnapshot(_nodes, _edges, passes);
    }

    internal static GraphLeaf? LeafOf(GraphTrace? trace, int input) => trace is not null && input < trace.Leaves.Length ? trace.Leaves[input] : null;

    internal int Add(GraphNode node)
    {
        node.Id = _nodes.Count;
        _nodes.Add(node);
        return node.Id;
    }

    internal int AddConstant(double value, GraphGroup? group) => Add(new GraphNode(0, GraphNodeKind.Constant, "Constant")
    {
        DType = DType.Float64,
        Shape = Shape.Scalar,
        Value = GraphFormat.Scalar(value),
        Group = group,
    });

    internal void Connect(GraphEdge edge) => _edges.Add(edge);

    private void AddStep(GraphMember member)
    {
        (GradNode node, GradNode?[] inputs) = member;
        GraphTrace? trace = node.Trace;
        int[] from = new int[inputs.Length];
        for (int i = 0; i < from.Length; i++)
        {
            from[i] = inputs[i] switch
            {
                null => LeafOf(trace, i) is { } leaf ? AddInput(leaf, trace!.Group) : -1,
                LeafNode parameter => AddParameter(parameter, trace?.Group),
                { } step => _ids[step],
            };
        }

        Tensor? output = node.Output is { } weak && weak.TryGetTarget(out Tensor? target) && !target.IsDisposed ? target : null;
        string? label = trace?.Label ?? output?.Name;
        Tensor? value = trace?.Value ?? (trace is { IsRecorded: true } ? null : output?.Share());
        Tensor? gradient = trace?.Gradient ?? output?.Grad;
        if (trace?.Program is { } program)
        {
            GraphFormula formula = new(this, member, program, from, [.. from.Select(id => id < 0 ? null : _nodes[id].Value)]) { Label = label, Value = value, Gradient = gradient };
            _ids[node] = (unfoldsAll || node.Name == FusedMap.StepName) && formula.Steps > 1 ? formula.AddSteps() : formula.AddOne();
            return;
        }

        int id = _ids[node] = Add(new GraphNode(0, GraphNodeKind.Operation, node.Name)
        {
            Label = label,
            Shape = node.OutputShape,
            DType = node.OutputDType,
            Value = value,
            Gradient = gradient,
            Group = trace?.Group,
        });
        for (int i = 0; i < from.Length; i++)
        {
            if (from[i] >= 0)
            {
                int input = i;
                bool carries = inputs[i] is not null;
                Connect(new GraphEdge(from[i], id, carries && trace is not null ? new Lazy<Tensor?>(() => trace.Factor(input)) : null)
                {
                    Gradient = carries ? trace?.EdgeGradient(i) : null,
                    CarriesGradient = carries,
                });
            }
        }

        foreach (GraphLeaf leaf in trace?.AlsoRead ?? [])
        {
            Connect(new GraphEdge(AddInput(leaf, trace!.Group), id));
        }
    }

    private int AddInput(GraphLeaf leaf, GraphGroup? group) => _ids.TryGetValue(leaf, out int id) ? id : _ids[leaf] = Add(new GraphNode(0, GraphNodeKind.Input, "Input")
    {
        Label = leaf.Name,
        Shape = leaf.Shape,
        DType = leaf.DType,
        Value = leaf.Value,
        Group = leaf.IsOutside ? null : group,
    });

    private int AddParameter(LeafNode node, GraphGroup? group)
    {
        if (_ids.TryGetValue(node, out int id))
        {
            return id;
        }

        _recorded.TryGetValue(node, out GraphLeaf? leaf);
        return _ids[node] = Add(new GraphNode(0, GraphNodeKind.Parameter, "Parameter")
        {
            Label = leaf?.Name ?? node.Leaf.Name,
            Shape = node.OutputShape,
            DType = node.OutputDType,
            Value = leaf is not null ? leaf.Value : node.Leaf.IsDisposed ? null : node.Leaf.Share(),
            Group = group,
        });
    }

    /// <summary>The derivative of a leaf is the sum of the gradients on its edges. Without a record of those it is the gradient that the leaf has accumulated.</summary>
    private void AddUpLeaves(ReadOnlySpan<GraphMember> members)
    {
        Dictionary<int, List<GraphEdge>> edges = [];
        foreach (GraphEdge edge in _edges)
        {
            if (_nodes[edge.From].Kind == GraphNodeKind.Parameter)
            {
                (System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(edges, edge.From, out _) ??= []).Add(edge);
            }
        }

        foreach (GraphMember member in members)
        {
            if (member.Node is LeafNode leaf && _ids.TryGetValue(leaf, out int id))
            {
                _nodes[id].Gradient = edges.TryGetValue(id, out List<GraphEdge>? used) && used.TrueForAll(static edge => edge.Gradient is not null)
                    ? GraphFormat.Sum([.. used.Select(static edge => edge.Gradient!)])
                    : leaf.Leaf.Grad;
            }
        }
    }
}
