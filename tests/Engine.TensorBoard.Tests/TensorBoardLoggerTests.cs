using Engine.Nn;
using NUnit.Framework;

namespace Engine.TensorBoard.Tests;

internal sealed class TensorBoardLoggerTests
{
    private string _folder = string.Empty;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("tensorboard-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void Run_HasTheFiguresOfTheHistory()
    {
        using TensorBoardLogger logger = new(_folder, everySteps: 2, histogramEpochs: 2);
        (Trainer trainer, DataLoader data) = MakeTrainer(logger);
        History history = trainer.Fit(data, data, epochs: 2);

        List<(long Step, string Tag, byte[] Value)> train = EventReader.Values(Path.Combine(_folder, "train")), validation = EventReader.Values(Path.Combine(_folder, "validation"));
        Assert.That(Scalars(train, "epoch_loss"), Is.EqualTo(history.Epochs.Select(static (e, i) => ((long)i, (float)e["loss"]))));
        Assert.That(Scalars(validation, "epoch_loss"), Is.EqualTo(history.Epochs.Select(static (e, i) => ((long)i, (float)e["val_loss"]))));
        Assert.That(Scalars(train, "epoch_learning_rate"), Is.EqualTo(new (long, float)[] { (0, 0.1f), (1, 0.1f) }));
        Assert.That(Scalars(train, "batch_loss").Select(static s => s.Step), Is.EqualTo(new long[] { 2, 4, 6, 8 }), "four steps an epoch");
        Assert.That(train.Where(static v => v.Tag.Contains('/')).Select(static v => (v.Step, v.Tag)), Is.EqualTo(new[] { (1L, "weights/weight"), (1L, "gradients/weight"), (1L, "weights/bias"), (1L, "gradients/bias") }));
        Assert.That(EventReader.Field(train.Single(static v => v.Tag == "model").Value, 8, 8).Text, Does.Contain("Linear"));
        Assert.That(logger.Failure, Is.Null);
    }

    [Test]
    public void ResumedRun_WritesAFileThatVoidsLaterSteps()
    {
        using TensorBoardLogger logger = new(_folder);
        (Trainer trainer, DataLoader data) = MakeTrainer(logger);
        trainer.Fit(data, epochs: 1);
        trainer.Fit(data, epochs: 2);
        string[] files = [.. Directory.GetFiles(Path.Combine(_folder, "train")).Order(StringComparer.Ordinal)];
        Assert.That(files, Has.Length.EqualTo(2));
        Assert.That(EventReader.Field(EventReader.Records(File.ReadAllBytes(files[1]))[1], 2).Bits, Is.EqualTo(5), "four steps were made");
    }

    [Test]
    public void FolderThatCannotBeMade_EndsTheRunBeforeItBegins()
    {
        string file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "x");
        (Trainer trainer, DataLoader data) = MakeTrainer(new TensorBoardLogger(Path.Combine(file, "run")));
        Assert.Catch<IOException>(() => trainer.Fit(data, epochs: 1));
        Assert.That(trainer.Step, Is.Zero);
    }

    [Test]
    public void NoSpaceLeft_DoesNotEndTheRun()
    {
        FullDisk disk = new();
        using TensorBoardLogger logger = new(_folder, 1, 0, (path, purge, time) => new SummaryWriter(path, _ => new RecordFile(disk), purge, time));
        (Trainer trainer, DataLoader data) = MakeTrainer(logger, new LambdaCallback { TrainBegin = _ => disk.IsFull = true });
        trainer.Fit(data, epochs: 1);
        Assert.That(trainer.Step, Is.EqualTo(4));
        Assert.That(logger.Failure, Is.InstanceOf<IOException>().And.Message.EqualTo("No space left on device"));
    }

    [Test]
    public void BadInput_Throws()
    {
        Assert.Throws<ArgumentException>(() => _ = new TensorBoardLogger(string.Empty));
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = new TensorBoardLogger(_folder, everySteps: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = new TensorBoardLogger(_folder, histogramEpochs: -1));
    }

    private static (long Step, float Value)[] Scalars(List<(long Step, string Tag, byte[] Value)> values, string tag) =>
        [.. values.Where(v => v.Tag == tag).Select(static v => (v.Step, EventReader.Field(v.Value, 2).Float))];

    private static (Trainer Trainer, DataLoader Data) MakeTrainer(params Callback[] callbacks)
    {
        Linear model = new(3, 2, generator: new Generator(1));
        Trainer trainer = new(model, new Sgd(model.Parameters, 0.1), Losses.CrossEntropy) { Callbacks = [.. callbacks] };
        TensorDataset data = new(Tensor.Randn([8, 3], generator: new Generator(2)), Tensor.From<long>([0, 1, 0, 1, 1, 0, 1, 0]));
        return (trainer, new DataLoader(data, 2));
    }

    private sealed class FullDisk : MemoryStream
    {
        public bool IsFull { get; set; }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (IsFull)
            {
                throw new IOException("No space left on device");
            }
        }
    }
}
