using Engine.Nn;

namespace FashionMnistSample;

/// <summary>The table of results: one line an epoch, the same on a terminal and in a file.</summary>
internal static class EpochTable
{
    public const string Header = "  epoch     loss  accuracy  test loss  test accuracy  images/s";

    /// <summary>An epoch that has just ended.</summary>
    public static string Row(in TrainingProgress progress) => Row(progress.Epoch, progress.Epochs, progress.Logs) + $"{progress.SamplesPerSecond,10:N0}";

    /// <summary>An epoch of the history; its speed is not known any more.</summary>
    public static string Row(int epoch, int epochs, IReadOnlyDictionary<string, double> logs) =>
        $"{$"{epoch + 1}/{epochs}",7}{logs["loss"],9:F4}{logs["accuracy"],10:F4}{logs["val_loss"],11:F4}{logs["val_accuracy"],15:F4}";
}
