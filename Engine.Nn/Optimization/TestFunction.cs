namespace Engine.Nn;

/// <summary>A function with a known minimum, for trying and comparing methods.</summary>
/// <remarks>
/// <code>
/// TestFunction f = TestFunctions.Rosenbrock();
/// MinimizeResult result = Minimize.Lbfgs(f.Evaluate, f.Start());
/// </code>
/// </remarks>
public sealed class TestFunction
{
    private readonly Func<Tensor, Tensor> _function;
    private readonly double[] _start;

    internal TestFunction(string name, Func<Tensor, Tensor> function, double[] start, double minimum, params double[][] minima) =>
        (Name, _function, _start, Minimum, Minima) = (name, function, start, minimum, minima);

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>The number of variables.</summary>
    public int Dimensions => _start.Length;

    /// <summary>The lowest value; −∞ for a function that has none.</summary>
    public double Minimum { get; }

    /// <summary>All points with the lowest value.</summary>
    public IReadOnlyList<IReadOnlyList<double>> Minima { get; }

    /// <summary>The usual point to start from, in float64.</summary>
    public Tensor Start(Device? device = null) => Tensor.From<double>(_start, device);

    /// <summary>The value at a point: [n] → [].</summary>
    /// <exception cref="ShapeMismatchException">The point does not have this function's number of variables.</exception>
    public Tensor Evaluate(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.Shape == new Shape(Dimensions)
            ? _function(x)
            : throw new ShapeMismatchException($"{Name}: the point is {x.Shape}; it must be [{Dimensions}].");
    }

    /// <summary>The value at a point, as a number; contours are drawn from it.</summary>
    /// <exception cref="ShapeMismatchException">The point does not have this function's number of variables.</exception>
    public double Value(params ReadOnlySpan<double> x)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        return Evaluate(Tensor.From(x, Device.Cpu)).Item();
    }

    /// <summary>How far a point is from the nearest minimum.</summary>
    /// <exception cref="ShapeMismatchException">The point does not have this function's number of variables.</exception>
    public double Distance(params ReadOnlySpan<double> x)
    {
        if (x.Length != Dimensions)
        {
            throw new ShapeMismatchException($"{Name}: the point has {x.Length} variables; it must have {Dimensions}.");
        }

        double nearest = double.PositiveInfinity;
        foreach (IReadOnlyList<double> minimum in Minima)
        {
            nearest = Math.Min(nearest, Vectors.Distance(x, [.. minimum]));
        }

        return nearest;
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
