using System.Diagnostics;
using System.Text.Json;
using Engine;
using Engine.Data.Images;
using Engine.Nn;

namespace TransferLearningSample;

internal sealed record TransferOptions(string Folder, string? Weights, string? Images, int PerClass, int Epochs, long Seed);

/// <summary>Learns the classes of an image folder from a few images each: from scratch, by a new head alone, and then with all layers.</summary>
internal static class TransferCommand
{
    private const int BatchSize = 32;

    public static string FileIn(string folder) => Path.Combine(folder, "model.safetensors");

    public static void Run(TransferOptions options)
    {
        Backbone backbone = new(PyTorchFile.Load(options.Weights ?? PretrainCommand.FileIn(options.Folder)));
        ImageFolder images = new ImageFolder(options.Images ?? DigitsFolder.Write(Path.Combine(options.Folder, "digits")), new ImageOptions { Normalization = backbone.Normalization })
            .With(backbone.Resize, new RandomAffine(degrees: 10, translate: (0.1, 0.1), scale: (0.9, 1.1), interpolation: ImageInterpolation.Bilinear));
        (IDataset few, IDataset rest) = Divide(images, options.PerClass, options.Seed);
        if (rest.Count == 0)
        {
            throw new ArgumentException($"{options.PerClass} images a class are all there are; take fewer with --per-class, so that some are left to test on.");
        }

        DataLoader train = new(few, BatchSize) { Shuffle = true, Seed = options.Seed }, test = new(rest, 500);
        Console.WriteLine($"{images.ClassNames.Count} classes in {images.Root}: {few.Count} images to learn from, {rest.Count} to test on; {options.Epochs} epochs on {Device.Default}");
        Console.WriteLine();
        Console.WriteLine("                                        parameters   seconds   test accuracy");

        // 1. As if there were nothing to transfer.
        ResNet scratch = backbone.Create(new Generator(options.Seed));
        scratch.Fc = new Linear(backbone.Features, images.ClassNames.Count);
        Measure("random start values", scratch, new AdamW(scratch.Parameters, 3e-3, weightDecay: 0.05), train, test, options.Epochs);

        // 2. A new head on the trained trunk, which stays as it is: its weights, and the statistics of its normalisations.
        ResNet model = backbone.Load();
        model.Freeze().FreezeBatchNorm();
        model.Fc = new Linear(backbone.Features, images.ClassNames.Count);
        Measure("a new head on the frozen trunk", model, new AdamW(model.Fc.Parameters, 1e-2), train, test, options.Epochs);

        // 3. Then everything, and the nearer to the pixels the less: edges and strokes are the same in all images.
        model.Unfreeze().UnfreezeBatchNorm();
        Measure("then all layers, at rates of their own", model, new AdamW(ByDepth(model), 3e-3, weightDecay: 0.05), train, test, options.Epochs);

        Safetensors.Save(FileIn(options.Folder), model.StateDict(), new Dictionary<string, string> { ["classes"] = JsonSerializer.Serialize(images.ClassNames) });
        Console.WriteLine();
        Console.WriteLine($"the last one is {FileIn(options.Folder)}");
    }

    /// <summary>So many images of each class to learn from, and all others without random changes.</summary>
    private static (IDataset Few, IDataset Others) Divide(ImageFolder images, int perClass, long seed)
    {
        int[] order = [.. Enumerable.Range(0, images.Count)];
        new SampleRandom((ulong)seed, 0).Shuffle(order);
        ILookup<bool, int> parts = order.GroupBy(i => images.Targets![i]).SelectMany(static ofClass => ofClass.Index()).ToLookup(pair => pair.Index < perClass, static pair => pair.Item);
        return (images.Subset([.. parts[true]]), images.WithoutRandomChanges().Subset([.. parts[false]]));
    }

    /// <summary>Groups of parameters whose rates fall from the head, which is new, to the stem.</summary>
    private static IEnumerable<ParameterGroup> ByDepth(ResNet model)
    {
        Module[] parts = [model.Conv1, model.Bn1, .. model.Stages, model.Fc];
        return parts.Reverse().Index().Select(static part => new ParameterGroup(part.Item.Parameters) { LearningRateFactor = Math.Pow(0.8, part.Index) });
    }

    private static void Measure(string name, ResNet model, Optimizer optimizer, DataLoader train, DataLoader test, int epochs)
    {
        Trainer trainer = new(model, optimizer, Losses.CrossEntropy)
        {
            Metrics = [new Accuracy()],
            Callbacks = [new ScheduleCallback(Schedule.Cosine(optimizer.LearningRate, epochs * train.BatchCount))],
            Verbosity = Verbosity.Quiet,
        };
        Stopwatch watch = Stopwatch.StartNew();
        trainer.Fit(train, epochs: epochs);
        double seconds = watch.Elapsed.TotalSeconds;
        long learns = model.Parameters.Where(static p => p.RequiresGrad).Sum(static p => p.ElementCount);
        Console.WriteLine($"{name,-40}{learns,10:N0}{seconds,10:f1}{trainer.Evaluate(test)["accuracy"],16:p1}");
    }
}
