namespace Engine;

/// <summary>The record of one step: the values that it read and made, and the gradients that flowed back through it.</summary>
internal sealed class GraphTrace
{
    /// <summary>A Jacobian is taken of results of at most this many elements, which takes as many backward passes through the step…</summary>
    private const int MostOutputs = 16;

    /// <summary>… and of operands of at most this many, so that a person can read it.</summary>
    private const int MostInputs = 64;

    private Tensor?[] _edgeGradients = [];
    private Tensor?[] _factors = [];
    private Tensor? _value;
    private int _version;

    /// <summary>Operands that no step has computed, by number of input; null for the others.</summary>
    public GraphLeaf?[] Leaves { get; private set; } = [];

    /// <summary>Operands that are read but get no gradient, such as class numbers.</summary>
    public List<GraphLeaf> AlsoRead { get; } = [];

    /// <summary>The formula, where the step is one.</summary>
    public MapProgram? Program { get; private set; }

    public double[] Parameters { get; private set; } = [];

    /// <summary>Whether the step was computed under a recorder, so that its operands are known.</summary>
    public bool IsRecorded { get; private init; }

    public string? Label { get; set; }

    public GraphGroup? Group { get; set; }

    /// <summary>∂root/∂result of the last backward pass.</summary>
    public Tensor? Gradient { get; private set; }

    /// <summary>Grows with each backward pass.</summary>
    public int Passes { get; private set; }

    /// <summary>The result; null if it is unknown or was overwritten since.</summary>
    public Tensor? Value => _value is { } value && value.Storage.Version == _version ? value : null;

    /// <summary>The trace of a step that is being made.</summary>
    public static GraphTrace? Begin(ReadOnlySpan<Tensor?> inputs, ReadOnlySpan<GradNode?> histories)
    {
        if (GraphRecorder.Current is not { } recorder)
        {
            return null;
        }

        GraphTrace trace = new() { IsRecorded = true, Group = recorder.Group, Leaves = new GraphLeaf?[inputs.Length] };
        for (int i = 0; i < inputs.Length; i++)
        {
            if (inputs[i] is not { } input)
            {
                continue;
            }

            if (histories[i] is null or LeafNode)
            {
                trace.Leaves[i] = recorder.LeafOf(input);
            }
            else if (histories[i]!.Trace is null)
            {
                // Computed before anybody looked: at least its value is at hand.
                histories[i]!.Trace = new GraphTrace();
                histories[i]!.Trace!.SetValue(input);
            }
        }

        return trace;
    }

    public void SetValue(Tensor value)
    {
        if (_value is null && GraphRecorder.Snapshot(value) is { } snapshot)
        {
            (_value, _version) = (snapshot, snapshot.Storage.Version);
        }
    }

    public void SetProgram(MapProgram program, double[] parameters) => (Program, Parameters) = (program, parameters);

    public void AddRead(ReadOnlySpan<Tensor?> operands)
    {
        foreach (Tensor? operand in operands)
        {
            if (operand is not null && GraphRecorder.Current is { } recorder)
            {
                AlsoRead.Add(recorder.LeafOf(operand));
            }
        }
    }

    public Tensor? EdgeGradient(int input) => input < _edgeGradients.Length ? _edgeGradients[input] : null;

    /// <summary>The Jacobian ∂result/∂input, taken when the backward pass came by; null where it was too large.</summary>
    public Tensor? Factor(int input) => input < _factors.Length ? _factors[input] : null;

    /// <summary>The backward pass has come to the step with its whole gradient.</summary>
    public void Visit(GradNode node, Tensor dy)
    {
        Gradient = dy.Share();
        Passes++;
        _edgeGradients = new Tensor?[node.InputSpan.Length];
        if (IsRecorded && Program is null && node.CanProbe && !GradMode.IsEnabled && !node.IsConsumed && node.OutputShape.ElementCount is > 0 and <= MostOutputs)
        {
            _factors = Jacobians(node, dy);
        }
    }

    /// <summary>The gradient of an input; a rule may give it in several parts.</summary>
    public void Add(int input, Tensor gradient)
    {
        using TensorScope outside = TensorScope.Suspend();
        using GradMode.Scope mode = GradMode.Off();
        _edgeGradients[input] = _edgeGradients[input] is { } sum ? sum + gradient : gradient.Share();
    }

    /// <summary>Row k is the result of the rule for a gradient that is 1 at element k and 0 elsewhere.</summary>
    private static Tensor?[] Jacobians(GradNode node, Tensor dy)
    {
        int outputs = (int)node.OutputShape.ElementCount;
        Tensor?[][] rows = new Tensor?[outputs][];
        Tensor?[] jacobians = new Tensor?[node.InputSpan.Length];
        using TensorScope scope = TensorScope.Begin();
        for (int k = 0; k < outputs; k++)
        {
            double[] unit = new double[outputs];
            unit[k] = 1;
            Tensor seed = Tensor.From<double>(unit, dy.Device.HasFloat64 ? dy.Device : Device.Cpu).To(dy.DType).To(dy.Device).Reshape(node.OutputShape);
            rows[k] = new Tensor?[jacobians.Length];
            node.Backward(seed, GradSink.Probe(node, rows[k]));
        }

        for (int i = 0; i < jacobians.Length; i++)
        {
            if (node.InputSpan[i] is { } input && input.OutputShape.ElementCount is > 0 and <= MostInputs)
            {
                int elements = (int)input.OutputShape.ElementCount;
                Tensor matrix = Tensor.Stack([.. rows.Select(row => (row[i] ?? Tensor.Zeros(input.OutputShape, dy.DType, dy.Device)).Reshape([elements]))]);
                jacobians[i] = scope.Keep(outputs == 1 && elements == 1 ? matrix.Reshape(Shape.Scalar) : matrix).Keep();
            }
        }

        return jacobians;
    }
}
