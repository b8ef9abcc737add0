namespace Engine.Nn;

/// <summary>A condition on the points of a constrained minimisation: h(x) = 0, or g(x) ≤ 0, in every element of the function's result.</summary>
/// <remarks>
/// <code>
/// Constraint onCircle = Constraint.EqualToZero(x => x.Square().Sum() - 1);
/// Constraint atLeastTwo = Constraint.AtMostZero(x => 2 - x);      // x ≥ 2, element by element
/// </code>
/// SciPy writes inequalities the other way round, fun(x) ≥ 0: change the sign. The sign of the multiplier belongs to the form g(x) ≤ 0.
/// </remarks>
public sealed class Constraint
{
    private Constraint(bool isEquality, Func<Tensor, Tensor> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        (IsEquality, Function) = (isEquality, function);
    }

    /// <summary>Whether it is h(x) = 0; otherwise g(x) ≤ 0.</summary>
    public bool IsEquality { get; }

    /// <summary>h or g: from the point to a tensor of any shape.</summary>
    public Func<Tensor, Tensor> Function { get; }

    /// <summary>h(x) = 0.</summary>
    /// <param name="function">h: from the point to a tensor of any shape, differentiable.</param>
    public static Constraint EqualToZero(Func<Tensor, Tensor> function) => new(isEquality: true, function);

    /// <summary>g(x) ≤ 0.</summary>
    /// <param name="function">g: from the point to a tensor of any shape, differentiable.</param>
    public static Constraint AtMostZero(Func<Tensor, Tensor> function) => new(isEquality: false, function);

    /// <summary>By how much a value misses: |h| or max(g, 0).</summary>
    internal double Violation(double value) => IsEquality ? Math.Abs(value) : Math.Max(value, 0);
}
