namespace Engine;

/// <summary>
/// The computation graph of a result: each single step, from the leaves on the left to the result on the right. Values flow forward
/// through it, derivatives backward, each edge multiplying by its own factor (the chain rule).
/// </summary>
/// <remarks>
/// <para>Steps that are recorded carry their values, the operands that need no gradient (inputs and constants) and, after the backward pass,
/// the derivative of each node and of each edge:</para>
/// <code>
/// ComputationGraph graph = ComputationGraph.Record(() =>
/// {
///     Tensor c = (w * x).Named("c"), a = (c + b).Named("a"), d = (a - y).Named("d");
///     return d.Square() / 2;
/// });
/// graph.Backward();
/// foreach (GraphStep step in graph.Steps)
/// {
///     Console.WriteLine(step);      // c = w · x = 2 · 3 = 6 … ∂J/∂w = ∂J/∂c · ∂c/∂w = 3 · 3 = 9
/// }
/// </code>
/// <para>The graph of a result that was not recorded (<see cref="Of"/>) has the steps and their shapes, the names, and the gradients of leaves.
/// Take it before the backward pass, which consumes the graph unless it is retained.</para>
/// <para>A recording holds the values of all steps and, after the backward pass, all derivatives, as long as the graph is held: it is made to look at
/// one step of a training, not to train with. Formulas of <see cref="Fuse"/>, which run as one step, are shown as the single steps they are made of.</para>
/// </remarks>
public sealed partial class ComputationGraph
{
    private readonly GraphMember[] _members;
    private readonly GraphView _view;
    private GraphSnapshot? _snapshot;

    private ComputationGraph(GraphMember[] members, Tensor? result, GraphView view)
    {
        _members = members;
        _view = view;
        Result = result;
    }

    /// <summary>The nodes in the order of computation, with the gradients known by now.</summary>
    public IReadOnlyList<GraphNode> Nodes => Current.Nodes;

    /// <summary>The edges, by the nodes they lead to.</summary>
    public IReadOnlyList<GraphEdge> Edges => Current.Edges;

    /// <summary>The groups of the nodes. A group comes after the groups that contain it.</summary>
    public IReadOnlyList<GraphGroup> Groups => Current.Groups;

    /// <summary>The result of a graph that was made by <see cref="Record(Func{Tensor})"/>; null of one made by <see cref="Of"/>, which holds no tensor.</summary>
    public Tensor? Result { get; }

