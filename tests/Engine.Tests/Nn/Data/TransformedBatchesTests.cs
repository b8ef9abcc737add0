using Engine.Nn;
using Engine.Tests.Nn.Training;
using NUnit.Framework;

namespace Engine.Tests.Nn.Data;

/// <summary>Batches that are changed on their way to a trainer: repeatable, resumable, and nothing leaks.</summary>
internal sealed class TransformedBatchesTests : ToyFixture
{
    private IBatchSource Mixed => Toy.Train.With(seed: 5, new MixUp(0.4, classes: 3));

    [Test]
    public void Epoch_FromAnyBatch_HasTheSameBatches()
    {
        Assert.That((Mixed.BatchCount, Mixed.SampleCount), Is.EqualTo((Toy.Train.BatchCount, Toy.Train.SampleCount)));
        float[][] whole = Values(Mixed.Epoch(2));
        Assert.That(whole, Has.Length.EqualTo(7));
        for (int first = 0; first <= 7; first++)
        {
            Assert.That(Values(Mixed.Epoch(2, first)), Is.EqualTo(whole[first..]));
        }

        Assert.That(Values(Mixed.Epoch(3)), Is.Not.EqualTo(whole));
        Assert.That(Values(Toy.Train.With(seed: 6, new MixUp(0.4, classes: 3)).Epoch(2)), Is.Not.EqualTo(whole));
    }

    [Test]
    public void Loops_AreOneEpochAfterAnother()
    {
        IBatchSource mixed = Mixed;
        float[][] first = Loop(mixed), second = Loop(mixed);
        Assert.That(first, Is.EqualTo(Values(Mixed.Epoch(0))));
        Assert.That(second, Is.EqualTo(Values(Mixed.Epoch(1))).And.Not.EqualTo(first));
        Assert.That(Loop(Mixed), Is.EqualTo(first), "another source counts for itself");

        DataLoader loader = new(new TensorDataset(Tensor.Randn([20, 2]), Tensor.Randn([20, 1])), 8) { Shuffle = true, NextEpoch = 3 };
        IBatchSource same = loader;
        Assert.That(Loop(same), Is.EqualTo(Values(loader.Epoch(3))));
        Assert.That(loader.NextEpoch, Is.EqualTo(4));
        static float[][] Loop(IBatchSource source)
        {
            List<float[]> values = [];
            foreach (Batch batch in source)
            {
                values.AddRange(Values([batch]));
            }

            return [.. values];
        }
    }

    [Test]
    public void Batches_OfOneEpoch_HaveDifferentShares()
    {
        // The targets of the first sample tell λ.
        IBatchSource source = new Constant().With(seed: 1, new MixUp(1));
        float[] shares = [.. source.Epoch(0).Select(static b => b.Targets.ToArray<float>()[0])];
        Assert.That(shares.Distinct().Count(), Is.GreaterThan(5));
    }

    [Test]
    public void Epoch_DisposesWhatItMixed()
    {
        foreach (Batch batch in Mixed.Epoch(0))
        {
            Assert.That(batch.Inputs.IsDisposed, Is.False);
            batch.Dispose();
        }

        Assert.That(Toy.Train.Given.All(static b => b.Inputs.IsDisposed && b.Targets.IsDisposed), Is.True);
    }

    [Test]
    public void Epoch_InsideOfAScope_GivesBatchesToTheCaller()
    {
        List<Batch> taken = [];
        using (TensorScope scope = TensorScope.Begin())
        {
            taken.AddRange(Mixed.Epoch(0));
        }

        Assert.That(taken.All(static b => !b.Inputs.IsDisposed && !b.Targets.IsDisposed), Is.True);
    }

    [Test]
    public void Transform_ThatPassesATensorOn_KeepsIt()
    {
        Batch batch = Toy.Train.With(seed: 1, new Nothing(), new Nothing()).Epoch(0).First();
        Assert.That(batch.Inputs.IsDisposed || batch.Targets.IsDisposed, Is.False);
        Assert.That(batch.Inputs.ToArray<float>(), Has.Length.EqualTo(12));
    }

    [Test]
    public void RandomChoice_DrawsAllOfThem()
    {
        IBatchSource source = new Constant().With(seed: 1, new RandomChoice(new Times(2), new Times(3)));
        float[] factors = [.. source.Epoch(0).Select(static b => b.Inputs.ToArray<float>()[0])];
        Assert.That(factors.Distinct(), Is.EquivalentTo((float[])[2, 3]));
    }

    [Test]
    public void Trainer_OnMixedTargets_TrainsMeasuresAndResumesBitByBit()
    {
        Trainer whole = NewTrainer();
        List<TrainingState> states = [];
        whole.Callbacks.Add(new LambdaCallback { StepEnd = c => c.RequestSave(s => states.Add(ToyTraining.Reread(s))) });
        History history = whole.Fit(Mixed, Toy.Validation, 3);
        Assert.That(history["val_accuracy"][^1], Is.GreaterThan(0.5), "validation takes class numbers");
        Assert.That(history["accuracy"], Is.All.InRange(0.0, 1.0));
        foreach (TrainingState state in states)
        {
            Trainer resumed = NewTrainer();
            resumed.Load(state);
            resumed.Fit(Mixed, Toy.Validation, 3);
            Assert.That(ToyTraining.Weights(resumed), Is.EqualTo(ToyTraining.Weights(whole)), $"from step {resumed.Step}");
        }
    }

    private static Trainer NewTrainer() => ToyTraining.Trainer();

    private static float[][] Values(IEnumerable<Batch> batches) => [.. batches.Select(static b => (float[])[.. b.Inputs.ToArray<float>(), .. b.Targets.ToArray<float>()])];

    private sealed class Nothing : IBatchTransform
    {
        public Batch Apply(Batch batch, ref SampleRandom random) => batch;
    }

    private sealed class Times(double factor) : IBatchTransform
    {
        public Batch Apply(Batch batch, ref SampleRandom random) => new(batch.Inputs * factor, batch.Targets);
    }

    /// <summary>Batches of one 1, whose target is one or the other of two classes.</summary>
    private sealed class Constant : IBatchSource
    {
        public int BatchCount => 40;

        public long SampleCount => 80;

        public IEnumerable<Batch> Epoch(int epoch, int firstBatch = 0)
        {
            for (int b = firstBatch; b < BatchCount; b++)
            {
                yield return new Batch(Tensor.Ones([2, 1]), Tensor.Eye(2));
            }
        }
    }
}
