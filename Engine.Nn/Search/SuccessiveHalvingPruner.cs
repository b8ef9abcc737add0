namespace Engine.Nn;

/// <summary>
/// Lets only the best 1/η of the trials go on at each rung, steps r·η^(s+0), r·η^(s+1), r·η^(s+2), … (asynchronous successive halving, ASHA).
/// </summary>
/// <remarks>
/// A trial that reaches a rung is compared at once with all that have reached it before, so that no worker waits; among the first η − 1 only the best so
/// far goes on. A trial's value at a rung is its first report at or after that step.
/// Li, Jamieson, Rostamizadeh, Gonina, Hardt, Recht and Talwalkar, A System for Massively Parallel Hyperparameter Tuning (2018).
/// </remarks>
/// <example><code>Study study = new(space) { Pruner = new SuccessiveHalvingPruner(minResource: 1, reductionFactor: 3) };</code></example>
public sealed class SuccessiveHalvingPruner : Pruner
{
    private readonly int _minResource;
    private readonly int _reductionFactor;
    private readonly int _minEarlyStoppingRate;

    /// <summary>A pruner.</summary>
    /// <param name="minResource">r: the step of the first rung where s is 0, in the unit that objectives report in.</param>
    /// <param name="reductionFactor">η: one of so many goes on at each rung, and the next rung is so many times as far.</param>
    /// <param name="minEarlyStoppingRate">s: so many rungs are left out at the beginning.</param>
    public SuccessiveHalvingPruner(int minResource = 1, int reductionFactor = 4, int minEarlyStoppingRate = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(reductionFactor, 2);
        ArgumentOutOfRangeException.ThrowIfNegative(minEarlyStoppingRate);
        _minResource = Hyper.Count(minResource);
        (_reductionFactor, _minEarlyStoppingRate) = (reductionFactor, minEarlyStoppingRate);
    }

    /// <inheritdoc/>
    /// <remarks>True where a rung is reached with NaN.</remarks>
    public override bool ShouldPrune(Trial trial, IReadOnlyList<Trial> others, MonitorMode mode)
    {
        IReadOnlyList<(int Step, double Value)> reports = Reporting(trial).Reports;
        Trial[] rivals = Guard.NoNulls(others);
        (int step, double value) = reports[^1];
        int before = reports.Count > 1 ? reports[^2].Step : -1;
        foreach (long rung in RungsTo(step))
        {
            if (rung <= before)
            {
                continue;
            }

            if (double.IsNaN(value) || !IsPromoted(value, [.. rivals.Select(t => ValueAt(t, rung)).Where(static v => !double.IsNaN(v))], mode))
            {
                return true;
            }
        }

        return false;
    }

    private static double ValueAt(Trial trial, long rung)
    {
        foreach ((int step, double value) in trial.Reports)
        {
            if (step >= rung)
            {
                return value;
            }
        }

        return double.NaN;
    }

    private bool IsPromoted(double value, List<double> rivals, MonitorMode mode)
    {
        int better = rivals.Count(rival => mode == MonitorMode.Min ? rival < value : rival > value);
        return better < Math.Max(1, (rivals.Count + 1) / _reductionFactor);
    }

    private IEnumerable<long> RungsTo(int step)
    {
        long rung = _minResource;
        for (int i = 0; rung <= step; i++)
        {
            if (i >= _minEarlyStoppingRate)
            {
                yield return rung;
            }

            rung *= _reductionFactor;
        }
    }
}
