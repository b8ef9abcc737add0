using System.Security.Cryptography;
using Engine.Nn;

namespace Engine.Fuzz.Kill;

/// <summary>A short training run that saves often and goes on from its last checkpoint: batch normalisation, dropout, Adam, shuffled data.</summary>
internal static class TinyTraining
{
    /// <summary>In the folder of a run.</summary>
    public const string CheckpointFolderName = "checkpoints";

    private const int Epochs = 24;
    private const int StepsBetweenCheckpoints = 3;

    public static int Run(string folder)
    {
        Device.Default = Device.Get("cpu");
        Device.Default.Threads = 1;
        CheckpointFolder checkpoints = new(Path.Combine(folder, CheckpointFolderName));
        Sequential model =
        [
            new Linear(8, 64, generator: new Generator(1)), new BatchNorm1d(64), new Relu(), new Dropout(0.3, new Generator(2)),
            new Linear(64, 64, generator: new Generator(3)), new BatchNorm1d(64), new Relu(), new Linear(64, 3, generator: new Generator(4)),
        ];
        Trainer trainer = new(model, new Adam(model.Parameters, 0.01), Losses.CrossEntropy)
        {
            Metrics = [new Accuracy()],
            Callbacks = [new ScheduleCallback(Schedule.Cosine(0.01, 200)), new ModelCheckpoint(checkpoints) { EverySteps = StepsBetweenCheckpoints }],
        };
        if (checkpoints.Latest is { } latest)
        {
            trainer.Load(Checkpoint.Load(latest));
            Console.WriteLine($"resumed at step {trainer.Step}");
        }

        Generator generator = new(5);
        DataLoader data = new(new TensorDataset(Tensor.Randn([120, 8], generator: generator), Tensor.RandInt([120], 0, 3, generator)), 16) { Shuffle = true, Seed = 6 };
        trainer.Fit(data, epochs: Epochs);
        Console.WriteLine($"finished {Hash(model)}");
        return 0;
    }

    private static string Hash(Module model)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((_, Tensor tensor) in model.StateDict())
        {
            foreach (double value in tensor.ToArray<double>())
            {
                hash.AppendData(BitConverter.GetBytes(value));
            }
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
