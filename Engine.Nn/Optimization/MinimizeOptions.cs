namespace Engine.Nn;

/// <summary>When a minimisation stops, and which points it keeps.</summary>
/// <remarks>A tolerance of 0 is a rule that is off, except for the gradient's, which then asks for a gradient of exactly 0.</remarks>
public record MinimizeOptions
{
    /// <summary>The most steps.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public int MaxIterations
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(MaxIterations), value, "Minimize: MaxIterations must not be negative.");
    }

    = 1000;

    /// <summary>Stops where ‖∇f‖ (Euclidean) is at most this; with a projection P, where ‖x − P(x − ∇f)‖ is.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative or not finite.</exception>
    public double GradientTolerance
    {
        get;
        init => field = Hyper.NotNegative(value, nameof(GradientTolerance), nameof(Minimize));
    }

    = 1e-6;

    /// <summary>Stops where a step changes the value by at most this times max(1, |f|).</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative or not finite.</exception>
    public double ValueTolerance
    {
        get;
        init => field = Hyper.NotNegative(value, nameof(ValueTolerance), nameof(Minimize));
    }

    /// <summary>Stops where a step is at most this times max(1, ‖x‖) long.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative or not finite.</exception>
    public double StepTolerance
    {
        get;
        init => field = Hyper.NotNegative(value, nameof(StepTolerance), nameof(Minimize));
    }

    /// <summary>Stops where the value is at most this; null for no target.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is NaN.</exception>
    public double? TargetValue
    {
        get;
        init => field = value is double.NaN ? throw new ArgumentOutOfRangeException(nameof(TargetValue), value, "Minimize: TargetValue must be a number.") : value;
    }

    /// <summary>Whether every point is remembered; their values and gradient norms are in any case.</summary>
    public bool KeepPoints { get; init; } = true;
}

/// <summary>Settings of <see cref="Minimize"/> with an optimizer of the engine.</summary>
public sealed record DescentOptions : MinimizeOptions
{
    /// <summary>Brings each new point back into a set (projected gradient descent); null for no constraint.</summary>
    public Projection? Projection { get; init; }
}

/// <summary>Settings of <see cref="Minimize"/>'s L-BFGS.</summary>
public sealed record LbfgsOptions : MinimizeOptions
{
    /// <summary>How many steps and changes of the gradient are remembered in place of a matrix; 3 to 20 are usual.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is less than 1.</exception>
    public int HistorySize
    {
        get;
        init => field = Hyper.Count(value, nameof(HistorySize), nameof(Minimize));
    }

    = 10;
}

/// <summary>Settings of <see cref="Minimize"/>'s Newton methods.</summary>
public sealed record NewtonOptions : MinimizeOptions
{
    /// <summary>Whether the length of a step is searched (strong Wolfe conditions, from 1 on). Without, each step is <see cref="Damping"/> long.</summary>
    public bool LineSearch { get; init; } = true;

    /// <summary>
    /// Whether a Hessian that is not positive definite is modified: its eigenvalues are replaced by their sizes, so that every step descends. Without,
    /// Newton's step goes to whatever critical point is near, saddles and maxima included.
    /// </summary>
    public bool ModifyHessian { get; init; } = true;

    /// <summary>The part of Newton's step that is made where its length is not searched; 1 is the pure method.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not positive or not finite.</exception>
    public double Damping
    {
        get;
        init => field = Hyper.Positive(value, nameof(Damping), nameof(Minimize));
    }

    = 1;

    /// <summary>The most products of Hessian and vector for one step of Newton-CG; null for twice the number of variables.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is less than 1.</exception>
    public int? MaxProducts
    {
        get;
        init => field = value is { } count ? Hyper.Count(count, nameof(MaxProducts), nameof(Minimize)) : null;
    }
}

/// <summary>Settings of <see cref="Minimize"/>'s methods for sums of squares.</summary>
public sealed record LeastSquaresOptions : MinimizeOptions
{
    /// <summary>λ of the first step of Levenberg and Marquardt: large is a short step of descent, 0 the step of Gauss and Newton.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not positive or not finite.</exception>
    public double InitialDamping
    {
        get;
        init => field = Hyper.Positive(value, nameof(InitialDamping), nameof(Minimize));
    }

    = 1e-3;
}
