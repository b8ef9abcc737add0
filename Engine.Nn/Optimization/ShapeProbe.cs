namespace Engine.Nn;

/// <summary>Values and derivatives of a function whose shape is looked at, with the errors of one that cannot be.</summary>
internal sealed class ShapeProbe
{
    private readonly string _op;
    private readonly Func<Tensor, Tensor> _function;

    /// <summary>The checks that do not call the function.</summary>
    /// <param name="op">Whose error it is.</param>
    /// <param name="function">The function.</param>
    /// <param name="point">Any of the points that it will be asked for.</param>
    /// <param name="name">The name of the caller's parameter.</param>
    public ShapeProbe(string op, Func<Tensor, Tensor> function, Tensor point, string name = "point")
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(point, name);
        (_op, _function) = (op, function);
        if (point.DType is not (DType.Float32 or DType.Float64))
        {
            throw new DTypeMismatchException($"{op}: {name} is {point.DType.ShortName()}; it must be float32 or float64. Convert it with To(DType.Float64).");
        }

        if (point.ElementCount == 0)
        {
            throw new ArgumentException($"{op}: {name} is {point.Shape}; a function of no variables has no shape.", name);
        }
    }

    /// <summary>f(x), one finite number.</summary>
    public double Value(Tensor x)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        return Number(Guard.Returned(_function(x), _op, "The function"), x);
    }

    /// <summary>f(x) and |∇f(x)|.</summary>
    public (double Value, double Slope) ValueAndSlope(Tensor x)
    {
        using TensorScope scope = TensorScope.Begin();
        double value = double.NaN;
        (_, Tensor gradient) = Autograd.Vjp(
            leaf =>
            {
                Tensor y = Guard.Returned(_function(leaf), _op, "The function");
                value = Number(y, x);
                return y;
            },
            x);
        return (value, Finite(gradient.Norm().Item(), "the gradient", x));
    }

    /// <summary>The eigenvalues of the Hessian, ascending, and its eigenvectors as columns.</summary>
    public (double[] Values, Tensor Vectors) Curvatures(Tensor x)
    {
        int n = Guard.Size(_op, x.ElementCount);
        using TensorScope scope = TensorScope.Begin();
        Tensor hessian = Autograd.Hessian(_function, x).Reshape(n, n);
        foreach (double second in hessian.ToArray<double>())
        {
            Finite(second, "the Hessian", x);
        }

        (Tensor values, Tensor vectors) = hessian.Eigh();
        return (values.ToArray<double>(), scope.Keep(vectors));
    }

    private double Number(Tensor y, Tensor x) => y.ElementCount == 1
        ? Finite(y.Item(), "the function", x)
        : throw new ShapeMismatchException($"{_op}: the function returned {y.Shape}; it must return one number. Reduce it with Sum() or Mean().");

    private double Finite(double value, string what, Tensor x) => double.IsFinite(value)
        ? value
        : throw new ArgumentException($"{_op}: {what} is {(double.IsNaN(value) ? "NaN" : "infinite")} at {Text(x)}; it must be finite. Look elsewhere, or mend the function there.");

    /// <summary>The first numbers of a point.</summary>
    private static string Text(Tensor x)
    {
        const int Shown = 6;
        double[] values = x.ToArray<double>();
        string numbers = string.Join(", ", values.Take(Shown).Select(static v => v.ToString("g6", System.Globalization.CultureInfo.InvariantCulture)));
        return values.Length > Shown ? $"[{numbers}, … {values.Length} numbers]" : $"[{numbers}]";
    }
}
