using Engine.Nn;

namespace FashionMnistSample;

/// <summary>The types to compute in, by the names of the option.</summary>
internal static class Precisions
{
    public static IReadOnlyList<string> Names { get; } = ["full", "bf16", "fp16"];

    public static TrainingPrecision Of(string name) => name switch
    {
        "bf16" => TrainingPrecision.MixedBFloat16,
        "fp16" => TrainingPrecision.MixedFloat16,
        _ => TrainingPrecision.Full,
    };
}
