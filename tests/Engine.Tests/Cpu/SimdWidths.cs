using System.Runtime.Intrinsics;
using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

/// <summary>A test that runs once for a vector type.</summary>
internal interface ISimdTest
{
    void Run<V>() where V : struct, ISimd<V>;
}

/// <summary>All vector widths in one process: tests name one, and are skipped with the reason where the hardware lacks it.</summary>
internal static class SimdWidths
{
    public static IEnumerable<SimdLevel> All => Enum.GetValues<SimdLevel>();

    /// <summary>The test with vectors of float32.</summary>
    public static void Run<TTest>(SimdLevel level, TTest test) where TTest : ISimdTest
    {
        RequireHardware(level);
        switch (level)
        {
            case SimdLevel.Vector512: test.Run<F32x16>(); break;
            case SimdLevel.Vector256: test.Run<F32x8>(); break;
            case SimdLevel.Vector128: test.Run<F32x4>(); break;
            default: test.Run<F32x1>(); break;
        }
    }

    /// <summary>The test with vectors of float64.</summary>
    public static void RunFloat64<TTest>(SimdLevel level, TTest test) where TTest : ISimdTest
    {
        RequireHardware(level);
        switch (level)
        {
            case SimdLevel.Vector512: test.Run<F64x8>(); break;
            case SimdLevel.Vector256: test.Run<F64x4>(); break;
            case SimdLevel.Vector128: test.Run<F64x2>(); break;
            default: test.Run<F64x1>(); break;
        }
    }

    /// <summary>The levels whose kernels run here.</summary>
    public static SimdLevel[] Runnable { get; } = [.. All.Where(Runs)];

    /// <summary>
    /// Skips the test where the machine does not accelerate vectors of that width. Those of 512 bits run by halves where only 256 are accelerated.
    /// </summary>
    public static void RequireHardware(SimdLevel level)
    {
        if (!Runs(level))
        {
            Assert.Ignore($"This machine does not accelerate {level}.");
        }
    }

    private static bool Runs(SimdLevel level) => level switch
    {
        SimdLevel.Vector512 or SimdLevel.Vector256 => Vector256.IsHardwareAccelerated,
        SimdLevel.Vector128 => Vector128.IsHardwareAccelerated,
        _ => true,
    };
}
