using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Training;

/// <summary>A call that would train nothing says so, and what is asked for is what is trained.</summary>
internal sealed class FitTests : ToyFixture
{
    [TestCase(4)]
    [TestCase(3)]
    [TestCase(0)]
    public void Fit_EpochsThatAreDone_Throws_AndNamesBothNumbers(int epochs)
    {
        Trainer trainer = ToyTraining.Trainer();
        trainer.Fit(Toy.Train, epochs: 4);
        float[] weights = ToyTraining.Weights(trainer);
        Assert.That(() => trainer.Fit(Toy.Train, epochs: epochs), Throws.InvalidOperationException
            .With.Message.Contains($"epochs {epochs} ").And.Message.Contains("has done 4").And.Message.Contains("additionalEpochs"));
        Assert.That(ToyTraining.Weights(trainer), Is.EqualTo(weights));

        // And the trainer is as before.
        Assert.That(trainer.Fit(Toy.Train, epochs: 5).Epochs, Has.Count.EqualTo(5));
    }

    [Test]
    public void Fit_AdditionalEpochs_IsOneLongRun()
    {
        Trainer whole = ToyTraining.Trainer(), parts = ToyTraining.Trainer();
        whole.Fit(Toy.Train, Toy.Validation, epochs: 5);
        parts.Fit(Toy.Train, Toy.Validation, additionalEpochs: 2);
        parts.Fit(Toy.Train, Toy.Validation, additionalEpochs: 2);
        History history = parts.Fit(Toy.Train, Toy.Validation);
        Assert.That(parts.Epoch, Is.EqualTo(5), "without a number it is one epoch");
        Assert.That(history.End, Is.EqualTo(TrainingEnd.Completed));
        Assert.That(ToyTraining.Weights(parts), Is.EqualTo(ToyTraining.Weights(whole)));
        Assert.That(history["val_loss"], Is.EqualTo(whole.History["val_loss"]));
    }

    [Test]
    public void FitAsync_AdditionalEpochs_TrainsThem()
    {
        Trainer trainer = ToyTraining.Trainer();
        trainer.Fit(Toy.Train);
        Assert.That(trainer.FitAsync(Toy.Train, additionalEpochs: 2).Result.Epochs, Has.Count.EqualTo(3));
    }

    [Test]
    public void Fit_AdditionalEpochsAfterACancellation_CountTheInterruptedOneAsTheFirst()
    {
        using CancellationTokenSource source = new();
        Trainer trainer = ToyTraining.Trainer(new LambdaCallback { StepEnd = c => Cancel(c, source) });
        Assert.That(() => trainer.Fit(Toy.Train, epochs: 3, cancellationToken: source.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That((trainer.Epoch, trainer.Batch), Is.EqualTo((0, 3)));
        trainer.Fit(Toy.Train, additionalEpochs: 2);
        Assert.That((trainer.Epoch, trainer.Batch, trainer.Step), Is.EqualTo((2, 0, 14)));

        static void Cancel(TrainingContext context, CancellationTokenSource source)
        {
            if (context.Step == 3)
            {
                source.Cancel();
            }
        }
    }

    [Test]
    public void Fit_LoadedRunThatIsFinished_EndsAtOnceAndSaysSo()
    {
        Trainer first = ToyTraining.Trainer(), second = ToyTraining.Trainer();
        first.Fit(Toy.Train, epochs: 3);
        second.Load(ToyTraining.Saved(first));
        History history = second.Fit(Toy.Train, epochs: 3);
        Assert.That((history.End, second.Epoch), Is.EqualTo((TrainingEnd.NothingToDo, 3)));
        Assert.That(ToyTraining.Weights(second), Is.EqualTo(ToyTraining.Weights(first)));
        Assert.That(() => second.Fit(Toy.Train, epochs: 3), Throws.InvalidOperationException, "it was told already");
        Assert.That(second.Fit(Toy.Train, epochs: 4).End, Is.EqualTo(TrainingEnd.Completed));
    }

    [Test]
    public void Fit_NoEpochsAskedFor_TrainsNothingAndSaysSo()
    {
        Trainer trainer = ToyTraining.Trainer();
        Assert.That(trainer.Fit(Toy.Train, epochs: 0).End, Is.EqualTo(TrainingEnd.NothingToDo));
        trainer.Fit(Toy.Train);
        Assert.That(trainer.Fit(Toy.Train, additionalEpochs: 0).End, Is.EqualTo(TrainingEnd.NothingToDo));
        Assert.That(trainer.Epoch, Is.EqualTo(1));
    }

    [Test]
    public void Fit_BadNumbers_Throw()
    {
        Trainer trainer = ToyTraining.Trainer();
        Assert.Multiple(() =>
        {
            Assert.That(() => trainer.Fit(Toy.Train, epochs: 2, additionalEpochs: 2), Throws.ArgumentException.With.Message.Contains("give one of them"));
            Assert.That(() => trainer.Fit(Toy.Train, epochs: -1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => trainer.Fit(Toy.Train, additionalEpochs: -1), Throws.TypeOf<ArgumentOutOfRangeException>());
        });
    }

    [Test]
    public void Fit_SourcesWithoutBatches_Throw()
    {
        Trainer trainer = ToyTraining.Trainer();
        TensorDataset three = new(Tensor.Ones([3, 2]), Tensor.Zeros([3], DType.Int64));
        DataLoader none = new(three, batchSize: 8) { DropLast = true };
        Assert.Multiple(() =>
        {
            Assert.That(() => trainer.Fit(none), Throws.ArgumentException.With.Message.Contains("training data").And.Message.Contains("DropLast"));
            Assert.That(() => trainer.Fit(Toy.Train, none), Throws.ArgumentException.With.Message.Contains("validation data"));
            Assert.That(trainer.Step, Is.Zero);
        });
    }

    [Test]
    public void Trainer_OptimizerOfAnotherModel_IsRefused()
    {
        Sequential model = ToyTraining.Model(), other = ToyTraining.Model();
        Assert.Multiple(() =>
        {
            Assert.That(() => new Trainer(model, new Adam(other.Parameters), Losses.CrossEntropy), Throws.ArgumentException
                .With.Message.Contains("Adam holds none of the 4 parameters").And.Message.Contains("model.Parameters"));
            Assert.That(() => new Trainer(model, model.Forward, new Sgd(other.Parameters), Losses.CrossEntropy), Throws.ArgumentException);
            Assert.That(() => new Trainer(model, new Adam(model.Parameters.Take(1)), Losses.CrossEntropy), Throws.Nothing, "a part");
            Assert.That(() => new Trainer(model, new Adam([.. model.Parameters, .. other.Parameters]), Losses.CrossEntropy), Throws.Nothing, "more");
        });
    }

    [Test]
    public void Trainer_OptimizerMadeBeforeTheModelMoved_IsItsOwn()
    {
        Sequential model = ToyTraining.Model();
        Adam optimizer = new(model.Parameters);
        model.To(DType.Float64);
        Assert.That(() => new Trainer(model, optimizer, Losses.CrossEntropy), Throws.Nothing);
    }
}
