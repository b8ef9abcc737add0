using System.Globalization;

namespace Engine.Nn;

/// <summary>The result of a learning-rate range test: the loss after steps with growing rates.</summary>
/// <param name="Rates">The learning rates, growing by a constant factor.</param>
/// <param name="Losses">The loss of each step's batch, before the step with that rate.</param>
/// <param name="Smoothed">The losses as an exponential average, corrected for its start as Adam's.</param>
/// <param name="Diverged">Whether the loss ran away, which ended the test; otherwise the largest rate was reached.</param>
public sealed record LearningRateRange(IReadOnlyList<double> Rates, IReadOnlyList<double> Losses, IReadOnlyList<double> Smoothed, bool Diverged)
{
    // As fastai and Lightning do: the first losses are those of a model that has not moved, the last ones those of one that runs away.
    private const int SkippedAtStart = 10;
    private const int SkippedAtEnd = 5;

    /// <summary>The learning rates.</summary>
    public IReadOnlyList<double> Rates { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = Rates ?? throw new ArgumentNullException(nameof(Rates));

    /// <summary>The loss of each step's batch.</summary>
    public IReadOnlyList<double> Losses { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = Losses ?? throw new ArgumentNullException(nameof(Losses));

    /// <summary>The smoothed losses.</summary>
    public IReadOnlyList<double> Smoothed { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = Smoothed ?? throw new ArgumentNullException(nameof(Smoothed));

    /// <summary>
    /// The rate at which the smoothed loss falls most steeply over the logarithm of the rate, before it is smallest: beyond that it jumps about. Null where
    /// it never falls. A starting point for the largest rate of a schedule.
    /// </summary>
    public double? Steepest
    {
        get
        {
            (int start, int end) = Smoothed.Count > SkippedAtStart + SkippedAtEnd + 2 ? (SkippedAtStart, Smoothed.Count - SkippedAtEnd) : (0, Smoothed.Count);
            (int at, double slope) = (-1, 0);
            end = Math.Min(end, Minimum + 2);
            for (int i = start + 1; i < end - 1; i++)
            {
                // Rates grow by a constant factor, so that the difference is the slope over their logarithm.
                double here = (Smoothed[i + 1] - Smoothed[i - 1]) / 2;
                if (here < slope)
                {
                    (at, slope) = (i, here);
                }
            }

            return at < 0 ? null : Rates[at];
        }
    }

    /// <summary>A tenth of the rate at which the smoothed loss is smallest; null where there is no finite loss.</summary>
    public double? TenthOfMinimum => Minimum < 0 ? null : Rates[Minimum] / 10;

    /// <summary>Where the smoothed loss is smallest; −1 where it is nowhere finite.</summary>
    private int Minimum
    {
        get
        {
            int at = -1;
            for (int i = 0; i < Smoothed.Count; i++)
            {
                at = double.IsFinite(Smoothed[i]) && (at < 0 || Smoothed[i] < Smoothed[at]) ? i : at;
            }

            return at;
        }
    }

    /// <summary>One line: the rates, the suggestion, whether it ran away.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"learning rates {Rates.FirstOrDefault():g3} to {Rates.LastOrDefault():g3}: steepest at {Steepest?.ToString("g3", CultureInfo.InvariantCulture) ?? "none"}, a tenth of the minimum's {TenthOfMinimum?.ToString("g3", CultureInfo.InvariantCulture) ?? "none"}{(Diverged ? ", then the loss ran away" : string.Empty)}");
}
