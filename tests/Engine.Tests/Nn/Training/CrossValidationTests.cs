using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Training;

/// <summary>Cross-validation and learning curves against trainers that are run by hand.</summary>
internal sealed class CrossValidationTests : ToyFixture
{
    [Test]
    public void Run_IsEachFoldByHand()
    {
        IReadOnlyList<Fold> folds = Data(50).StratifiedKFold(4, seed: 2);
        CrossValidationResult result = CrossValidation.Run(folds, static _ => ToyTraining.Trainer(), epochs: 2, batchSize: 8, seed: 9);
        Assert.That(result.Names, Is.EqualTo((string[])["loss", "accuracy"]));
        for (int i = 0; i < 4; i++)
        {
            Trainer trainer = ToyTraining.Trainer();
            DataLoader validation = new(folds[i].Validation, 8);
            trainer.Fit(new DataLoader(folds[i].Train, 8) { Shuffle = true, Seed = 9 + i }, validation, 2);
            Evaluation expected = trainer.Evaluate(validation);
            Assert.That((result.Folds[i].Loss, result.Folds[i]["accuracy"]), Is.EqualTo((expected.Loss, expected["accuracy"])));
            Assert.That(result.Histories[i]["val_loss"][^1], Is.EqualTo(expected.Loss).Within(1e-12));
        }

        double[] losses = [.. result.Folds.Select(static f => f.Loss)];
        double mean = losses.Sum() / 4;
        Assert.That(result["loss"].Mean, Is.EqualTo(mean).Within(1e-12));
        Assert.That(result["loss"].Deviation, Is.EqualTo(Math.Sqrt(losses.Sum(l => Math.Pow(l - mean, 2)) / 3)).Within(1e-12));
        Assert.That(result["loss"].Values, Is.EqualTo(losses));
        Assert.That(() => result["loos"], Throws.TypeOf<KeyNotFoundException>().With.Message.Contains("did you mean 'loss'"));
    }

    [Test]
    public void Run_OfOnesOwnWay_HasMeanAndDeviation()
    {
        double[] losses = [1, 2, 3, 6];
        CrossValidationResult result = CrossValidation.Run(Data(8).KFold(4), fold => new Evaluation(losses[fold.Number], new Dictionary<string, double> { ["accuracy"] = 0.5 }));
        Assert.That(result["loss"].Mean, Is.EqualTo(3));
        Assert.That(result["loss"].Deviation, Is.EqualTo(Math.Sqrt(14 / 3.0)).Within(1e-12));
        Assert.That(result.ToString(), Is.EqualTo("loss 3 ± 2.2, accuracy 0.5 ± 0 (4 folds)"));
        Assert.That(result.Histories, Is.Empty);

        CrossValidationResult unlike = CrossValidation.Run(Data(8).KFold(2), static fold => new Evaluation(1, new Dictionary<string, double> { ["f1"] = 1, [$"only {fold.Number}"] = 2 }));
        Assert.That(unlike.Names, Is.EqualTo((string[])["loss", "f1"]), "what all folds have");
        Assert.That(() => unlike["only 0"], Throws.TypeOf<KeyNotFoundException>());
    }

