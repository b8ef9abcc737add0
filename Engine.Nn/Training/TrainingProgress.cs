namespace Engine.Nn;

/// <summary>Where a run stands, as a user interface shows it.</summary>
/// <param name="Epoch">The epoch, from 0.</param>
/// <param name="Epochs">How many epochs the run is to have; <see cref="int.MaxValue"/> where only its steps are counted and an epoch's are unknown.</param>
/// <param name="Batch">How many mini-batches of the epoch are done.</param>
/// <param name="BatchesPerEpoch">The mini-batches of an epoch; −1 where only its end will tell.</param>
/// <param name="Loss">The mean loss of the epoch so far.</param>
/// <param name="LearningRate">The optimizer's.</param>
/// <param name="SamplesPerSecond">The speed in this epoch, validation not counted; 0 before it is known.</param>
/// <param name="Eta">The time that the rest of all epochs will take at this speed; null before it is known.</param>
/// <param name="Logs">At the end of an epoch its figures, those of validation included; before it the metrics so far.</param>
/// <param name="IsEpochEnd">Whether the epoch and its validation are over.</param>
public readonly record struct TrainingProgress(
    int Epoch,
    int Epochs,
    int Batch,
    int BatchesPerEpoch,
    double Loss,
    double LearningRate,
    double SamplesPerSecond,
    TimeSpan? Eta,
    IReadOnlyDictionary<string, double> Logs,
    bool IsEpochEnd)
{
    /// <summary>The time that this epoch's training has taken, validation not counted; of a run that goes on in the middle, since it went on.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Whether the logs are those of a <see cref="HistoryPoint"/>: taken within an epoch, those of validation included.</summary>
    public bool IsPoint { get; init; }

    /// <summary>How many steps the run has made.</summary>
    public long Step { get; init; }

    /// <summary>How many steps the run is to have at most; null where epochs alone are counted.</summary>
    public long? MaxSteps { get; init; }

    /// <summary>How much of the whole run is done, in [0, 1]; of epochs of unknown length in whole epochs.</summary>
    public double Fraction => Math.Max(
        MaxSteps is { } steps ? Math.Min(1, Step / (double)Math.Max(1, steps)) : 0,
        Epochs == 0 || BatchesPerEpoch == 0 ? 1 : (Epoch + Math.Max(0, Batch / (double)BatchesPerEpoch)) / Epochs);
}
