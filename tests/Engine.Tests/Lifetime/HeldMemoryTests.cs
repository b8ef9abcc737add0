using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;
using Engine.Cpu;
using Engine.Nn;
using Engine.Tests.Devices;
using Engine.Tests.Nn;
using NUnit.Framework;

namespace Engine.Tests.Lifetime;

/// <summary>What is computed from temporaries, and read from them, while another thread collects and allocates.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class HeldMemoryTests(string deviceName) : DeviceFixture(deviceName)
{
    // The others share the code that matters; a second for each on each device would be a minute.
    private TimeSpan Time => TimeSpan.FromSeconds(Device is CpuDevice { Threads: 2 } ? 1 : 0.2);

    private int Size => Device is HostDevice ? 65536 : 4096;

    [Test]
    public void ToArray_Temporary_GivesItsValues() => Repeat(Size, k =>
        AssertAll(k, Tensor.Full([Size], k, device: Device).ToArray<float>()));

    [Test]
    public void ToArray_TemporaryConverted_GivesItsValues() => Repeat(Size, k =>
        AssertAll<double>(k, Tensor.Full([2, Size / 2], k, device: Device).T.ToArray<double>()));

    [Test]
    public void CopyTo_Temporary_GivesItsValues()
    {
        float[] values = new float[Size];
        Repeat(Size, k =>
        {
            Tensor.Full([Size], k, device: Device).CopyTo<float>(values);
            AssertAll(k, values);
        });
    }

    [Test]
    public void Predict_Temporary_GivesTheSameEachTime()
    {
        var generator = new Generator(7);
        Sequential model = new(new Engine.Nn.Linear(16, Size / 16, generator: generator), new Relu());
        model.To(Device);
        Tensor x = Tensor.Randn([16, 16], generator: generator, device: Device);
        float[] expected = model.Predict(x).ToArray<float>();
        Repeat(Size, _ => Assert.That(model.Predict(x).ToArray<float>().AsSpan().SequenceEqual(expected)));
    }

    [Test]
    public void Operations_Temporaries_GiveTheSameEachTime() => Repeat(256, k =>
    {
        Tensor y = Tensor.Full([16, 16], k, device: Device).MatMul(Tensor.Ones([16, 16], device: Device)) + Tensor.Full([16], 1, device: Device);
        Assert.That(y.Max().Item(), Is.EqualTo((16 * k) + 1));
        Assert.That(y.Softmax().Sum().ToString(), Does.StartWith("16."));
    });

    [Test]
    public void ToDevice_Temporary_GivesItsValues()
    {
        Tensor expected = Tensor.Zeros([1]);
        Repeat(Size, k => AssertAll(k, Tensor.Full([Size], k, device: Device).To(expected.Device).ToArray<float>()));
    }

    [Test]
    public void Save_Temporaries_WritesTheirValues()
    {
        int count = Size / 8;
        using TemporaryFolder folder = new();
        string path = folder.File("a.safetensors");
        Repeat(count, k =>
        {
            Safetensors.Save(path, new Dictionary<string, Tensor> { ["a"] = Tensor.Full([count], k, device: Device) });
            byte[] bytes = File.ReadAllBytes(path);
            AssertAll(k, MemoryMarshal.Cast<byte, float>(bytes.AsSpan(bytes.Length - (count * sizeof(float)))));
        });
    }

    [Test]
    public void AsSpan_TemporaryInItsLoop_GivesItsValues()
    {
        if (Device is not HostDevice)
        {
            Assert.Ignore("The device's memory is not the host's.");
        }
        Repeat(Size, k =>
        {
            int wrong = 0;
            foreach (float value in Tensor.Full([Size], k, device: Device).AsSpan<float>())
            {
                wrong += value == k ? 0 : 1;
            }
            foreach (float value in Tensor.Full([2, Size / 2], k, device: Device).AsTensorSpan<float>())
            {
                wrong += value == k ? 0 : 1;
            }
            HostSpan<float> span = Tensor.Full([Size], k, device: Device).AsSpan<float>();
            for (int i = 0; i < 1000; i++)
            {
                wrong += span[i] == k ? 0 : 1;
            }
            wrong += span.ToArray().Count(value => value != k);
            Assert.That(wrong, Is.Zero);
        });
    }

    [Test]
    public void Pin_Temporary_KeepsItsValues()
    {
        if (Device is not HostDevice)
        {
            Assert.Ignore("The device's memory is not the host's.");
        }
        Repeat(Size, k =>
        {
            using PinnedSpan<float> pin = Tensor.Full([Size], k, device: Device).AsSpan<float>().Pin();
            Span<float> span = pin.Span;
            for (int i = 0; i < 3; i++)
            {
                Assert.That(span.ContainsAnyExcept((float)k), Is.False);
            }
        });
    }

    [Test]
    public void Backward_ManyThreads_GiveTheSameEachTime()
    {
        int size = Device is HostDevice ? 64 : 8;
        Tensor w = Tensor.Randn([size, size], generator: new Generator(3), device: Device);
        float[] expected = Gradient();
        using Churn churn = new(Device, size * size, 1);
        Thread[] threads = new Thread[4];
        int wrong = 0;
        Stopwatch time = Stopwatch.StartNew();
        for (int i = 0; i < threads.Length; i++)
        {
            threads[i] = new Thread(() =>
            {
                while (time.Elapsed < Time)
                {
                    if (!Gradient().AsSpan().SequenceEqual(expected))
                    {
                        Interlocked.Increment(ref wrong);
                    }
                }
            });
            threads[i].Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }
        Assert.That(wrong, Is.Zero);

        float[] Gradient()
        {
            Tensor p = w.Clone().WithGrad();
            p.MatMul(p).Tanh().Sum().Backward();
            return p.Grad!.ToArray<float>();
        }
    }

    [Test]
    public void Loader_UnderCollections_GivesItsSamples()
    {
        Tensor numbers = Tensor.Arange(0, 64 * 1024, device: Device).Reshape(64, 1024);
        DataLoader loader = new(new TensorDataset(numbers, Tensor.Arange(64, Device)), 4) { Device = Device };
        Repeat(4 * 1024, _ =>
        {
            int next = 0;
            foreach (Batch batch in loader.Epoch(0))
            {
                // Not disposed: they are found by the collections.
                float[] values = batch.Inputs.ToArray<float>();
                for (int i = 0; i < values.Length; i++)
                {
                    if (values[i] != next++)
                    {
                        Assert.Fail($"Sample value {next - 1} is {values[i]}.");
                    }
                }
            }
        });
    }

    /// <summary>Looks at all of them at once: what a check costs is time in which nothing can go wrong.</summary>
    private static void AssertAll<T>(T expected, ReadOnlySpan<T> values)
        where T : unmanaged, INumber<T>
    {
        if (values.ContainsAnyExcept(expected))
        {
            Assert.Fail($"{values.Length - values.Count(expected)} of {values.Length} values are not {expected}; one is {values[values.IndexOfAnyExcept(expected)]}.");
        }
    }

    private void Repeat(int churned, Action<int> body)
    {
        using Churn churn = new(Device, churned);
        Stopwatch time = Stopwatch.StartNew();
        for (int k = 1; k < 3 || time.Elapsed < Time; k++)
        {
            body(k % 1000);
        }
    }
}
