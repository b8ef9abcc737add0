using Engine;
using Engine.Nn;

namespace FashionMnistSample;

/// <summary>What is said before and after the training.</summary>
internal static class RunLines
{
    public static void Begin(TrainOptions options, Device device, string directory, DataLoader train, DataLoader test, Layer model, Trainer trainer, RunFolder folder, Uri? dashboard)
    {
        Console.WriteLine($"device   {device.Name}: {device.Description}");
        Console.WriteLine($"data     {train.SampleCount:N0} training and {test.SampleCount:N0} test images from {directory}");
        Console.WriteLine($"model    {options.Model}, {model.ParameterCount:N0} parameters");
        Console.WriteLine($"training {options.Epochs} epochs of {train.BatchCount} steps, {options.Optimizer} at {options.LearningRate:G4}, batches of {options.BatchSize}, seed {options.Seed}{(options.Precision == "full" ? string.Empty : $", {options.Precision}")}");
        Console.WriteLine($"output   {folder.Path}");
        if (dashboard is not null)
        {
            Console.WriteLine($"page     {dashboard}");
        }

        if (trainer.Step > 0)
        {
            Console.WriteLine($"resumed  after step {trainer.Step:N0}: epoch {trainer.Epoch + 1}, batch {trainer.Batch} of {train.BatchCount}");
        }

        Console.WriteLine();
        Console.WriteLine(EpochTable.Header);
        for (int epoch = 0; epoch < trainer.History.Epochs.Count; epoch++)
        {
            Console.WriteLine(EpochTable.Row(epoch, options.Epochs, trainer.History.Epochs[epoch]));
        }
    }

    public static void Interrupted(Trainer trainer, RunFolder folder)
    {
        Console.WriteLine();
        Console.WriteLine($"Interrupted after step {trainer.Step:N0}; the checkpoint is {folder.Checkpoints.Latest}.");
        Console.WriteLine($"Go on with --resume --out {folder.Path}");
    }

    public static void End(RunMetrics metrics, RunFolder folder, bool hasReport)
    {
        Console.WriteLine();
        Console.WriteLine($"test accuracy {metrics.TestAccuracy:P2} after {metrics.Epochs} epochs; {metrics.TrainSeconds:F1} s of training, {metrics.ImagesPerSecond:N0} images/s");
        Console.WriteLine($"written       {folder.Metrics}, {folder.Model}{(hasReport ? $" and {folder.Report}" : string.Empty)}");
    }
}
