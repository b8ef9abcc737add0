namespace Engine.Nn;

/// <summary>The loop that all methods share which choose a direction and then a step along it.</summary>
internal static class LineSearchDescent
{
    public static MinimizeResult Run(Objective objective, DescentDirection method, MinimizeOptions options, CancellationToken cancellationToken)
    {
        MinimizeRun run = new(options, cancellationToken);
        double[] point = objective.Start;
        ValueAndGradient at = objective.Evaluate(point);
        while (true)
        {
            StopReason? reason = run.Add(point, at.Value, Vectors.Norm(at.Gradient));
            if (reason is null && Step(objective, method, point, at, out reason) is var (next, there))
            {
                method.Moved(Vectors.Subtract(next, point), Vectors.Subtract(there.Gradient, at.Gradient));
                (point, at) = (next, there);
                continue;
            }

            return new MinimizeResult(objective.ToTensors(run.Point), run, objective.Evaluations, reason!.Value);
        }
    }

    private static (double[] Point, ValueAndGradient At)? Step(Objective objective, DescentDirection method, double[] point, ValueAndGradient at, out StopReason? reason)
    {
        reason = null;
        if (method.Find(objective, point, at.Gradient) is not { } direction)
        {
            reason = StopReason.SingularHessian;
            return null;
        }

        if (method.FixedStep is { } length)
        {
            double[] next = Vectors.AddScaled(point, length, direction);
            return (next, objective.Evaluate(next));
        }

        LinePoint<double[]>? found = Search(objective, method, point, at, direction);
        if (found is null && method.Reset())
        {
            // The memory of past steps may give a bad direction.
            direction = method.Find(objective, point, at.Gradient)!;
            found = Search(objective, method, point, at, direction);
        }

        if (found is not { } trial)
        {
            reason = StopReason.LineSearchFailed;
            return null;
        }

        return (Vectors.AddScaled(point, trial.Step, direction), new ValueAndGradient(trial.Value, trial.Gradient));
    }

    private static LinePoint<double[]>? Search(Objective objective, DescentDirection method, double[] point, ValueAndGradient at, double[] direction)
    {
        double slope = Vectors.Dot(at.Gradient, direction);
        if (!(slope < 0) || !double.IsFinite(slope))
        {
            return null;
        }

        return WolfeLineSearch.Search(
            step =>
            {
                ValueAndGradient there = objective.Evaluate(Vectors.AddScaled(point, step, direction));
                return new LinePoint<double[]>(step, there.Value, Vectors.Dot(there.Gradient, direction), there.Gradient);
            },
            new LinePoint<double[]>(0, at.Value, slope, at.Gradient),
            method.FirstStep(direction, slope),
            method.Curvature,
            objective.Rounding);
    }
}
