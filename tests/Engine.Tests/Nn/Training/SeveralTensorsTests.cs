using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Training;

/// <summary>Models with several inputs, outputs and targets, batches without targets, samples that count differently.</summary>
internal sealed class SeveralTensorsTests : ToyFixture
{
    private const int Epochs = 2;

    [Test]
    public void Fit_SeveralInputsAndOutputs_IsTheLoopByHandBitForBit()
    {
        Trainer trainer = TwoHeads.Trainer();
        DataLoader train = Loader(1);
        History history = trainer.Fit(train, Loader(2), Epochs);

        TwoHeads model = new();
        Adam adam = new(model.Parameters, 0.02);
        for (int epoch = 0; epoch < Epochs; epoch++)
        {
            foreach (Batch batch in train.Epoch(epoch))
            {
                adam.ZeroGrad();
                (Tensor kind, Tensor price) = model.Forward(batch["points"], batch["scale"]);
                (Losses.CrossEntropy(kind, batch["kind"]) + (0.5 * Losses.Mse(price, batch["price"]))).Backward();
                adam.Step();
            }
        }

        Assert.That(ToyTraining.Weights(trainer), Is.EqualTo(model.StateDict().Values.SelectMany(static t => t.ToArray<float>())));
        Assert.That(history.Epochs[0].Keys, Is.EqualTo((string[])
            ["loss", "kind_accuracy", "mae", "confusion_0", "scale", "val_loss", "val_kind_accuracy", "val_mae", "val_confusion_0", "val_scale", "learning_rate"]));
        Assert.That(history["val_confusion_0"], Is.EqualTo(history["val_kind_accuracy"]));
        Assert.That(history["loss"][1], Is.LessThan(history["loss"][0]));
    }

    [TestCase(1)]
    [TestCase(2)]
    public void Resume_SeveralInputs_EndsWithTheSameBits(int accumulation)
    {
        List<TrainingState> states = [];
        Trainer whole = TwoHeads.Trainer(CaptureMode.Never, accumulation, new LambdaCallback { StepEnd = c => c.RequestSave(s => states.Add(ToyTraining.Reread(s))) });
        whole.Fit(Loader(1), Loader(2), Epochs);
        foreach (TrainingState state in states)
        {
            Trainer resumed = TwoHeads.Trainer(CaptureMode.Never, accumulation, new LambdaCallback());
            resumed.Load(state);
            resumed.Fit(Loader(1), Loader(2), Epochs);
            Assert.That(ToyTraining.Saved(resumed).Values.ToJsonString(), Is.EqualTo(ToyTraining.Saved(whole).Values.ToJsonString()));
            Assert.That(ToyTraining.Weights(resumed), Is.EqualTo(ToyTraining.Weights(whole)));
        }
    }

