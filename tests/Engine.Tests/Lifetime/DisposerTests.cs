using System.Diagnostics;
using Engine.Cpu;
using Engine.Tests.Devices;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Lifetime;

/// <summary>A reader that races with a disposer gets the right values or an <see cref="ObjectDisposedException"/>.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class DisposerTests(string deviceName) : DeviceFixture(deviceName)
{
    // The others share the code that matters; a second for each on each device would be a minute.
    private TimeSpan Time => TimeSpan.FromSeconds(Device is CpuDevice { Threads: 2 } ? 1 : 0.2);

    private int Size => Device is HostDevice ? 200_000 : 4096;

    [Test]
    public void ToArray_DisposedMeanwhile_GivesItsValuesOrThrows() => Race(x => x.ToArray<float>());

    [Test]
    public void Operation_DisposedMeanwhile_GivesItsValuesOrThrows() => Race(x => (x + 0).ToArray<float>());

    [Test]
    public void Item_DisposedMeanwhile_GivesItsValuesOrThrows() => Race(x => [(float)x.Max().Item(), (float)x.Narrow(0, 7, 1).Item()]);

    [Test]
    public void AsSpan_DisposedMeanwhile_GivesItsValuesOrThrows()
    {
        if (Device is not HostDevice)
        {
            Assert.Ignore("The device's memory is not the host's.");
        }
        Race(x =>
        {
            List<float> values = [];
            foreach (float value in x.AsSpan<float>())
            {
                values.Add(value);
            }
            return [.. values];
        });
    }

    [Test]
    public void AddReference_Released_AlwaysFails()
    {
        Tensor tensor = Tensor.Ones([1000], device: Device);
        Storage storage = tensor.Storage;
        tensor.Dispose();
        for (int i = 0; i < 5; i++)
        {
            Assert.That(storage.AddReference, Throws.TypeOf<ObjectDisposedException>(), $"attempt {i}");
            Assert.That(storage.References, Is.Zero, $"attempt {i}");
        }

        Assert.That(() => Tensor.Wrap(new Operand(storage, DType.Float32, Layout.Contiguous([1000]))), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => Device.Download(storage, 0, new byte[4]), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => Device.Upload(new byte[4], storage, 0), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Transfer_OutsideOfTheMemoryOrElsewhere_Throws()
    {
        using Tensor tensor = Tensor.Ones([4], device: Device);
        foreach (long offset in (long[])[-1, 1, 17, long.MaxValue, long.MaxValue - 3])
        {
            Assert.That(() => Device.Upload(new byte[16], tensor.Storage, offset), Throws.TypeOf<ArgumentOutOfRangeException>(), $"{offset}");
            Assert.That(() => Device.Download(tensor.Storage, offset, new byte[16]), Throws.TypeOf<ArgumentOutOfRangeException>(), $"{offset}");
        }

        using Tensor elsewhere = Tensor.Ones([4], device: new ReferenceDevice());
        Assert.That(() => Device.Download(elsewhere.Storage, 0, new byte[16]), Throws.TypeOf<DeviceMismatchException>());
        Assert.That(() => Device.Upload(new byte[16], elsewhere.Storage, 0), Throws.TypeOf<DeviceMismatchException>());
        Assert.That(() => Device.Download(null!, 0, new byte[16]), Throws.ArgumentNullException);
    }

    [Test]
    public void Dispose_ManyThreads_GivesTheBlockBackOnce()
    {
        for (int round = 0; round < 200; round++)
        {
            Tensor tensor = Tensor.Empty([1000], device: Device);
            Tensor view = tensor.Reshape(10, 100);
            Parallel.Invoke(tensor.Dispose, tensor.Dispose, view.Dispose, view.Dispose);
            using Tensor first = Tensor.Empty([1000], device: Device), second = Tensor.Empty([1000], device: Device);
            Assert.That(first.Storage.Handle, Is.Not.EqualTo(second.Storage.Handle));
        }
    }

    private void Race(Func<Tensor, float[]> read)
    {
        Stopwatch time = Stopwatch.StartNew();
        Thread[] threads = new Thread[3];
        string? failure = null;
        for (int i = 0; i < threads.Length; i++)
        {
            int seed = i;
            threads[i] = new Thread(() =>
            {
                using Barrier start = new(2);
                Tensor? shared = null;
                bool isEnding = false;
                Thread disposer = new(() =>
                {
                    while (true)
                    {
                        start.SignalAndWait();
                        if (isEnding)
                        {
                            return;
                        }
                        Thread.SpinWait(Random.Shared.Next(2000));
                        shared!.Dispose();
                        using Tensor other = Tensor.Full([Size], Churn.Trace, device: Device);
                        start.SignalAndWait();
                    }
                });
                disposer.Start();
                for (int k = 0; k < 3 || time.Elapsed < Time; k++)
                {
                    float value = (k * 10) + seed;
                    shared = Tensor.Full([Size], value, device: Device);
                    start.SignalAndWait();
                    try
                    {
                        float[] values = read(shared);
                        int wrong = values.Count(v => v != value);
                        if (wrong > 0)
                        {
                            failure = $"{wrong} of {values.Length} values are not {value}, one is {values.First(v => v != value)}";
                        }
                    }
                    catch (ObjectDisposedException)
                    {
                        // The other legal outcome.
                    }
                    catch (Exception e)
                    {
                        failure = e.ToString();
                    }

                    start.SignalAndWait();
                }

                isEnding = true;
                start.SignalAndWait();
                disposer.Join();
            });
            threads[i].Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }
        Assert.That(failure, Is.Null);
    }
}
