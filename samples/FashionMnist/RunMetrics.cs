using System.Text.Json.Serialization;

namespace FashionMnistSample;

/// <summary>What came out of a run: the content of metrics.json.</summary>
internal sealed record RunMetrics
{
    public required string Model { get; init; }

    /// <summary>The recipe that was followed, if one was.</summary>
    public required string? Recipe { get; init; }

    public required string Device { get; init; }

    public required string DeviceDescription { get; init; }

    /// <summary>Whose kernels computed: engine or ilgpu.</summary>
    public required string Kernels { get; init; }

    public required int Threads { get; init; }

    public required int Epochs { get; init; }

    public required int BatchSize { get; init; }

    public required string Optimizer { get; init; }

    public required double LearningRate { get; init; }

    public required long Seed { get; init; }

    public required string Precision { get; init; }

    public required long Parameters { get; init; }

    public required int TrainImages { get; init; }

    public required int TestImages { get; init; }

    /// <summary>Time spent in training steps, data loading included, evaluation and checkpoints not.</summary>
    public required double TrainSeconds { get; init; }

    public required double ImagesPerSecond { get; init; }

    public required double TestLoss { get; init; }

    public required double TestAccuracy { get; init; }

    /// <summary>The figures of each epoch.</summary>
    public required IReadOnlyList<IReadOnlyDictionary<string, double>> History { get; init; }
}

/// <summary>Serialisation without reflection, made by the compiler.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    WriteIndented = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(TrainOptions))]
[JsonSerializable(typeof(RunMetrics))]
internal sealed partial class RunJson : JsonSerializerContext;
