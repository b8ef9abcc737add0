using System.Globalization;
using Engine.Nn;

namespace FashionMnistSample;

/// <summary>report.html: the run for people who would rather look. Its curves, what the network mistakes for what, and what it was made with.</summary>
internal static class RunReport
{
    /// <summary>Writes the page. The model and its figures are saved by then, so a page that fails is told and no more; returns whether it was written.</summary>
    public static bool TryWrite(TrainOptions options, RunFolder folder, RunMetrics metrics, Trainer trainer, Layer model, ImageDataset testImages, RunRecorder recorder)
    {
        try
        {
            Report report = new($"Fashion-MNIST: {options.Recipe ?? options.Model}");
            report.AddKeyFigures(
                ("test accuracy", metrics.TestAccuracy.ToString("P2", CultureInfo.InvariantCulture)),
                ("parameters", metrics.Parameters.ToString("N0", CultureInfo.InvariantCulture)),
                ("training", TimeSpan.FromSeconds(metrics.TrainSeconds).ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture)),
                ("images per second", metrics.ImagesPerSecond.ToString("N0", CultureInfo.InvariantCulture)));
            report.AddHistory(trainer.History, recorder, validationName: "test");
            report.AddClassification(images => trainer.Predict(images), testImages, FashionMnist.ClassNames);
            report.AddSummary(model.Summary([1, .. testImages.Image.AsSpan()]));
            report.AddEnvironment(
                model.Parameters[0].Device,
                ("model", options.Model),
                ("recipe", options.Recipe),
                ("optimizer", $"{options.Optimizer} at {options.LearningRate.ToString("G4", CultureInfo.InvariantCulture)}"),
                ("batch size", options.BatchSize),
                ("seed", options.Seed),
                ("precision", options.Precision),
                ("kernels", metrics.Kernels),
                ("threads", metrics.Threads),
                ("training images", metrics.TrainImages),
                ("test images", metrics.TestImages));
            report.Save(folder.Report);
            return true;
        }
        catch (Exception error)
        {
            Console.Error.WriteLine($"warning: there is no report: {error.Message} The model and its figures are saved.");
            return false;
        }
    }
}
