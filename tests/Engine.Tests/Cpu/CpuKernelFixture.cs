using System.Collections.Concurrent;
using System.Numerics;
using Engine.Cpu;
using Engine.Tests.Comparison;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

/// <summary>
/// Tests of the CPU's kernels at the backend seam, one fixture for each width of vectors and some numbers of threads. A call is made twice
/// on the CPU, which must give the same bits, and once on the reference device.
/// </summary>
internal abstract class CpuKernelFixture(SimdLevel level, int threads)
{
    private static readonly ConcurrentDictionary<string, (Shape Shape, double[] Values)[]> s_expected = new();

    private static readonly Queue<((long Count, int Seed, double Mean, double Deviation) Of, double[] Values)> s_normal = new();

    private CpuDevice? _device;

    /// <summary>For <see cref="TestFixtureSourceAttribute"/>.</summary>
    public static IEnumerable<TestFixtureData> Widths
    {
        get
        {
            foreach ((SimdLevel level, int threads) in ((SimdLevel, int)[])
            [
                (SimdLevel.Vector512, 1), (SimdLevel.Vector512, 2), (SimdLevel.Vector512, 3), (SimdLevel.Vector256, 2), (SimdLevel.Vector128, 1), (SimdLevel.Scalar, 1),
            ])
            {
                yield return new TestFixtureData(level, threads);
            }
        }
    }

    /// <summary>The CPU with the fixture's vectors and threads.</summary>
    protected CpuDevice Cpu => _device!;

    /// <summary>The width of the vectors.</summary>
    protected SimdLevel Level => level;

    [OneTimeSetUp]
    public void StartThreads()
    {
        SimdWidths.RequireHardware(level);
        _device = new CpuDevice("kernel-test", threads, level);
    }

    [OneTimeTearDown]
    public void EndThreads() => _device?.Dispose();

    /// <summary>Random numbers on a grid of halves in [−4, 4], so that equal ones are common; <paramref name="nan"/> sprinkles NaN among them.</summary>
    protected static double[] Grid(long count, int seed, bool nan = false)
    {
        Random random = new(seed);
        var values = new double[count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = nan && random.Next(9) == 0 ? double.NaN : random.Next(-8, 9) / 2.0;
        }
        return values;
    }

    /// <summary>Random numbers from the normal distribution. The latest are kept, as each case makes its operands three times.</summary>
    protected static double[] Normal(long count, int seed, double mean = 0, double deviation = 1)
    {
        const int Kept = 16;
        (long, int, double, double) of = (count, seed, mean, deviation);
        double[]? values = s_normal.FirstOrDefault(kept => kept.Of == of).Values;
        if (values is not null)
        {
            return [.. values];
        }

        Random random = new(seed);
        values = new double[count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = mean + (deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        }

        s_normal.Enqueue((of, values));
        if (s_normal.Count > Kept)
        {
            s_normal.Dequeue();
        }

        return [.. values];
    }

    /// <summary>A contiguous tensor of the values in type T.</summary>
    protected static Tensor Make<T>(Device device, Shape shape, double[] values) where T : unmanaged, INumberBase<T> =>
        Tensor.From<T>([.. values.Select(T.CreateSaturating)], shape, device);

    /// <summary>What <paramref name="run"/> returns must be equal bit for bit in two runs on the CPU and close to what the reference computes.</summary>
    /// <param name="what">Names the case: the fixtures share what the reference computed for it.</param>
    /// <param name="run">Makes the operands on a device, calls its backend and returns the results.</param>
    /// <param name="relative">Allowed error relative to each expected number.</param>
    /// <param name="absolute">Allowed error on top of that.</param>
    protected void AssertMatchesReference(string what, Func<Device, Tensor[]> run, double relative, double absolute = 0)
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor[] actual = run(Cpu), again = run(Cpu);
        (Shape Shape, double[] Values)[] expected = s_expected.GetOrAdd(
            $"{GetType().Name}: {what}", _ => [.. run(ReferenceDevice.Shared).Select(x => (x.Shape, x.ToArray<double>()))]);
        Assert.That(actual, Has.Length.EqualTo(expected.Length));
        for (int i = 0; i < expected.Length; i++)
        {
            double[] values = actual[i].ToArray<double>();
            Close.AssertAll($"{what}, result {i}, second run", values, again[i].ToArray<double>(), 0, 0);
            Assert.That(actual[i].Shape, Is.EqualTo(expected[i].Shape), $"{what}, result {i}");
            Close.AssertAll($"{what}, result {i}", expected[i].Values, values, relative, absolute);
        }
    }
}
