using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Training;

internal sealed class ResumeTests : ToyFixture
{
    private const int Epochs = 3;

    [Test]
    public void Resume_AfterAnyStep_EndsWithTheSameBits()
    {
        List<TrainingState> states = [];
        Trainer whole = Trainer(states.Add);
        whole.Fit(Toy.Train, Toy.Validation, Epochs);
        Assert.That(states, Has.Count.EqualTo((Epochs * 3) + Epochs), "one state a step and one an epoch");
        foreach (TrainingState state in states)
        {
            Trainer resumed = Trainer(static _ => { });
            resumed.Load(state);
            string at = $"resumed in epoch {resumed.Epoch} after {resumed.Batch} batches";
            resumed.Fit(Toy.Train, Toy.Validation, Epochs);
            Assert.That(ToyTraining.Weights(resumed), Is.EqualTo(ToyTraining.Weights(whole)), at);
            Assert.That(ToyTraining.Saved(resumed).Values.ToJsonString(), Is.EqualTo(ToyTraining.Saved(whole).Values.ToJsonString()), at);
        }
    }

    [Test]
    public void Resume_ThroughAFile_EndsWithTheSameBits()
    {
        string folder = Path.Combine(TestContext.CurrentContext.WorkDirectory, Path.GetRandomFileName());
        try
        {
            string file = Path.Combine(folder, "last.safetensors");
            using CancellationTokenSource source = new();
            Trainer whole = Trainer(static _ => { }), killed = Trainer(static _ => { }, new ModelCheckpoint(file), new LambdaCallback
            {
                StepEnd = c =>
                {
                    if (c.Step == 5)
                    {
                        source.Cancel();
                    }
                },
            });
            whole.Fit(Toy.Train, Toy.Validation, Epochs);
            Assert.That(() => killed.Fit(Toy.Train, Toy.Validation, Epochs, cancellationToken: source.Token), Throws.InstanceOf<OperationCanceledException>());
            Trainer resumed = Trainer(static _ => { });
            resumed.Load(Checkpoint.Load(file));
            Assert.That(resumed.Step, Is.EqualTo(5), "a cancelled run is saved where it stopped");
            resumed.Fit(Toy.Train, Toy.Validation, Epochs);
            Assert.That(ToyTraining.Weights(resumed), Is.EqualTo(ToyTraining.Weights(whole)));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public void Load_OfAnotherModel_Throws()
    {
        TrainingState state = ToyTraining.Saved(ToyTraining.Trainer());
        Sequential other = [new Linear(2, 4)];
        Assert.That(() => new Trainer(other, new Adam(other.Parameters), Losses.CrossEntropy).Load(state), Throws.TypeOf<ModelFileException>());
    }

    [Test]
    public void Fit_ResumedWithFewerBatches_Throws()
    {
        using CancellationTokenSource source = new();
        Trainer trainer = ToyTraining.Trainer(new LambdaCallback
        {
            StepEnd = c =>
            {
                if (c.Step == 5)
                {
                    source.Cancel();
                }
            },
        });
        Assert.That(() => trainer.Fit(Toy.Train, cancellationToken: source.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(() => trainer.Fit(new ToyData(1, batches: 4, batchSize: 2, lastBatch: 2)), Throws.InvalidOperationException.With.Message.Contains("batch 5"));
    }

    /// <summary>Everything that has state: dropout, batch normalisation, Adam, a schedule, a plateau, early stopping, metrics, accumulation.</summary>
    private static Trainer Trainer(Action<TrainingState> saved, params Callback[] more)
    {
        Sequential model =
        [
            new Linear(2, 8, generator: new Generator(3)), new BatchNorm1d(8), new Tanh(), new Dropout(0.2, new Generator(4)),
            new Linear(8, 3, generator: new Generator(5)),
        ];
        Adam optimizer = new(model.Parameters, 0.05);
        return new Trainer(model, optimizer, Losses.CrossEntropy)
        {
            Metrics = [new Accuracy(), new F1(3), new Mean("certainty", static (y, _) => y.Softmax(1).Max(1)), new Accuracy("again"), new Accuracy("again")],
            GradientAccumulation = 3,
            Callbacks =
            [
                new ScheduleCallback(Schedule.Cosine(0.05, steps: 9).WithWarmUp(2)),
                new EarlyStopping("val_loss", patience: 10, restoreBest: true),
                new PlateauCallback(new ReduceOnPlateau(optimizer, patience: 0)),
                .. more,
                new LambdaCallback { StepEnd = c => c.RequestSave(s => saved(ToyTraining.Reread(s))), EpochEnd = c => c.RequestSave(s => saved(ToyTraining.Reread(s))) },
            ],
        };
    }
}
