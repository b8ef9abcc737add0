using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn.Regularization;

/// <summary>Averages over models and over dropout's masks, against sums in doubles.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class EnsembleTests(string deviceName) : DeviceFixture(deviceName)
{
    [Test]
    public void Forward_IsTheLogarithmOfTheMeanProbability()
    {
        Linear[] models = [.. Enumerable.Range(0, 3).Select(i => new Linear(4, 3, generator: new Generator(i)).To(Device))];
        Ensemble ensemble = new(models);
        Tensor x = Tensor.Randn([5, 4], generator: new Generator(9), device: Device);
        double[][] rows = [.. models.Select(m => Softmax(m.Predict(x)))];
        double[] mean = [.. rows[0].Select((_, k) => rows.Average(r => r[k]))];
        Assert.That(ensemble.Predict(x).ToArray<float>(), Is.EqualTo(mean.Select(static p => Math.Log(p))).Within(1e-5));
        Assert.That(ensemble.Predict(x).Softmax(1).ToArray<float>(), Is.EqualTo(mean).Within(1e-6), "as logits");
        Assert.That(ensemble.Outputs(x).Shape, Is.EqualTo(new Shape(3, 5, 3)));

        // Jensen: its loss is at most the mean of theirs, and −ln p̄ of the true class.
        Tensor t = Tensor.From<long>([0, 1, 2, 0, 1], Device);
        double loss = ensemble.Predict(x).CrossEntropy(t).Item();
        Assert.That(loss, Is.EqualTo(((long[])[0, 1, 2, 0, 1]).Select((c, n) => -Math.Log(mean[(3 * n) + c])).Average()).Within(1e-5));
        Assert.That(loss, Is.LessThan(models.Average(m => m.Predict(x).CrossEntropy(t).Item())));
    }

    [Test]
    public void Forward_OfValues_IsTheirMean()
    {
        Linear[] models = [.. Enumerable.Range(0, 4).Select(i => new Linear(4, 1, generator: new Generator(i)).To(Device))];
        Tensor x = Tensor.Randn([5, 4], generator: new Generator(9), device: Device);
        float[][] each = [.. models.Select(m => m.Predict(x).ToArray<float>())];
        Assert.That(new Ensemble(EnsembleOutput.Values, models).Predict(x).ToArray<float>(), Is.EqualTo(each[0].Select((_, k) => each.Average(e => e[k]))).Within(1e-6));
    }

    [Test]
    public void Forward_HugeLogits_AreNoNaN()
    {
        Linear model = new(1, 2, bias: false, generator: new Generator(1));
        using (GradMode.Off())
        {
            model.Weight.CopyFrom<float>([3000, -3000]);
        }

        Linear other = new(1, 2, bias: false, generator: new Generator(1));
        using (GradMode.Off())
        {
            other.Weight.CopyFrom<float>([-3000, 3000]);
        }

        Ensemble ensemble = new Ensemble(model, other).To(Device);
        Assert.That(ensemble.Predict(Tensor.Ones([1, 1], device: Device)).ToArray<float>(), Is.EqualTo(new[] { Math.Log(0.5), Math.Log(0.5) }).Within(1e-6));
    }

    [Test]
    public void Parameters_AreTheMembers_AndCanBeTrained()
    {
        Linear a = new(2, 2), b = new(2, 2);
        Ensemble ensemble = new Ensemble(a, b).To(Device);
        Assert.That(ensemble.NamedParameters().Select(static p => p.Name), Is.EqualTo((string[])["models.0.weight", "models.0.bias", "models.1.weight", "models.1.bias"]));
        ensemble.Forward(Tensor.Ones([3, 2], device: Device)).CrossEntropy(Tensor.Zeros([3], DType.Int64, Device)).Backward();
        Assert.That(ensemble.Parameters.All(static p => p.Grad is not null), Is.True);
    }

    [Test]
    public void MonteCarlo_ApproachesTheMeanOverAllMasks()
    {
        // Two inputs make four masks; each drops with p = 1/4 and keeps 4/3.
        const double P = 0.25;
        Linear linear = new(2, 3, generator: new Generator(4));
        Sequential model = [new Dropout(P, new Generator(8)), linear];
        model.To(Device).Eval();
        Tensor x = Tensor.From<float>([1, -2], [1, 2], Device);
        double[] expected = new double[3];
        for (int mask = 0; mask < 4; mask++)
        {
            double weight = ((mask & 1) == 0 ? P : 1 - P) * ((mask & 2) == 0 ? P : 1 - P);
            Tensor masked = Tensor.From<float>([(mask & 1) == 0 ? 0 : 4 / 3f, (mask & 2) == 0 ? 0 : -8 / 3f], [1, 2], Device);
            double[] p = Softmax(linear.Predict(masked));
            for (int c = 0; c < 3; c++)
            {
                expected[c] += weight * p[c];
            }
        }

        MonteCarloDropout sampled = new(model, samples: 400);
        Assert.That(sampled.Predict(x).Softmax(1).ToArray<float>(), Is.EqualTo(expected).Within(0.03));
        Assert.That(sampled.Outputs(x).Shape, Is.EqualTo(new Shape(400, 1, 3)));
        Assert.That(sampled.Outputs(x).Select(2, 0).ToArray<float>().Select(static v => MathF.Round(v, 4)).Distinct().Count(), Is.EqualTo(4), "four thinned networks");
    }

    [Test]
    public void MonteCarlo_DropsOnlyAndOnlyItself()
    {
        BatchNorm1d norm = new(2);
        Sequential model = [norm, new Dropout(0.5, new Generator(1)), new Linear(2, 3)];
        model.To(Device).Eval();
        float[] before = norm.RunningMean!.ToArray<float>();
        Tensor x = Tensor.Randn([6, 2], device: Device);
        float[] plain = model.Predict(x).ToArray<float>();
        _ = new MonteCarloDropout(model, 5).Predict(x);
        Assert.That(norm.RunningMean.ToArray<float>(), Is.EqualTo(before), "statistics as in evaluation");
        Assert.That(model.Predict(x).ToArray<float>(), Is.EqualTo(plain), "off again");
        Assert.That(model.IsTraining, Is.False);
        foreach (Layer layer in (Layer[])[new Dropout2d(0.5), new Dropout1d(0.5), new AlphaDropout(0.5), new Lstm(3, 2, numLayers: 2, dropout: 0.9)])
        {
            layer.To(Device).Eval();
            Tensor input = Tensor.Ones(layer is Dropout2d ? [9, 8, 3, 3] : [9, 8, 3], device: Device);
            Tensor outputs = new MonteCarloDropout(layer, 2, EnsembleOutput.Values).Outputs(input);
            Assert.That(outputs.Select(0, 0).ToArray<float>(), Is.Not.EqualTo(outputs.Select(0, 1).ToArray<float>()), layer.ToString());
        }
    }

    [Test]
    public void BadArguments_Throw()
    {
        Assert.That(() => new Ensemble(), Throws.ArgumentException.With.Message.Contains("no models"));
        Assert.That(() => new Ensemble((EnsembleOutput)9, new Relu()), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new MonteCarloDropout(new Relu(), 0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new Ensemble(new Relu()).Forward(Tensor.Ones([3], device: Device)), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("EnsembleOutput.Values"));
        Ensemble unlike = new Ensemble(new Linear(2, 2), new Linear(2, 3)).To(Device);
        Assert.That(() => unlike.Forward(Tensor.Ones([3, 2], device: Device)), Throws.TypeOf<ShapeMismatchException>());
    }

    private static double[] Softmax(Tensor logits) => [.. logits.ToArray<float>().Select(static v => (double)v).Chunk(logits.Shape[1]).SelectMany(static row =>
    {
        double sum = row.Sum(Math.Exp);
        return row.Select(v => Math.Exp(v) / sum);
    })];
}
