namespace Engine;

/// <summary>
/// The record of the steps on this thread for a picture: values, operands that need no gradient, groups. Without
/// one in the process a new step costs a look at a static field.
/// </summary>
internal sealed class GraphRecorder
{
    private static int s_active;

    [ThreadStatic]
    private static GraphRecorder? t_current;

    private readonly GraphRecorder? _outer;
    private readonly Dictionary<object, GraphLeaf> _leaves;

    private GraphRecorder()
    {
        _outer = t_current;
        _leaves = _outer?._leaves ?? new(ReferenceEqualityComparer.Instance);
        Group = _outer?.Group;
    }

    /// <summary>The recorder of this thread; null if there is none.</summary>
    public static GraphRecorder? Current => Volatile.Read(ref s_active) == 0 ? null : t_current;

    /// <summary>The group of the steps that are recorded now.</summary>
    public GraphGroup? Group { get; set; }

    public static GraphRecorder Begin()
    {
        Interlocked.Increment(ref s_active);
        return t_current = new GraphRecorder();
    }

    public void End()
    {
        if (t_current == this)
        {
            t_current = _outer;
        }

        Interlocked.Decrement(ref s_active);
    }

    /// <summary>A value as it is now. The memory is shared where only the result of the step holds it. A value that others may write is copied.</summary>
    /// <remarks>A recording of a captured step has no values: nothing is computed while it is made.</remarks>
    public static Tensor? Snapshot(Tensor value)
    {
        if (value.IsDisposed || CapturePass.RecordingOn(value.Device) is not null)
        {
            return null;
        }

        using TensorScope outside = TensorScope.Suspend();
        using GradMode.Scope mode = GradMode.Off();
        return value.Storage.References > 1 || value.Node is null ? value.Clone() : value.Share();
    }

    /// <summary>The leaf for an operand that no recorded step has computed.</summary>
    public GraphLeaf LeafOf(Tensor operand)
    {
        object key = operand.History ?? (object)operand;
        ref GraphLeaf? leaf = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_leaves, key, out _);
        return leaf ??= new GraphLeaf(operand, Snapshot(operand));
    }
}

/// <summary>An operand that comes from outside: a parameter or an input.</summary>
/// <param name="tensor">The operand, which is not kept alive.</param>
/// <param name="value">Its values when it was read first.</param>
internal sealed class GraphLeaf(Tensor tensor, Tensor? value)
{
    private readonly WeakReference<Tensor> _tensor = new(tensor);
    private readonly WeakReference<Storage> _storage = new(tensor.Storage);
    private readonly string? _name = tensor.Name;

    public Tensor? Value { get; } = value;

    public Shape Shape { get; } = tensor.Shape;

    public DType DType { get; } = tensor.DType;

    /// <summary>A name that the tensor got later is used too.</summary>
    public string? Name => Tensor?.Name ?? _name ?? Given;

    /// <summary>A name that a model gives it.</summary>
    public string? Given { get; set; }

    /// <summary>Whether it stands outside of all groups, as a model's input does.</summary>
    public bool IsOutside { get; set; }

    /// <summary>Whether it is another tensor, or a view of it.</summary>
    public bool IsOf(Tensor other) => !other.IsDisposed && _storage.TryGetTarget(out Storage? storage) && ReferenceEquals(storage, other.Storage);

    /// <summary>The operand itself; null if it has no references any more.</summary>
    public Tensor? Tensor => _tensor.TryGetTarget(out Tensor? tensor) ? tensor : null;
}
