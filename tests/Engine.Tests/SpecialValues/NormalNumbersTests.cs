using Engine.Cpu;
using Engine.Gpu;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.SpecialValues;

/// <summary>Normal numbers of a seed are the same bits everywhere, and normal.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.Others))]
internal sealed class NormalNumbersTests(string deviceName) : DeviceFixture(deviceName)
{
    [Test]
    public void Randn_EveryDevice_HasTheBitsOfTheProcessor()
    {
        using CpuDevice processor = new("normal-test", threads: 1);
        int count = Device is CpuDevice ? 1_000_000 : Device is CudaDevice ? 3_000 : 100_000;
        foreach ((double mean, double std) in ((double, double)[])[(0, 1), (0.3, 0.02)])
        {
            foreach (DType dtype in (DType[])[DType.Float16, .. FullTypes])
            {
                double[] here = Tensor.Randn([count], mean, std, new Generator(42), dtype, Device).ToArray<double>();
                double[] there = Tensor.Randn([count], mean, std, new Generator(42), dtype, processor).ToArray<double>();
                Assert.That(here.AsSpan().SequenceEqual(there), $"{dtype}, mean {mean}, deviation {std}: {Enumerable.Range(0, count).Count(i => here[i] != there[i])} of {count} differ");
            }
        }
    }

    [Test]
    public void Randn_EveryUniformNumber_IsBoxAndMullersTransform()
    {
        // Each number by the definition, from the words of the generator.
        const int Count = 2_000;
        Span<double> p = stackalloc double[8];
        Generator words = new(7);
        words.Next(p[..4]);
        words.Next(p[4..]);
        float[] actual = Tensor.Randn([Count], generator: new Generator(7), device: Device).ToArray<float>();
        for (int i = 0; i < Count; i++)
        {
            double u = Philox.Uniform((uint)p[0], (uint)p[1], (uint)p[2], (uint)p[3], i), v = Philox.Uniform((uint)p[4], (uint)p[5], (uint)p[6], (uint)p[7], i);
            double expected = Math.Sqrt(-2 * Math.Log(1 - u)) * Math.Cos(2 * Math.PI * v);
            Assert.That(actual[i], Is.EqualTo(expected).Within(1e-9 + (4e-7 * Math.Abs(expected))), $"number {i}, u {u}, v {v}");
        }
    }

    [Test]
    public void Randn_Moments_AreNormal()
    {
        int count = Device is CudaDevice ? 10_000 : 200_000;
        double[] z = Tensor.Randn([count], generator: new Generator(1), device: Device).ToArray<double>();
        double error = 4 / Math.Sqrt(count);
        Assert.That(z.Average(), Is.Zero.Within(error));
        Assert.That(z.Average(x => x * x), Is.EqualTo(1).Within(1.5 * error));
        Assert.That(z.Average(x => x * x * x * x), Is.EqualTo(3).Within(10 * error));
        Assert.That(z.Average(x => x * x * x), Is.Zero.Within(4 * error));
    }
}
