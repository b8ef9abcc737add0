using Engine.Gpu;
using Engine.Nn;
using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Tests.Capture;

/// <summary>
/// A loader uploads its batches while steps are under way. Whenever the card's streams do their work, training has the same bits as where each call is carried out at once.
/// </summary>
[TestFixture]
internal sealed class UploadsBesideStepsTests
{
    // Large enough to go beside the step.
    private const int Batch = 32, Features = 640, Batches = 9;

    [Test]
    public void Training_WithUploadsBesideSteps_HasTheSameBits([Values] bool captured, [Values(0, 3)] int prefetch)
    {
        float[] expected = Train(StreamOrder.AtOnce, captured, prefetch);
        Assert.That(Train(StreamOrder.Late, captured, prefetch), Is.EqualTo(expected));
        Assert.That(Train(StreamOrder.OthersFirst, captured, prefetch), Is.EqualTo(expected));
        Assert.That(expected, Has.None.NaN);
    }

    private static float[] Train(StreamOrder order, bool captured, int prefetch)
    {
        Device before = Device.Default;
        using CudaDevice device = InterpretedCuda.CreateDevice(out FakeDevice card);
        try
        {
            Device.Default = device;
            Linear model = new(Features, 3, generator: new Generator(1));
            Adam optimizer = new(model.Parameters, 1e-2);
            Random random = new(4);
            float[] pixels = new float[Batch * Batches * Features];
            for (int i = 0; i < pixels.Length; i++)
            {
                pixels[i] = random.NextSingle() - 0.5f;
            }

            long[] classes = [.. Enumerable.Range(0, Batch * Batches).Select(_ => random.NextInt64(3))];
            TensorDataset data = new(Tensor.From<float>(pixels, [Batch * Batches, Features]), Tensor.From<long>(classes));
            DataLoader loader = new(data, Batch) { Shuffle = true, Seed = 2, Prefetch = prefetch };
            Tensor x = Tensor.Zeros([Batch, Features]), target = Tensor.Zeros([Batch], DType.Int64);
            device.Synchronize();
            card.Order = order;
            using CapturedStep? step = captured ? device.Capture(() => Step(model, optimizer, x, target), [x, target]) : null;
            for (int epoch = 0; epoch < 2; epoch++)
            {
                foreach (Batch batch in loader.Epoch(epoch))
                {
                    using (batch)
                    using (TensorScope.Begin())
                    {
                        if (step is not null)
                        {
                            step.Replay(batch.Inputs, batch.Targets);
                        }
                        else
                        {
                            Step(model, optimizer, batch.Inputs, batch.Targets);
                        }
                    }
                }
            }

            return [.. model.Parameters.SelectMany(static p => p.ToArray<float>())];
        }
        finally
        {
            Device.Default = before;
        }
    }

    private static void Step(Layer model, Optimizer optimizer, Tensor x, Tensor target)
    {
        optimizer.ZeroGrad();
        Tensor loss = model.Forward(x).CrossEntropy(target);
        loss.Backward();
        optimizer.Step();
    }
}
