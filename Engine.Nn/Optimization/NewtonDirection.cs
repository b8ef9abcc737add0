namespace Engine.Nn;

/// <summary>Newton's direction −H⁻¹·g by the matrix of second derivatives.</summary>
internal sealed class NewtonDirection(NewtonOptions options) : DescentDirection
{
    /// <summary>No curvature counts for less than this part of the largest, so that steps stay bounded.</summary>
    private const double SmallestCurvature = 1e-8;

    public override double? FixedStep => options.LineSearch ? null : options.Damping;

    public override double[]? Find(Objective objective, double[] point, double[] gradient)
    {
        double[] hessian = objective.Hessian(point);
        if (!Array.TrueForAll(hessian, double.IsFinite) || !Array.TrueForAll(gradient, double.IsFinite))
        {
            return null;
        }

        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor h = Tensor.From<double>(hessian, [gradient.Length, gradient.Length], Device.Cpu), g = Tensor.From<double>(gradient, Device.Cpu);
        try
        {
            Tensor p = options.ModifyHessian ? SolveModified(h, g) : h.Solve(-g);
            double[] direction = p.ToArray<double>();
            return Array.TrueForAll(direction, double.IsFinite) ? direction : null;
        }
        catch (SingularMatrixException)
        {
            return null;
        }
    }

    private static Tensor SolveModified(Tensor h, Tensor g)
    {
        try
        {
            Tensor l = h.Cholesky();
            return l.T.SolveTriangular(l.SolveTriangular(-g, upper: false), upper: true);
        }
        catch (NotPositiveDefiniteException)
        {
            (Tensor values, Tensor vectors) = h.Eigh();
            Tensor sizes = values.Abs();
            double largest = sizes.Max().Item();
            return -vectors.MatMul(vectors.T.MatMul(g) / (largest > 0 ? sizes.Clamp(min: SmallestCurvature * largest) : sizes + 1));
        }
    }
}
