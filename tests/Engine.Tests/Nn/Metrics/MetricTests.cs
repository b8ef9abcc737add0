using System.Text.Json.Nodes;
using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn.Metrics;

[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class MetricTests(string deviceName) : DeviceFixture(deviceName)
{
    // Largest scores: 2, 0, 1, 1; true classes 2, 1, 1, and one that is ignored.
    private Tensor Scores => Tensor.From(new float[,] { { 0.1f, 0.2f, 0.9f }, { 3, 2, 1 }, { -1, 5, 0 }, { 0, 1, 0 } }, Device);

    private Tensor Classes => Tensor.From<long>([2, 1, 1, -100], device: Device);

    [Test]
    public void Accuracy_OverBatches_CountsSamplesAndSkipsIgnoredOnes()
    {
        Accuracy accuracy = new();
        Assert.That(accuracy.Compute(), Is.NaN);
        accuracy.Update(Scores, Classes);
        Assert.That(accuracy.Compute(), Is.EqualTo(2 / 3.0));
        accuracy.Update(Tensor.From(new float[,] { { 1, 0 } }, Device), Tensor.From<long>([0], device: Device));
        Assert.That(accuracy.Compute(), Is.EqualTo(3 / 4.0));
        accuracy.Reset();
        Assert.That(accuracy.Compute(), Is.NaN);
    }

    [Test]
    public void Accuracy_OfImages_TakesClassesFromAxisOne()
    {
        Accuracy accuracy = new();
        Tensor scores = Tensor.From<float>([1, 2, 0, 0, /* second class */ 0, 3, 1, -1], [1, 2, 2, 2], Device);
        accuracy.Update(scores, Tensor.From<long>([0, 1, 1, 1], [1, 2, 2], Device));
        Assert.That(accuracy.Compute(), Is.EqualTo(0.75));
    }

    [TestCase(1, 2 / 3.0)]
    [TestCase(2, 1)]
    [TestCase(3, 1)]
    public void TopK_CountsTheKLargest(int k, double expected)
    {
        TopKAccuracy metric = new(k);
        metric.Update(Scores, Classes);
        Assert.That(metric.Compute(), Is.EqualTo(expected));
        Assert.That(metric.Name, Is.EqualTo($"top{k}_accuracy"));
    }

    [Test]
    public void TopK_EqualScores_CountTheFirstClassOnly()
    {
        TopKAccuracy metric = new(1);
        metric.Update(Tensor.Zeros([4, 4], device: Device), Tensor.From<long>([0, 1, 2, 3], device: Device));
        Assert.That(metric.Compute(), Is.EqualTo(0.25));
    }

    [Test]
    public void TopK_NaN_IsNeverRight()
    {
        TopKAccuracy metric = new(1);
        metric.Update(Tensor.Full([2, 3], double.NaN, device: Device), Tensor.From<long>([0, 2], device: Device));
        Assert.That(metric.Compute(), Is.Zero);
    }

    [Test]
    public void ConfusionMatrix_MatchesACountByHand()
    {
        ConfusionMatrix matrix = Filled();
        Assert.That(matrix.Counts(), Is.EqualTo(new long[,] { { 2, 1, 0, 0 }, { 0, 1, 0, 0 }, { 1, 1, 0, 0 }, { 0, 0, 0, 0 } }));
        Assert.That(matrix.Compute(), Is.EqualTo(3 / 6.0));
    }

    [Test]
    public void PrecisionRecallF1_MatchTheirFormulas()
    {
        ConfusionMatrix matrix = Filled();
        Assert.Multiple(() =>
        {
            // Class 3 never occurs and does not count; class 2 is never predicted.
            Assert.That(matrix.Precision(), Is.EqualTo(((2 / 3.0) + (1 / 3.0) + 0) / 3).Within(1e-12));
            Assert.That(matrix.Recall(), Is.EqualTo(((2 / 3.0) + 1 + 0) / 3).Within(1e-12));
            Assert.That(matrix.F1(), Is.EqualTo(((4 / 6.0) + (2 / 4.0) + 0) / 3).Within(1e-12));
            Assert.That(matrix.Precision(Averaging.Micro), Is.EqualTo(0.5));
            Assert.That(matrix.Recall(Averaging.Micro), Is.EqualTo(0.5));
            Assert.That(matrix.F1(Averaging.Micro), Is.EqualTo(0.5));
        });
    }

    [Test]
    public void Precision_AsAMetric_KeepsItsSettings()
    {
        Metric metric = new Recall(3, Averaging.Micro, "r").Fresh();
        metric.Update(Scores, Classes);
        Assert.That(metric.Compute(), Is.EqualTo(2 / 3.0));
        Assert.That(metric.Name, Is.EqualTo("r"));
    }

    [Test]
    public void Mean_WeighsBatchesByTheirSize()
    {
        Mean metric = new("mae", (y, t) => (y - t).Abs());
        metric.Update(Tensor.Full([3, 2], 1, device: Device), Tensor.Zeros([3, 2], device: Device));
        metric.Update(Tensor.Full([1, 2], 9, device: Device), Tensor.Zeros([1, 2], device: Device));
        Assert.That(metric.Compute(), Is.EqualTo(3));
    }

    [Test]
    public void RunningSum_OfManySmallValues_KeepsTheirBits()
    {
        Assume.That(Device.Name, Is.Not.EqualTo("reference"), "the reference rounds only what it stores, so that there is nothing to compensate");
        RunningSum sum = new();
        Tensor large = Tensor.Scalar(1e6, device: Device), small = Tensor.Scalar(0.01, device: Device);
        sum.Add(large);
        for (int i = 0; i < 10_000; i++)
        {
            sum.Add(small, 0.5);
        }

        // Plain float32 additions of 0.005 to a million would change nothing.
        Assert.That(sum.Read(), Is.EqualTo(1e6 + 50).Within(1e-2));
    }

    [Test]
    public void SaveAndLoad_GoOnFromTheMiddle([Values] bool loadBeforeFirstBatch)
    {
        foreach (Func<Metric> make in (Func<Metric>[])[() => new Accuracy(), () => new TopKAccuracy(2), () => new F1(3), () => new Mean("m", (y, _) => y)])
        {
            Metric whole = make(), first = make(), second = make();
            foreach (Metric metric in (Metric[])[whole, first])
            {
                metric.Update(Scores, Classes);
            }

            TrainingState state = new();
            first.Save(state);
            if (!loadBeforeFirstBatch)
            {
                second.Update(Scores, Tensor.From<long>([0, 0, 0, 0], device: Device));
            }

            second.Load(new TrainingState(state.Tensors, JsonNode.Parse(state.Values.ToJsonString())!.AsObject()));
            Assert.That(second.Compute(), Is.EqualTo(whole.Compute()));
            foreach (Metric metric in (Metric[])[whole, second])
            {
                metric.Update(Scores * 2, Tensor.From<long>([0, 1, 2, 2], device: Device));
            }

            Assert.That(second.Compute(), Is.EqualTo(whole.Compute()));
        }
    }

    [Test]
    public void BadShapesAndTypes_Throw()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => new Accuracy().Update(Scores, Tensor.From<long>([1, 2], device: Device)), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[2]"));
            Assert.That(() => new Accuracy().Update(Scores, Tensor.Zeros([4], device: Device)), Throws.TypeOf<DTypeMismatchException>());
            Assert.That(
                () => new Perplexity().Update(Tensor.Zeros([2, 5, 3], device: Device), Tensor.Zeros([2, 5], DType.Int64, Device)),
                Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("prediction.Permute(0, 2, 1)"));
            Assert.That(() => new ConfusionMatrix(5).Update(Scores, Classes), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("5 classes"));
            Assert.That(() => new TopKAccuracy(0), Throws.TypeOf<ArgumentOutOfRangeException>());
        });
    }

    [Test]
    public void Update_InsideAScope_KeepsTheCounts()
    {
        Accuracy accuracy = new();
        using (TensorScope.Begin())
        {
            accuracy.Update(Scores, Classes);
        }

        accuracy.Update(Scores, Classes);
        Assert.That(accuracy.Compute(), Is.EqualTo(2 / 3.0));
    }

    private ConfusionMatrix Filled()
    {
        ConfusionMatrix matrix = new(4);
        long[] predicted = [0, 0, 1, 1, 0, 1], actual = [0, 0, 0, 1, 2, 2];
        matrix.Update(Tensor.From(predicted, device: Device).OneHot(4), Tensor.From(actual, device: Device));
        return matrix;
    }
}
