using System.Text.Json.Serialization;

namespace FashionMnistSample;

/// <summary>What a run was asked to do. The upper part decides its numbers and is kept with it; the rest may differ when it is resumed.</summary>
internal sealed record TrainOptions
{
    public string Model { get; init; } = "lenet5";

    public string? Recipe { get; init; }

    public int BatchSize { get; init; } = 128;

    public string Optimizer { get; init; } = "adam";

    public double LearningRate { get; init; } = 1e-3;

    public long Seed { get; init; }

    public string Precision { get; init; } = "full";

    public int Epochs { get; init; } = 10;

    public string Device { get; init; } = "auto";

    public string? Kernels { get; init; }

    public int? Threads { get; init; }

    public string? Data { get; init; }

    [JsonIgnore]
    public string? Out { get; init; }

    [JsonIgnore]
    public bool Resume { get; init; }

    [JsonIgnore]
    public int CheckpointEvery { get; init; }

    /// <summary>The port of the page that shows the run while it goes on; null for none.</summary>
    [JsonIgnore]
    public int? Dashboard { get; init; }

    /// <summary>These options as a resumed run has them: what decides its numbers from the run itself, the rest as given now or, failing that, as before.</summary>
    /// <param name="saved">The options that the run was begun with.</param>
    /// <param name="given">The options that were written out now.</param>
    /// <exception cref="UsageException">One that decides the run's numbers was given with another value.</exception>
    public TrainOptions ForResumed(TrainOptions saved, IReadOnlySet<string> given)
    {
        Check("--model", Model, saved.Model);
        Check("--recipe", Recipe, saved.Recipe);
        if (saved.Recipe is not null)
        {
            // Its schedule ends with the last epoch.
            Check("--epochs", Epochs, saved.Epochs);
        }

        Check("--batch-size", BatchSize, saved.BatchSize);
        Check("--optimizer", Optimizer, saved.Optimizer);
        Check("--lr", LearningRate, saved.LearningRate);
        Check("--seed", Seed, saved.Seed);
        Check("--precision", Precision, saved.Precision);
        return saved with
        {
            Epochs = given.Contains("--epochs") ? Epochs : saved.Epochs,
            Device = given.Contains("--device") ? Device : saved.Device,
            Kernels = given.Contains("--kernels") ? Kernels : saved.Kernels,
            Threads = given.Contains("--threads") ? Threads : saved.Threads,
            Data = given.Contains("--data") ? Data : saved.Data,
            Out = Out,
            Resume = true,
            CheckpointEvery = CheckpointEvery,
            Dashboard = Dashboard,
        };

        void Check<T>(string name, T now, T before)
        {
            if (given.Contains(name) && !EqualityComparer<T>.Default.Equals(now, before))
            {
                throw new UsageException($"{name} is {now}, but the run was begun with {before} and goes on with it. Leave the option out, or begin a new run without --resume.");
            }
        }
    }
}
