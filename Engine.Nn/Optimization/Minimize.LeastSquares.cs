namespace Engine.Nn;

// Sums of squares.
public static partial class Minimize
{
    /// <summary>Minimises ½‖r(x)‖² by Gauss and Newton: the p with the least ‖J·p + r‖ is Newton's step as if the residuals were linear.</summary>
    /// <param name="residuals">r: from a tensor of the start's shape to residuals of any shape.</param>
    /// <param name="start">Where to begin: any shape, a floating-point type.</param>
    /// <param name="options">When to stop.</param>
    /// <param name="cancellationToken">Ends the run after the step that is under way.</param>
    /// <remarks>
    /// One step where the residuals are linear (a straight line through points); fast where they are small at the minimum. The length of a step meets the strong
    /// Wolfe conditions from 1 on. Values and gradients of the result are those of ½‖r‖². The derivatives take a backward pass for each residual.
    /// </remarks>
    /// <exception cref="ArgumentException">A residual is not finite at the start.</exception>
    /// <exception cref="ShapeMismatchException">There are no residuals.</exception>
    /// <exception cref="GradientException">The residuals do not depend on the argument.</exception>
    public static MinimizeResult GaussNewton(Func<Tensor, Tensor> residuals, Tensor start, LeastSquaresOptions? options = null, CancellationToken cancellationToken = default) =>
        GaussNewton(OfOne(residuals, nameof(residuals)), OneStart(start), options, cancellationToken);

    /// <summary>Gauss and Newton's method in several tensors.</summary>
    /// <inheritdoc cref="GaussNewton(Func{Tensor, Tensor}, Tensor, LeastSquaresOptions?, CancellationToken)"/>
    public static MinimizeResult GaussNewton(Func<Tensor[], Tensor> residuals, Tensor[] start, LeastSquaresOptions? options = null, CancellationToken cancellationToken = default)
    {
        ResidualProblem problem = new("Minimize.GaussNewton", residuals, start);
        return LineSearchDescent.Run(problem.HalfSquares, new GaussNewtonDirection(problem), options ?? new LeastSquaresOptions(), cancellationToken);
    }

    /// <summary>Minimises ½‖r(x)‖² by Levenberg and Marquardt: p with the least ‖J·p + r‖² + λ·‖D·p‖², where λ grows as long as the value does.</summary>
    /// <param name="residuals">r: from a tensor of the start's shape to residuals of any shape.</param>
    /// <param name="start">Where to begin: any shape, a floating-point type.</param>
    /// <param name="options">When to stop, and the first λ.</param>
    /// <param name="cancellationToken">Ends the run after the step that is under way.</param>
    /// <remarks>
    /// The method for fitting curves: as fast as Gauss and Newton's near the minimum, and safe far from it. D holds the norms of J's columns, so that the units of
    /// the variables do not matter. Values and gradients of the result are those of ½‖r‖².
    /// </remarks>
    /// <exception cref="ArgumentException">A residual is not finite at the start.</exception>
    /// <exception cref="ShapeMismatchException">There are no residuals.</exception>
    /// <exception cref="GradientException">The residuals do not depend on the argument.</exception>
    public static MinimizeResult LevenbergMarquardt(Func<Tensor, Tensor> residuals, Tensor start, LeastSquaresOptions? options = null, CancellationToken cancellationToken = default) =>
        LevenbergMarquardt(OfOne(residuals, nameof(residuals)), OneStart(start), options, cancellationToken);

    /// <summary>Levenberg and Marquardt's method in several tensors.</summary>
    /// <inheritdoc cref="LevenbergMarquardt(Func{Tensor, Tensor}, Tensor, LeastSquaresOptions?, CancellationToken)"/>
    public static MinimizeResult LevenbergMarquardt(Func<Tensor[], Tensor> residuals, Tensor[] start, LeastSquaresOptions? options = null, CancellationToken cancellationToken = default) =>
        Nn.LevenbergMarquardt.Run(new ResidualProblem("Minimize.LevenbergMarquardt", residuals, start), options ?? new LeastSquaresOptions(), cancellationToken);
}
