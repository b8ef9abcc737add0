using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Autodiff;

/// <summary>Gradients of gradients, and gradients as values.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class HigherOrderTests(string deviceName) : DeviceFixture(deviceName)
{
    [SetUp]
    public void NeedsDoubles() => RequireFloat64();

    [Test]
    public void Grad_OfAPower_FourTimesInARow()
    {
        Tensor x = Leaf(2);
        Tensor y = x * x * x * x;
        double[] expected = [4 * 8, 12 * 4, 24 * 2, 24];
        foreach (double value in expected)
        {
            y = Autograd.Grad(y, x, createGraph: true);
            Assert.That(y.Item(), Is.EqualTo(value).Within(1e-9));
        }
    }

    [Test]
    public void Grad_TouchesNoGrad()
    {
        Tensor x = Leaf(3);
        Assert.That(Autograd.Grad(x * x, x).Item(), Is.EqualTo(6));
        Assert.That(x.Grad, Is.Null);
    }

    [Test]
    public void Grad_WithRespectToAnIntermediateResult_StopsThere()
    {
        Tensor x = Leaf(3);
        Tensor middle = x * x;
        Assert.That(Autograd.Grad(middle * middle, middle).Item(), Is.EqualTo(18));
    }

    [Test]
    public void Grad_SeveralOutputsAndInputs_SumsOutputsPerInput()
    {
        Tensor x = Leaf(2), w = Leaf(5), unused = Leaf(7);
        Tensor?[] found = Autograd.Grad([x * w, x * x], [x, w, unused, x]);
        Assert.That((found[0]!.Item(), found[1]!.Item(), found[3]!.Item()), Is.EqualTo((9.0, 2.0, 9.0)));
        Assert.That(found[2], Is.Null);
    }

    [Test]
    public void Grad_GivenOutputGradients_WeighsThem()
    {
        Tensor x = Leaf(1, 2);
        Tensor?[] found = Autograd.Grad([x * x], [x], [Tensor.From<double>([1, 10], Device)]);
        Assert.That(found[0]!.ToArray<double>(), Is.EqualTo(new double[] { 2, 40 }));
    }

    [Test]
    public void Grad_InputWithoutGradient_Throws()
    {
        Tensor x = Leaf(1), constant = Tensor.From<double>([2], Device);
        GradientException error = Assert.Throws<GradientException>(() => Autograd.Grad(x * constant, constant))!;
        Assert.That(error.Message, Does.Contain("f64 [1]").And.Contain("RequiresGrad"));
    }

    [Test]
    public void Grad_IndependentInput_Throws()
    {
        Tensor x = Leaf(1), other = Leaf(2);
        Assert.Throws<GradientException>(() => Autograd.Grad(x * 2, other));
    }

    [Test]
    public void Hessian_OfRosenbrock_MatchesTheFormula()
    {
        // f = (1 − a)² + 100·(b − a²)²: f_aa = 2 − 400·b + 1200·a², f_ab = −400·a, f_bb = 200.
        Tensor p = Leaf(-1.5, 2);
        Tensor a = p[0], b = p[1];
        Tensor f = (1 - a).Square() + (100 * (b - (a * a)).Square());
        Tensor gradient = Autograd.Grad(f, p, createGraph: true);
        double[] firstRow = Autograd.Grad(gradient[0], p, retainGraph: true).ToArray<double>();
        double[] secondRow = Autograd.Grad(gradient[1], p).ToArray<double>();
        Assert.That(firstRow, Is.EqualTo(new[] { 2 - (400 * 2.0) + (1200 * 2.25), 600 }).Within(1e-9));
        Assert.That(secondRow, Is.EqualTo(new[] { 600.0, 200 }).Within(1e-9));
    }

    [Test]
    public void Newton_OfAQuadratic_ArrivesInOneStep()
    {
        Tensor x = Leaf(10);
        Tensor f = (x - 3).Square() * 2;
        Tensor slope = Autograd.Grad(f, x, createGraph: true);
        Tensor curvature = Autograd.Grad(slope, x);
        Assert.That((x.Detach() - (slope.Detach() / curvature)).Item(), Is.EqualTo(3).Within(1e-12));
    }

    [Test]
    public void Backward_CreateGraph_GradCanBeDifferentiated()
    {
        Tensor x = Leaf(2);
        (x * x * x).Backward(createGraph: true);
        Tensor slope = x.Grad!;
        Assert.That(slope.Item(), Is.EqualTo(12));
        Assert.That(Autograd.Grad(slope, x).Item(), Is.EqualTo(12).Within(1e-12));
    }

    [Test]
    public void GradientPenalty_OfALinearLayer_TrainsTheWeights()
    {
        // ‖∂(w·x)/∂x‖² = ‖w‖², whose gradient is 2·w.
        Tensor x = Leaf(1, 2, 3), w = Leaf(0.5, -1, 2);
        Tensor slope = Autograd.Grad((w * x).Sum(), x, createGraph: true);
        slope.Square().Sum().Backward();
        Assert.That(w.Grad!.ToArray<double>(), Is.EqualTo(new double[] { 1, -2, 4 }).Within(1e-12));
        Assert.That(x.Grad, Is.Null);
    }

    private Tensor Leaf(params double[] values) => Tensor.From<double>(values, Device).WithGrad();
}
