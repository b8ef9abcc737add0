using Engine;
using Engine.Nn;

namespace TransferLearningSample;

/// <summary>Trains the small network on clothes and saves it as PyTorch would.</summary>
internal static class PretrainCommand
{
    public static string FileIn(string folder) => Path.Combine(folder, "pretrained.pth");

    public static void Run(string folder, int steps, long seed)
    {
        // Three equal channels, so that the network takes colour images as well.
        string directory = FashionMnist.FindDirectory();
        DataLoader train = new(FashionMnist.Load(directory, train: true).With(new Grayscale(3), new RandomCrop(padding: 2)), 64) { Shuffle = true, Seed = seed };
        DataLoader test = new(FashionMnist.Load(directory, train: false).With(new Grayscale(3)), 500);

        ResNet model = Backbone.New(FashionMnist.ClassNames.Count, new Generator(seed));
        Trainer trainer = new(model, new AdamW(model.Parameters, weightDecay: 0.05), Losses.CrossEntropy)
        {
            Metrics = [new Accuracy()],
            Callbacks = [new ScheduleCallback(Schedule.OneCycle(3e-3, steps))],
        };
        Console.WriteLine($"ResNet-18 of a quarter of the width, {model.ParameterCount:N0} parameters, on {Device.Default}: {steps} steps with images from {directory}");
        trainer.Fit(train, maxSteps: steps);
        PyTorchFile.Save(FileIn(folder), model.StateDict());
        Console.WriteLine($"{FileIn(folder)}: {trainer.Evaluate(test)["accuracy"]:p1} of the test images are right");
    }
}
