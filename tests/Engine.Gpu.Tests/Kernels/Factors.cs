namespace Engine.Gpu.Tests;

/// <summary>Factors of a product as a mode rounds them.</summary>
internal readonly record struct Factors(MathMode Mode)
{
    /// <summary>Whether kernels of tensor cores ran; the second pass of a split sum does not count.</summary>
    public static bool UsedTensorCores(LaunchCount count) => count.Kernels.Any(static kernel => IsTensorCore(kernel.Name));

    /// <summary>Whether all products ran on tensor cores.</summary>
    public static bool UsedNothingElse(LaunchCount count) => count.Kernels.All(static kernel => IsTensorCore(kernel.Name) || kernel.Name == "split_sum");

    /// <summary>The numbers as they are multiplied.</summary>
    public double[] Of(DeviceArray array) => System.Array.ConvertAll(array.Values, Round);

    /// <summary>A number as it is multiplied.</summary>
    public double Round(double number) => Mode switch
    {
        MathMode.Tf32 => BitConverter.UInt32BitsToSingle((BitConverter.SingleToUInt32Bits((float)number) + 0x1000) & 0xFFFFE000),
        MathMode.BFloat16 => (float)(BFloat16)(float)number,
        MathMode.Float16 => (double)(Half)(float)number,
        _ => number,
    };

    private static bool IsTensorCore(string kernel) =>
        kernel.Contains("_tf32", StringComparison.Ordinal) || kernel.Contains("_f16", StringComparison.Ordinal) || kernel.Contains("_bf16", StringComparison.Ordinal);
}
