namespace Engine.Nn;

/// <summary>Residuals r(x), and half the sum of their squares as a function to minimise.</summary>
internal sealed class ResidualProblem
{
    private readonly Func<Tensor[], Tensor> _residuals;
    private readonly string _op;

    public ResidualProblem(string op, Func<Tensor[], Tensor> residuals, Tensor[] start)
    {
        ArgumentNullException.ThrowIfNull(residuals);
        (_op, _residuals) = (op, residuals);
        HalfSquares = new Objective(op, x => 0.5 * Checked(residuals(x)).Square().Sum(), start);
    }

    /// <summary>½‖r‖².</summary>
    public Objective HalfSquares { get; }

    /// <summary>The residuals [m] and their derivatives [m, n] at a point, in double precision on the host; they belong to the scope that is open.</summary>
    public (Tensor Residuals, Tensor Jacobian) At(double[] point)
    {
        using TensorScope scope = TensorScope.Begin();
        double[] values = [];
        Tensor[] tensors = HalfSquares.ToTensors(point);
        Tensor[] blocks = Autograd.Jacobian(
            x =>
            {
                Tensor r = Checked(_residuals(x));
                values = Objective.Flatten([r]);
                return r;
            },
            tensors);
        using GradMode.Scope mode = GradMode.Off();
        Tensor jacobian = Tensor.Concat([.. blocks.Select((b, i) => OnHost(b).Reshape(values.Length, (int)tensors[i].ElementCount))], axis: 1);
        return (scope.Keep(Tensor.From<double>(values, Device.Cpu)), scope.Keep(jacobian));
    }

    private static Tensor OnHost(Tensor x) => x.Detach().To(Device.Cpu).To(DType.Float64);

    private Tensor Checked(Tensor? residuals)
    {
        Tensor r = Guard.Returned(residuals, _op, "the function");
        return r.ElementCount > 0 ? r : throw new ShapeMismatchException($"{_op}: the function gives {r.Shape}; there must be at least one residual.");
    }
}

/// <summary>The step that would be right if the residuals were linear: the p with the least ‖J·p + r‖.</summary>
internal sealed class GaussNewtonDirection(ResidualProblem problem) : DescentDirection
{
    public override double[]? Find(Objective objective, double[] point, double[] gradient)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        (Tensor residuals, Tensor jacobian) = problem.At(point);
        return !Array.TrueForAll(jacobian.ToArray<double>(), double.IsFinite) ? null : jacobian.LstSq(-residuals).ToArray<double>();
    }
}
