using Engine.Nn;
using Engine.Tests.Devices;
using Engine.Tests.Gradients;
using NUnit.Framework;

namespace Engine.Tests.Nn.LossFunctions;

/// <summary>Cross-entropy with class probabilities as targets, against PyTorch 2's formula written out in double.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class SoftTargetTests(string deviceName) : DeviceFixture(deviceName)
{
    private const int Classes = 4;

    private static IEnumerable<TestCaseData> Settings =>
        from shape in (int[][])[[3, Classes], [2, Classes, 3], [2, Classes, 2, 3], [1, Classes], [Classes]]
        from smoothing in (double[])[0, 0.1, 1]
        from weighted in (bool[])[false, true]
        select new TestCaseData(shape, smoothing, weighted);

    [TestCaseSource(nameof(Settings))]
    public void CrossEntropy_OfProbabilities_IsPyTorchsFormula(int[] sizes, double smoothing, bool weighted)
    {
        (Tensor z, Tensor t, Tensor? w) = Inputs(sizes, weighted, DType.Float32);
        double[] losses = Formula(z, t, w, smoothing);
        Shape each = z.Rank == 1 ? Shape.Scalar : z.Shape.Remove(1);
        Tensor none = z.CrossEntropy(t, w, smoothing, reduction: Reduction.None);
        Assert.Multiple(() =>
        {
            Assert.That(none.Shape, Is.EqualTo(each));
            Assert.That(none.Reshape(-1).ToArray<float>(), Is.EqualTo(losses).Within(2e-6));
            Assert.That(z.CrossEntropy(t, w, smoothing, reduction: Reduction.Sum).Item(), Is.EqualTo(losses.Sum()).Within(1e-5));

            // The mean divides by the number of samples, weights or not.
            Assert.That(z.CrossEntropy(t, w, smoothing).Item(), Is.EqualTo(losses.Average()).Within(2e-6));
            Assert.That(z.CrossEntropy(t, w, smoothing, reduction: Reduction.BatchMean).Item(), Is.EqualTo(losses.Sum() / (z.Rank == 1 ? 1 : sizes[0])).Within(1e-5));
            Assert.That(Losses.CrossEntropy(z, t, w, smoothing).Item(), Is.EqualTo(losses.Average()).Within(2e-6));
        });
    }

    [TestCaseSource(nameof(Settings))]
    public void CrossEntropy_OfProbabilities_HasItsGradients(int[] sizes, double smoothing, bool weighted)
    {
        RequireFloat64();
        (Tensor z, Tensor t, Tensor? w) = Inputs(sizes, weighted, DType.Float64);
        foreach (Reduction reduction in (Reduction[])[Reduction.None, Reduction.Mean, Reduction.Sum])
        {
            Tensor Loss(Tensor[] x) => x[0].CrossEntropy(x[1], w, smoothing, reduction: reduction);
            GradientCheck.First(Loss, [z.WithGrad(), t.WithGrad()], reduction.ToString());
            GradientCheck.Second(Loss, [z.WithGrad(), t.WithGrad()], reduction.ToString());
        }
    }

    [Test]
    public void CrossEntropy_OfOneHotRows_IsThatOfTheClassNumbers([Values(0, 0.2)] double smoothing, [Values] bool weighted)
    {
        // With weights the means differ, in PyTorch too.
        Reduction reduction = weighted ? Reduction.Sum : Reduction.Mean;
        (Tensor z, _, Tensor? w) = Inputs([3, Classes, 2], weighted, DType.Float32);
        Tensor numbers = Tensor.From<long>([0, 3, 1, 1, 2, 0], [3, 2], Device);
        Tensor hot = numbers.OneHot(Classes).Transpose(1, 2);
        Tensor first = z.Clone().WithGrad(), second = z.Clone().WithGrad();
        Tensor a = first.CrossEntropy(numbers, w, smoothing, reduction: reduction), b = second.CrossEntropy(hot, w, smoothing, reduction: reduction);
        a.Backward();
        b.Backward();
        Assert.That(b.Item(), Is.EqualTo(a.Item()).Within(1e-5));
        Assert.That(second.Grad!.ToArray<float>(), Is.EqualTo(first.Grad!.ToArray<float>()).Within(1e-6));
    }

    [Test]
    public void CrossEntropy_GradientToOneHotTargets_IsTheLogarithmWhereTheyAre0Too()
    {
        Tensor z = Tensor.From(new float[,] { { 1, 2, 3 } }, Device), t = Tensor.From(new float[,] { { 0, 1, 0 } }, Device).WithGrad();
        z.CrossEntropy(t).Backward();
        Assert.That(t.Grad!.ToArray<float>(), Is.EqualTo(z.LogSoftmax().ToArray<float>().Select(static x => -x)).Within(1e-6));
    }

    [Test]
    public void CrossEntropy_ImpossibleClassThatNobodyAsksFor_IsNoNaN()
    {
        Tensor z = Tensor.From(new float[,] { { 1, float.NegativeInfinity, 2 } }, Device).WithGrad(), t = Tensor.From(new float[,] { { 0, 0, 1 } }, Device);
        Tensor loss = z.CrossEntropy(t);
        loss.Backward();
        Assert.That(loss.Item(), Is.EqualTo(Math.Log(1 + Math.Exp(-1))).Within(1e-6));
        double p = 1 / (1 + Math.E);
        Assert.That(z.Grad!.ToArray<float>(), Is.EqualTo(new[] { p, 0, -p }).Within(1e-6));
        Assert.That(z.CrossEntropy(Tensor.From(new float[,] { { 0, 0.5f, 0.5f } }, Device)).Item(), Is.EqualTo(double.PositiveInfinity), "asked for and impossible");
    }

    [Test]
    public void CrossEntropy_OfEmptyBatches_IsNaNInTheMeanAnd0InTheSum()
    {
        Tensor z = Tensor.Zeros([0, 3], device: Device);
        Assert.That(z.CrossEntropy(z).Item(), Is.NaN);
        Assert.That(z.CrossEntropy(z, reduction: Reduction.Sum).Item(), Is.Zero);
    }

    [Test]
    public void CrossEntropy_InAutocast_IsFloat32()
    {
        (Tensor z, Tensor t, _) = Inputs([3, Classes], false, DType.Float32);
        using Autocast.Scope scope = Autocast.To(DType.BFloat16);
        Tensor loss = z.To(DType.BFloat16).CrossEntropy(t.To(DType.BFloat16));
        Assert.That(loss.DType, Is.EqualTo(DType.Float32));
        Assert.That(loss.Item(), Is.EqualTo(Formula(z, t, null, 0).Average()).Within(0.05));
    }

    [Test]
    public void CrossEntropy_TargetsThatAreNeither_SayWhatIsWanted()
    {
        Tensor z = Tensor.Zeros([2, 3], device: Device);
        Assert.Multiple(() =>
        {
            foreach (DType type in (DType[])[DType.Int64, DType.Int32, DType.UInt8, DType.Bool])
            {
                Assert.That(() => z.CrossEntropy(Tensor.Zeros([2, 3], type, Device)), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("target.To(DType.Float32)"), type.ToString());
            }

            Assert.That(() => z.CrossEntropy(Tensor.Zeros([2], device: Device)), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("To(DType.Int64)"));
            Assert.That(() => z.CrossEntropy(z, ignoreIndex: 1), Throws.ArgumentException.With.Message.Contains("ignoreIndex"));
            Assert.That(() => z.CrossEntropy(z, Tensor.Ones([2], device: Device)), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("classWeights"));
            Assert.That(() => z.CrossEntropy(z, labelSmoothing: 1.5), Throws.TypeOf<ArgumentOutOfRangeException>());
        });
    }

    [Test]
    public void Trainer_OneHotTargets_TrainsAndMeasuresAsWithClassNumbers()
    {
        Tensor x = Tensor.From(new float[,] { { 0, 1 }, { 1, 0 }, { 1, 1 }, { 0, 0 } }), numbers = Tensor.From<long>([0, 1, 2, 0]);
        Evaluation[] results = [.. new[] { numbers, numbers.OneHot(3) }.Select(target =>
        {
            Sequential model = [new Linear(2, 3, generator: new Generator(1))];
            model.To(Device);
            Trainer trainer = new(model, new Sgd(model.Parameters, 0.5), Losses.CrossEntropy) { Metrics = [new Accuracy(), new TopKAccuracy(2), new F1(3)] };
            DataLoader data = new(new TensorDataset(x, target), 2) { Device = Device };
            trainer.Fit(data, epochs: 4);
            return trainer.Evaluate(data);
        })];
        Assert.That(results[1].Loss, Is.EqualTo(results[0].Loss).Within(1e-5));
        Assert.That(results[1].Metrics, Is.EqualTo(results[0].Metrics));
    }

    private (Tensor Logits, Tensor Targets, Tensor? Weights) Inputs(int[] sizes, bool weighted, DType type)
    {
        Random random = new(sizes.Length);
        Shape shape = new(sizes);
        double[] logits = [.. Enumerable.Range(0, (int)shape.ElementCount).Select(_ => (random.NextDouble() * 6) - 3)];

        // Not normalised: the formula does not ask for it. Some are 0.
        double[] targets = [.. Enumerable.Range(0, (int)shape.ElementCount).Select(i => i % 3 == 0 ? 0 : random.NextDouble())];
        return (
            Tensor.From<double>(logits, shape).To(type).To(Device),
            Tensor.From<double>(targets, shape).To(type).To(Device),
            weighted ? Tensor.From<double>([0.5, 2, 1, 0.25]).To(type).To(Device) : null);
    }

    /// <summary>The loss of each sample in row-major order.</summary>
    private static double[] Formula(Tensor logits, Tensor targets, Tensor? weights, double smoothing)
    {
        int axis = logits.Rank == 1 ? 0 : 1;
        double[] z = Rows(logits, axis), t = Rows(targets, axis);
        double[] w = weights is null ? [.. Enumerable.Repeat(1.0, Classes)] : Rows(weights, 0);
        double[] losses = new double[z.Length / Classes];
        for (int n = 0; n < losses.Length; n++)
        {
            double sum = Enumerable.Range(0, Classes).Sum(c => Math.Exp(z[(n * Classes) + c]));
            for (int c = 0; c < Classes; c++)
            {
                double q = (t[(n * Classes) + c] * (1 - smoothing)) + (smoothing / Classes);
                losses[n] -= w[c] * q * (z[(n * Classes) + c] - Math.Log(sum));
            }
        }

        return losses;
    }

    /// <summary>The values with the class axis last.</summary>
    private static double[] Rows(Tensor x, int axis)
    {
        int[] order = [.. Enumerable.Range(0, x.Rank).Where(a => a != axis), axis];
        return x.Permute(order).Contiguous().ToArray<double>();
    }
}
