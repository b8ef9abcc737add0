using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Capture;

[TestFixtureSource(typeof(CaptureDevices), nameof(CaptureDevices.All))]
internal sealed class CapturedTrainingTests(string deviceName) : CaptureFixture(deviceName)
{
    private const int Steps = 50;

    public static IEnumerable<TestCaseData> Optimizers()
    {
        yield return Case("sgd", static p => new Sgd(p, 0.1));
        yield return Case("sgd with momentum and dampening", static p => new Sgd(p, 0.05, momentum: 0.9, dampening: 0.1, weightDecay: 1e-3));
        yield return Case("adam", static p => new Adam(p, 0.01, weightDecay: 0.01));
        yield return Case("adamw", static p => new AdamW(p, 0.01));
        yield return Case("nadam", static p => new NAdam(p, 0.01));
        yield return Case("radam", static p => new RAdam(p, 0.01));
        yield return Case("adamax", static p => new Adamax(p, 0.01));
        yield return Case("adagrad with decay", static p => new Adagrad(p, 0.05, learningRateDecay: 0.1));
        yield return Case("adadelta", static p => new Adadelta(p));
        yield return Case("lion", static p => new Lion(p, 1e-3, weightDecay: 0.1));
        yield return Case("rprop", static p => new Rprop(p, 1e-3, maximumStep: 0.01));
        yield return Case("asgd", static p => new Asgd(p, 0.05, lambda: 0.1, t0: 20));
        yield return Case("lamb", static p => new Lamb(p, 0.01));
        yield return Case("adafactor", static p => new Adafactor(p, weightDecay: 0.1));
        yield return Case("rmsprop", static p => new RmsProp(p, 0.01, momentum: 0.9, centered: true));

        static TestCaseData Case(string name, Func<IEnumerable<Tensor>, Optimizer> make) => new TestCaseData(make).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Optimizers))]
    public void Replay_FiftySteps_GivesTheBitsOfEagerSteps(Func<IEnumerable<Tensor>, Optimizer> make)
    {
        using CapturedTraining eager = new(Device, make, clip: 0.5), captured = new(Device, make, clip: 0.5);
        for (int step = 0; step < Steps; step++)
        {
            // A schedule that changes every step.
            eager.Optimizer.LearningRate = captured.Optimizer.LearningRate = 0.02 / (1 + (0.1 * step));
            eager.RunEagerly(step);
            captured.Replay(step);
        }

        Assert.That(captured.Losses, Is.EqualTo(eager.Losses));
        Assert.That(captured.State(), Is.EqualTo(eager.State()));
        Assert.That(captured.Captured!.IsRecorded, Is.EqualTo(Device.CanRecord));
        Assert.That(captured.Captured.Runs, Is.EqualTo(Steps));
    }

    [Test]
    public void Replay_GroupsWithTheirOwnSettings_GivesTheBitsOfEagerSteps()
    {
        using CapturedTraining eager = new(Device, Make), captured = new(Device, Make);
        for (int step = 0; step < 12; step++)
        {
            eager.RunEagerly(step);
            captured.Replay(step);
        }

        Assert.That(captured.State(), Is.EqualTo(eager.State()));

        static Optimizer Make(IEnumerable<Tensor> parameters)
        {
            Tensor[] all = [.. parameters];
            return new AdamW([new ParameterGroup(all[..3]) { LearningRateFactor = 0.1 }, new ParameterGroup(all[3..]) { WeightDecay = 0.2 }], 0.01);
        }
    }

    [Test]
    public void Replay_EagerStepsOfOtherShapesBetween_GivesTheBitsOfEagerSteps()
    {
        using CapturedTraining eager = new(Device, static p => new Adam(p, 0.01)), captured = new(Device, static p => new Adam(p, 0.01));
        for (int step = 0; step < 15; step++)
        {
            bool isShort = step % 5 == 4;
            eager.RunEagerly(step, isShort ? 2 : CapturedTraining.BatchSize);
            if (isShort)
            {
                captured.RunEagerly(step, 2);
            }
            else
            {
                captured.Replay(step);
            }
        }

        Assert.That(captured.Losses, Is.EqualTo(eager.Losses));
        Assert.That(captured.State(), Is.EqualTo(eager.State()));
    }

    [Test]
    public void Replay_LearningRateZero_StopsTheParameters()
    {
        using CapturedTraining training = new(Device, static p => new Sgd(p, 0.1));
        for (int step = 0; step < 4; step++)
        {
            training.Replay(step);
        }
        float[] Weights() => [.. training.Model.Parameters.SelectMany(static t => t.ToArray<float>())];
        float[] before = Weights();
        training.Optimizer.LearningRate = 0;
        training.Replay(4);
        Assert.That(Weights(), Is.EqualTo(before));
        training.Optimizer.LearningRate = 0.1;
        training.Replay(5);
        Assert.That(Weights(), Is.Not.EqualTo(before));
    }

    [Test]
    public void Replay_RunningStatistics_Advance()
    {
        using CapturedTraining training = new(Device, static p => new Sgd(p, 0));
        BatchNorm2d norm = (BatchNorm2d)training.Model[1];
        for (int step = 0; step < 6; step++)
        {
            float[] before = norm.RunningMean!.ToArray<float>();
            training.Replay(step);
            Assert.That(norm.RunningMean.ToArray<float>(), Is.Not.EqualTo(before), $"step {step}");
            Assert.That(norm.NumBatchesTracked!.Item(), Is.EqualTo(step + 1));
        }
    }

    [Test]
    public void Replay_PlainAverageOfBatches_GoesOn()
    {
        BatchNorm1d eager = new BatchNorm1d(3, momentum: null).To(Device), replayed = new BatchNorm1d(3, momentum: null).To(Device);
        Tensor x = Tensor.Zeros([4, 3], device: Device);
        using CapturedStep step = Device.CaptureOnUse(() => replayed.Forward(x), [x]);
        for (int i = 0; i < 6; i++)
        {
            Tensor batch = Tensor.Rand([4, 3], generator: new Generator(i), device: Device);
            eager.Forward(batch);
            step.Replay(batch);
            Assert.That(replayed.RunningVar!.ToArray<float>(), Is.EqualTo(eager.RunningVar!.ToArray<float>()), $"batch {i}");
        }

        Assert.That(replayed.NumBatchesTracked!.Item(), Is.EqualTo(6));
        Assert.That(eager.RunningMean!.ToArray<float>(), Is.All.InRange(0.2f, 0.8f), "the average of uniform numbers");
    }

    [Test]
    public void Replay_StateLoadedBetween_GoesOnFromThere()
    {
        using CapturedTraining training = new(Device, static p => new AdamW(p, 0.01));
        for (int step = 0; step < 4; step++)
        {
            training.Replay(step);
        }
        TrainingState saved = new();
        training.Optimizer.Save(saved);
        saved = new TrainingState([.. saved.Tensors.Select(static t => KeyValuePair.Create(t.Key, t.Value.Clone()))], saved.Values);
        Dictionary<string, Tensor> weights = training.Model.StateDict().ToDictionary(static t => t.Key, static t => t.Value.Clone());
        training.Replay(4);
        float[] expected = [.. training.Model.Parameters.SelectMany(static t => t.ToArray<float>())];
        long draws = ((Dropout)training.Model[4]).Draws();

        training.Optimizer.Load(saved);
        training.Model.LoadStateDict(weights);
        ((Dropout)training.Model[4]).Rewind(draws - 2);
        training.Replay(4);
        Assert.That(training.Model.Parameters.SelectMany(static t => t.ToArray<float>()), Is.EqualTo(expected));
        Assert.That(training.Optimizer.StepsOf(training.Model.Parameters.First()), Is.EqualTo(5));
    }

    [Test]
    public void Replay_ParameterMovedSince_IsRefused()
    {
        if (!Device.CanRecord)
        {
            Assert.Ignore("The step's code runs again here and finds the parameter wherever it is.");
        }
        using CapturedTraining training = new(Device, static p => new Adam(p, 0.01));
        for (int step = 0; step < 4; step++)
        {
            training.Replay(step);
        }
        training.Model.To(DType.Float16);
        training.Model.To(DType.Float32);
        Assert.That(() => training.Replay(4), Throws.TypeOf<CaptureException>().With.Message.Contains("other memory"));
        Assert.That(training.Captured!.State, Is.EqualTo(CaptureState.Failed));
    }
}

/// <summary>Access to a layer's generator.</summary>
file static class DropoutGenerator
{
    public static long Draws(this Dropout layer) => layer.RandomSource!.Draws;

    public static void Rewind(this Dropout layer, long draws) => layer.RandomSource!.Restore(layer.RandomSource.Seed, draws);
}
