using System.Text.Json.Nodes;
using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn;

internal sealed class CheckpointTests
{
    private readonly ReferenceDevice _device = new();
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public void SaveThenLoad_KeepsTensorsAndNumbersToTheBit()
    {
        TrainingState saved = State(1f / 3);
        saved.Section("trainer").Set("infinite", double.PositiveInfinity);
        saved.Section("trainer").Set("small", double.Epsilon);
        saved.Section("trainer").Set("draws", long.MaxValue);
        Checkpoint.Save(_folder.File("a/b/run.safetensors"), saved);
        TrainingState loaded = Checkpoint.Load(_folder.File("a/b/run.safetensors"), _device);

        Assert.That(loaded.Tensors.Select(static t => t.Key), Is.EqualTo(saved.Tensors.Select(static t => t.Key)));
        Assert.That(loaded.Section("model").Tensor("layer.weight").ToArray<float>(), Is.EqualTo((float[])[1f / 3, 2]));
        Assert.That(loaded.Section("optimizer").Tensor("layer.weight.m").ToArray<float>(), Is.EqualTo((float[])[3]));
        TrainingState trainer = loaded.Section("trainer");
        Assert.That(trainer.Number("infinite"), Is.EqualTo(double.PositiveInfinity));
        Assert.That(trainer.Number("small"), Is.EqualTo(double.Epsilon));
        Assert.That(trainer.Integer("draws"), Is.EqualTo(long.MaxValue));
        Assert.That(JsonNode.DeepEquals(loaded.Values, saved.Values), Is.True);
    }

    [Test]
    public void Save_ModelTensors_HaveTheirOwnNamesForOtherReaders()
    {
        Checkpoint.Save(_folder.File("x"), State(1));
        Assert.That(Safetensors.Load(_folder.File("x"), _device).Keys, Is.EquivalentTo((string[])["layer.weight", "optimizer/layer.weight.m"]));
    }

    [TestCase("model", "a/b")]
    [TestCase(null, "loose")]
    public void Save_NameThatCouldNotComeBack_Throws(string? section, string name)
    {
        TrainingState state = new();
        (section is null ? state : state.Section(section)).Add(name, Tensor.From<float>([1], device: _device));
        Assert.That(() => Checkpoint.Save(_folder.File("x"), state), Throws.ArgumentException.With.Message.Contains("must be section/name"));
        Assert.That(Directory.GetFiles(_folder.Path), Is.Empty);
    }

    [Test]
    public void Load_FilesThatAreNoCheckpoints_Throw()
    {
        Dictionary<string, Tensor> weights = new() { ["w"] = Tensor.From<float>([1], device: _device) };
        Assert.That(() => Load(null), Throws.TypeOf<ModelFileException>().With.Message.Contains("it is no checkpoint"));
        Assert.That(() => Load("2", "{}"), Throws.TypeOf<ModelFileException>().With.Message.Contains("version 2; this engine reads version 1"));
        Assert.That(() => Load("1", "{"), Throws.TypeOf<ModelFileException>().With.Message.Contains("not valid JSON"));
        Assert.That(() => Load("1", "[]"), Throws.TypeOf<ModelFileException>().With.Message.Contains("not a JSON object"));
        Assert.That(() => Load("1", "null"), Throws.TypeOf<ModelFileException>().With.Message.Contains("not a JSON object"));
        Assert.That(() => Load("1", """{"a":{"b":1,"b":2}}"""), Throws.TypeOf<ModelFileException>().With.Message.Contains("not valid JSON"));
        Assert.That(() => Checkpoint.Load(_folder.File("absent"), _device), Throws.TypeOf<FileNotFoundException>());

        TrainingState Load(string? version, string values = "{}")
        {
            Safetensors.Save(
                _folder.File("x"),
                weights,
                version is null ? null : new Dictionary<string, string> { ["engine.checkpoint"] = version, ["engine.state"] = values });
            return Checkpoint.Load(_folder.File("x"), _device);
        }
    }

    [Test]
    public void Save_InterruptedByAnError_LeavesTheOldCheckpoint()
    {
        string path = _folder.File("x");
        Checkpoint.Save(path, State(1));
        TrainingState broken = State(2);
        broken.Section("model").Add("disposed", Disposed());
        Assert.That(() => Checkpoint.Save(path, broken), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(Checkpoint.Load(path, _device).Section("model").Tensor("layer.weight").ToArray<float>()[0], Is.EqualTo(1));
        Assert.That(Directory.GetFiles(_folder.Path), Has.Length.EqualTo(1), "no temporary file stays behind");

        Tensor Disposed()
        {
            Tensor tensor = Tensor.From<float>([1], device: _device);
            tensor.Dispose();
            return tensor;
        }
    }

    [Test]
    public void Save_LeftoverOfAKilledProcess_IsRemovedOnceItIsOld()
    {
        const string Digits = "0123456789abcdef";
        string old = _folder.Write($"x.{Digits}.engine-tmp", [1]), fresh = _folder.Write($"x.{Digits[1..]}0.engine-tmp", [1]), another = _folder.Write($"y.{Digits}.engine-tmp", [1]);
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddHours(-2));
        File.SetLastWriteTimeUtc(another, DateTime.UtcNow.AddHours(-2));
        Checkpoint.Save(_folder.File("x"), State(1));
        Assert.That(Directory.GetFiles(_folder.Path), Is.EquivalentTo((string[])[_folder.File("x"), fresh, another]));
    }

    [Test]
    public void Save_FromManyThreads_AlwaysLeavesAWholeFile()
    {
        string path = _folder.File("x");
        Checkpoint.Save(path, State(0));
        Parallel.For(0, 64, i =>
        {
            Checkpoint.Save(path, State(i));
            Tensor weight = Checkpoint.Load(path, new ReferenceDevice()).Section("model").Tensor("layer.weight");
            Assert.That(weight.ToArray<float>()[1], Is.EqualTo(2));
        });
        Assert.That(Directory.GetFiles(_folder.Path), Has.Length.EqualTo(1));
    }

    [Test]
    public void Folder_KeepsTheLastFew()
    {
        CheckpointFolder folder = new(_folder.File("checkpoints"), keep: 2);
        Assert.That(folder.Latest, Is.Null);
        foreach (long step in (long[])[5, 10, 123_456_789])
        {
            folder.Save(step, State(step));
        }

        File.WriteAllText(Path.Combine(folder.Path, "step-notes.safetensors"), "mine");
        Assert.That(folder.Files.Select(static f => f.Step), Is.EqualTo((long[])[10, 123_456_789]));
        Assert.That(Path.GetFileName(folder.Latest), Is.EqualTo("step-123456789.safetensors"));
        Assert.That(Checkpoint.Load(folder.Latest!, _device).Section("model").Tensor("layer.weight").ToArray<float>()[0], Is.EqualTo(123_456_789f));

        folder.Clear();
        Assert.That(folder.Latest, Is.Null);
        Assert.That(Directory.GetFiles(folder.Path), Has.Length.EqualTo(1), "what is not a checkpoint stays");
    }

    private TrainingState State(float value)
    {
        TrainingState state = new();
        state.Section("model").Add("layer.weight", Tensor.From<float>([value, 2], device: _device));
        state.Section("optimizer").Add("layer.weight.m", Tensor.From<float>([3], device: _device));
        state.Section("trainer").Set("epoch", 4L);
        return state;
    }
}
