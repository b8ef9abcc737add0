namespace Engine.Nn;

/// <summary>Tensors that an optimizer moves.</summary>
internal sealed class OptimizerDescent : IDisposable
{
    private readonly Tensor[] _moved;
    private readonly Optimizer _optimizer;
    private readonly Projection? _projection;

    public OptimizerDescent(Tensor[] start, Func<IReadOnlyList<Tensor>, Optimizer> optimizer, DescentOptions options)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        Objective.CheckedStart(nameof(Minimize), start);
        _projection = options.Projection;
        using TensorScope outside = TensorScope.Suspend();
        _moved = [.. start.Select(static x => x.Detach().Clone().WithGrad())];
        _optimizer = Guard.Returned(optimizer(_moved), nameof(Minimize), "the optimizer's factory");
        if (!_optimizer.Parameters.Any(p => Array.Exists(_moved, x => ReferenceEquals(x, p))))
        {
            throw new ArgumentException(
                $"Minimize: the {_optimizer.GetType().Name} moves other tensors than the function's. Make it of the list that is passed: x => new {_optimizer.GetType().Name}(x).", nameof(optimizer));
        }

        using GradMode.Scope mode = GradMode.Off();
        Project();
        Point = Objective.Flatten(_moved);
    }

    /// <summary>Where the tensors are.</summary>
    public double[] Point { get; private set; }

    /// <summary>How many times a function was computed.</summary>
    public int Evaluations { get; private set; }

    /// <summary>The value and the gradient, which the tensors have from now on.</summary>
    public ValueAndGradient Evaluate(Func<Tensor[], Tensor> function)
    {
        using TensorScope scope = TensorScope.Begin();
        double value = Compute(function).Item();
        return new ValueAndGradient(value, [.. _moved.SelectMany(static x => x.Grad is { } gradient ? Objective.Flatten([gradient]) : new double[x.ElementCount])]);
    }

    /// <summary>Moves the tensors along the gradients that <see cref="Evaluate"/> has left, and back into the set.</summary>
    public void Step(Func<Tensor[], Tensor> function)
    {
        using TensorScope scope = TensorScope.Begin();
        if (_optimizer.NeedsClosure)
        {
            _optimizer.Step(() => Compute(function));
        }
        else
        {
            _optimizer.Step();
        }

        Project();
        Point = Objective.Flatten(_moved);
    }

    /// <summary>The length of the gradient, or of the step that projected descent of rate 1 would make.</summary>
    public double GradientNorm(double[] gradient)
    {
        if (_projection is null)
        {
            return Vectors.Norm(gradient);
        }

        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        return Vectors.Distance(Point, Objective.Flatten(ToTensors(Vectors.Subtract(Point, gradient)).Select(_projection.Apply)));
    }

    /// <summary>A row of elements as tensors like those that are moved.</summary>
    public Tensor[] ToTensors(double[] point) => Objective.ToTensors(point, _moved);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor x in _moved)
        {
            x.ClearGrad();
            x.Dispose();
        }
    }

    private Tensor Compute(Func<Tensor[], Tensor> function)
    {
        Evaluations++;
        using GradMode.Scope mode = GradMode.On();
        foreach (Tensor x in _moved)
        {
            x.ClearGrad();
        }

        Tensor y = Objective.Scalar(nameof(Minimize), function([.. _moved]));
        y.Backward();
        return y;
    }

    private void Project()
    {
        if (_projection is not null)
        {
            using TensorScope scope = TensorScope.Begin();
            using GradMode.Scope mode = GradMode.Off();
            foreach (Tensor x in _moved)
            {
                x.CopyFrom(_projection.Apply(x.Detach()));
            }
        }
    }
}
