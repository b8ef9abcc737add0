using Engine;
using Engine.Nn;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EmbeddedHostSample;

/// <summary>Trains in the background while the host is already up, reports to its log, and stops with it.</summary>
internal sealed class TrainingService(Device device, TrainedModel result, ILogger<TrainingService> log) : BackgroundService
{
    private const int Epochs = 3;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        string directory = FashionMnist.FindDirectory();
        IDataset images = FashionMnist.Load(directory, train: true).Subset([.. Enumerable.Range(0, 6000)]);
        (IDataset train, IDataset validation) = images.Split(validation: 0.2);
        log.LogInformation("training on {Count} images of {Directory} on {Device}: {Description}", train.Count, directory, device, device.Description);

        // A service names its device: the process-wide default belongs to the host.
        Layer model = new Mlp(28 * 28, [128], FashionMnist.ClassNames.Count).To(device);
        Trainer trainer = new(model, new Adam(model.Parameters), Losses.CrossEntropy) { Metrics = [new Accuracy()] };
        try
        {
            // FitAsync trains on a thread of its own and looks at the token between two steps.
            await trainer.FitAsync(
                new DataLoader(train, batchSize: 64) { Shuffle = true, Device = device },
                new DataLoader(validation, batchSize: 600) { Device = device },
                Epochs,
                new LogProgress(log),
                stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            log.LogInformation("stopped after step {Step}", trainer.Step);
            return;
        }

        result.Publish(model.Eval());
    }

    /// <summary>Called on the training thread; an <see cref="ILogger"/> may be used from any.</summary>
    private sealed class LogProgress(ILogger log) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress progress)
        {
            if (progress.IsEpochEnd)
            {
                log.LogInformation(
                    "epoch {Epoch} of {Epochs}: loss {Loss:F3}, validation accuracy {Accuracy:F3}, {Speed:N0} images/s",
                    progress.Epoch + 1, progress.Epochs, progress.Loss, progress.Logs["val_accuracy"], progress.SamplesPerSecond);
            }
        }
    }
}
