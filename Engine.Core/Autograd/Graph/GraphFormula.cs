namespace Engine;

/// <summary>A pointwise formula in a picture: as one node with its numbers, or as the single steps that it is made of.</summary>
/// <remarks>
/// The steps inside were never computed by themselves. Their values are computed for the picture from the operands, each by the part of the
/// formula that leads to it; their derivatives from the formula's, by the rule of each operation.
/// </remarks>
internal sealed class GraphFormula(GraphBuilder builder, GraphMember member, MapProgram program, int[] from, Tensor?[] operands)
{
    private readonly GraphTrace _trace = member.Node.Trace!;
    private readonly Dictionary<Expr, int> _ids = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Expr, Tensor?> _values = new(ReferenceEqualityComparer.Instance);

    public string? Label { get; init; }

    public Tensor? Value { get; init; }

    public Tensor? Gradient { get; init; }

    /// <summary>How many operations the formula has.</summary>
    public int Steps { get; } = CountSteps(program);

    private Expr Root => program.Expressions[0];

    /// <summary>One node; the numbers in a formula of one operation are leaves.</summary>
    public int AddOne()
    {
        GraphGroup? group = _trace.Group;
        List<int> constants = [];
        if (Steps == 1)
        {
            for (int i = 0; i < Root.Arity; i++)
            {
                if (Number(Root[i]) is { } number)
                {
                    // x − 2 runs as x + (−2).
                    constants.Add(builder.AddConstant(member.Node.Name == "Sub" && Root.Opcode == ScalarOpcode.Add ? -number : number, group));
                }
            }
        }

        int id = builder.Add(new GraphNode(0, GraphNodeKind.Operation, member.Node.Name)
        {
            Label = Label,
            Shape = member.Node.OutputShape,
            DType = member.Node.OutputDType,
            Value = Value,
            Gradient = Gradient,
            Group = group,
            Details = Steps > 1 ? program.ToString() : null,
        });
        bool numberFirst = constants.Count > 0 && Root.Arity > 1 && Root[0].Opcode != ScalarOpcode.Input;
        for (int pass = 0; pass < 2; pass++)
        {
            if (pass == (numberFirst ? 0 : 1))
            {
                constants.ForEach(constant => builder.Connect(new GraphEdge(constant, id)));
            }
            else
            {
                ConnectOperands(id);
            }
        }

        return id;
    }

    /// <summary>A node for each operation, in a group.</summary>
    public int AddSteps()
    {
        GraphGroup group = new($"{member.Node.Name}#{member.Node.Sequence}", member.Node.Name, _trace.Group) { IsFormula = true };
        List<Expr> order = Expr.PostOrder([Root]);
        HashSet<Expr> carriers = Carriers(order);
        Dictionary<Expr, Tensor> gradients = Gradients(order, carriers, out Dictionary<(Expr Node, int Argument), Tensor> parts);
        foreach (Expr node in order)
        {
            if (node.Arity == 0)
            {
                _ids[node] = node.Opcode == ScalarOpcode.Input ? Operand(node.Number)
                    : Number(node) is { } number ? builder.AddConstant(number, group)
                    : builder.Add(new GraphNode(0, GraphNodeKind.Constant, NameOf(node)) { Shape = member.Node.OutputShape, DType = member.Node.OutputDType, Value = ValueOf(node), Group = group });
                continue;
            }

            bool isRoot = ReferenceEquals(node, Root);
            int id = _ids[node] = builder.Add(new GraphNode(0, GraphNodeKind.Operation, NameOf(node))
            {
                Label = isRoot ? Label : null,
                Shape = member.Node.OutputShape,
                DType = member.Node.OutputDType,
                Value = isRoot ? Value : ValueOf(node),
                Gradient = isRoot ? Gradient : gradients.GetValueOrDefault(node),
                Group = group,
            });
            for (int i = 0; i < node.Arity; i++)
            {
                if (_ids[node[i]] >= 0)
                {
                    int argument = i;
                    bool carries = carriers.Contains(node[i]);
                    builder.Connect(new GraphEdge(_ids[node[i]], id, carries ? new Lazy<Tensor?>(() => PassOn(node, argument, null)) : null)
                    {
                        Gradient = carries ? parts.GetValueOrDefault((node, i)) : null,
                        CarriesGradient = carries,
                    });
                }
            }
        }

        return _ids[Root];
    }

    private static int CountSteps(MapProgram program)
    {
        int steps = 0;
        foreach (Instruction step in program.FormulaSteps)
        {
            steps += ScalarOp.Of(step.Op).IsLeaf ? 0 : 1;
        }

        return steps;
    }

    private static string NameOf(Expr node)
    {
        string name = ScalarOp.Of(node.Opcode).Name;
        return char.ToUpperInvariant(name[0]) + name[1..];
    }

    private int Operand(int number) => from[number];

