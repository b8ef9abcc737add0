using Engine.Nn;

namespace Engine.Tests.Capture;

/// <summary>
/// Training of a small network with everything whose replay could go wrong: running statistics, dropout, state of the optimizer, a rate
/// that changes, clipping. Run twice, eagerly and captured, it has to give the same bits.
/// </summary>
internal sealed class CapturedTraining : IDisposable
{
    public const int BatchSize = 4;

    private readonly Device _device;
    private readonly double? _clip;

    public CapturedTraining(Device device, Func<IEnumerable<Tensor>, Optimizer> makeOptimizer, double? clip = null, double dropout = 0.3)
    {
        (_device, _clip) = (device, clip);
        Generator masks = new(11);
        Model =
        [
            new Conv2d(1, 3, 3, generator: new Generator(1)),
            new BatchNorm2d(3),
            new Relu(),
            new MaxPool2d(2),
            new Dropout(dropout, masks),
            new Flatten(),
            new Linear(12, 5, generator: new Generator(2)),
            new Dropout(dropout, masks),
            new Linear(5, 3, generator: new Generator(3)),
        ];
        Model.To(device);
        Model.Train();
        Optimizer = makeOptimizer(Model.Parameters);
        Images = Tensor.Zeros([BatchSize, 1, 6, 6], device: device);
        Classes = Tensor.Zeros([BatchSize], DType.Int64, device);
    }

    public Sequential Model { get; }

    public Optimizer Optimizer { get; }

    public Tensor Images { get; }

    public Tensor Classes { get; }

    public CapturedStep? Captured { get; private set; }

    public List<double> Losses { get; } = [];

    /// <summary>The batch of a step, made on the host.</summary>
    public (Tensor Images, Tensor Classes) Batch(int step, int size = BatchSize)
    {
        Random random = new(step);
        float[] pixels = new float[size * 36];
        long[] classes = new long[size];
        for (int i = 0; i < pixels.Length; i++)
        {
            pixels[i] = random.NextSingle() - 0.5f;
        }
        for (int i = 0; i < size; i++)
        {
            classes[i] = random.Next(3);
        }
        return (Tensor.From<float>(pixels, [size, 1, 6, 6], _device), Tensor.From<long>(classes, _device));
    }

    public void RunEagerly(int step, int size = BatchSize)
    {
        using TensorScope scope = TensorScope.Begin();
        (Tensor images, Tensor classes) = Batch(step, size);
        Losses.Add(Step(images, classes).Item());
    }

    public void Replay(int step)
    {
        Captured ??= _device.CaptureOnUse(() => Step(Images, Classes), [Images, Classes]);
        using TensorScope scope = TensorScope.Begin();
        (Tensor images, Tensor classes) = Batch(step);
        Captured.Replay(images, classes);
        Losses.Add(Captured.Output.Item());
    }

    public float[] State() => [.. Model.StateDict().Values.SelectMany(static t => t.ToArray<float>())];

    public Tensor Step(Tensor images, Tensor classes)
    {
        Optimizer.ZeroGrad();
        Tensor loss = Model.Forward(images).CrossEntropy(classes);
        loss.Backward();
        if (_clip is { } norm)
        {
            Optimizer.Parameters.ClipGradNorm(norm);
        }
        Optimizer.Step();
        return loss;
    }

    public void Dispose() => Captured?.Dispose();
}
