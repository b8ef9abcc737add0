using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn.Regularization;

/// <summary>Averages of weights against their closed forms.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class AveragedModelTests(string deviceName) : DeviceFixture(deviceName)
{
    [Test]
    public void Ema_AfterNUpdates_HasItsClosedForm([Values(0, 0.5, 0.9)] double decay)
    {
        Linear model = Model();
        AveragedModel average = AveragedModel.Ema(model, decay);
        double[][] course = [.. Enumerable.Range(0, 6).Select(t => Set(model, t))];
        for (int t = 0; t < course.Length; t++)
        {
            Set(model, t);
            average.Update();
        }

        // dⁿ⁻¹·w₁ + (1 − d)·Σ dⁿ⁻ⁱ·wᵢ over i = 2 … n.
        int n = course.Length;
        double[] expected = [.. course[0].Select((_, k) =>
            (Math.Pow(decay, n - 1) * course[0][k]) + ((1 - decay) * Enumerable.Range(2, n - 1).Sum(i => Math.Pow(decay, n - i) * course[i - 1][k])))];
        Assert.That(Values(average.StateDict()), Is.EqualTo(expected).Within(1e-6));
        Assert.That(average.Updates, Is.EqualTo(n));
        Assert.That(Values(model.StateDict()), Is.EqualTo(course[^1]).Within(1e-7), "the model goes on with its own");
    }

    [Test]
    public void Swa_IsTheArithmeticMean([Values(1, 2, 7)] int n)
    {
        Linear model = Model();
        AveragedModel average = AveragedModel.Swa(model);
        double[][] course = [.. Enumerable.Range(0, n).Select(t =>
        {
            double[] values = Set(model, t);
            average.Update();
            return values;
        })];
        Assert.That(Values(average.StateDict()), Is.EqualTo(course[0].Select((_, k) => course.Average(w => w[k]))).Within(1e-6));
    }

    [Test]
    public void Apply_GivesTheAveragesForAWhile_AndTheBitsBack()
    {
        Linear model = Model();
        AveragedModel average = AveragedModel.Swa(model);
        Set(model, 0);
        average.Update();
        Set(model, 1);
        average.Update();
        double[] before = Values(model.StateDict());
        Storage memory = model.Weight.Storage;
        using (average.Apply())
        {
            Assert.That(Values(model.StateDict()), Is.EqualTo(Values(average.StateDict())));
            Assert.That(model.Weight.Storage, Is.SameAs(memory), "captured steps rely on it");
            Assert.That(average.IsApplied, Is.True);
            Assert.That(average.Update, Throws.InvalidOperationException.With.Message.Contains("averages at present"));
            Assert.That(() => average.Apply(), Throws.InvalidOperationException);
        }

        Assert.That(Values(model.StateDict()), Is.EqualTo(before));
        Assert.That(model.Weight.RequiresGrad && model.Weight.Node is null, Is.True, "still a parameter");
        Assert.That(() => average.Update(), Throws.Nothing);
    }

    [Test]
    public void CopyTo_FillsAModelOfTheSameStructure()
    {
        Linear model = Model(), other = Model();
        AveragedModel average = AveragedModel.Ema(model);
        Set(model, 3);
        average.Update();
        average.CopyTo(other);
        Assert.That(Values(other.StateDict()), Is.EqualTo(Values(average.StateDict())));
        Assert.That(() => average.CopyTo(new Linear(2, 2)), Throws.TypeOf<ModelFileException>());
    }

    [Test]
    public void Buffers_AreTheModels_OrAveragedWhereAsked()
    {
        BatchNorm1d model = new(2);
        model.To(Device);
        AveragedModel plain = AveragedModel.Swa(model), all = AveragedModel.Swa(model, averageBuffers: true);
        foreach (float value in (float[])[1, 2, 6])
        {
            model.RunningMean!.FillInPlace(value);
            plain.Update();
            all.Update();
        }

        Assert.That(plain.StateDict()["running_mean"].ToArray<float>(), Is.All.EqualTo(6f));
        Assert.That(all.StateDict()["running_mean"].ToArray<float>(), Is.All.EqualTo(3f).Within(1e-6f));
        Assert.That(all.StateDict()["num_batches_tracked"].DType, Is.EqualTo(DType.Int64));
    }

    [Test]
    public void HalfParameters_AreAveragedInFloat32()
    {
        // Steps of 2⁻⁹ beside 1 are half of what bfloat16 can tell apart: kept in it, the average would not move.
        Linear model = Model().To(DType.BFloat16);
        AveragedModel average = AveragedModel.Ema(model, 0.99);
        Fill(1);
        average.Update();
        Fill(2);
        for (int i = 0; i < 100; i++)
        {
            average.Update();
        }

        TrainingState state = new();
        average.Save(state);
        Assert.That(state.Tensor("average/weight").DType, Is.EqualTo(DType.Float32));
        Assert.That(state.Tensor("average/weight").ToArray<float>(), Is.All.EqualTo(2 - Math.Pow(0.99, 100)).Within(1e-5));
        Assert.That(average.StateDict()["weight"].DType, Is.EqualTo(DType.BFloat16));

        void Fill(double value)
        {
            using GradMode.Scope mode = GradMode.Off();
            model.Weight.FillInPlace(value);
        }
    }

    [Test]
    public void SaveLoad_GoesOnWithTheSameBits()
    {
        Linear model = Model(), other = Model();
        AveragedModel whole = AveragedModel.Swa(model), resumed = AveragedModel.Swa(other);
        for (int t = 0; t < 3; t++)
        {
            Set(model, t);
            whole.Update();
        }

        TrainingState state = new();
        whole.Save(state);
        resumed.Load(Training.ToyTraining.Reread(state));
        Set(model, 8);
        Set(other, 8);
        whole.Update();
        resumed.Update();
        Assert.That(Values(resumed.StateDict()), Is.EqualTo(Values(whole.StateDict())));
        Assert.That(resumed.Updates, Is.EqualTo(4));
        Assert.That(() => AveragedModel.Swa(new Linear(5, 5)).Load(state), Throws.TypeOf<ModelFileException>().With.Message.Contains("average of 'weight' is"));
        Assert.That(() => resumed.Load(new TrainingState()), Throws.TypeOf<ModelFileException>());
    }

    [Test]
    public void BeforeAnyUpdate_Throws()
    {
        AveragedModel average = AveragedModel.Swa(Model());
        Assert.That(() => average.Apply(), Throws.InvalidOperationException.With.Message.Contains("no average yet"));
        Assert.That(() => average.StateDict(), Throws.InvalidOperationException);
        Assert.That(() => average.CopyTo(Model()), Throws.InvalidOperationException);
        foreach (double bad in (double[])[-0.1, 1, double.NaN])
        {
            Assert.That(() => AveragedModel.Ema(Model(), bad), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("Ema: decay must lie in [0, 1)"));
        }
    }

    [Test]
    public void UpdateBatchNorm_IsTheMeanOverAllBatches()
    {
        BatchNorm1d norm = new(1, momentum: 0.3);
        Sequential model = [norm, new Dropout(0.5)];
        model.To(Device);
        norm.RunningMean!.FillInPlace(77);
        model[1].Eval();
        Batches data = new(Device);
        Assert.That(model.UpdateBatchNorm(data), Is.SameAs(model));

        // Batches {0, 2}, {10, 14}, {1, 1}: means 1, 12, 1; unbiased variances 2, 8, 0.
        Assert.That(norm.RunningMean!.ToArray<float>()[0], Is.EqualTo(14 / 3.0).Within(1e-5));
        Assert.That(norm.RunningVar!.ToArray<float>()[0], Is.EqualTo(10 / 3.0).Within(1e-5));
        Assert.That(norm.NumBatchesTracked!.Item(), Is.EqualTo(3));
        Assert.That((model.IsTraining, norm.IsTraining, model[1].IsTraining), Is.EqualTo((true, true, false)), "modes are as before");

        // Its own momentum is back: 0.7·old + 0.3·5.
        norm.Forward(Tensor.From<float>([4, 6], [2, 1], Device));
        Assert.That(norm.RunningMean.ToArray<float>()[0], Is.EqualTo((0.7 * 14 / 3) + 1.5).Within(1e-5));
    }

    [Test]
    public void UpdateBatchNorm_OddCases()
    {
        Assert.That(() => Model().UpdateBatchNorm(new Batches(Device)), Throws.Nothing, "nothing to do, and nothing is read");
        BatchNorm1d norm = new(1);
        norm.To(Device);
        Assert.That(() => norm.UpdateBatchNorm(new DataLoader(new TensorDataset(Tensor.Ones([0, 1]), Tensor.Ones([0])), 2)), Throws.ArgumentException.With.Message.Contains("no batches"));
        Assert.That(() =>
        {
            using InferenceScope scope = InferenceScope.Begin();
            norm.UpdateBatchNorm(new Batches(Device));
        }, Throws.InvalidOperationException.With.Message.Contains("InferenceScope"));
        Assert.That(() => norm.UpdateBatchNorm(static _ => throw new NotSupportedException(), new Batches(Device)), Throws.TypeOf<NotSupportedException>());
        norm.Forward(Tensor.From<float>([4, 6], [2, 1], Device));
        Assert.That(norm.RunningMean!.ToArray<float>()[0], Is.EqualTo(0.5).Within(1e-6), "its own momentum is back");
    }

    private Linear Model() => new Linear(3, 2, generator: new Generator(1)).To(Device);

    /// <summary>Other values at each time.</summary>
    private static double[] Set(Linear model, int time)
    {
        using GradMode.Scope mode = GradMode.Off();
        model.Weight.CopyFrom<float>([.. Enumerable.Range(0, 6).Select(k => MathF.Sin((7 * time) + k))]);
        model.Bias!.CopyFrom<float>([time, -time]);
        return Values(model.StateDict());
    }

    private static double[] Values(IEnumerable<KeyValuePair<string, Tensor>> state) => [.. state.SelectMany(static t => t.Value.ToArray<float>()).Select(static v => (double)v)];

    private sealed class Batches(Device device) : IBatchSource
    {
        public int BatchCount => 3;

        public long SampleCount => 6;

        public IEnumerable<Batch> Epoch(int epoch, int firstBatch = 0) =>
            ((float[][])[[0, 2], [10, 14], [1, 1]]).Skip(firstBatch).Select(values => new Batch(Tensor.From<float>(values, [2, 1], device), Tensor.Zeros([2], device: device)));
    }
}
