using Engine.Nn;
using Engine.Tests.Comparison;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn.Inspection;

/// <summary>Figures against plain loops, and the diagnosis against networks whose trouble is known beforehand.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class LayerMonitorTests(string deviceName) : DeviceFixture(deviceName)
{
    [Test]
    public void Figures_AreThoseOfPlainLoops()
    {
        Sequential net = new Sequential(new Conv2d(2, 5, 3, generator: new Generator(1)), new Relu(), new Flatten(), new Linear(5 * 4 * 3, 7, generator: new Generator(2)), new Tanh()).To(Device);
        Sgd optimizer = new(net.Parameters, 0.1);
        float[] activation = [], gradient = [], weight = net[3].Parameters[0].ToArray<float>();
        int units = 0;
        _ = net[1].RegisterForwardHook((_, _, y) =>
        {
            activation = y.ToArray<float>();
            _ = y.RegisterHook(g => gradient = g.ToArray<float>());
            units = Enumerable.Range(0, 5).Count(c => y.Slice(1, c, c + 1).ToArray<float>().All(static v => v == 0));
        });
        using LayerMonitor monitor = new();
        monitor.BeginStep(net);
        Tensor y = net.Call(Tensor.Randn([6, 2, 6, 5], mean: -0.5, generator: new Generator(3), device: Device));
        (y * Tensor.Randn(y.Shape, generator: new Generator(4), device: Device)).Sum().Backward();
        float[] weightGradient = net[3].Parameters[0].Grad!.ToArray<float>();
        optimizer.Step();
        monitor.EndStep();

        LayerObservation seen = monitor.Observations.Single();
        Assert.That(seen.Layers.Select(static l => (l.Name, l.Kind)), Is.EqualTo(new[] { ("0", "Conv2d"), ("1", "Relu"), ("2", "Flatten"), ("3", "Linear"), ("4", "Tanh") }));
        AssertFigures("activation", activation, seen["1"].Activation);
        AssertFigures("gradient", gradient, seen["1"].Gradient!);
        AssertFigures("weight", weight, seen["3"].Weight!);
        AssertFigures("gradient of the weight", weightGradient, seen["3"].WeightGradient!);
        Assert.That((seen["1"].Units, seen["1"].ZeroUnits), Is.EqualTo((5, units)));
        Assert.That(seen["1"].Weight, Is.Null);
        Assert.That(seen["1"].UpdateRatio, Is.NaN);

        // Plain descent: w′ − w = −0.1·g.
        Assert.That(seen["3"].UpdateRatio, Is.EqualTo(0.1 * Norm(weightGradient) / Norm(weight)).Within(0.01).Percent);
        Assert.That(seen["4"].SaturatedShare, Is.EqualTo(y.Detach().ToArray<float>().Average(static v => Math.Abs(v) > 0.97 ? 1.0 : 0)).Within(1e-6));
    }

    [Test]
    public void Sample_OfALargeTensor_IsSpreadOverAllColumns()
    {
        Sequential net = new Sequential(new Identity()).To(Device);
        using LayerMonitor monitor = new();
        monitor.BeginStep(net);

        // Every row counts its columns: a stride that divides the width would see only some of them.
        _ = net.Call(Tensor.Arange(64, device: Device).To(DType.Float32).Expand([1024, 64]));
        monitor.EndStep();
        TensorStatistics seen = monitor.Observations[0]["0"].Activation;
        Assert.That(seen.Sample, Has.Count.LessThanOrEqualTo(TensorStatistics.SampleSize).And.Count.GreaterThan(TensorStatistics.SampleSize / 2));
        Assert.That(seen.Sample.Distinct().Count(), Is.EqualTo(64));
        Assert.That((seen.Count, seen.Mean), Is.EqualTo((65536L, 31.5)));
        Assert.That(seen.Deviation, Is.EqualTo(Math.Sqrt(((64 * 64) - 1) / 12.0)).Within(0.001).Percent, "of a uniform distribution over 64 integers");
    }

    [Test]
    public void TenSigmoidLayers_TheGradientShrinksByAQuarterOrMore_AndIsSaidToVanish()
    {
        Sequential net = [];
        for (int i = 0; i < 10; i++)
        {
            Linear layer = new(8, 8);
            _ = Init.Eye(layer.Weight);
            net.Add(layer);
            net.Add(new Sigmoid());
        }

        using LayerMonitor monitor = Watch(net, Tensor.Randn([16, 8], generator: new Generator(1), device: Device));
        LayerObservation seen = monitor.Observations[0];
        for (int i = 0; i < 10; i++)
        {
            double above = seen[$"{(2 * i) + 1}"].Gradient!.Norm, below = seen[$"{2 * i}"].Gradient!.Norm;
            Assert.That(below, Is.LessThanOrEqualTo(above * 0.25 * 1.00001).And.GreaterThan(above * 0.1), $"the slope of a sigmoid is 1/4 at most (layer {i})");
        }

        LayerFinding finding = monitor.Findings.Single();
        Assert.That((finding.Problem, finding.Layer), Is.EqualTo((LayerProblem.VanishingGradient, "0")));
        Assert.That(finding.Message, Does.StartWith("Layer '0' (Linear): the gradient vanishes").And.Contains("layer '19' (Sigmoid)"));
    }

    [Test]
    public void LargeWeights_TheGradientExplodes()
    {
        // He's deviation for 32 inputs is 0.25; 5 is twenty times that, so that a layer multiplies the gradient by about twenty.
        Sequential net = Deep(static () => new Relu(), static (w, g) => Init.Normal(w, 0, 5, g), 32);
        using LayerMonitor monitor = Watch(net, Tensor.Randn([16, 32], generator: new Generator(1), device: Device));
        Assert.That(monitor.Findings.Select(static f => f.Problem), Does.Contain(LayerProblem.ExplodingGradient).And.Not.Contain(LayerProblem.VanishingGradient));
        LayerFinding finding = monitor.Findings.First(static f => f.Problem == LayerProblem.ExplodingGradient);
        Assert.That(finding.Layer, Is.EqualTo("0"));
        Assert.That(finding.Message, Does.Contain("explodes").And.Contains("clipping"));
        double factor = Math.Pow(monitor.Observations[0]["0"].Gradient!.Norm / monitor.Observations[0]["19"].Gradient!.Norm, 1.0 / 10);
        Assert.That(factor, Is.EqualTo(5 * Math.Sqrt(32 / 2.0)).Within(30).Percent, "√(n/2)·σ a layer");
    }

    [Test]
    public void BiasFarBelowZero_AllUnitsAreDead()
    {
        Sequential net = new Sequential(new Linear(4, 6, generator: new Generator(1)), new Relu(), new Linear(6, 2, generator: new Generator(2))).To(Device);
        using (GradMode.Off())
        {
            _ = Init.Constant(net.Parameters[1], -100);
        }

        using LayerMonitor monitor = Watch(net, Tensor.Randn([16, 4], generator: new Generator(1), device: Device));
        LayerFinding finding = monitor.Findings.Single(static f => f.Problem == LayerProblem.DeadUnits);
        Assert.That(finding.Layer, Is.EqualTo("1"));
        Assert.That(finding.Message, Does.Contain("6 of 6 units are dead").And.Contains("(Relu)"));
        Assert.That(monitor.Observations[0]["1"].Activation.ZeroShare, Is.EqualTo(1));
        Assert.That(monitor.Observations[0]["0"].Gradient!.ZeroShare, Is.EqualTo(1), "and no gradient gets through");
    }

    [Test]
    public void Units_ThatWereAliveInAnEarlierBatch_AreNotDead()
    {
        Sequential net = new Sequential(new Linear(1, 4), new Relu()).To(Device);
        using (GradMode.Off())
        {
            _ = Init.Constant(net.Parameters[0], 1);
            _ = Init.Constant(net.Parameters[1], 0);
        }

        using LayerMonitor monitor = new();
        foreach (double value in (double[])[1, -1])
        {
            Step(monitor, net, Tensor.Full([3, 1], value, device: Device));
        }

        Assert.That(monitor.Observations[^1]["1"].ZeroUnits, Is.EqualTo(4));
        Assert.That(monitor.Findings, Has.None.Property(nameof(LayerFinding.Problem)).EqualTo(LayerProblem.DeadUnits), "they lived in the batch before");
        Step(monitor, net, Tensor.Full([3, 1], -2, device: Device));
        Step(monitor, net, Tensor.Full([3, 1], -3, device: Device));
        Assert.That(monitor.Findings.Single(static f => f.Problem == LayerProblem.DeadUnits).Message, Does.Contain("the last 3 batches"));
    }

    [TestCase(typeof(Tanh))]
    [TestCase(typeof(Sigmoid))]
    public void WeightsTenTimesTooLarge_Saturate(Type kind)
    {
        Sequential net = Deep(() => (Layer)Activator.CreateInstance(kind)!, static (w, g) => Init.Normal(w, 0, 10 * Math.Sqrt(1.0 / 32), g), 32);
        double naive = 0;
        _ = net[1].RegisterForwardHook((_, _, y) => naive = y.Detach().ToArray<float>().Average(v => kind == typeof(Tanh) ? (Math.Abs(v) > 0.97f ? 1.0 : 0) : (v < 0.015f || v > 0.985f ? 1.0 : 0)));
        using LayerMonitor monitor = Watch(net, Tensor.Randn([16, 32], generator: new Generator(1), device: Device));
        Assert.That(monitor.Observations[0]["1"].SaturatedShare, Is.EqualTo(naive).Within(0.003).And.GreaterThan(0.5), "a value at the border may fall to either side");
        Assert.That(monitor.Findings.Where(static f => f.Problem == LayerProblem.Saturated).Select(static f => f.Layer), Does.Contain("1").And.Not.Contain("0"));
    }

    [Test]
    public void Initialisations_OverTenLayers_DoWhatTheTextbooksSay()
    {
        Tensor x = Tensor.Randn([64, 64], generator: new Generator(1), device: Device);
        double[] small = Deviations(static () => new Tanh(), static (w, g) => Init.Normal(w, 0, 0.01, g), x, out _);
        Assert.That(small[^1], Is.LessThan(1e-8), "each layer multiplies by √64·0.01 = 0.08");
        double[] xavier = Deviations(static () => new Tanh(), static (w, g) => Init.XavierNormal(w, 1, g), x, out IReadOnlyList<LayerFinding> calm);
        Assert.That(xavier, Is.All.InRange(0.15, 0.75));
        double[] he = Deviations(static () => new Relu(), static (w, g) => Init.KaimingNormal(w, generator: g), x, out IReadOnlyList<LayerFinding> heCalm);
        Assert.That(he, Is.All.InRange(0.2, 3.0));
        double[] xavierRelu = Deviations(static () => new Relu(), static (w, g) => Init.XavierNormal(w, 1, g), x, out _);
        Assert.That(xavierRelu[^1], Is.LessThan(0.1 * he[^1]), "a ReLU halves the square of what passes, which Xavier does not make up for");
        Assert.That(calm.Concat(heCalm).Select(static f => f.Problem), Has.None.EqualTo(LayerProblem.VanishingGradient).And.None.EqualTo(LayerProblem.ExplodingGradient).And.None.EqualTo(LayerProblem.Saturated));
        double[] equal = Deviations(static () => new Tanh(), static (w, _) => Init.Constant(w, 0.1), x, out _);
        Assert.That(equal[0], Is.GreaterThan(0));
    }

    [Test]
    public void NotFinite_IsSaid()
    {
        Sequential net = new Sequential(new Linear(2, 2), new Lambda(static v => ((v * 0) - 1).Log())).To(Device);
        using LayerMonitor monitor = Watch(net, Tensor.Ones([2, 2], device: Device));
        Assert.That(monitor.Findings.Where(static f => f.Problem == LayerProblem.NotFinite).Select(static f => f.Layer), Does.Contain("1"));
    }

    [Test]
    public void LargeUpdates_AreSaid()
    {
        Sequential net = new Sequential(new Linear(4, 4, generator: new Generator(1))).To(Device);
        using LayerMonitor monitor = new();
        Step(monitor, net, Tensor.Ones([8, 4], device: Device), rate: 10);
        Assert.That(monitor.Findings.Single().Problem, Is.EqualTo(LayerProblem.LargeUpdate));
        Assert.That(monitor.ToString(), Does.Contain("Layer '0' (Linear): a step changed the weights by"));
    }

    [Test]
    public void HalfPrecisionAndEmptyBatches_AreWatchedToo()
    {
        Sequential net = new Sequential(new Linear(4, 4, generator: new Generator(1)), new Relu()).To(Device);
        using LayerMonitor monitor = new();
        using (Autocast.To(DType.BFloat16))
        {
            Step(monitor, net, Tensor.Ones([8, 4], device: Device));
        }

        Assert.That(monitor.Observations[0]["0"].Activation.IsFinite);
        Step(monitor, net, Tensor.Ones([0, 4], device: Device));
        Assert.That(monitor.Observations[1]["0"].Activation.Count, Is.Zero);
        Assert.That(monitor.Findings, Has.None.Property(nameof(LayerFinding.Problem)).EqualTo(LayerProblem.DeadUnits), "nothing was 0, for there was nothing");
    }

    private double[] Deviations(Func<Layer> activation, Func<Tensor, Generator, Tensor> init, Tensor x, out IReadOnlyList<LayerFinding> findings)
    {
        Sequential net = Deep(activation, init, 64);
        using LayerMonitor monitor = Watch(net, x);
        findings = monitor.Findings;
        return [.. Enumerable.Range(0, 10).Select(i => monitor.Observations[0][$"{(2 * i) + 1}"].Activation.Deviation)];
    }

    /// <summary>Ten layers whose weights come from one source of random numbers each.</summary>
    private Sequential Deep(Func<Layer> activation, Func<Tensor, Generator, Tensor> init, int width)
    {
        Sequential net = [];
        for (int i = 0; i < 10; i++)
        {
            Linear layer = new(width, width);
            Init.Zeros(layer.Bias!);
            init(layer.Weight, new Generator(100 + i));
            net.Add(layer);
            net.Add(activation());
        }

        return net.To(Device);
    }

    private static LayerMonitor Watch(Sequential net, Tensor x)
    {
        LayerMonitor monitor = new();
        Step(monitor, net.To(x.Device), x);
        return monitor;
    }

    private static void Step(LayerMonitor monitor, Sequential net, Tensor x, double rate = 1e-4)
    {
        Sgd optimizer = new(net.Parameters, rate);
        monitor.BeginStep(net);
        optimizer.ZeroGrad();
        Tensor y = net.Call(x);
        (y * Tensor.Randn(y.Shape, generator: new Generator(4), device: x.Device)).Sum().Backward();
        optimizer.Step();
        monitor.EndStep();
    }

    private static void AssertFigures(string what, float[] values, TensorStatistics seen)
    {
        double mean = values.Average(), deviation = Math.Sqrt(values.Average(v => (v - mean) * (v - mean)));
        Assert.That(seen.Count, Is.EqualTo(values.Length), what);
        Close.AssertAll(
            what,
            [mean, deviation, values.Average(static v => v == 0 ? 1.0 : 0), Math.Sqrt(values.Average(static v => (double)v * v)), Norm(values)],
            [seen.Mean, seen.Deviation, seen.ZeroShare, seen.RootMeanSquare, seen.Norm],
            1e-4,
            1e-7);
        Assert.That(seen.Sample, Is.EqualTo(values), $"{what}: few enough to be seen whole");
    }

    private static double Norm(float[] values) => Math.Sqrt(values.Sum(static v => (double)v * v));
}
