using Engine.Nn;
using Engine.Tests.Nn.Training;
using NUnit.Framework;

namespace Engine.Tests.Nn.Regularization;

/// <summary>Averaging during a run, against weights that were written down on the way.</summary>
internal sealed class WeightAveragingTests : ToyFixture
{
    [Test]
    public void Steps_FromAStartEverySoOften_AreAveragedAndAppliedAtTheEnd()
    {
        Sequential model = ToyTraining.Model();
        List<float[]> seen = [];
        Trainer trainer = ToyTraining.Trainer(
            model,
            new WeightAveraging(AveragedModel.Swa(model), start: 3, every: 4),
            new LambdaCallback { StepEnd = c => seen.Add(Weights(model)) });
        trainer.Fit(Toy.Train, epochs: 3);

        // Updates follow the steps 4, 8, 12, 16 and 20 of 21.
        float[][] taken = [.. seen.Where(static (_, i) => i >= 3 && (i - 3) % 4 == 0)];
        Assert.That(taken, Has.Length.EqualTo(5));
        Assert.That(Weights(model), Is.EqualTo(taken[0].Select((_, k) => taken.Average(w => w[k]))).Within(1e-6));
    }

    [Test]
    public void Epochs_AreAveraged_WithoutApplying()
    {
        Sequential model = ToyTraining.Model();
        List<float[]> seen = [];
        WeightAveraging averaging = new(AveragedModel.Ema(model, 0.5), ScheduleUnit.Epoch, start: 1) { ApplyAtEnd = false };
        Trainer trainer = ToyTraining.Trainer(model, averaging, new LambdaCallback { EpochEnd = c => seen.Add(Weights(model)) });
        trainer.Fit(Toy.Train, epochs: 3);
        Assert.That(Weights(model), Is.EqualTo(seen[^1]), "not applied");
        Assert.That(averaging.Average.StateDict().Values.SelectMany(static t => t.ToArray<float>()), Is.EqualTo(seen[1].Zip(seen[2], static (a, b) => (a + b) / 2)).Within(1e-6));
    }

    [Test]
    public void NoUpdateYet_LeavesTheModel()
    {
        Sequential model = ToyTraining.Model();
        Trainer trainer = ToyTraining.Trainer(model, new WeightAveraging(AveragedModel.Swa(model), ScheduleUnit.Epoch, start: 5));
        Assert.That(() => trainer.Fit(Toy.Train, epochs: 1), Throws.Nothing);
    }

    [Test]
    public void Resume_AfterAnyStep_EndsWithTheSameAverages([Values] bool swa)
    {
        List<TrainingState> states = [];
        Trainer whole = Averaging(swa, states.Add);
        whole.Fit(Toy.Train, Toy.Validation, 3);
        foreach (TrainingState state in states)
        {
            Trainer resumed = Averaging(swa, static _ => { });
            resumed.Load(state);
            resumed.Fit(Toy.Train, Toy.Validation, 3);
            Assert.That(ToyTraining.Weights(resumed), Is.EqualTo(ToyTraining.Weights(whole)), $"from step {resumed.Step}");
        }
    }

    [Test]
    public void BatchNormData_GivesTheStatisticsOfTheAverages()
    {
        Sequential model = [new Linear(2, 4, generator: new Generator(3)), new BatchNorm1d(4), new Linear(4, 3, generator: new Generator(5))];
        Trainer trainer = ToyTraining.Trainer(model, new WeightAveraging(AveragedModel.Swa(model)) { BatchNormData = Toy.Train });
        trainer.Fit(Toy.Train, epochs: 2);
        BatchNorm1d norm = (BatchNorm1d)model[1];

        // The mean over the batches of what the first layer, with the averages, makes of them.
        double[] sums = new double[4];
        foreach (Batch batch in Toy.Train.Epoch(0))
        {
            float[] means = model[0].Predict(batch.Inputs).Mean(0).ToArray<float>();
            for (int c = 0; c < 4; c++)
            {
                sums[c] += means[c];
            }
        }

        Assert.That(norm.RunningMean!.ToArray<float>(), Is.EqualTo(sums.Select(static s => s / 7)).Within(1e-5));
        Assert.That(norm.NumBatchesTracked!.Item(), Is.EqualTo(7));
    }

    [Test]
    public void AveragesOfAnotherModel_AreRefusedBeforeTheRun()
    {
        Trainer trainer = ToyTraining.Trainer(new WeightAveraging(AveragedModel.Swa(ToyTraining.Model())));
        Assert.That(() => trainer.Fit(Toy.Train), Throws.InvalidOperationException.With.Message.Contains("averages are of another"));
        Assert.That(trainer.Step, Is.Zero);
        AveragedModel average = AveragedModel.Swa(ToyTraining.Model());
        Assert.That(() => new WeightAveraging(average, start: -1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new WeightAveraging(average, every: 0), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    private static Trainer Averaging(bool swa, Action<TrainingState> saved)
    {
        Sequential model = ToyTraining.Model();
        AveragedModel average = swa ? AveragedModel.Swa(model) : AveragedModel.Ema(model, 0.8);
        return ToyTraining.Trainer(model, new WeightAveraging(average, start: 2, every: 2), new LambdaCallback { StepEnd = c => c.RequestSave(s => saved(ToyTraining.Reread(s))) });
    }

    private static float[] Weights(Sequential model) => [.. model.StateDict().Values.SelectMany(static t => t.ToArray<float>())];
}
