using Engine.Tests.Devices;
using Engine.Tests.Memory;
using NUnit.Framework;

namespace Engine.Tests.Autodiff;

/// <summary>Graphs of a hundred thousand steps, on a small stack, and the memory of a pass.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class DeepGraphTests(string deviceName) : DeviceFixture(deviceName)
{
    private const int Depth = 100_000;

    [Test]
    public void Backward_DeepChain_NeedsNoStack() => OnASmallStack(() =>
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Tensor.From<float>([1], Device).WithGrad();
        Tensor y = x;
        for (int i = 0; i < Depth; i++)
        {
            y += x;
        }
        y.Backward();
        Assert.That(x.Grad!.Item(), Is.EqualTo(Depth + 1));
    });

    [Test]
    public void ComputationGraph_DeepChain_NeedsNoStack() => OnASmallStack(() =>
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor y = Tensor.From<float>([1], Device).WithGrad();
        for (int i = 0; i < 20_000; i++)
        {
            y = -y;
        }
        Assert.That(ComputationGraph.Of(y).Nodes, Has.Count.EqualTo(20_001));
    });

    [Test]
    public void Backward_LongChain_ReleasesMemoryAsItGoes()
    {
        const int Steps = 20, Elements = 16 << 10;
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Tensor.Full([Elements], 0.01, device: Device).WithGrad();
        long start = ForgottenTensors.Settled(Device).InUse;
        var seen = new List<long>();
        Tensor y = x;
        for (int i = 0; i < Steps; i++)
        {
            // Only the graph holds on to the intermediate results.
            using Tensor marked = new Probe(() => seen.Add(Device.Pool.Report.InUse - start)).Apply(y);
            Tensor next = marked.Tanh();
            if (i > 0)
            {
                y.Dispose();
            }
            y = next;
        }

        long bytes = Elements * sizeof(float);
        Assert.That(Device.Pool.Report.InUse - start, Is.EqualTo(Steps * bytes), "one saved result a step");
        y.Backward(y.OnesLike());
        // At the k-th step from the end k results are gone; a few blocks of gradients come and go.
        for (int k = 0; k < Steps; k++)
        {
            Assert.That(seen[k], Is.LessThanOrEqualTo((Steps - k + 4) * bytes), $"{k} steps into the backward pass");
        }
        Assert.That(Device.Pool.Report.InUse - start, Is.LessThanOrEqualTo(3 * bytes), "the last result, its gradient and that of the leaf");
    }

    /// <summary>The identity; calls back when the gradient comes by.</summary>
    private sealed class Probe(Action onBackward) : CustomFunction
    {
        protected override Tensor Forward(ReadOnlySpan<Tensor> inputs) => inputs[0];

        protected override Tensor?[] Backward(Tensor dy)
        {
            onBackward();
            return [dy];
        }
    }

    private static void OnASmallStack(Action test)
    {
        Exception? error = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    test();
                }
                catch (Exception e)
                {
                    error = e;
                }
            },
            maxStackSize: 256 << 10);
        thread.Start();
        thread.Join();
        Assert.That(error, Is.Null);
    }
}
