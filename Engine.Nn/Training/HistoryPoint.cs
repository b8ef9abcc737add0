using System.Globalization;

namespace Engine.Nn;

/// <summary>The figures of a run between two steps of an epoch.</summary>
/// <param name="Step">How many steps the run had made.</param>
/// <param name="Epoch">The epoch, from 0.</param>
/// <param name="Figures">Those of an epoch's end: of the training data, of the epoch so far.</param>
public sealed record HistoryPoint(long Step, int Epoch, IReadOnlyDictionary<string, double> Figures)
{
    /// <summary>Those of an epoch's end: of the training data, of the epoch so far.</summary>
    public IReadOnlyDictionary<string, double> Figures { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = Figures ?? throw new ArgumentNullException(nameof(Figures));

    /// <summary>"step 500 (epoch 2): loss 0.4131, val_loss 0.5012".</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"step {Step} (epoch {Epoch}): {FigureNames.Text(Figures)}");
}
