using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Training;

/// <summary>Whoever names a figure that does not exist is told which do, before anything is trained.</summary>
internal sealed class FigureNameTests
{
    private ToyTraining _toy = null!;

    private static IEnumerable<TestCaseData> Watchers =>
    [
        Row("EarlyStopping", static name => new EarlyStopping(name)),
        Row("EarlyStopping", static name => new EarlyStopping(name, mode: MonitorMode.Max)),
        Row("ModelCheckpoint", static name => new ModelCheckpoint("never-written.safetensors", name)),
        Row("ModelCheckpoint", static name => new ModelCheckpoint(new CheckpointFolder("never-written"), name)),
        Row("PlateauCallback", static name => new PlateauCallback(new ReduceOnPlateau(new Sgd([Tensor.Ones([1]).WithGrad()], 1)), name)),
        Row("TrialCallback", static name => new TrialCallback(ATrial(), name)),
    ];

    [SetUp]
    public void Begin() => _toy = new ToyTraining();

    [TearDown]
    public void End() => _toy.Dispose();

    [TestCaseSource(nameof(Watchers))]
    public void Callback_OfAnUnknownFigure_ListsThoseThatExist(string name, Func<string, Callback> make)
    {
        Trainer trainer = ToyTraining.Trainer(make("val_acc"));
        Assert.That(() => trainer.Fit(_toy.Train, _toy.Validation), Throws.InvalidOperationException
            .With.Message.StartsWith(name).And.Message.Contains("did you mean 'val_accuracy'?").And.Message.Contains("loss, accuracy, val_loss, val_accuracy, learning_rate"));
        Assert.That(trainer.Step, Is.Zero);
    }

    [TestCaseSource(nameof(Watchers))]
    public void Callback_OfAValidationFigureWithoutValidation_AsksForTheData(string name, Func<string, Callback> make)
    {
        Trainer trainer = ToyTraining.Trainer(make("val_accuracy"));
        Assert.That(() => trainer.Fit(_toy.Train), Throws.InvalidOperationException.With.Message.StartsWith(name).And.Message.Contains("Pass validation data to Fit"));
    }

    [Test]
    public void Callback_OfAFigureWhoseNameTellsNoMode_AsksForOne_OnceTheNameExists()
    {
        foreach (Func<MonitorMode?, Callback> make in (Func<MonitorMode?, Callback>[])[m => new EarlyStopping("speed", mode: m), m => new ModelCheckpoint("never-written.safetensors", "speed", m)])
        {
            Trainer unknown = ToyTraining.Trainer(make(null));
            Assert.That(() => unknown.Fit(_toy.Train), Throws.InvalidOperationException.With.Message.Contains("no figure 'speed'").And.Message.Not.Contains("mode"));
            Assert.That(() => Measured(make(null)).Fit(_toy.Train), Throws.InvalidOperationException.With.Message.Contains("pass a mode"));
        }

        Assert.That(() => Measured(new EarlyStopping("speed", mode: MonitorMode.Max)).Fit(_toy.Train), Throws.Nothing);
    }

    [Test]
    public void HistoryAndEvaluation_OfAnUnknownFigure_ListThoseThatExist()
    {
        Trainer trainer = ToyTraining.Trainer();
        History history = trainer.Fit(_toy.Train, _toy.Validation);
        Assert.Multiple(() =>
        {
            Assert.That(() => history["val_acc"], Throws.TypeOf<KeyNotFoundException>().With.Message.Contains("did you mean 'val_accuracy'?"));
            Assert.That(() => history.Best("val_acc"), Throws.TypeOf<KeyNotFoundException>().With.Message.Contains("did you mean 'val_accuracy'?"));
            Assert.That(() => history.Best("learning_rate"), Throws.InvalidOperationException.With.Message.Contains("pass a mode"));
            Assert.That(() => trainer.Evaluate(_toy.Validation)["acuracy"], Throws.TypeOf<KeyNotFoundException>().With.Message.Contains("did you mean 'accuracy'?"));
            Assert.That(() => trainer.Evaluate(_toy.Validation)["zebra"], Throws.TypeOf<KeyNotFoundException>().With.Message.Contains("there are loss, accuracy"));
        });
    }

    private static Trainer Measured(Callback callback)
    {
        Sequential model = ToyTraining.Model();
        return new Trainer(model, new Adam(model.Parameters), Losses.CrossEntropy) { Metrics = [new Mean("speed", static (y, _) => y)], Callbacks = [callback] };
    }

    private static Trial ATrial()
    {
        SearchSpace space = new();
        space.Uniform("x", 0, 1);
        Study study = new(space, new RandomSearch());
        study.Optimize(static _ => 0, trials: 1);
        return study.Trials[0];
    }

    private static TestCaseData Row(string name, Func<string, Callback> make) => new TestCaseData(name, make).SetArgDisplayNames(name);
}
