using System.Globalization;

namespace Engine.Nn;

/// <summary>What a constrained minimisation found, and the way there.</summary>
public sealed class ConstrainedResult
{
    internal ConstrainedResult()
    {
    }

    /// <summary>The last point, of the start's shape, type and device.</summary>
    public required Tensor Point { get; init; }

    /// <summary>The function's value there, without any penalty.</summary>
    public required double Value { get; init; }

    /// <summary>
    /// The Lagrange multipliers, for each constraint one number for each element of its result: by how much the lowest value rises when that element's
    /// limit 0 is moved down by 1, to first order. Those of inequalities are not negative.
    /// </summary>
    public required IReadOnlyList<double[]> Multipliers { get; init; }

    /// <summary>How far point and multipliers are from the conditions of a solution.</summary>
    public required KktResidual Kkt { get; init; }

    /// <summary>How many subproblems were solved.</summary>
    public required int Iterations { get; init; }

    /// <summary>How many times a subproblem's function was computed.</summary>
    public required int Evaluations { get; init; }

    /// <summary>Why it stopped. <see cref="StopReason.GradientTolerance"/> means that all of <see cref="Kkt"/> is within the tolerance.</summary>
    public required StopReason StopReason { get; init; }

    /// <summary>Whether all of <see cref="Kkt"/> is within the tolerance.</summary>
    public bool Converged => StopReason == StopReason.GradientTolerance;

    /// <summary>The start and the solution of each subproblem, with the function's values and the stationarity there.</summary>
    public required Trajectory Trajectory { get; init; }

    /// <summary>The way inside of each subproblem.</summary>
    public required IReadOnlyList<Trajectory> InnerTrajectories { get; init; }

    /// <summary>The largest violation of a constraint at the points of <see cref="Trajectory"/>.</summary>
    public required IReadOnlyList<double> Violations { get; init; }

    /// <summary>The penalty ρ of each subproblem.</summary>
    public required IReadOnlyList<double> Penalties { get; init; }

    /// <summary>The reason in words, with the figures.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{StopReason} after {Iterations} subproblems and {Evaluations} evaluations: f = {Value:g6}; {Kkt}");
}
