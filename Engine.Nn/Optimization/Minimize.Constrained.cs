namespace Engine.Nn;

// Problems with constraints.
public static partial class Minimize
{
    /// <summary>With a new penalty a violation should fall to this part; otherwise the penalty grows.</summary>
    private const double WantedDecrease = 0.25;

    /// <summary>A violation whose slope is below this part of its size cannot be made smaller near the point.</summary>
    private const double FlatViolation = 1e-4;

    /// <summary>Minimises f(x) subject to h(x) = 0 and g(x) ≤ 0 by the penalty method: f + ½ρ·(Σh² + Σmax(g, 0)²) with ρ that grows.</summary>
    /// <param name="function">f: from a tensor of the start's shape to one number.</param>
    /// <param name="start">Where to begin; it need not meet the constraints.</param>
    /// <param name="constraints">The constraints; none is a problem without them.</param>
    /// <param name="options">When to stop, and how the penalty grows.</param>
    /// <param name="cancellationToken">Ends the run after the subproblem that is under way.</param>
    /// <remarks>
    /// Each subproblem is solved by L-BFGS from the last one's solution. Its solutions miss the constraints by about λ/ρ: they are met only as
    /// ρ goes to infinity, and the subproblems become ill-conditioned on the way. ρ·h and ρ·max(g, 0) tend to the multipliers.
    /// </remarks>
    /// <exception cref="ArgumentException">The function or a constraint is not finite at the start.</exception>
    /// <exception cref="ShapeMismatchException">The function gives more or less than one number.</exception>
    /// <exception cref="GradientException">The function or a constraint does not depend on its argument.</exception>
    public static ConstrainedResult Penalty(
        Func<Tensor, Tensor> function, Tensor start, IReadOnlyList<Constraint> constraints, ConstrainedOptions? options = null, CancellationToken cancellationToken = default) =>
        Constrained(new ConstrainedProblem("Minimize.Penalty", function, start, constraints), start, options, movesMultipliers: false, cancellationToken);

    /// <summary>
    /// Minimises f(x) subject to h(x) = 0 and g(x) ≤ 0 by the augmented Lagrangian: f + Σλ·h + ½ρ·h² + Σ(max(ν + ρ·g, 0)² − ν²)/2ρ, whose
    /// multipliers move after each subproblem: λ ← λ + ρ·h, ν ← max(ν + ρ·g, 0).
    /// </summary>
    /// <param name="function">f: from a tensor of the start's shape to one number.</param>
    /// <param name="start">Where to begin; it need not meet the constraints.</param>
    /// <param name="constraints">The constraints; none is a problem without them.</param>
    /// <param name="options">When to stop, and how the penalty grows.</param>
    /// <param name="cancellationToken">Ends the run after the subproblem that is under way.</param>
    /// <remarks>
    /// Each subproblem is solved by L-BFGS from the last one's solution. The multipliers take over from the penalty, so that ρ stays moderate and
    /// the solution exact: the method to use. A local method: where the problem is not convex, it finds a point that meets the conditions near the start.
    /// Constraints that cannot be met end with <see cref="StopReason.Infeasible"/>. Nocedal and Wright, Numerical Optimization, 2006, chapter 17.
    /// </remarks>
    /// <exception cref="ArgumentException">The function or a constraint is not finite at the start.</exception>
    /// <exception cref="ShapeMismatchException">The function gives more or less than one number.</exception>
    /// <exception cref="GradientException">The function or a constraint does not depend on its argument.</exception>
    public static ConstrainedResult AugmentedLagrangian(
        Func<Tensor, Tensor> function, Tensor start, IReadOnlyList<Constraint> constraints, ConstrainedOptions? options = null, CancellationToken cancellationToken = default) =>
        Constrained(new ConstrainedProblem("Minimize.AugmentedLagrangian", function, start, constraints), start, options, movesMultipliers: true, cancellationToken);

    private static ConstrainedResult Constrained(ConstrainedProblem problem, Tensor start, ConstrainedOptions? options, bool movesMultipliers, CancellationToken cancellationToken)
    {
        options ??= new ConstrainedOptions();
        double[] point = Objective.Flatten([start]);
        double[][] values = problem.Values(point), none = Array.ConvertAll(values, static v => new double[v.Length]);
        (double[][] multipliers, double[][] shown) = (none, none);
        double penalty = options.InitialPenalty;
        (List<double> violations, List<double> penalties, List<Trajectory> inner) = ([problem.Violation(values)], [], []);
        KktResidual residual = problem.Residual(point, values, none);
        Trajectory path = new();
        path.Add(point, problem.Bare(point).Evaluate(point).Value, residual.Stationarity);
        int evaluations = 0;
        StopReason? reason = residual.Largest <= options.Tolerance ? StopReason.GradientTolerance : null;
        while (reason is null)
        {
            LbfgsOptions settings = new() { MaxIterations = options.MaxInnerIterations, GradientTolerance = Math.Max(options.Tolerance / 2, Math.Pow(10, -1 - penalties.Count)) };
            Objective augmented = problem.Augmented(point, multipliers, penalty);
            MinimizeResult solved = LineSearchDescent.Run(augmented, new LbfgsDirection(settings.HistorySize), settings, cancellationToken);
            evaluations += augmented.Evaluations;
            penalties.Add(penalty);
            inner.Add(solved.Trajectory);
            double[] next = solved.Trajectory.Points[^1];
            double[][] there = problem.Values(next);
            double before = violations[^1], violation = problem.Violation(there);
            bool ranAway = !solved.Converged && violation > 10 * Math.Max(before, 1);
            if (ranAway)
            {
                // Without a floor under f the penalty was too weak; from the same point, a stronger one.
                (next, there, violation) = (point, values, before);
            }

            (point, values) = (next, there);
            shown = problem.Updated(multipliers, values, penalty);
            residual = problem.Residual(point, values, shown);
            path.Add(point, problem.Bare(point).Evaluate(point).Value, residual.Stationarity);
            violations.Add(violation);
            reason = residual.Largest <= options.Tolerance ? StopReason.GradientTolerance
                : violation > options.Tolerance && (penalty >= options.MaxPenalty || HasStalled(violations)) && IsFlat(problem, point) ? StopReason.Infeasible
                : penalties.Count >= options.MaxIterations || (!movesMultipliers && penalty >= options.MaxPenalty) ? StopReason.MaxIterations
                : cancellationToken.IsCancellationRequested ? StopReason.Cancelled
                : null;
            multipliers = movesMultipliers ? shown : none;
            bool isWeak = violation > options.Tolerance && violation > WantedDecrease * before;
            if (!movesMultipliers || ranAway || isWeak)
            {
                penalty = Math.Min(options.MaxPenalty, penalty * options.PenaltyGrowth);
            }
        }

        return new ConstrainedResult(problem.ToTensor(point), shown, residual, reason.Value, evaluations, path, inner, violations, penalties);
    }

    /// <summary>Whether the violation has stayed the same over three subproblems.</summary>
    private static bool HasStalled(List<double> violations) => violations.Count >= 5 && violations[^1] >= 0.9 * violations[^4];

    /// <summary>Whether no direction makes the violation smaller.</summary>
    private static bool IsFlat(ConstrainedProblem problem, double[] point)
    {
        ValueAndGradient squared = problem.SquaredViolation(point).Evaluate(point);
        return Vectors.Norm(squared.Gradient) <= FlatViolation * Math.Sqrt(2 * squared.Value);
    }
}