    private void ConnectOperands(int id)
    {
        for (int i = 0; i < from.Length; i++)
        {
            if (from[i] < 0 || !program.UsesInput(i))
            {
                continue;
            }

            int input = i;
            bool carries = member.Inputs[i] is not null;
            builder.Connect(new GraphEdge(from[i], id, carries ? new Lazy<Tensor?>(() => Evaluate(Derivative.Of(Root, input))) : null)
            {
                Gradient = carries ? _trace.EdgeGradient(i) : null,
                CarriesGradient = carries,
            });
        }
    }

    private double? Number(Expr leaf) => leaf.Opcode switch
    {
        ScalarOpcode.Constant => leaf.Value,
        ScalarOpcode.Parameter when leaf.Number < _trace.Parameters.Length => _trace.Parameters[leaf.Number],
        _ => null,
    };

    private Tensor? ValueOf(Expr node)
    {
        if (!_values.TryGetValue(node, out Tensor? value))
        {
            _values[node] = value = node.Opcode == ScalarOpcode.Input ? operands[node.Number] : Evaluate(node);
        }

        return value;
    }

    /// <summary>A formula over the operands; null where one that it reads is unknown.</summary>
    private Tensor? Evaluate(Expr formula)
    {
        if (Value is not { } known)
        {
            return null;
        }

        MapProgram part = MapProgram.Compile(operands.Length, formula);
        Tensor[] inputs = new Tensor[operands.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            if (operands[i] is null && part.UsesInput(i))
            {
                return null;
            }

            inputs[i] = operands[i] ?? known;
        }

        return Run(part, inputs, known);
    }

    private Tensor Run(MapProgram part, Tensor[] inputs, Tensor like)
    {
        using TensorScope outside = TensorScope.Suspend();
        using GradMode.Scope mode = GradMode.Off();
        Tensor y = Tensor.Allocate(member.Node.OutputShape, like.DType, like.Device);
        Pointwise.Run(part, like.DType.ComputeType(), y.Shape, inputs, [y], _trace.Parameters);
        return y;
    }

    /// <summary>The gradient that an operation passes to an argument. Without a gradient of the result it is the factor of the edge, the gradient for 1.</summary>
    private Tensor? PassOn(Expr node, int argument, Tensor? dy)
    {
        Tensor? y = ReferenceEquals(node, Root) ? Value : ValueOf(node);
        if (y is null)
        {
            return null;
        }

        List<Tensor> inputs = [];
        Expr[] arguments = new Expr[node.Arity];
        for (int i = 0; i < arguments.Length; i++)
        {
            if (Number(node[i]) is { } number)
            {
                arguments[i] = Expr.Constant(number);
                continue;
            }

            if (ValueOf(node[i]) is not { } value)
            {
                return null;
            }

            arguments[i] = Expr.Input(inputs.Count);
            inputs.Add(value);
        }

        inputs.Add(y);
        Expr result = Expr.Input(inputs.Count - 1), gradient = Expr.Constant(1);
        if (dy is not null)
        {
            gradient = Expr.Input(inputs.Count);
            inputs.Add(dy);
        }

        // Null is a zero gradient.
        Expr part = ScalarOp.Of(node.Opcode).Derivative!(arguments, result, gradient)[argument] ?? Expr.Constant(0);
        return Run(MapProgram.Compile(inputs.Count, part), [.. inputs], y);
    }

    /// <summary>The operations through which a derivative reaches an operand that wants one.</summary>
    private HashSet<Expr> Carriers(List<Expr> order)
    {
        HashSet<Expr> carriers = new(ReferenceEqualityComparer.Instance);
        foreach (Expr node in order)
        {
            bool carries = node.Opcode == ScalarOpcode.Input && member.Inputs[node.Number] is not null;
            for (int i = 0; i < node.Arity && ScalarOp.Of(node.Opcode).Derivative is not null; i++)
            {
                carries |= carriers.Contains(node[i]);
            }

            if (carries)
            {
                carriers.Add(node);
            }
        }

        return carriers;
    }

    private Dictionary<Expr, Tensor> Gradients(List<Expr> order, HashSet<Expr> carriers, out Dictionary<(Expr Node, int Argument), Tensor> parts)
    {
        Dictionary<Expr, Tensor> gradients = new(ReferenceEqualityComparer.Instance);
        parts = [];
        if (_trace.Gradient is { } dy)
        {
            gradients[Root] = dy;
        }

        for (int k = order.Count - 1; k >= 0; k--)
        {
            Expr node = order[k];
            for (int i = 0; i < node.Arity && gradients.TryGetValue(node, out Tensor? gradient); i++)
            {
                if (carriers.Contains(node[i]) && PassOn(node, i, gradient) is { } part)
                {
                    parts[(node, i)] = part;
                    gradients[node[i]] = gradients.TryGetValue(node[i], out Tensor? sum) ? GraphFormat.Sum([sum, part]) : part;
                }
            }
        }

        return gradients;
    }
}
