namespace Engine.Nn;

// Methods that choose a direction and search the length of the step along it.
public static partial class Minimize
{
    /// <summary>Steepest descent: x ← x − t·∇f(x), with t searched so that the strong Wolfe conditions hold (c₁ = 1e-4, c₂ = 0.1).</summary>
    /// <param name="function">f: from a tensor of the start's shape to one number.</param>
    /// <param name="start">Where to begin: any shape, a floating-point type.</param>
    /// <param name="options">When to stop.</param>
    /// <param name="cancellationToken">Ends the run after the step that is under way.</param>
    /// <exception cref="ArgumentException">The function is not finite at the start.</exception>
    /// <exception cref="ShapeMismatchException">The function gives more or less than one number.</exception>
    /// <exception cref="GradientException">The function's result does not depend on its argument.</exception>
    public static MinimizeResult SteepestDescent(Func<Tensor, Tensor> function, Tensor start, MinimizeOptions? options = null, CancellationToken cancellationToken = default) =>
        SteepestDescent(OfOne(function), OneStart(start), options, cancellationToken);

    /// <summary>Steepest descent in several tensors.</summary>
    /// <inheritdoc cref="SteepestDescent(Func{Tensor, Tensor}, Tensor, MinimizeOptions?, CancellationToken)"/>
    public static MinimizeResult SteepestDescent(Func<Tensor[], Tensor> function, Tensor[] start, MinimizeOptions? options = null, CancellationToken cancellationToken = default) =>
        LineSearchDescent.Run(Of(nameof(SteepestDescent), function, start), new SteepestDirection(), options ?? new MinimizeOptions(), cancellationToken);

    /// <summary>L-BFGS: x ← x − t·H·∇f(x), where H is an estimate of the inverse Hessian from the last steps and changes of the gradient.</summary>
    /// <param name="function">f: from a tensor of the start's shape to one number.</param>
    /// <param name="start">Where to begin: any shape, a floating-point type.</param>
    /// <param name="options">When to stop, and how many steps are remembered.</param>
    /// <param name="cancellationToken">Ends the run after the step that is under way.</param>
    /// <remarks>
    /// t meets the strong Wolfe conditions (c₁ = 1e-4, c₂ = 0.9). The first choice for smooth functions. For networks there is <see cref="Engine.Nn.Lbfgs"/>,
    /// whose vectors stay on the device. Liu and Nocedal, On the limited memory BFGS method for large scale optimization, 1989.
    /// </remarks>
    /// <exception cref="ArgumentException">The function is not finite at the start.</exception>
    /// <exception cref="ShapeMismatchException">The function gives more or less than one number.</exception>
    /// <exception cref="GradientException">The function's result does not depend on its argument.</exception>
    public static MinimizeResult Lbfgs(Func<Tensor, Tensor> function, Tensor start, LbfgsOptions? options = null, CancellationToken cancellationToken = default) =>
        Lbfgs(OfOne(function), OneStart(start), options, cancellationToken);

    /// <summary>L-BFGS in several tensors.</summary>
    /// <inheritdoc cref="Lbfgs(Func{Tensor, Tensor}, Tensor, LbfgsOptions?, CancellationToken)"/>
    public static MinimizeResult Lbfgs(Func<Tensor[], Tensor> function, Tensor[] start, LbfgsOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new LbfgsOptions();
        return LineSearchDescent.Run(Of(nameof(Lbfgs), function, start), new LbfgsDirection(options.HistorySize), options, cancellationToken);
    }

    /// <summary>Newton's method: x ← x − t·(∇²f(x))⁻¹·∇f(x), with the exact matrix of second derivatives.</summary>
    /// <param name="function">f: from a tensor of the start's shape to one number; its operations must be differentiable twice.</param>
    /// <param name="start">Where to begin: any shape, a floating-point type.</param>
    /// <param name="options">When to stop, how long steps are, and how a Hessian that is not positive definite is handled.</param>
    /// <param name="cancellationToken">Ends the run after the step that is under way.</param>
    /// <remarks>
    /// One step on a quadratic; near a minimum the number of right digits doubles with every step. The matrix of n variables takes n backward passes and
    /// n³ operations. By default it is made safe: t meets the strong Wolfe conditions from 1 on, and where the matrix is not positive definite (Cholesky fails)
    /// its eigenvalues are replaced by their sizes. <see cref="NewtonOptions"/> turns both off, to show the pure method:
    /// it goes to saddles and maxima, and stops with <see cref="StopReason.SingularHessian"/> where its step does not exist.
    /// </remarks>
    /// <exception cref="ArgumentException">The function is not finite at the start.</exception>
    /// <exception cref="ShapeMismatchException">The function gives more or less than one number.</exception>
    /// <exception cref="GradientException">The function's result does not depend on its argument.</exception>
    public static MinimizeResult Newton(Func<Tensor, Tensor> function, Tensor start, NewtonOptions? options = null, CancellationToken cancellationToken = default) =>
        Newton(OfOne(function), OneStart(start), options, cancellationToken);

    /// <summary>Newton's method in several tensors.</summary>
    /// <inheritdoc cref="Newton(Func{Tensor, Tensor}, Tensor, NewtonOptions?, CancellationToken)"/>
    public static MinimizeResult Newton(Func<Tensor[], Tensor> function, Tensor[] start, NewtonOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new NewtonOptions();
        return LineSearchDescent.Run(Of(nameof(Newton), function, start), new NewtonDirection(options), options, cancellationToken);
    }

    /// <summary>Newton's method without a matrix: ∇²f(x)·p = −∇f(x) is solved by conjugate gradients with products of Hessian and vector.</summary>
    /// <param name="function">f: from a tensor of the start's shape to one number; its operations must be differentiable twice.</param>
    /// <param name="start">Where to begin: any shape, a floating-point type.</param>
    /// <param name="options">When to stop, and how many products a step may take.</param>
    /// <param name="cancellationToken">Ends the run after the step that is under way.</param>
    /// <remarks>
    /// A product costs about as much as a gradient. The equations are solved only as far as the distance from the minimum asks for, and not beyond a
    /// direction of negative curvature, so that every step descends. Nocedal and Wright, Numerical Optimization, 2006, algorithm 7.1.
    /// </remarks>
    /// <exception cref="ArgumentException">The function is not finite at the start.</exception>
    /// <exception cref="ShapeMismatchException">The function gives more or less than one number.</exception>
    /// <exception cref="GradientException">The function's result does not depend on its argument.</exception>
    public static MinimizeResult NewtonCg(Func<Tensor, Tensor> function, Tensor start, NewtonOptions? options = null, CancellationToken cancellationToken = default) =>
        NewtonCg(OfOne(function), OneStart(start), options, cancellationToken);

    /// <summary>Newton's method without a matrix, in several tensors.</summary>
    /// <inheritdoc cref="NewtonCg(Func{Tensor, Tensor}, Tensor, NewtonOptions?, CancellationToken)"/>
    public static MinimizeResult NewtonCg(Func<Tensor[], Tensor> function, Tensor[] start, NewtonOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new NewtonOptions();
        return LineSearchDescent.Run(Of(nameof(NewtonCg), function, start), new NewtonCgDirection(options), options, cancellationToken);
    }

    private static Objective Of(string method, Func<Tensor[], Tensor> function, Tensor[] start)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new Objective($"Minimize.{method}", function, start);
    }
}
