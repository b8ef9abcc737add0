using System.Globalization;

namespace Engine.Nn;

/// <summary>The result of a constrained minimisation, and the points on the way.</summary>
public sealed class ConstrainedResult
{
    internal ConstrainedResult(
        Tensor point, double[][] multipliers, KktResidual kkt, StopReason reason, int evaluations, Trajectory way, List<Trajectory> inner, List<double> violations, List<double> penalties)
    {
        (Point, Value, Multipliers, Kkt, StopReason, Evaluations) = (point, way.Values[^1], multipliers, kkt, reason, evaluations);
        (Trajectory, InnerTrajectories, Violations, Penalties, Iterations) = (way, inner, violations, penalties, penalties.Count);
    }

    /// <summary>The last point, of the start's shape, type and device.</summary>
    public Tensor Point { get; }

    /// <summary>The function's value there, without any penalty.</summary>
    public double Value { get; }

    /// <summary>
    /// The Lagrange multipliers, for each constraint one number for each element of its result: by how much the lowest value rises when that element's
    /// limit 0 is moved down by 1, to first order. Those of inequalities are not negative.
    /// </summary>
    public IReadOnlyList<double[]> Multipliers { get; }

    /// <summary>How far point and multipliers are from the conditions of a solution.</summary>
    public KktResidual Kkt { get; }

    /// <summary>How many subproblems were solved.</summary>
    public int Iterations { get; }

    /// <summary>How many times a subproblem's function was computed.</summary>
    public int Evaluations { get; }

    /// <summary>Why it stopped. <see cref="StopReason.GradientTolerance"/> means that all of <see cref="Kkt"/> is within the tolerance.</summary>
    public StopReason StopReason { get; }

    /// <summary>Whether all of <see cref="Kkt"/> is within the tolerance.</summary>
    public bool Converged => StopReason == StopReason.GradientTolerance;

    /// <summary>The start and the solution of each subproblem, with the function's values and the stationarity there.</summary>
    public Trajectory Trajectory { get; }

    /// <summary>The way inside of each subproblem.</summary>
    public IReadOnlyList<Trajectory> InnerTrajectories { get; }

    /// <summary>The largest violation of a constraint at the points of <see cref="Trajectory"/>.</summary>
    public IReadOnlyList<double> Violations { get; }

    /// <summary>The penalty ρ of each subproblem.</summary>
    public IReadOnlyList<double> Penalties { get; }

    /// <summary>The reason in words, with the figures.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{StopReason} after {Iterations} subproblems and {Evaluations} evaluations: f = {Value:g6}; {Kkt}");
}
