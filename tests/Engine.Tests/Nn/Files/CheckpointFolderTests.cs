using Engine.Nn;
using Engine.Tests.Nn.Training;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>A damaged newest checkpoint costs some steps, not the run.</summary>
internal sealed class CheckpointFolderTests
{
    private TemporaryFolder _folder = null!;
    private ToyTraining _toy = null!;

    [SetUp]
    public void Begin() => (_folder, _toy) = (new TemporaryFolder(), new ToyTraining());

    [TearDown]
    public void End()
    {
        _toy.Dispose();
        _folder.Dispose();
    }

    [TestCase("cut")]
    [TestCase("empty")]
    [TestCase("header")]
    [TestCase("weights")]
    public void Newest_Damaged_FallsBackToTheOneBefore_AndSaysSo(string damage)
    {
        CheckpointFolder folder = new(_folder.Path, keep: 3);
        Trainer whole = ToyTraining.Trainer(new ModelCheckpoint(folder));
        whole.Fit(_toy.Train, epochs: 3);
        string newest = folder.Files[^1].File, before = folder.Files[^2].File;
        Damage(newest, damage);

        Trainer resumed = ToyTraining.Trainer();
        ResumedCheckpoint? from = folder.Resume(resumed);
        Assert.That(from!.File, Is.EqualTo(before));
        Assert.That(from.Step, Is.EqualTo(resumed.Step).And.EqualTo(folder.Files[^2].Step));
        Assert.That(from.Refused.Single().Message, Does.Contain(newest));
        resumed.Fit(_toy.Train, epochs: 3);
        Assert.That(ToyTraining.Weights(resumed), Is.EqualTo(ToyTraining.Weights(whole)));
        if (damage != "weights")
        {
            Assert.That(folder.Latest, Is.EqualTo(before));
            Assert.That(folder.Damaged.Single().File, Is.EqualTo(newest));
        }
    }

    [Test]
    public void AllDamaged_Throws_AndNoneAtAllIsNull()
    {
        CheckpointFolder folder = new(_folder.Path, keep: 3);
        Trainer trainer = ToyTraining.Trainer(new ModelCheckpoint(folder));
        Assert.That(folder.Resume(trainer), Is.Null);
        trainer.Fit(_toy.Train, epochs: 2);
        foreach ((_, string file) in folder.Files)
        {
            Damage(file, "cut");
        }

        float[] weights = ToyTraining.Weights(trainer);
        Assert.That(() => folder.Resume(trainer), Throws.TypeOf<ModelFileException>().With.Message.Contains(folder.Files[^1].File));
        Assert.That(ToyTraining.Weights(trainer), Is.EqualTo(weights));
        Assert.That(folder.Latest, Is.Null);
        Assert.That(folder.Damaged, Has.Count.EqualTo(2));
    }

    [Test]
    public void Load_TensorWithItsSectionAndWithout_IsTheFilesFault()
    {
        string path = _folder.File("x");
        TrainingState state = new();
        ToyTraining.Trainer().Save(state);
        Checkpoint.Save(path, state);
        Dictionary<string, Tensor> tensors = Safetensors.Load(path);
        using (SafetensorsFile file = SafetensorsFile.Open(path))
        {
            tensors["model/0.weight"] = Tensor.Ones([8, 2]);
            Safetensors.Save(_folder.File("y"), tensors, file.Metadata);
        }

        Assert.That(() => Checkpoint.Load(_folder.File("y")), Throws.TypeOf<ModelFileException>().With.Message.Contains("'model/0.weight' is there twice"));
    }

    private static void Damage(string file, string damage)
    {
        byte[] bytes = File.ReadAllBytes(file);
        if (damage == "weights")
        {
            // A file that is whole in itself, of another run's model.
            Linear model = new(2, 3);
            Trainer other = new(model, new Adam(model.Parameters), Losses.CrossEntropy);
            TrainingState state = new();
            other.Save(state);
            Checkpoint.Save(file, state);
            return;
        }

        bytes[20] ^= 0x55;
        File.WriteAllBytes(file, damage switch { "cut" => File.ReadAllBytes(file)[..^100], "empty" => [], _ => bytes });
    }
}
