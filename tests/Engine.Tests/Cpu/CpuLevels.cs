using Engine.Cpu;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

/// <summary>CPU devices with vectors of each width, for comparisons with the reference device.</summary>
internal static class CpuLevels
{
    private static readonly Dictionary<(SimdLevel, int), CpuDevice> s_devices = [];

    /// <summary>A device that tests share. Skips the test where the machine does not accelerate the width.</summary>
    public static CpuDevice Device(SimdLevel level, int threads = 1)
    {
        SimdWidths.RequireHardware(level);
        lock (s_devices)
        {
            if (!s_devices.TryGetValue((level, threads), out CpuDevice? device))
            {
                s_devices[(level, threads)] = device = new CpuDevice($"cpu {level} {threads}", threads, level);
            }
            return device;
        }
    }

    /// <summary>Random values on the reference device, from a seed.</summary>
    public static Tensor Random(Shape shape, int seed, double low, double high, DType dtype)
    {
        var random = new Random(seed);
        var values = new double[shape.ElementCount];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = low + (random.NextDouble() * (high - low));
        }
        return Tensor.From<double>(values, shape, ReferenceDevice.Shared).To(dtype);
    }

    /// <summary>Fails where two tensors differ by more than a relative and absolute tolerance; NaN equals NaN.</summary>
    public static void AssertClose(Tensor actual, Tensor expected, double tolerance, string what)
    {
        double[] a = actual.To(DType.Float64).ToArray<double>(), e = expected.To(DType.Float64).ToArray<double>();
        Assert.That(a, Has.Length.EqualTo(e.Length), what);
        for (int i = 0; i < a.Length; i++)
        {
            bool same = a[i].Equals(e[i]) || a[i] == e[i] || Math.Abs(a[i] - e[i]) <= tolerance * (1 + Math.Abs(e[i]));
            if (!same)
            {
                Assert.Fail($"{what}: element {i} of {actual.Shape} is {a[i]:R}, expected {e[i]:R}");
            }
        }
    }
}