    [Test]
    public void Run_TrainersThatShare_AreRefused()
    {
        IReadOnlyList<Fold> folds = Data(12).KFold(3);
        Trainer one = ToyTraining.Trainer();
        Assert.That(() => CrossValidation.Run(folds, _ => one, 1), Throws.InvalidOperationException.With.Message.Contains("before its fold"));

        Sequential model = ToyTraining.Model();
        Assert.That(() => CrossValidation.Run(folds, _ => ToyTraining.Trainer(model), 1), Throws.InvalidOperationException.With.Message.Contains("shares its model"));

        EarlyStopping stopping = new();
        Assert.That(() => CrossValidation.Run(folds, _ => ToyTraining.Trainer(stopping), 1), Throws.InvalidOperationException.With.Message.Contains("callback"));

        LambdaCallback listener = new();
        Assert.That(() => CrossValidation.Run(folds, _ => ToyTraining.Trainer(listener), 1), Throws.Nothing, "has nothing to go on with");
        Assert.That(() => CrossValidation.Run([], _ => ToyTraining.Trainer(), 1), Throws.ArgumentException.With.Message.Contains("no folds"));
        Assert.That(() => CrossValidation.Run(folds, _ => ToyTraining.Trainer(), 0), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Run_Cancelled_Ends()
    {
        using CancellationTokenSource source = new();
        source.Cancel();
        Assert.That(() => CrossValidation.Run(Data(12).KFold(3), static _ => ToyTraining.Trainer(), 1, cancellationToken: source.Token), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public void LearningCurve_OverSizes_IsEachSizeByHand()
    {
        IDataset train = Data(40), validation = Data(30, seed: 4);
        LearningCurve curve = LearningCurve.Run(train, validation, [5, 20, 40], static _ => ToyTraining.Trainer(), epochs: 3, batchSize: 8, seed: 6);
        Assert.That(curve.Axis, Is.EqualTo("samples"));
        Assert.That(curve.X, Is.EqualTo((double[])[5, 20, 40]));

        // All of the data, in whatever order it was drawn: the loader shuffles positions, so only the set is known without it.
        Trainer trainer = ToyTraining.Trainer();
        Assert.That(curve.Points[^1].Train.Loss, Is.Not.EqualTo(trainer.Evaluate(new DataLoader(train, 8)).Loss));
        int[] order = Sampler.Shuffled.Order(40, new SampleRandom(6, 0));
        for (int i = 0; i < 3; i++)
        {
            IDataset part = train.Subset(order.AsSpan(0, (int)curve.X[i]));
            Trainer own = ToyTraining.Trainer();
            own.Fit(new DataLoader(part, 8) { Shuffle = true, Seed = 6 }, null, 3);
            Assert.That(curve.Train("loss")[i], Is.EqualTo(own.Evaluate(new DataLoader(part, 8)).Loss));
            Assert.That(curve.Validation("accuracy")[i], Is.EqualTo(own.Evaluate(new DataLoader(validation, 8))["accuracy"]));
        }
    }

    [Test]
    public void LearningCurve_OfAHistory_IsItsFigures()
    {
        History history = ToyTraining.Trainer().Fit(Toy.Train, Toy.Validation, 3);
        LearningCurve curve = LearningCurve.Of(history);
        Assert.That(curve.Axis, Is.EqualTo("epoch"));
        Assert.That(curve.X, Is.EqualTo((double[])[1, 2, 3]));
        Assert.That(curve.Train("loss"), Is.EqualTo(history["loss"]));
        Assert.That(curve.Validation("accuracy"), Is.EqualTo(history["val_accuracy"]));
        Assert.That(curve.Points[0].Train.Metrics.Keys, Is.EqualTo((string[])["accuracy"]), "the rate belongs to neither");
        Assert.That(() => curve.Train("f1"), Throws.TypeOf<KeyNotFoundException>());
        Assert.That(() => LearningCurve.Of(ToyTraining.Trainer().Fit(Toy.Train, epochs: 1)), Throws.ArgumentException.With.Message.Contains("without validation"));
        History without = new([new Dictionary<string, double> { ["val_loss"] = 1 }]);
        Assert.That(() => LearningCurve.Of(without), Throws.ArgumentException.With.Message.Contains("figure of the name loss"));
    }

    [Test]
    public void LearningCurve_BadArguments_Throw()
    {
        IDataset data = Data(10);
        foreach (int bad in (int[])[0, -1, 11])
        {
            Assert.That(() => LearningCurve.Run(data, data, [5, bad], static _ => ToyTraining.Trainer(), 1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("between 1 and the number of training samples, 10"));
        }

        Assert.That(() => LearningCurve.Run(data, data, [], static _ => ToyTraining.Trainer(), 1), Throws.ArgumentException);
        Trainer one = ToyTraining.Trainer();
        Assert.That(() => LearningCurve.Run(data, data, [5, 6], _ => one, 1), Throws.InvalidOperationException.With.Message.Contains("before its size"));
    }

    private static TensorDataset Data(int count, int seed = 3)
    {
        Batch batch = new ToyData(seed, 1, count, count).Epoch(0).Single();
        return new TensorDataset(batch.Inputs, batch.Targets);
    }
}
