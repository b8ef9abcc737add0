using Engine;
using Engine.Dashboard;
using Engine.Nn;

namespace FashionMnistSample;

/// <summary>One run from beginning to end: choose a device, load images, build a network, train it, measure it, save it.</summary>
internal static class TrainCommand
{
    public static int Run(TrainOptions options, IReadOnlySet<string> given)
    {
        RunFolder folder = options.Resume ? RunFolder.Existing(options) : RunFolder.New(options);
        if (options.Resume)
        {
            options = options.ForResumed(folder.ReadOptions(), given);
        }

        // Everything below happens on this device; nothing else in the program names it.
        Device device = Device.Default = Device.Get(options.Device);
        KernelSets.Use(device, options.Kernels);
        if (options.Threads is { } threads && device.Kind == DeviceKind.Cpu)
        {
            device.Threads = threads;
        }

        // Images stay bytes in memory; a background thread makes normalised float32 batches of them while the last one is trained on.
        string directory = FashionMnist.FindDirectory(options.Data);
        ImageDataset trainImages = FashionMnist.Load(directory, train: true), testImages = FashionMnist.Load(directory, train: false);
        TrainingPlan plan = new(options);
        DataLoader train = new(plan.Augment(trainImages), options.BatchSize) { Shuffle = true, Seed = options.Seed };
        DataLoader test = new(testImages, batchSize: 1000);

        // One seed for the start values here and the order of the images above: the same command gives the same bits.
        Generator generator = new(options.Seed);
        Layer model = plan.CreateModel(trainImages.Image, generator);
        Optimizer optimizer = plan.CreateOptimizer(model);

        TrainingClock clock = new();
        RunRecorder recorder = new();
        Trainer trainer = new(model, optimizer, plan.Loss)
        {
            Precision = Precisions.Of(options.Precision),
            Metrics = [new Accuracy()],
            Callbacks = [clock, recorder, .. plan.Schedule(train.BatchCount), new TerminateOnNaN(), new ModelCheckpoint(folder.Checkpoints) { EverySteps = options.CheckpointEvery }],
        };
        if (!options.Resume)
        {
            folder.Begin(options);
        }
        else if (folder.Checkpoints.Resume(trainer) is { } resumed)
        {
            // A disk that failed in the middle of the newest costs some steps, not the run.
            foreach (ModelFileException refusal in resumed.Refused)
            {
                Console.Error.WriteLine($"warning: a checkpoint is damaged and was passed over: {refusal.Message}");
            }
        }

        using LiveDashboard? dashboard = options.Dashboard is { } port
            ? LiveDashboard.Start(port, $"Fashion-MNIST: {options.Recipe ?? options.Model}", warn: static message => Console.Error.WriteLine($"warning: {message}"))
            : null;
        if (dashboard is not null)
        {
            trainer.Callbacks.Add(dashboard);
        }

        RunLines.Begin(options, device, directory, train, test, model, trainer, folder, dashboard?.Url);
        using Interruption interruption = new();
        try
        {
            // Trainer.Fit goes through epochs and batches and measures after each epoch. A step is
            //     optimizer.ZeroGrad();
            //     Tensor loss = Losses.CrossEntropy(model.Forward(batch.Inputs), batch.Targets);
            //     loss.Backward();
            //     optimizer.Step();
            Display.Run(progress => trainer.Fit(train, test, options.Epochs, progress, interruption.Token));
        }
        catch (OperationCanceledException)
        {
            RunLines.Interrupted(trainer, folder);
            return Interruption.ExitCode;
        }

        if (trainer.History.StopReason is { } reason)
        {
            Console.Error.WriteLine($"error: {reason}");
            return 1;
        }

        Safetensors.Save(folder.Model, model.StateDict());
        RunMetrics metrics = Measure(options, device, trainImages, testImages, trainer, clock);
        folder.WriteMetrics(metrics);
        bool hasReport = RunReport.TryWrite(options, folder, metrics, trainer, model, testImages, recorder);
        RunLines.End(metrics, folder, hasReport);
        return 0;
    }

    private static RunMetrics Measure(TrainOptions options, Device device, ImageDataset trainImages, ImageDataset testImages, Trainer trainer, TrainingClock clock)
    {
        // The test images had no part in any decision of the run, so the last figures are an honest estimate.
        IReadOnlyDictionary<string, double> last = trainer.History.Epochs[^1];
        return new RunMetrics
        {
            Model = options.Model,
            Recipe = options.Recipe,
            Device = device.Name,
            DeviceDescription = device.Description,
            Kernels = KernelSets.NameOf(device),
            Threads = device.Threads,
            Epochs = trainer.Epoch,
            BatchSize = options.BatchSize,
            Optimizer = options.Optimizer,
            LearningRate = options.LearningRate,
            Seed = options.Seed,
            Precision = options.Precision,
            Parameters = trainer.Model.ParameterCount,
            TrainImages = trainImages.Count,
            TestImages = testImages.Count,
            TrainSeconds = clock.Seconds,
            ImagesPerSecond = (double)trainer.Epoch * trainImages.Count / clock.Seconds,
            TestLoss = last["val_loss"],
            TestAccuracy = last["val_accuracy"],
            History = [.. trainer.History.Epochs.Select(static epoch => epoch.ToDictionary(static figure => figure.Key.Replace("val_", "test_", StringComparison.Ordinal), static figure => figure.Value))],
        };
    }
}
