namespace Engine.Nn;

/// <summary>The rules of a minimisation applied to one point after another.</summary>
internal sealed class MinimizeRun(MinimizeOptions options, CancellationToken cancellationToken)
{
    private double[] _last = [];

    /// <summary>The way so far.</summary>
    public Trajectory Trajectory { get; } = new();

    /// <summary>The last point with a finite value and gradient.</summary>
    public double[] Point => _last;

    /// <summary>Adds a point; gives a reason to stop there, or null to go on.</summary>
    /// <param name="point">The point; it is copied.</param>
    /// <param name="value">The value there.</param>
    /// <param name="gradientNorm">The length of the gradient there.</param>
    /// <param name="compares">Whether the rules on gradient, value and step apply: not between the batches of an epoch.</param>
    public StopReason? Add(double[] point, double value, double gradientNorm, bool compares = true)
    {
        if (!double.IsFinite(value) || !double.IsFinite(gradientNorm))
        {
            return Trajectory.Count > 0 ? StopReason.NotFinite : throw new ArgumentException(
                $"Minimize: at the start the value is {value} and the length of the gradient {gradientNorm}; both must be finite. Start elsewhere.", "start");
        }

        double[] before = _last;
        double valueBefore = Trajectory.Count > 0 ? Trajectory.Values[^1] : double.NaN;
        _last = [.. point];
        Trajectory.Add(options.KeepPoints ? point : null, value, gradientNorm);
        return (compares ? Compare(before, valueBefore, value, gradientNorm) : null)
            ?? (Trajectory.Count > options.MaxIterations ? StopReason.MaxIterations
                : cancellationToken.IsCancellationRequested ? StopReason.Cancelled
                : null);
    }

    /// <summary>The rules on gradient, value and step. Comparisons with NaN are false, so that none holds at the first point but the gradient's.</summary>
    public StopReason? Compare(double[] before, double valueBefore, double value, double gradientNorm) =>
        gradientNorm <= options.GradientTolerance ? StopReason.GradientTolerance
        : value <= options.TargetValue ? StopReason.TargetValue
        : options.ValueTolerance > 0 && Math.Abs(value - valueBefore) <= options.ValueTolerance * Math.Max(1, Math.Abs(value)) ? StopReason.ValueTolerance
        : options.StepTolerance > 0 && before.Length > 0 && Vectors.Distance(_last, before) <= options.StepTolerance * Math.Max(1, Vectors.Norm(_last)) ? StopReason.StepTolerance
        : null;
}
