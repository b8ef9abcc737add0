using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>A run that goes on from a file ends with the bits of one that was never interrupted.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class CheckpointResumeTests(string deviceName) : DeviceFixture(deviceName)
{
    private const int Epochs = 2;
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public void Resumed_FromTheCheckpointOfAnyStep_EndsWithTheSameBits()
    {
        // Shuffling, random crops, dropout, batch statistics, Adam's moments: everything that a file could forget.
        CheckpointFolder checkpoints = new(_folder.Path, keep: 100);
        Trainer whole = NewTrainer(seed: 1, new ModelCheckpoint(checkpoints) { EverySteps = 1 });
        whole.Fit(Data(), epochs: Epochs);
        Dictionary<string, byte[]> expected = Bits(whole.Model);
        Assert.That(checkpoints.Files, Has.Count.EqualTo(Epochs * Data().BatchCount));

        foreach ((long step, string file) in checkpoints.Files)
        {
            // Another seed, so that whatever is not in the file differs.
            Trainer resumed = NewTrainer(seed: 99);
            resumed.Load(Checkpoint.Load(file, Device));
            Assert.That(resumed.Step, Is.EqualTo(step));
            resumed.Fit(Data(), epochs: Epochs);
            Assert.That(Bits(resumed.Model), Is.EqualTo(expected), $"resumed after step {step}");
            Assert.That(resumed.History["loss"], Is.EqualTo(whole.History["loss"]), $"resumed after step {step}");
        }
    }

    [Test]
    public void Resumed_AfterACancellation_EndsWithTheSameBits()
    {
        Trainer whole = NewTrainer(seed: 1);
        whole.Fit(Data(), epochs: Epochs);

        using CancellationTokenSource source = new();
        CheckpointFolder checkpoints = new(_folder.Path);
        Trainer cancelled = NewTrainer(seed: 1, new LambdaCallback { StepEnd = c => Cancel(c, source) }, new ModelCheckpoint(checkpoints));
        Assert.That(() => cancelled.Fit(Data(), epochs: Epochs, cancellationToken: source.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(cancelled.Step, Is.EqualTo(3));

        Trainer resumed = NewTrainer(seed: 99);
        resumed.Load(Checkpoint.Load(checkpoints.Latest!, Device));
        resumed.Fit(Data(), epochs: Epochs);
        Assert.That(Bits(resumed.Model), Is.EqualTo(Bits(whole.Model)));

        static void Cancel(TrainingContext context, CancellationTokenSource source)
        {
            if (context.Step == 3)
            {
                source.Cancel();
            }
        }
    }

    private DataLoader Data()
    {
        byte[] pixels = new byte[22 * 36];
        new Random(5).NextBytes(pixels);
        ImageDataset images = new(pixels, [.. Enumerable.Range(0, 22).Select(static i => (byte)(i % 3))], [1, 6, 6]);
        return new DataLoader(images.With(new RandomCrop(1), new RandomHorizontalFlip()), 5) { Shuffle = true, Seed = 7, Device = Device };
    }

    private Trainer NewTrainer(long seed, params Callback[] callbacks)
    {
        Generator generator = new(seed);
        Sequential model = new Sequential(
            new Conv2d(1, 4, 3, padding: 1, bias: false, generator: generator),
            new BatchNorm2d(4),
            new Relu(),
            new MaxPool2d(2),
            new Flatten(),
            new Dropout(0.3, generator),
            new Linear(36, 3, generator: generator)).To(Device);
        return new Trainer(model, new Adam(model.Parameters, 0.01), Losses.CrossEntropy) { Metrics = [new Accuracy()], Callbacks = callbacks };
    }

    private static Dictionary<string, byte[]> Bits(Module model)
    {
        Dictionary<string, byte[]> bits = [];
        foreach ((string name, Tensor tensor) in model.StateDict())
        {
            byte[] bytes = new byte[tensor.ElementCount * tensor.DType.SizeInBytes()];
            tensor.Device.Download(tensor.Storage, 0, bytes);
            bits.Add(name, bytes);
        }

        return bits;
    }
}
