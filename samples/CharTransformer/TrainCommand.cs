using System.Diagnostics;
using System.Runtime.InteropServices;
using Engine;
using Engine.Nn;

namespace CharTransformerSample;

internal sealed record TrainOptions(string Folder, string Text, int Epochs, int? Steps, bool Resume, long Seed);

/// <summary>Reads the text, trains a model to foresee it, and shows after each epoch what it would write.</summary>
internal static class TrainCommand
{
    private const int BatchSize = 16;
    private const double LearningRate = 3e-3;

    public static void Run(TrainOptions options)
    {
        ModelSize size = new();
        (string trainText, string validationText) = CharText.Read(options.Text);
        Vocabulary vocabulary = Vocabulary.Of(trainText);
        DataLoader train = new(new TextWindows(vocabulary.Encode(trainText), size.Context, shifts: true), BatchSize) { Shuffle = true, Seed = options.Seed };
        DataLoader validation = new(new TextWindows(vocabulary.Encode(validationText), size.Context, shifts: false), BatchSize);

        CharTransformer model = new(size, vocabulary.Characters.Length, new Generator(options.Seed));
        int steps = Math.Min(options.Steps ?? int.MaxValue, options.Epochs * train.BatchCount), warmUp = (steps + 9) / 10;
        AdamW optimizer = new(ParameterGroup.WithoutDecayOnBiasAndNorm(model), LearningRate, weightDecay: 0.1);
        CheckpointFolder checkpoints = new(Path.Combine(options.Folder, "checkpoints"));
        if (!options.Resume)
        {
            checkpoints.Clear();
        }

        Trainer trainer = new(model, optimizer, Losses.CrossEntropy)
        {
            Metrics = [new Perplexity()],
            ClipGradNorm = 1,
            Callbacks =
            [
                new ScheduleCallback(Schedule.Cosine(LearningRate, steps, minimum: LearningRate / 10).WithWarmUp(warmUp)),
                new ModelCheckpoint(checkpoints) { EverySteps = 200 },
                new LambdaCallback { EpochEnd = _ => Console.WriteLine($"      {Line(model, vocabulary)}") },
            ],
        };

        Console.WriteLine($"device {Device.Default.Name}: {Device.Default.Description}");
        Console.WriteLine($"text   {trainText.Length:N0} characters to learn from and {validationText.Length:N0} to validate on, {vocabulary.Characters.Length} different ones");
        Console.WriteLine($"model  {model.ParameterCount:N0} parameters, {size.Layers} blocks of width {size.Width}, a context of {size.Context}; {steps:N0} steps");
        using CancellationTokenSource interruption = new();

        // Ctrl+C: the step that runs is finished and saved. A second one does not wait.
        using PosixSignalRegistration ctrlC = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
        {
            signal.Cancel = !interruption.IsCancellationRequested;
            interruption.Cancel();
        });
        Stopwatch watch = Stopwatch.StartNew();
        trainer.Fit(train, validation, options.Epochs, maxSteps: options.Steps, resumeFrom: checkpoints.Path, cancellationToken: interruption.Token);
        ModelFile.Save(options.Folder, model, vocabulary);
        Console.WriteLine($"{watch.Elapsed.TotalSeconds:f0} s; the model is {ModelFile.In(options.Folder)}");
    }

    /// <summary>What the model would write now.</summary>
    private static string Line(CharTransformer model, Vocabulary vocabulary) =>
        "The " + string.Concat(new CharWriter(model, vocabulary, new SampleOptions()).Write("The ").Take(100)).ReplaceLineEndings(" ");
}
