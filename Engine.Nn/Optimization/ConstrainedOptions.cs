namespace Engine.Nn;

/// <summary>Settings of the methods for constrained problems.</summary>
public sealed record ConstrainedOptions
{
    /// <summary>The most subproblems, each an unconstrained minimisation.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is less than 1.</exception>
    public int MaxIterations
    {
        get;
        init => field = Hyper.Count(value, nameof(MaxIterations), nameof(Minimize));
    }

    = 50;

    /// <summary>The most steps of L-BFGS in a subproblem.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is less than 1.</exception>
    public int MaxInnerIterations
    {
        get;
        init => field = Hyper.Count(value, nameof(MaxInnerIterations), nameof(Minimize));
    }

    = 1000;

    /// <summary>Stops where every part of the <see cref="KktResidual"/> is at most this.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not positive or not finite.</exception>
    public double Tolerance
    {
        get;
        init => field = Hyper.Positive(value, nameof(Tolerance), nameof(Minimize));
    }

    = 1e-6;

    /// <summary>ρ of the first subproblem.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not positive or not finite.</exception>
    public double InitialPenalty
    {
        get;
        init => field = Hyper.Positive(value, nameof(InitialPenalty), nameof(Minimize));
    }

    = 1;

    /// <summary>
    /// The factor of ρ. The penalty method applies it after every subproblem; the augmented Lagrangian only after those that did not reduce the
    /// violation to a quarter.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not above 1 or not finite.</exception>
    public double PenaltyGrowth
    {
        get;
        init => field = value > 1 && double.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(nameof(PenaltyGrowth), value, "Minimize: PenaltyGrowth must be finite and above 1.");
    }

    = 10;

    /// <summary>The largest ρ: beyond it the subproblems are so narrow that rounding rules them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not positive or not finite.</exception>
    public double MaxPenalty
    {
        get;
        init => field = Hyper.Positive(value, nameof(MaxPenalty), nameof(Minimize));
    }

    = 1e9;
}
