using System.Text.Json;
using System.Text.Json.Nodes;
using Engine.Nn;
using Engine.Tests.Reference;
using Engine.Tests.RollCall;
using NUnit.Framework;

namespace Engine.Tests.Nn.Metrics;

/// <summary>Metrics against scikit-learn and SciPy; tests/golden_tools/make_metrics.py has written the numbers.</summary>
internal sealed class MetricGoldenTests
{
    private const int Samples = 60;
    private const int Classes = 4;

    private static readonly Lazy<JsonElement> s_file = new(static () =>
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestContext.CurrentContext.TestDirectory, "Nn", "data", "metrics.json")));
        return document.RootElement.Clone();
    });

    private static readonly Dictionary<string, Func<Metric>> s_ofClasses = new()
    {
        ["auroc_classes"] = static () => new Auroc(),
        ["ap_classes"] = static () => new AveragePrecision(),
        ["log_loss"] = static () => new LogLoss(),
        ["kappa"] = static () => new CohenKappa(Classes),
        ["kappa_linear"] = static () => new CohenKappa(Classes, KappaWeights.Linear),
        ["kappa_quadratic"] = static () => new CohenKappa(Classes, KappaWeights.Quadratic),
        ["mcc"] = static () => new MatthewsCorrelation(Classes),
        ["balanced"] = static () => new BalancedAccuracy(Classes),
        ["iou"] = static () => new JaccardIndex(Classes),
        ["iou_micro"] = static () => new JaccardIndex(Classes, Averaging.Micro),
    };

    private static readonly Dictionary<string, Func<Metric>> s_ofAnswers = new()
    {
        ["auroc"] = static () => new Auroc(),
        ["ap"] = static () => new AveragePrecision(),
        ["log_loss_binary"] = static () => new LogLoss(),
        ["brier"] = static () => new BrierScore(),
    };

    private static readonly Dictionary<string, Func<Metric>> s_ofNumbers = new()
    {
        ["mae"] = static () => new MeanAbsoluteError(),
        ["mse"] = static () => new MeanSquaredError(),
        ["rmse"] = static () => new RootMeanSquaredError(),
        ["mape"] = static () => new MeanAbsolutePercentageError(),
        ["r2"] = static () => new R2Score(),
        ["ev"] = static () => new ExplainedVariance(),
    };

    private static Tensor Logits => Numbers("logits", [Samples, Classes]);

    private static Tensor Truth => Tensor.From<long>([.. s_file.Value.GetProperty("truth").EnumerateArray().Select(static e => e.GetInt64())], ReferenceDevice.Shared);

    private static Tensor Yes => Truth > 1;

    [Test]
    public void Figures_AreScikitLearns()
    {
        Assert.Multiple(static () =>
        {
            foreach ((string name, Func<Metric> make) in s_ofClasses)
            {
                Check(name, make(), Logits.Softmax(), Truth);
            }

            foreach ((string name, Func<Metric> make) in s_ofAnswers)
            {
                Check(name, make(), Numbers("chance", [Samples]), Yes);
                Check(name, make(), Numbers("chance", [Samples, 1]), Yes);
            }

            foreach ((string name, Func<Metric> make) in s_ofNumbers)
            {
                Check(name, make(), Numbers("y", [Samples, 2]), Numbers("t", [Samples, 2]));
            }

            Check("perplexity", new Perplexity(), Logits, Truth);
            Check("pearson", new PearsonCorrelation(), Numbers("y", [Samples, 2]).Select(1, 0), Numbers("t", [Samples, 2]).Select(1, 0));
            Check("spearman", new SpearmanCorrelation(), Numbers("y", [Samples, 2]).Select(1, 0), Numbers("t", [Samples, 2]).Select(1, 0));
        });
    }

    [Test]
    public void Curves_AreScikitLearns()
    {
        Auroc auroc = new();
        AveragePrecision precision = new();
        auroc.Update(Numbers("chance", [Samples]), Yes);
        precision.Update(Numbers("chance", [Samples]), Yes);
        RocCurve roc = auroc.Curve();
        PrecisionRecallCurve curve = precision.Curve();
        Assert.Multiple(() =>
        {
            Assert.That(roc.FalsePositiveRates, Is.EqualTo(Row("roc", 0)).Within(1e-12));
            Assert.That(roc.TruePositiveRates, Is.EqualTo(Row("roc", 1)).Within(1e-12));
            Assert.That(roc.Thresholds[0], Is.EqualTo(double.PositiveInfinity));
            Assert.That(roc.Thresholds.Skip(1), Is.EqualTo(Row("roc", 2)));
            Assert.That(curve.Precisions, Is.EqualTo(Row("pr", 0)).Within(1e-12));
            Assert.That(curve.Recalls, Is.EqualTo(Row("pr", 1)).Within(1e-12));
            Assert.That(curve.Thresholds, Is.EqualTo(Row("pr", 2)));
            Assert.That(() => auroc.Curve(1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("there are 1"));
        });
    }

    [Test]
    public void Labels_AreAveraged()
    {
        // Two labels: one ordered perfectly, one by chance; a third that has no positives does not count.
        Tensor scores = Tensor.From<float>([0.9f, 0.5f, 0.1f, 0.8f, 0.5f, 0.2f, 0.1f, 0.5f, 0.3f], [3, 3], ReferenceDevice.Shared);
        Tensor targets = Tensor.From<long>([1, 1, 0, 1, 0, 0, 0, 1, 0], [3, 3], ReferenceDevice.Shared);
        Auroc auroc = new(), binned = new(bins: 10);
        auroc.Update(scores, targets);
        binned.Update(scores, targets);
        Assert.That((auroc.Compute(), binned.Compute()), Is.EqualTo((0.75, 0.75)));
        Assert.That(() => auroc.Update(scores.Narrow(1, 0, 2), targets.Narrow(1, 0, 2)), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("3 labels"));
    }

    [Test]
    public void NaN_IsNotHidden()
    {
        Auroc auroc = new();
        auroc.Update(Tensor.From<float>([0.5f, float.NaN, 0.1f], ReferenceDevice.Shared), Tensor.From<long>([1, 0, 0], ReferenceDevice.Shared));
        Assert.That(auroc.Compute(), Is.NaN);
    }

    [Test]
    public void R2_OfConstantTargets_IsScikitLearns()
    {
        R2Score right = new(), wrong = new(), few = new();
        Tensor fives = Tensor.Full([4], 5, device: ReferenceDevice.Shared);
        right.Update(fives, fives);
        wrong.Update(fives + 1, fives);
        few.Update(fives[..1], fives[..1]);
        Assert.That((right.Compute(), wrong.Compute(), few.Compute()), Is.EqualTo((1.0, 0.0, double.NaN)));
    }

    [Test]
    public void LargeMeans_TakeNoDigits()
    {
        // Spread 1 around 10⁶: sums of squares in float32 would have nothing left of it.
        Random random = new(4);
        double[] t = [.. Enumerable.Range(0, 400).Select(_ => 1e6 + random.Next(-16, 17) / 16.0)];
        double[] y = [.. t.Select(v => v + random.Next(-4, 5) / 16.0)];
        R2Score r2 = new();
        for (int i = 0; i < 400; i += 100)
        {
            r2.Update(Tensor.From<float>([.. y[i..(i + 100)].Select(static v => (float)v)], ReferenceDevice.Shared), Tensor.From<float>([.. t[i..(i + 100)].Select(static v => (float)v)], ReferenceDevice.Shared));
        }

        double mean = t.Average();
        double expected = 1 - (y.Zip(t, static (a, b) => (a - b) * (a - b)).Sum() / t.Sum(v => (v - mean) * (v - mean)));
        Assert.That(r2.Compute(), Is.EqualTo(expected).Within(1e-9));
    }

    [TestCaseSource(typeof(MetricCases), nameof(MetricCases.All))]
    public void SaveAndLoad_GoOnFromTheMiddle(object row)
    {
        MetricCase metric = (MetricCase)row;
        Metric whole = metric.Make(), first = metric.Make(), second = metric.Make().Fresh();
        Feed(whole, 1);
        Feed(first, 1);
        Feed(second, 3);
        TrainingState state = new();
        first.Save(state);
        second.Load(new TrainingState(state.Tensors, JsonNode.Parse(state.Values.ToJsonString())!.AsObject()));
        Assert.That(second.Compute(), Is.EqualTo(whole.Compute()));
        Feed(whole, 2);
        Feed(second, 2);
        Assert.That(second.Compute(), Is.EqualTo(whole.Compute()));
        Assert.That(second.Name, Is.EqualTo(whole.Name));

        void Feed(Metric m, int seed)
        {
            Random random = new(seed);
            Tensor scores = Tensor.From<float>([.. Enumerable.Range(0, 80).Select(i => (random.Next(1000) / 8f) + (i % 4 / 64f))], [20, MetricCases.Classes], ReferenceDevice.Shared);
            Tensor truth = Tensor.From<long>([.. Enumerable.Range(0, 20).Select(_ => (long)random.Next(MetricCases.Classes))], ReferenceDevice.Shared);
            (Tensor prediction, Tensor target) = metric.Feed(scores, truth);
            m.Update(prediction, target);
        }
    }

    private static void Check(string name, Metric metric, Tensor prediction, Tensor target)
    {
        // In two batches.
        metric.Update(prediction[..23], target[..23]);
        metric.Update(prediction[23..], target[23..]);
        Assert.That(metric.Compute(), Is.EqualTo(s_file.Value.GetProperty("figures").GetProperty(name).GetDouble()).Within(2e-6), name);
    }

    private static Tensor Numbers(string name, Shape shape) => Tensor.From<double>([.. s_file.Value.GetProperty(name).EnumerateArray().Select(static e => e.GetDouble())], shape, ReferenceDevice.Shared);

    private static double[] Row(string name, int row) => [.. s_file.Value.GetProperty(name)[row].EnumerateArray().Select(static e => e.GetDouble())];
}
