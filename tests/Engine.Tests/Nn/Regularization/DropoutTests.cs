using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn.Regularization;

/// <summary>What dropout drops, its mean and variance in closed form, and its gradients.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class DropoutTests(string deviceName) : DeviceFixture(deviceName)
{
    private static readonly Dictionary<string, (Func<double, Layer> Make, int[] Shape, int Unit)> s_layers = new()
    {
        ["Dropout"] = (static p => new Dropout(p, new Generator(3)), [40, 30, 4], 1),
        ["Dropout1d"] = (static p => new Dropout1d(p, new Generator(3)), [60, 20, 4], 4),
        ["Dropout2d"] = (static p => new Dropout2d(p, new Generator(3)), [60, 20, 2, 3], 6),
    };

    private static IEnumerable<string> Layers => s_layers.Keys;

    [TestCaseSource(nameof(Layers))]
    public void Training_KeepsTheMeanAndHasTheVariance(string name)
    {
        (Func<double, Layer> make, int[] shape, int unit) = s_layers[name];
        foreach (double p in (double[])[0.1, 0.5, 0.8])
        {
            float[] y = make(p).Forward(Tensor.Ones(new Shape(shape), device: Device)).ToArray<float>();
            float[][] units = [.. y.Chunk(unit)];
            Assert.That(units.All(static u => u.Distinct().Count() == 1), Is.True, "dropped as a whole");
            double[] values = [.. units.Select(static u => (double)u[0])];
            Assert.That(values.Distinct().Order(), Is.EqualTo((double[])[0, 1 / (1 - p)]).Within(1e-6));

            // Of x = 1: E = 1, Var = p/(1 − p); four standard errors.
            double variance = p / (1 - p);
            Assert.That(values.Average(), Is.EqualTo(1).Within(4 * Math.Sqrt(variance / values.Length)));
            Assert.That(values.Average(static v => (v - 1) * (v - 1)), Is.EqualTo(variance).Within(0.25 * variance));
        }
    }

    [TestCaseSource(nameof(Layers))]
    public void Prediction_ChangesNothing(string name)
    {
        (Func<double, Layer> make, int[] shape, _) = s_layers[name];
        Tensor x = Tensor.Randn(new Shape(shape), generator: new Generator(1), device: Device);
        Assert.That(make(0.5).Eval().Forward(x).ToArray<float>(), Is.EqualTo(x.ToArray<float>()));
        Assert.That(make(0).Forward(x).ToArray<float>(), Is.EqualTo(x.ToArray<float>()));
        Assert.That(make(1).Forward(x).ToArray<float>(), Is.All.EqualTo(0f));
        Assert.That(make(0.5).Predict(x).ToArray<float>(), Is.EqualTo(x.ToArray<float>()));
    }

    [TestCaseSource(nameof(Layers))]
    public void Gradient_IsWhatTheValuesWereMultipliedBy(string name)
    {
        (Func<double, Layer> make, int[] shape, _) = s_layers[name];
        Tensor x = Tensor.Ones(new Shape(shape), device: Device).WithGrad();
        Tensor y = make(0.3).Forward(x);
        y.Sum().Backward();
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(y.ToArray<float>()));
    }

    [Test]
    public void ChannelDropout_HalfPrecision_ScalesBeforeItRounds()
    {
        Tensor x = Tensor.Full([40, 5, 1, 1], 3, device: Device).To(DType.BFloat16);
        Tensor y = new Dropout2d(0.1, new Generator(1)).Forward(x);
        Assert.That(y.DType, Is.EqualTo(DType.BFloat16));
        Assert.That(y.ToArray<float>().Max(), Is.EqualTo(3.328125f), "3/0.9 = 3.3333 to the nearest bfloat16");
    }

    [Test]
    public void AlphaDropout_KeepsMeanAndVariance()
    {
        Tensor x = Tensor.Randn([30_000], generator: new Generator(5), device: Device);
        foreach (double p in (double[])[0.05, 0.3, 0.7])
        {
            float[] y = new AlphaDropout(p, new Generator(2)).Forward(x).ToArray<float>();
            double mean = y.Average(), variance = y.Average(v => (v - mean) * (v - mean));
            Assert.That(mean, Is.EqualTo(0).Within(0.03));
            Assert.That(variance, Is.EqualTo(1).Within(0.05));

            // The dropped ones: a·α′ + b with the constants of the paper, α′ = −λα.
            double saturation = -1.0507009873554804934193349852946 * 1.6732632423543772848170429916717;
            double a = Math.Pow((1 - p) * (1 + (p * saturation * saturation)), -0.5), b = -a * p * saturation;
            Assert.That(y.Count(v => Math.Abs(v - ((a * saturation) + b)) < 1e-5) / 30_000.0, Is.EqualTo(p).Within(0.015));
        }
    }

    [Test]
    public void AlphaDropout_OtherwiseIsAffine()
    {
        Tensor x = Tensor.Randn([50], generator: new Generator(5), device: Device).WithGrad();
        Assert.That(new AlphaDropout(0.4).Eval().Forward(x).ToArray<float>(), Is.EqualTo(x.ToArray<float>()));
        Assert.That(new AlphaDropout(1).Forward(x).ToArray<float>(), Is.All.EqualTo(0f));
        new AlphaDropout(0.4, new Generator(2)).Forward(x).Sum().Backward();
        double a = Math.Pow(0.6 * (1 + (0.4 * 1.7580993408473766 * 1.7580993408473766)), -0.5);
        Assert.That(x.Grad!.ToArray<float>(), Has.All.EqualTo(0f).Or.EqualTo(a).Within(1e-6));
        Assert.That(x.Grad.ToArray<float>().Count(static g => g == 0), Is.InRange(10, 30));
    }

    [Test]
    public void Layers_TakeTheNextNumbersOfTheirGenerator()
    {
        Generator generator = new(1);
        Dropout2d layer = new(0.5, generator);
        Tensor x = Tensor.Ones([20, 10, 1, 1], device: Device);
        float[] first = layer.Forward(x).ToArray<float>(), second = layer.Forward(x).ToArray<float>();
        Assert.That(second, Is.Not.EqualTo(first));
        generator.Restore(1, 0);
        Assert.That(layer.Forward(x).ToArray<float>(), Is.EqualTo(first));
    }

    [Test]
    public void Layers_RunHooksHoweverTheyAreCalled()
    {
        Tensor x = Tensor.Ones([2, 3, 4], device: Device);
        foreach (Layer layer in (Layer[])[new Dropout1d(), new AlphaDropout(), new MonteCarloDropout(new Relu(), 2), new Ensemble(new Relu())])
        {
            int calls = 0;
            using HookHandle handle = layer.RegisterForwardHook((_, _, _) => calls++);
            layer.Forward(x);
            layer.Predict(x);
            Assert.That(calls, Is.EqualTo(2), layer.ToString());
        }
    }

    [Test]
    public void BadArguments_Throw()
    {
        foreach (double bad in (double[])[-0.1, 1.1, double.NaN])
        {
            Assert.That(() => new Dropout1d(bad), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("Dropout1d: the probability must lie in [0, 1]"));
            Assert.That(() => new Dropout2d(bad), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new AlphaDropout(bad), Throws.TypeOf<ArgumentOutOfRangeException>());
        }

        Tensor x = Tensor.Ones([2, 3], device: Device);
        Assert.That(() => new Dropout1d().Forward(x), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[N, C, L]"));
        Assert.That(() => new Dropout2d().Forward(x), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[N, C, H, W]"));
        Assert.That(() => new AlphaDropout().Forward(x.To(DType.Int64)), Throws.TypeOf<DTypeMismatchException>());
        Assert.That(() => new Dropout1d().Forward(Tensor.Ones([2, 3, 4], DType.Int64, Device)), Throws.TypeOf<DTypeMismatchException>());
    }
}
