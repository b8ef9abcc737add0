namespace Engine.Nn;

/// <summary>A point on the line x + step·d: the value, the derivative along the line, and the gradient.</summary>
internal readonly record struct LinePoint<T>(double Step, double Value, double Slope, T Gradient)
{
    public bool IsFinite => double.IsFinite(Value) && double.IsFinite(Slope);
}

/// <summary>
/// Searches a step t that meets the strong Wolfe conditions: f(t) ≤ f(0) + c₁·t·f′(0) (the value falls enough) and |f′(t)| ≤ c₂·|f′(0)| (the
/// slope has become flat enough, so that the step is not too short).
/// </summary>
/// <remarks>
/// Nocedal and Wright, Numerical Optimization, 2006, algorithms 3.5 and 3.6, with cubic interpolation. Values that are NaN or infinite count as too
/// high. Near a minimum values differ by rounding only; there f(t) ≤ f(0) + rounding is enough (Hager and Zhang, 2005).
/// </remarks>
internal static class WolfeLineSearch
{
    /// <summary>c₁ as is usual for all methods.</summary>
    public const double SufficientDecrease = 1e-4;

    /// <summary>c₂ for directions with a natural length (Newton, quasi-Newton).</summary>
    public const double Curvature = 0.9;

    /// <summary>How much longer the next trial may be while the slope still falls.</summary>
    private const double Growth = 10;

    /// <summary>An interpolated step keeps this part of the interval away from its ends.</summary>
    private const double Margin = 0.1;

    /// <summary>The point that was found, with sufficient decrease at least; null if there is none.</summary>
    /// <param name="evaluate">The line.</param>
    /// <param name="start">Its beginning; the slope must be negative.</param>
    /// <param name="firstStep">The first trial step.</param>
    /// <param name="curvature">c₂.</param>
    /// <param name="rounding">The relative rounding error of a value.</param>
    /// <param name="maxEvaluations">The largest number of points that are tried.</param>
    public static LinePoint<T>? Search<T>(
        Func<double, LinePoint<T>> evaluate, LinePoint<T> start, double firstStep, double curvature = Curvature, double rounding = 2.3e-16, int maxEvaluations = 30)
    {
        double allowance = 4 * rounding * Math.Abs(start.Value);
        LinePoint<T> low = start;
        LinePoint<T>? high = null;
        double step = firstStep;
        for (int i = 0; i < maxEvaluations; i++)
        {
            LinePoint<T> trial = evaluate(step);
            bool decreases = trial.IsFinite && trial.Value <= start.Value + (SufficientDecrease * step * start.Slope) + allowance;
            if (decreases && Math.Abs(trial.Slope) <= -curvature * start.Slope)
            {
                return trial;
            }

            if (!decreases || (low.Step > 0 && trial.Value >= low.Value))
            {
                high = trial;
            }
            else
            {
                // The interval always runs from the lower end downhill.
                if (high is { } end ? trial.Slope * (end.Step - low.Step) >= 0 : trial.Slope >= 0)
                {
                    high = low;
                }

                low = trial;
            }

            double next = high is { } other ? Inside(low, other) : Beyond(step, trial, start);
            if (next == low.Step || next == high?.Step || !double.IsFinite(next))
            {
                break;
            }

            step = next;
        }

        return low.Step > 0 ? low : null;
    }

    /// <summary>A step farther out than the last one, whose slope is still negative.</summary>
    private static double Beyond<T>(double step, LinePoint<T> trial, LinePoint<T> start)
    {
        // Where the slope, taken to be linear, comes to 0.
        double change = trial.Slope - start.Slope;
        double guess = change > 0 ? step * -start.Slope / change : double.PositiveInfinity;
        return Math.Clamp(guess, 2 * step, Growth * step);
    }

    /// <summary>A step between both ends.</summary>
    private static double Inside<T>(LinePoint<T> low, LinePoint<T> high)
    {
        double length = high.Step - low.Step;
        double part = high.IsFinite ? CubicMinimum(low, high) / length : 0.5;
        return low.Step + (length * (double.IsFinite(part) ? Math.Clamp(part, Margin, 1 - Margin) : 0.5));
    }

    /// <summary>The minimum of the cubic through both values with both slopes, measured from <paramref name="a"/>.</summary>
    private static double CubicMinimum<T>(LinePoint<T> a, LinePoint<T> b)
    {
        double length = b.Step - a.Step;
        double d1 = a.Slope + b.Slope - (3 * (b.Value - a.Value) / length);
        double d2 = Math.Sign(length) * Math.Sqrt((d1 * d1) - (a.Slope * b.Slope));
        return length * (1 - ((b.Slope + d2 - d1) / (b.Slope - a.Slope + (2 * d2))));
    }
}
