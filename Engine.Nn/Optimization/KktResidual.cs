using System.Globalization;

namespace Engine.Nn;

/// <summary>How far a point and multipliers are from the conditions of Karush, Kuhn and Tucker, which every regular solution meets.</summary>
/// <param name="Stationarity">‖∇f + Σλ·∇h + Σν·∇g‖ (Euclidean): no direction along the constraints descends.</param>
/// <param name="Feasibility">The largest of |h| and max(g, 0): the constraints are met.</param>
/// <param name="DualFeasibility">The largest of max(−ν, 0): the multipliers of inequalities are not negative.</param>
/// <param name="Complementarity">The largest of |ν·g|: an inequality that is not at its limit pulls with no force.</param>
public readonly record struct KktResidual(double Stationarity, double Feasibility, double DualFeasibility, double Complementarity)
{
    /// <summary>The largest of the four.</summary>
    public double Largest => Math.Max(Math.Max(Stationarity, Feasibility), Math.Max(DualFeasibility, Complementarity));

    /// <summary>The residual of a given point with given multipliers.</summary>
    /// <param name="function">f.</param>
    /// <param name="point">x.</param>
    /// <param name="constraints">h(x) = 0 and g(x) ≤ 0.</param>
    /// <param name="multipliers">λ and ν: for each constraint one number for each element of its result.</param>
    /// <exception cref="ArgumentException">The numbers of constraints and multipliers differ.</exception>
    /// <exception cref="GradientException">The function or a constraint does not depend on its argument.</exception>
    public static KktResidual At(Func<Tensor, Tensor> function, Tensor point, IReadOnlyList<Constraint> constraints, IReadOnlyList<double[]> multipliers)
    {
        ArgumentNullException.ThrowIfNull(point);
        double[][] given = Guard.NoNulls<double[]>(multipliers, nameof(multipliers));
        ConstrainedProblem problem = new("KktResidual.At", function, point, constraints);
        double[] x = Objective.Flatten([point]);
        double[][] values = problem.Values(x);
        if (given.Length != values.Length || given.Where((m, i) => m.Length != values[i].Length).Any())
        {
            throw new ArgumentException(
                $"KktResidual.At: the constraints have {string.Join(", ", values.Select(static v => v.Length))} elements, the multipliers {string.Join(", ", given.Select(static m => m.Length))}; there must be one for each.", nameof(multipliers));
        }

        return problem.Residual(x, values, given);
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"stationarity {Stationarity:g3}, feasibility {Feasibility:g3}, dual feasibility {DualFeasibility:g3}, complementarity {Complementarity:g3}");
}