    [Test]
    public void EvaluateAndPredict_TakeWhatTheModelTakes()
    {
        Trainer trainer = TwoHeads.Trainer();
        trainer.Fit(Loader(1), epochs: 1);
        using Batch all = TwoHeads.Data(9, 4).GetBatch(new BatchRequest([0, 1, 2, 3, 4, 5, 6, 7, 8], Device.Default));
        Tensors once = trainer.Predict(all.AllInputs), parts = trainer.Predict(all.AllInputs, batchSize: 4);
        Assert.That(once.Names, Is.EqualTo((string[])["kind", "price"]));
        Assert.That(parts["kind"].ToArray<float>(), Is.EqualTo(once["kind"].ToArray<float>()));
        Assert.That(parts["price"].Shape, Is.EqualTo(new Shape(9, 1)));
        float mae = (once["price"] - all["price"]).Abs().Mean().ToArray<float>()[0];
        Evaluation measured = trainer.Evaluate(new DataLoader(TwoHeads.Data(9, 4), 4));
        Assert.That(measured["mae"], Is.EqualTo(mae).Within(1e-6));
        Assert.That(() => trainer.Predict(all["points"]), Throws.TypeOf<KeyNotFoundException>());
        Assert.That(() => trainer.Predict(new Tensors(("points", all["points"]), ("scale", Tensor.Ones([3, 1])))), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => trainer.Predict(default(Tensors)), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(trainer.Summary(all).ToString(), Does.Contain("[9, 3]").And.Contain("[9, 1]"));
        foreach (Metric metric in trainer.Metrics)
        {
            metric.Update(once, all);
        }

        Assert.That(trainer.Metrics[0].ToString(), Is.EqualTo(FormattableString.Invariant($"kind_accuracy {measured["kind_accuracy"]:0.######}")));
        Assert.That(trainer.Metrics[2].ToString(), Does.StartWith("confusion_0\ntrue \\ predicted"));
    }

    [Test]
    public void Metrics_ThatDoNotChoose_SayWhatThereIs()
    {
        TwoHeads model = new();
        Trainer trainer = new(
            model, batch => model.Forward(batch["points"], batch["scale"]), new Sgd(model.Parameters), static (y, batch) => Losses.CrossEntropy(y[0], batch["kind"]))
        { Metrics = [new Accuracy()] };
        Assert.That(() => trainer.Fit(Loader(1)), Throws.InvalidOperationException.With.Message.StartsWith("accuracy: there are 2 outputs"));
        Assert.That(() => trainer.Predict(new Tensors(("points", Tensor.Ones([1, 2])), ("scale", Tensor.Ones([1, 1]))))["kind"], Throws.TypeOf<KeyNotFoundException>());
    }

    [Test]
    public void Fit_WithoutTargets_LearnsAReconstruction()
    {
        Sequential model = [new Linear(4, 2, generator: new Generator(1)), new Linear(2, 4, generator: new Generator(2))];
        Tensor codes = Tensor.Randn([32, 2], generator: new Generator(3)), x = codes.MatMul(Tensor.Randn([2, 4], generator: new Generator(4)));
        Trainer trainer = new(model, new Adam(model.Parameters, 0.05), static (y, batch) => Losses.Mse(y.Single, batch.Inputs))
        {
            Metrics = [Mean.OfBatch("error", static (y, batch) => (y.Single - batch.Inputs).Abs())],
        };
        History history = trainer.Fit(new DataLoader(new TensorDataset((Tensors)x), 8) { Shuffle = true }, epochs: 60);
        Assert.That(history["loss"][^1], Is.LessThan(0.01 * history["loss"][0]));
        Assert.That(history["error"][^1], Is.LessThan(0.1));
    }

    [Test]
    public void Fit_WeightedSamples_IsThatOfRepeatedOnes()
    {
        // Sample 0 twice and sample 1 three times, or once each with these weights: the same sums, and here the same number of samples in the mean.
        Tensor x = Tensor.From<float>([1, 2, 3, -1, 0.5f, 0], [3, 2]), y = Tensor.From<float>([1, -1, 2], [3, 1]);
        TensorDataset weighted = new(x, y, Tensor.From<float>([2, 3, 1]));
        TensorDataset repeated = new(x.IndexSelect(0, Tensor.From<long>([0, 0, 1, 1, 1, 2])), y.IndexSelect(0, Tensor.From<long>([0, 0, 1, 1, 1, 2])));
        BatchLossFunction loss = Losses.Weighted(static (p, t) => Losses.Mse(p, t, Reduction.None));
        Trainer one = Train(weighted, loss, rate: 0.1), other = Train(repeated, loss, rate: 0.2);
        Assert.That(ToyTraining.Weights(one), Is.EqualTo(ToyTraining.Weights(other)).Within(1e-6));
        Assert.That(one.History["loss"][0], Is.EqualTo(2 * other.History["loss"][0]).Within(1e-6));

        static Trainer Train(IDataset data, BatchLossFunction loss, double rate)
        {
            Linear model = new(2, 1, generator: new Generator(1));
            Trainer trainer = new(model, new Sgd(model.Parameters, rate), loss);
            trainer.Fit(new DataLoader(data, 6), epochs: 3);
            return trainer;
        }
    }

    [Test]
    public void Fit_WeightsThatTheLossDoesNotHeed_Throws()
    {
        TensorDataset data = new(Tensor.Ones([3, 2]), Tensor.Ones([3, 1]), Tensor.Ones([3]));
        Linear model = new(2, 1);
        Assert.That(() => new Trainer(model, new Sgd(model.Parameters), Losses.Mse).Fit(new DataLoader(data, 3)), Throws.InvalidOperationException.With.Message.Contains("Losses.Weighted"));
        Assert.That(() => new Trainer(model, new Sgd(model.Parameters), Losses.Weighted(Losses.Mse)).Fit(new DataLoader(data, 3)), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("Reduction.None"));
    }

    [Test]
    public void Fit_SeveralInputsAndAnOrdinaryLoss_TakesTheOneTarget()
    {
        TwoHeads model = new();
        Trainer trainer = new(model, batch => model.Forward(batch.AllInputs[0], batch.AllInputs[1]).Kind, new Sgd(model.Parameters, 0.1), Losses.CrossEntropy) { Metrics = [new Accuracy()] };
        Tensor x = Tensor.Randn([8, 2]), s = Tensor.Randn([8, 1]);
        trainer.Fit(new DataLoader(new TensorDataset([x, s], Tensor.RandInt([8], 0, 3)), 4), epochs: 1);
        Assert.That(trainer.Predict([x, s]).Single.Shape, Is.EqualTo(new Shape(8, 3)));
    }

    private static DataLoader Loader(int seed) => new(TwoHeads.Data(16, seed), 5) { Shuffle = true, Seed = seed };
}
