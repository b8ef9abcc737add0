namespace Engine.Nn;

/// <summary>A function and its constraints, and the functions without constraints that are made of them.</summary>
internal sealed class ConstrainedProblem
{
    private readonly Func<Tensor, Tensor> _function;
    private readonly Constraint[] _constraints;
    private readonly Tensor _like;
    private readonly string _op;

    // How many numbers each constraint gave when it was first computed; multipliers belong to them.
    private readonly long?[] _counts;

    public ConstrainedProblem(string op, Func<Tensor, Tensor> function, Tensor start, IReadOnlyList<Constraint> constraints)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(constraints);
        (_op, _function, _like) = (op, function, start);
        _constraints = Guard.NoNulls<Constraint>(constraints, nameof(constraints));
        _counts = new long?[_constraints.Length];
        Objective.CheckedStart(op, [start]);
        CheckConstraints();
    }

    /// <summary>The values of all constraints at a point.</summary>
    public double[][] Values(double[] point)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor x = Objective.ToTensors(point, [_like])[0];
        return [.. _constraints.Select((_, i) => Objective.Flatten([ValueOf(i, x)]))];
    }

    /// <summary>The largest violation.</summary>
    public double Violation(double[][] values)
    {
        double largest = 0;
        for (int i = 0; i < values.Length; i++)
        {
            foreach (double value in values[i])
            {
                largest = Math.Max(largest, _constraints[i].Violation(value));
            }
        }

        return largest;
    }

    /// <summary>λ + ρ·h and max(ν + ρ·g, 0): the multipliers with which the augmented function's gradient is the Lagrangian's.</summary>
    public double[][] Updated(double[][] multipliers, double[][] values, double penalty) => [.. multipliers.Select((m, i) =>
        m.Zip(values[i], (multiplier, value) => _constraints[i].IsEquality ? multiplier + (penalty * value) : Math.Max(0, multiplier + (penalty * value))).ToArray())];

    /// <summary>f itself.</summary>
    public Objective Bare(double[] start) => Of(start, _function);

    /// <summary>f + Σ λ·h + ½ρ·h² + Σ (max(ν + ρ·g, 0)² − ν²)/2ρ.</summary>
    public Objective Augmented(double[] start, double[][] multipliers, double penalty) => Of(start, x =>
    {
        Tensor sum = Guard.Returned(_function(x), _op, "the function");
        for (int i = 0; i < _constraints.Length; i++)
        {
            Tensor value = ValueOf(i, x), multiplier = Like(multipliers[i], value);
            sum += _constraints[i].IsEquality
                ? ((multiplier + ((0.5 * penalty) * value)) * value).Sum()
                : ((multiplier + (penalty * value)).Relu().Square() - multiplier.Square()).Sum() / (2 * penalty);
        }

        return sum;
    });

    /// <summary>½ of the squared violations.</summary>
    public Objective SquaredViolation(double[] start) => Of(start, x =>
    {
        Tensor? sum = null;
        for (int i = 0; i < _constraints.Length; i++)
        {
            Tensor value = ValueOf(i, x);
            Tensor term = 0.5 * (_constraints[i].IsEquality ? value : value.Relu()).Square().Sum();
            sum = sum is null ? term : sum + term;
        }

        return sum!;
    });

    /// <summary>How far a point is from a solution.</summary>
    public KktResidual Residual(double[] point, double[][] values, double[][] multipliers)
    {
        Objective lagrangian = Of(point, x =>
        {
            Tensor sum = Guard.Returned(_function(x), _op, "the function");
            for (int i = 0; i < _constraints.Length; i++)
            {
                Tensor value = ValueOf(i, x);
                sum += (Like(multipliers[i], value) * value).Sum();
            }

            return sum;
        });
        (double dual, double complementarity) = (0, 0);
        for (int i = 0; i < _constraints.Length; i++)
        {
            for (int j = 0; j < values[i].Length && !_constraints[i].IsEquality; j++)
            {
                dual = Math.Max(dual, -multipliers[i][j]);
                complementarity = Math.Max(complementarity, Math.Abs(multipliers[i][j] * values[i][j]));
            }
        }

        return new KktResidual(Vectors.Norm(lagrangian.Evaluate(point).Gradient), Violation(values), dual, complementarity);
    }

    /// <summary>A point as a tensor like the start.</summary>
    public Tensor ToTensor(double[] point) => Objective.ToTensors(point, [_like])[0];

    private Tensor ValueOf(int constraint, Tensor x)
    {
        Tensor value = Guard.Returned(_constraints[constraint].Function(x), _op, $"constraint {constraint}");
        long before = _counts[constraint] ??= value.ElementCount;
        return value.ElementCount == before
            ? value
            : throw new ArgumentException($"{_op}: constraint {constraint} gave {before} numbers before and {value.ElementCount} now; it must give as many at every point.", "constraints");
    }

    private static Tensor Like(double[] values, Tensor like) => Objective.ToTensors(values, [like])[0];

    private Objective Of(double[] start, Func<Tensor, Tensor> function)
    {
        using TensorScope outside = TensorScope.Suspend();
        return new Objective(_op, x => function(x[0]), Objective.ToTensors(start, [_like]));
    }

    private void CheckConstraints()
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.On();
        Tensor x = _like.Detach().Clone().WithGrad();
        for (int i = 0; i < _constraints.Length; i++)
        {
            Tensor value = ValueOf(i, x);
            if (!value.RequiresGrad)
            {
                throw new GradientException($"{_op}: constraint {i} does not depend on the point as far as autograd knows. Compute it from the tensor that is passed, without Detach().");
            }
        }
    }
}
