using System.Collections.Concurrent;
using Engine.Tests.Devices;
using Engine.Tests.Memory;
using NUnit.Framework;

namespace Engine.Tests.Threads;

/// <summary>One model, many predicting threads; and the same bits whoever computes.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class ThreadTests(string deviceName) : DeviceFixture(deviceName)
{
    private const int ThreadCount = 8;

    [Test]
    public void Predict_ManyThreads_GiveTheBitsOfOne()
    {
        var generator = new Generator(3);
        Tensor filter = Tensor.Randn([6, 2, 3, 3], generator: generator, device: Device), bias = Tensor.Randn([6], generator: generator, device: Device);
        Tensor weight = Tensor.Randn([10, 6 * 4 * 4], generator: generator, device: Device);
        Tensor[] images = [.. Enumerable.Range(0, ThreadCount).Select(_ => Tensor.Randn([3, 2, 8, 8], generator: generator, device: Device))];
        float[][] expected = Array.ConvertAll(images, Predict);

        InParallel(thread =>
        {
            for (int round = 0; round < 10; round++)
            {
                Assert.That(Predict(images[thread]), Is.EqualTo(expected[thread]), $"thread {thread}, round {round}");
            }
        });

        float[] Predict(Tensor x)
        {
            using TensorScope scope = TensorScope.Begin();
            using GradMode.Scope off = GradMode.Off();
            return x.Conv2d(filter, bias, padding: 1, relu: true).MaxPool2d(2).Flatten(1).Linear(weight).Softmax().ToArray<float>();
        }
    }

    [Test]
    public void Train_OneNetworkPerThread_GivesTheBitsOfOne()
    {
        float[][] expected = [.. Enumerable.Range(0, ThreadCount).Select(Train)];
        var results = new ConcurrentDictionary<int, float[]>();
        InParallel(thread => results[thread] = Train(thread));
        for (int thread = 0; thread < ThreadCount; thread++)
        {
            Assert.That(results[thread], Is.EqualTo(expected[thread]), $"thread {thread}");
        }

        float[] Train(int seed)
        {
            var generator = new Generator(seed);
            Tensor w = Tensor.Randn([5, 7], generator: generator, device: Device).WithGrad(), x = Tensor.Randn([6, 7], generator: generator, device: Device);
            Tensor target = Tensor.RandInt([6], 0, 5, generator, Device);
            for (int step = 0; step < 5; step++)
            {
                using TensorScope scope = TensorScope.Begin();
                w.ClearGrad();
                x.Linear(w).CrossEntropy(target).Backward();
                using GradMode.Scope off = GradMode.Off();
                w.AddInPlace(w.Grad!, scale: -0.1);
            }

            return w.ToArray<float>();
        }
    }

    [Test]
    public void Repeat_SameComputation_GivesTheSameBits()
    {
        var generator = new Generator(9);
        Tensor a = Tensor.Randn([70, 130], generator: generator, device: Device), b = Tensor.Randn([130, 50], generator: generator, device: Device);
        float[] product = a.MatMul(b).ToArray<float>(), sums = a.Sum(0).ToArray<float>();
        float all = (float)a.Sum().Item();
        for (int round = 0; round < 5; round++)
        {
            Assert.That(a.MatMul(b).ToArray<float>(), Is.EqualTo(product));
            Assert.That(a.Sum(0).ToArray<float>(), Is.EqualTo(sums));
            Assert.That((float)a.Sum().Item(), Is.EqualTo(all));
            // Another address, another alignment, the same bits.
            Tensor moved = Tensor.Concat([Tensor.Zeros([1], device: Device), a.Flatten()]).Narrow(0, 1, 70 * 130);
            Assert.That((float)moved.Sum().Item(), Is.EqualTo((float)a.Flatten().Sum().Item()));
        }
    }

    [Test]
    public void Pool_ManyThreads_LosesNothing()
    {
        long before = ForgottenTensors.Settled(Device).InUse;
        InParallel(thread =>
        {
            for (int i = 0; i < 200; i++)
            {
                using Tensor x = Tensor.Full([1 + (i * 7 % 300)], thread, device: Device);
                using Tensor y = x.Clone();
                Assert.That(y.ToArray<float>(), Is.All.EqualTo(thread));
            }
        });
        Assert.That(Device.Pool.Report.InUse, Is.EqualTo(before));
    }

    private static void InParallel(Action<int> body)
    {
        var errors = new ConcurrentQueue<Exception>();
        Thread[] threads = [.. Enumerable.Range(0, ThreadCount).Select(i => new Thread(() =>
        {
            try
            {
                body(i);
            }
            catch (Exception e)
            {
                errors.Enqueue(e);
            }
        }))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }
        foreach (Thread thread in threads)
        {
            thread.Join();
        }
        Assert.That(errors, Is.Empty);
    }
}
