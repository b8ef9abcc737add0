using Engine.PtxInterpreter;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>
/// The OpenCL device of this machine under several descriptions, so that kernels for cards, small groups and poor languages run here too,
/// and the interpreter of PTX.
/// </summary>
internal static class KernelDevices
{
    private static readonly Dictionary<string, GpuDevice> s_devices = [];
    private static readonly Lock s_lock = new();

    /// <summary>Names of the descriptions: as it is; as a card; as a small card with small groups, where calls are soon long; as PTX, with double precision and without.</summary>
    public static string[] All => ["processor", "card", "small", "interpreter", "interpreter without float64"];

    /// <summary>As it is, and without math functions, which PTX never has.</summary>
    public static string[] WithAndWithoutMath => ["processor", "plain", "interpreter", "interpreter without float64"];

    /// <summary>Skips a test of float64 on a device without it, where making such a tensor is what fails, at once.</summary>
    public static void RequireFloat64(Device device)
    {
        if (!device.HasFloat64)
        {
            Assert.That(() => Tensor.Empty([1], DType.Float64, device), Throws.TypeOf<OperationNotSupportedException>().With.Message.Contains("double precision"));
            Assert.Ignore("the device has no double precision");
        }
    }

    /// <summary>
    /// Skips a test that lowers the limits of a processor: its compiler takes a third of a second for a small kernel, seconds for attention, ten minutes for all variants.
    /// The interpreter runs the kernels of cards in seconds.
    /// </summary>
    public static void SkipOnProcessor(GpuTarget target)
    {
        if (target.IsProcessor && !WantedDevices.AreNamed)
        {
            Assert.Ignore("a processor compiles the variants of all kernels for ten minutes; ENGINE_TEST_DEVICES=opencl runs them");
        }
    }

    /// <summary>The device under a description; the test is skipped where there is no OpenCL.</summary>
    public static GpuDevice Get(string name)
    {
        lock (s_lock)
        {
            if (s_devices.TryGetValue(name, out GpuDevice? device))
            {
                return device;
            }

            if (name.StartsWith("interpreter", StringComparison.Ordinal))
            {
                return s_devices[name] = name == "interpreter" ? InterpretedCuda.CreateDevice() : InterpretedCuda.CreateDeviceWithoutFloat64();
            }

            GpuTarget target;
            using (OpenClDriver driver = OpenClMachine.NewDriver())
            {
                target = driver.Target;
            }

            if (name != "processor")
            {
                SkipOnProcessor(target);
            }

            target = name switch
            {
                "processor" => target,
                "card" => target with { IsProcessor = false, ComputeUnits = 8 },
                "small" => target with { IsProcessor = false, MaxGroupSize = 64, ComputeUnits = 1, MaxArgumentBytes = 1024 },
                "plain" => target with { IsProcessor = false, MaxGroupSize = 64, ComputeUnits = 1, HasMathFunctions = false },
                _ => throw new ArgumentOutOfRangeException(nameof(name)),
            };
            return s_devices[name] = new OpenClDevice($"opencl:0 as {name}", OpenClMachine.NewDriver(target));
        }
    }
}
