using System.Diagnostics;
using Engine.Cpu;
using Engine.Nn;
using Engine.Tests.Devices;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Lifetime;

/// <summary>A model that one thread moves while others use it.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class MovingTests(string deviceName) : DeviceFixture(deviceName)
{
    // The others share the code that matters; a second for each on each device would be a minute.
    private TimeSpan Time => TimeSpan.FromSeconds(Device is CpuDevice { Threads: 2 } ? 1 : 0.2);

    [Test]
    public void ToType_WhileOthersPredict_GivesTheRightPredictionOrATypedError()
    {
        // No other type keeps a float32 parameter's bits on the way there and back.
        RequireFloat64();
        var generator = new Generator(1);
        Sequential model = new(
            new Conv2d(1, 4, 3, generator: generator), new Relu(), new Flatten(),
            new Engine.Nn.Linear(4 * 4 * 4, 10, generator: generator));
        model.To(Device);
        Tensor x = Tensor.Randn([2, 1, 6, 6], generator: generator, device: Device);
        double[] expected = model.Predict(x).ToArray<double>();
        Run(
            () =>
            {
                model.To(DType.Float64);
                model.To(DType.Float32);
            },
            () =>
            {
                double[] actual = model.Predict(x.Detach()).ToArray<double>();
                for (int i = 0; i < actual.Length; i++)
                {
                    Assert.That(actual[i], Is.EqualTo(expected[i]).Within(1e-4));
                }
            },
            mayRefuse: true);
    }

    [Test]
    public void ToDevice_WhileOthersPredict_GivesTheRightPredictionOrATypedError()
    {
        var elsewhere = new ReferenceDevice();
        var generator = new Generator(2);
        Sequential model = new(new Engine.Nn.Linear(16, 8, generator: generator), new Relu(), new Engine.Nn.Linear(8, 8, generator: generator));
        model.To(Device);
        Tensor x = Tensor.Randn([2, 16], generator: generator, device: Device);
        double[] expected = model.Predict(x).ToArray<double>();
        Run(
            () =>
            {
                model.To(elsewhere);
                model.To(Device);
            },
            () => Assert.That(model.Predict(x.Detach()).ToArray<double>(), Is.EqualTo(expected).Within(1e-4)),
            mayRefuse: true);
    }

    [Test]
    public void MoveTo_WhileOthersRead_GivesOneOfTheTwo()
    {
        DType other = Device.HasFloat64 ? DType.Float64 : DType.Float16;
        Tensor tensor = Tensor.Full([64, 65], 1, device: Device).T, narrow = Tensor.Full([65, 64], 2, other, Device), wide = tensor.Clone().T.Clone().T;
        Run(
            () =>
            {
                tensor.SetData(narrow);
                tensor.SetData(wide);
            },
            () =>
            {
                float[] values = tensor.ToArray<float>();
                Assert.That(values, values[0] == 1 ? Has.All.EqualTo(1f) : Has.All.EqualTo(2f));
                Assert.That(tensor.Reshape(64, 65).Max().Item(), Is.EqualTo(1).Or.EqualTo(2));
                Assert.That(tensor[1..3, ^2..].Min().Item(), Is.EqualTo(1).Or.EqualTo(2));
            },
            mayRefuse: false);
    }

    [Test]
    public void MoveTo_Disposed_StaysDisposed()
    {
        Tensor tensor = Tensor.Ones([8], device: Device), target = Tensor.Zeros([8], device: Device);
        tensor.Dispose();
        Assert.That(() => tensor.SetData(target), Throws.TypeOf<ObjectDisposedException>());
        Assert.That((tensor.IsDisposed, target.Storage.References), Is.EqualTo((true, 1)));
    }

    [Test]
    public void MoveTo_DisposedMeanwhile_GivesTheMemoryBack()
    {
        for (int round = 0; round < 300; round++)
        {
            Tensor tensor = Tensor.Ones([8], device: Device), target = Tensor.Zeros([8], device: Device);
            Parallel.Invoke(
                tensor.Dispose,
                () =>
                {
                    try
                    {
                        tensor.SetData(target);
                    }
                    catch (ObjectDisposedException)
                    {
                        // Too late.
                    }
                });
            Assert.That((tensor.IsDisposed, target.Storage.References), Is.EqualTo((true, 1)));
        }
    }

    private void Run(Action move, Action use, bool mayRefuse)
    {
        Stopwatch time = Stopwatch.StartNew();
        Exception? failure = null;
        Thread[] threads = new Thread[4];
        for (int i = 0; i < threads.Length; i++)
        {
            bool moves = i == 0;
            threads[i] = new Thread(() =>
            {
                try
                {
                    for (int k = 0; k < 3 || time.Elapsed < Time; k++)
                    {
                        using TensorScope scope = TensorScope.Begin();
                        try
                        {
                            (moves ? move : use)();
                        }
                        catch (Exception e) when (mayRefuse && e is DeviceMismatchException or DTypeMismatchException)
                        {
                            // The model, or a part of it, was elsewhere or of another type.
                        }
                    }
                }
                catch (Exception e)
                {
                    failure = e;
                }
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