    /// <summary>The node with a label: <c>graph["c"]</c>.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public GraphNode this[string label]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(label);
            return Nodes.FirstOrDefault(node => node.Label == label)
                ?? throw new KeyNotFoundException($"The graph has no node '{label}'. Name a tensor with Named(\"{label}\") where it is computed.");
        }
    }

    private GraphSnapshot Current
    {
        get
        {
            long passes = 0;
            foreach (GraphMember member in _members)
            {
                passes += member.Node.Trace is { } trace ? trace.Passes : member.Node is LeafNode { Leaf.Grad: not null } ? 1 : 0;
            }

            if (_snapshot is not { } known || known.Passes != passes)
            {
                _snapshot = known = new GraphBuilder(_view.UnfoldsAll).Build(_members, passes);
                _snapshot = known = _view.Collapses is null ? known : GraphCollapse.Apply(known, _view.Collapses);
            }

            return known;
        }
    }

    /// <summary>The graph that computed a tensor.</summary>
    /// <param name="root">The result.</param>
    /// <param name="retainGradients">
    /// Whether every step keeps its gradient in the next backward pass, not only the leaves. Steps that were recorded keep it anyway.
    /// </param>
    /// <exception cref="GradientException">The tensor has no graph.</exception>
    public static ComputationGraph Of(Tensor root, bool retainGradients = false)
    {
        ArgumentNullException.ThrowIfNull(root);
        return Take(root, retainGradients, result: null);
    }

    /// <summary>Records the steps on this thread until it is disposed: <c>using ComputationGraph.Recording recording = ComputationGraph.Record();</c>.</summary>
    /// <remarks>Take the graph of a result of it with <see cref="Of"/>, inside or after. Recordings may be nested; the inner one counts.</remarks>
    public static Recording Record() => new(GraphRecorder.Begin());

    /// <summary>Records a computation and returns its graph, which holds the result.</summary>
    /// <param name="compute">Computes a result from at least one tensor that requires a gradient.</param>
    /// <exception cref="GradientException">The result does not depend on a tensor that requires a gradient.</exception>
    public static ComputationGraph Record(Func<Tensor> compute)
    {
        ArgumentNullException.ThrowIfNull(compute);
        Tensor result;
        using (Record())
        {
            result = Guard.Returned(compute(), nameof(Record), nameof(compute));
        }

        return Take(result, retainGradients: false, result);
    }

    /// <summary>Puts the steps that are recorded until it is disposed into a group: <c>using (ComputationGraph.Group("encoder")) { … }</c>.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="kind">The kind of the group, such as the name of a type; may be empty.</param>
    /// <remarks>Groups may be nested. Where nothing is recorded it does nothing.</remarks>
    public static GroupScope Group(string name, string kind = "")
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(kind);
        return new GroupScope(GraphRecorder.Current, name, kind);
    }

    /// <summary>Runs the backward pass of the recorded result, so that the derivatives appear.</summary>
    /// <param name="gradient">The gradient to the result; may be left out for a scalar, where it is 1.</param>
    /// <exception cref="InvalidOperationException">The graph was made by <see cref="Of"/>; call <see cref="Tensor.Backward"/> of the result.</exception>
    public void Backward(Tensor? gradient = null) =>
        (Result ?? throw new InvalidOperationException("ComputationGraph.Backward: a graph made by Of holds no result. Call Backward of the tensor, or make the graph by Record(() => …)."))
        .Backward(gradient);

    /// <summary>The same graph with every pointwise formula shown in single steps, also those that the engine names, such as <c>Gelu</c>.</summary>
    public ComputationGraph Unfold() => new(_members, Result, _view with { UnfoldsAll = true });

    /// <summary>The same graph with each group of a depth as one node, and each one higher up that has no groups inside.</summary>
    /// <param name="depth">1 for the groups at the top, 2 for those inside of them: <c>layer1.0</c>.</param>
    public ComputationGraph Collapse(int depth)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(depth);
        HashSet<GraphGroup> parents = [.. Groups.Where(static group => group is { Parent: not null, IsFormula: false }).Select(static group => group.Parent!)];
        return Collapse(group => group.Depth == depth || (group.Depth < depth && !parents.Contains(group)));
    }

    /// <summary>The same graph with chosen groups as one node each, the outermost ones where they are nested.</summary>
    /// <param name="choose">Whether a group becomes one node: <c>group => group.Kind == nameof(BasicBlock)</c>.</param>
    public ComputationGraph Collapse(Func<GraphGroup, bool> choose)
    {
        ArgumentNullException.ThrowIfNull(choose);
        return new(_members, Result, _view with { Collapses = choose });
    }

    /// <summary>One line a node: number, name, operation, operands, shape, value and derivative as far as they are known.</summary>
    public override string ToString() => GraphText.Lines(Current);

    /// <summary>The graph in the language of Mermaid (flowchart), as Markdown files show it; groups are subgraphs.</summary>
    public string ToMermaid() => GraphMermaid.Write(Current);

    /// <summary>The graph in the language of Graphviz (<c>dot -Tsvg</c>); groups are clusters.</summary>
    public string ToDot() => GraphDot.Write(Current);

    /// <summary>The steps and leaves themselves, for a model that assigns them to its modules.</summary>
    internal IReadOnlyList<GraphMember> Members => _members;

    private static ComputationGraph Take(Tensor root, bool retainGradients, Tensor? result)
    {
        List<GradNode> order = BackwardPass.Collect([BackwardPass.RootOf(root)]);
        order.Reverse();
        if (retainGradients)
        {
            foreach (GradNode node in order)
            {
                node.Trace ??= node is LeafNode ? null : new GraphTrace();
            }
        }

        if (root.Name is { } name && order[^1].Trace is { } trace)
        {
            trace.Label ??= name;
        }

        // A backward pass cuts the edges, so they are written down now.
        return new ComputationGraph([.. order.Select(static node => new GraphMember(node, node.InputSpan.ToArray()))], result, new GraphView(UnfoldsAll: false, Collapses: null));
    }

    /// <summary>Records until it is disposed. The compiler refuses to carry it across an <c>await</c>.</summary>
    public ref struct Recording : IDisposable
    {
        private GraphRecorder? _recorder;

        internal Recording(GraphRecorder recorder) => _recorder = recorder;

        /// <summary>Ends the recording.</summary>
        public void Dispose()
        {
            _recorder?.End();
            _recorder = null;
        }
    }

    /// <summary>A group that is open until it is disposed. The compiler refuses to carry it across an <c>await</c>.</summary>
    public ref struct GroupScope : IDisposable
    {
        private readonly GraphGroup? _before;
        private GraphRecorder? _recorder;

        internal GroupScope(GraphRecorder? recorder, string name, string kind)
        {
            _recorder = recorder;
            if (recorder is not null)
            {
                _before = recorder.Group;
                recorder.Group = new GraphGroup(name, kind, _before);
            }
        }

        /// <summary>Closes the group.</summary>
        public void Dispose()
        {
            if (_recorder is not null)
            {
                _recorder.Group = _before;
                _recorder = null;
            }
        }
    }
}
