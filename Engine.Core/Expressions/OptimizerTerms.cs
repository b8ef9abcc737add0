namespace Engine.Backends;

/// <summary>The common part of the update programs of all optimizers: the order of their inputs, and their first two parameters.</summary>
/// <remarks>
/// Inputs are the parameter w of the network, its gradient g and the state; output 0 is the new w, the others are the new state in the order of the
/// inputs. Each output is meant to overwrite its input. A number that differs from step to step is a parameter of the program, by number, so that one
/// program serves all steps; an optimizer numbers its own from <see cref="FirstOwn"/> on.
/// </remarks>
public static class OptimizerTerms
{
    /// <summary>Number of the parameter that multiplies the old w: 1 − lr·decay where weight decay is decoupled, otherwise 1.</summary>
    public const int Keep = 0;

    /// <summary>Number of the parameter whose product with w is added to the gradient (L2 regularisation), otherwise 0.</summary>
    public const int Decay = 1;

    /// <summary>The first number that an optimizer may give to a parameter of its own.</summary>
    public const int FirstOwn = 2;

    /// <summary>w, input 0.</summary>
    public static Expr Weight { get; } = Expr.Input(0);

    /// <summary>g, input 1.</summary>
    public static Expr Gradient { get; } = Expr.Input(1);

    /// <summary>The part of w that the update keeps.</summary>
    public static Expr KeptWeight { get; } = Weight * Expr.Parameter(Keep);

    /// <summary>The gradient with the decay: g + decay·w.</summary>
    public static Expr DecayedGradient { get; } = Gradient + (Expr.Parameter(Decay) * Weight);

    /// <summary>A state tensor, by its index among them; its input comes after the gradient's.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is negative.</exception>
    public static Expr State(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        return Expr.Input(2 + index);
    }

    /// <summary>A running average: old·p[<paramref name="keep"/>] + fresh·p[<paramref name="rest"/>], where the two parameters add up to 1.</summary>
    public static Expr Average(Expr old, Expr fresh, int keep, int rest)
    {
        ArgumentNullException.ThrowIfNull(old);
        ArgumentNullException.ThrowIfNull(fresh);
        return (Expr.Parameter(keep) * old) + (Expr.Parameter(rest) * fresh);
    }
}
