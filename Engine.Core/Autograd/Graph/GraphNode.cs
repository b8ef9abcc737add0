namespace Engine;

/// <summary>The kinds of nodes of a <see cref="ComputationGraph"/>.</summary>
public enum GraphNodeKind
{
    /// <summary>A single step.</summary>
    Operation,

    /// <summary>A leaf that derivatives are wanted of: a weight.</summary>
    Parameter,

    /// <summary>A leaf that none are wanted of: data, targets.</summary>
    Input,

    /// <summary>A number in a formula.</summary>
    Constant,

    /// <summary>All steps of a group in one, after <see cref="ComputationGraph.Collapse(int)"/>.</summary>
    Group,
}

/// <summary>One node of a <see cref="ComputationGraph"/>: a step, or a leaf that steps read.</summary>
public sealed class GraphNode
{
    internal GraphNode(int id, GraphNodeKind kind, string operation)
    {
        (Id, Kind, Operation) = (id, kind, operation);
    }

    /// <summary>Its number, in the order of computation.</summary>
    public int Id { get; internal set; }

    /// <summary>The kind of the node.</summary>
    public GraphNodeKind Kind { get; }

    /// <summary>The operation: <c>Mul</c>, <c>Conv2d</c>; for a leaf <c>Parameter</c>, <c>Input</c> or <c>Constant</c>; for a collapsed group its kind.</summary>
    public string Operation { get; }

    /// <summary>The tensor's <see cref="Tensor.Name"/>, a model's name of a parameter, a collapsed group's path; null without one.</summary>
    public string? Label { get; internal set; }

    /// <summary>The shape of the value.</summary>
    public Shape Shape { get; internal init; }

    /// <summary>The element type of the value.</summary>
    public DType DType { get; internal init; }

    /// <summary>The nodes that it was computed from, one for each edge.</summary>
    public IReadOnlyList<int> Inputs { get; internal set; } = [];

    /// <summary>The value that flowed forward; null where the step was not recorded, or the value was overwritten since.</summary>
    public Tensor? Value { get; internal init; }

    /// <summary>∂root/∂this, once a backward pass has brought it.</summary>
    public Tensor? Gradient { get; internal set; }

    /// <summary>The group that it belongs to; null at the top.</summary>
    public GraphGroup? Group { get; internal set; }

    /// <summary>For a collapsed group, the number of steps and parameters inside.</summary>
    public string? Details { get; internal init; }

    /// <summary>Whether this is the result that the graph computed.</summary>
    public bool IsResult { get; internal set; }

    /// <summary>The name of the node in formulas: its label; <c>J</c> for a result without one; the number of a constant; else <c>#5</c>.</summary>
    public string Display => Label
        ?? (IsResult ? "J" : Kind == GraphNodeKind.Constant && Value is not null ? GraphFormat.Value(Value) : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"#{Id}"));

    /// <summary>The line of <see cref="ComputationGraph.ToString"/> without its inputs.</summary>
    public override string ToString() => $"#{Id} {Display} = {Operation} {Shape}";
}

/// <summary>An edge: the value of one node goes into another, and a derivative comes back.</summary>
public sealed class GraphEdge
{
    private readonly Lazy<Tensor?>? _factor;

    internal GraphEdge(int from, int to, Lazy<Tensor?>? factor = null)
    {
        (From, To) = (from, to);
        _factor = factor;
    }

    /// <summary>The node whose value is read.</summary>
    public int From { get; internal set; }

    /// <summary>The node that reads it.</summary>
    public int To { get; internal set; }

    /// <summary>
    /// ∂to/∂from, by which the derivative is multiplied on its way back: of a formula one number an element; of any other step the Jacobian
    /// [elements of to, elements of from], where it is small (16 × 64). Null where no derivative flows or the step was not recorded.
    /// </summary>
    public Tensor? Factor => _factor?.Value;

    /// <summary>The part of ∂root/∂from that came back along this edge, after a backward pass.</summary>
    public Tensor? Gradient { get; internal init; }

    /// <summary>Whether a derivative flows along it: whether a node before it needs one.</summary>
    public bool CarriesGradient { get; internal init; }
}
