using Engine.Tests.Comparison;
using Engine.Tests.Devices;
using Engine.Tests.Memory;
using NUnit.Framework;

namespace Engine.Tests.Autodiff;

/// <summary>Derivatives of functions against formulas worked out by hand.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class FunctionalTests(string deviceName) : DeviceFixture(deviceName)
{
    [SetUp]
    public void NeedsDoubles() => RequireFloat64();

    [Test]
    public void Jacobian_OfPolarCoordinates_MatchesTheFormula()
    {
        // (r, φ) → (r·cos φ, r·sin φ).
        double r = 2, phi = 0.7;
        Tensor jacobian = Autograd.Jacobian(static p => Tensor.Stack([p[0] * p[1].Cos(), p[0] * p[1].Sin()]), Vector(r, phi));
        double[] expected = [Math.Cos(phi), -r * Math.Sin(phi), Math.Sin(phi), r * Math.Cos(phi)];
        Close.AssertAll("jacobian", [2, 2], expected, jacobian, 0, 1e-14);
        Assert.That(jacobian.Determinant().Item(), Is.EqualTo(r).Within(1e-14));
    }

    [Test]
    public void Jacobian_OfAMatrixProduct_HasBothShapes()
    {
        Tensor x = Vector(1, 2, 3, 4, 5, 6).Reshape(2, 3), w = Vector(1, -1, 2, 0.5, 3, -2).Reshape(3, 2);
        Tensor jacobian = Autograd.Jacobian(t => t.MatMul(w), x);
        Assert.That(jacobian.Shape, Is.EqualTo(new Shape(2, 2, 2, 3)));
        // ∂yᵢⱼ/∂xₖₗ = δᵢₖ·wₗⱼ.
        Tensor expected = Tensor.Einsum("ik,lj->ijkl", Tensor.Eye(2, dtype: DType.Float64, device: Device), w);
        Close.AssertAll("jacobian", expected, jacobian, 0, 0);
    }

    [Test]
    public void Jacobian_OfSeveralTensors_IsOneForEach()
    {
        Tensor[] jacobians = Autograd.Jacobian(static x => x[0] * x[1].Square(), [Vector(2, 3), Vector(5, 7)]);
        Assert.That(jacobians[0].ToArray<double>(), Is.EqualTo(new double[] { 25, 0, 0, 49 }));
        Assert.That(jacobians[1].ToArray<double>(), Is.EqualTo(new double[] { 20, 0, 0, 42 }));
    }

    [Test]
    public void Hessian_OfRosenbrock_MatchesTheFormula()
    {
        Tensor hessian = Autograd.Hessian(Rosenbrock, Vector(-1.5, 2));
        Close.AssertAll("hessian", [2, 2], [2 - (400 * 2) + (1200 * 2.25), 600, 600, 200], hessian, 0, 1e-9);
    }

    [Test]
    public void Hessian_OfAQuadraticForm_IsItsMatrix()
    {
        Tensor a = Vector(4, 1, -2, 1, 3, 0.5, -2, 0.5, 6).Reshape(3, 3);
        Close.AssertAll("hessian", a, Autograd.Hessian(x => x.MatMul(a).MatMul(x) * 0.5, Vector(1, -1, 2)), 0, 1e-14);
    }

    [Test]
    public void Hessian_OfSeveralTensors_HasABlockForEachPair()
    {
        // f = Σ x²·y.
        Tensor[][] blocks = Autograd.Hessian(static x => (x[0].Square() * x[1]).Sum(), [Vector(2, 3), Vector(5, 7)]);
        Assert.That(blocks[0][0].ToArray<double>(), Is.EqualTo(new double[] { 10, 0, 0, 14 }));
        Assert.That(blocks[0][1].ToArray<double>(), Is.EqualTo(new double[] { 4, 0, 0, 6 }));
        Assert.That(blocks[1][0].ToArray<double>(), Is.EqualTo(new double[] { 4, 0, 0, 6 }));
        Assert.That(blocks[1][1].ToArray<double>(), Is.EqualTo(new double[4]));
    }

    [Test]
    public void Hvp_IsTheHessianTimesTheDirection()
    {
        Tensor x = Vector(0.3, -1.2), v = Vector(2, -0.5);
        (Tensor value, Tensor product) = Autograd.Hvp(Rosenbrock, x, v);
        Close.AssertAll("product", Autograd.Hessian(Rosenbrock, x).MatMul(v), product, 1e-13, 0);
        Assert.That(value.Item(), Is.EqualTo(Rosenbrock(x).Item()));
    }

    [Test]
    public void Vjp_And_Jvp_AreProductsWithTheJacobian()
    {
        Tensor x = Vector(0.5, -1, 2), u = Vector(1, -2), v = Vector(0.3, 0.7, -1);
        Tensor jacobian = Autograd.Jacobian(Curve, x);
        Close.AssertAll("vjp", u.MatMul(jacobian), Autograd.Vjp(Curve, x, u).Product, 1e-13, 1e-14);
        Close.AssertAll("jvp", jacobian.MatMul(v), Autograd.Jvp(Curve, x, v).Product, 1e-13, 1e-14);
        Close.AssertAll("value", Curve(x), Autograd.Jvp(Curve, x, v).Value, 0, 0);
        Close.AssertAll("value", Curve(x), Autograd.Vjp(Curve, x, u).Value, 0, 0);

        static Tensor Curve(Tensor t) => Tensor.Stack([(t.Exp() * t).Sum(), (t[0] * t[1]).Sin() + t[2].Pow(3)]);
    }

    [Test]
    public void Vjp_OfANumber_NeedsNoCovector()
    {
        Assert.That(Autograd.Vjp(static t => t.Square().Sum(), Vector(1, 2)).Product.ToArray<double>(), Is.EqualTo(new double[] { 2, 4 }));
        (Tensor value, Tensor[] products) = Autograd.Vjp(static t => (t[0] * t[1]).Sum(), [Vector(1, 2), Vector(3, 4)]);
        Assert.That(value.Item(), Is.EqualTo(11));
        Assert.That(products[1].ToArray<double>(), Is.EqualTo(new double[] { 1, 2 }));
    }

    [Test]
    public void SeveralTensors_ProductsAddUp()
    {
        Tensor[] x = [Vector(1, 2), Vector(3, 4)], v = [Vector(1, 0), Vector(0, 1)];
        Assert.That(Autograd.Jvp(static t => t[0] * t[1], x, v).Product.ToArray<double>(), Is.EqualTo(new double[] { 3, 2 }));
        (_, Tensor[] products) = Autograd.Hvp(static t => (t[0].Square() * t[1]).Sum(), x, v);
        // Hxx·v = 2·y·v, Hxy·w = 2·x·w.
        Assert.That(products[0].ToArray<double>(), Is.EqualTo(new double[] { 6, 4 }));
        Assert.That(products[1].ToArray<double>(), Is.EqualTo(new double[] { 2, 0 }));
    }

    [Test]
    public void Functions_ThatDoNotDependOnX_HaveTheDerivative0()
    {
        Tensor x = Vector(1, 2), other = Vector(3);
        Assert.Multiple(() =>
        {
            Assert.That(Autograd.Jacobian(_ => other, x).ToArray<double>(), Is.EqualTo(new double[2]));
            Assert.That(Autograd.Hessian(static t => t.Sum(), x).ToArray<double>(), Is.EqualTo(new double[4]));
            Assert.That(Autograd.Hessian(_ => other, x).ToArray<double>(), Is.EqualTo(new double[4]));
            Assert.That(Autograd.Hvp(static t => t.Sum(), x, x).Product.ToArray<double>(), Is.EqualTo(new double[2]));
            Assert.That(Autograd.Vjp(_ => other, x).Product.ToArray<double>(), Is.EqualTo(new double[2]));
            Assert.That(Autograd.Jvp(_ => other, x, x).Product.ToArray<double>(), Is.EqualTo(new double[1]));
        });
        Assert.That(other.IsDisposed, Is.False);
    }

    [Test]
    public void Empty_Tensors_HaveEmptyDerivatives()
    {
        Tensor empty = Tensor.Zeros([0], DType.Float64, Device);
        Assert.That(Autograd.Jacobian(static t => t * 2, empty).Shape, Is.EqualTo(new Shape(0, 0)));
        Assert.That(Autograd.Hessian(static t => t.Square().Sum(), empty).Shape, Is.EqualTo(new Shape(0, 0)));
    }

    [Test]
    public void CreateGraph_JacobianCanBeDifferentiatedWithRespectToX()
    {
        Tensor x = Vector(2, 3).WithGrad();
        // ∂Σ(diag(3x²))²/∂x = 36·x³.
        Tensor jacobian = Autograd.Jacobian(static t => t.Pow(3), x, createGraph: true);
        Close.AssertAll("slope", [2], [36 * 8, 36 * 27], Autograd.Grad(jacobian.Square().Sum(), x), 1e-13, 0);
    }

    [Test]
    public void CreateGraph_OtherTensors_GetGradientsThroughEachDerivative()
    {
        Tensor w = Vector(2).WithGrad(), x = Vector(3);
        Func<Tensor, Tensor> cube = t => (t.Pow(3) * w).Sum();
        Assert.Multiple(() =>
        {
            Assert.That(Autograd.Grad(Autograd.Jacobian(cube, x, createGraph: true).Sum(), w).Item(), Is.EqualTo(27).Within(1e-12));
            Assert.That(Autograd.Grad(Autograd.Hessian(cube, x, createGraph: true).Sum(), w).Item(), Is.EqualTo(18).Within(1e-12));
            Assert.That(Autograd.Grad(Autograd.Hvp(cube, x, Vector(1), createGraph: true).Product.Sum(), w).Item(), Is.EqualTo(18).Within(1e-12));
            Assert.That(Autograd.Grad(Autograd.Vjp(cube, x, createGraph: true).Product.Sum(), w).Item(), Is.EqualTo(27).Within(1e-12));
            Assert.That(Autograd.Grad(Autograd.Jvp(cube, x, Vector(1), createGraph: true).Product.Sum(), w).Item(), Is.EqualTo(27).Within(1e-12));
        });
        Assert.That(w.Grad, Is.Null);
    }

    [Test]
    public void Derivatives_OfParameters_TouchNoGradAndNeedNoMode()
    {
        Tensor x = Vector(1, 2).WithGrad();
        using (GradMode.Scope mode = GradMode.Off())
        {
            Assert.That(Autograd.Hessian(static t => t.Pow(3).Sum(), x).ToArray<double>(), Is.EqualTo(new double[] { 6, 0, 0, 12 }).Within(1e-12));
        }
        Assert.That(x.Grad, Is.Null);
        Assert.That(x.IsDisposed, Is.False);
    }

    [Test]
    public void Results_AreAllThatIsLeft()
    {
        Tensor x = Vector(1, 2), v = Vector(1, 1);
        Autograd.Hessian(Rosenbrock, x).Dispose();
        long before = ForgottenTensors.Settled(Device).InUse;
        Tensor jacobian = Autograd.Jacobian(static t => t.Exp(), x), hessian = Autograd.Hessian(Rosenbrock, x);
        (Tensor value, Tensor product) = Autograd.Hvp(Rosenbrock, x, v);
        (Tensor y, Tensor pushed) = Autograd.Jvp(static t => t.Exp(), x, v);
        (Tensor z, Tensor pulled) = Autograd.Vjp(static t => t.Exp(), x, v);
        foreach (Tensor result in (Tensor[])[jacobian, hessian, value, product, y, pushed, z, pulled])
        {
            Assert.That(result.IsDisposed, Is.False);
            result.Dispose();
        }

        Assert.That(Device.Pool.Report.InUse, Is.EqualTo(before));
    }

    [Test]
    public void Errors_NameTheCallAndTheShapes()
    {
        Tensor x = Vector(1, 2);
        Assert.Multiple(() =>
        {
            Assert.That(() => Autograd.Hessian(static t => t * 2, x), Throws.TypeOf<ShapeMismatchException>().With.Message.StartsWith("Hessian: the function returned [2]; it must return one number."));
            Assert.That(() => Autograd.Hvp(static t => t * 2, x, x), Throws.TypeOf<ShapeMismatchException>().With.Message.StartsWith("Hvp: the function returned [2]"));
            Assert.That(() => Autograd.Vjp(static t => t * 2, x), Throws.TypeOf<ShapeMismatchException>().With.Message.StartsWith("Vjp: the function returned [2]"));
            Assert.That(() => Autograd.Vjp(static t => t * 2, x, Vector(1)), Throws.TypeOf<ShapeMismatchException>().With.Message.StartsWith("Vjp: y is [2], v is [1]"));
            Assert.That(() => Autograd.Jvp(static t => t * 2, x, Vector(1)), Throws.TypeOf<ShapeMismatchException>().With.Message.StartsWith("Jvp: x is [2], v is [1]"));
            Assert.That(() => Autograd.Jvp(static t => t * 2, x, x.To(DType.Float32)), Throws.TypeOf<DTypeMismatchException>().With.Message.StartsWith("Jvp: x is f64, v is f32"));
            Assert.That(() => Autograd.Hvp(static t => t[0].Sum(), [x], [x, x]), Throws.ArgumentException.With.Message.StartsWith("Hvp: there are 1 tensors x and 2 directions v"));
            Assert.That(() => Autograd.Jacobian(static t => t, Tensor.Arange(3, Device)), Throws.TypeOf<DTypeMismatchException>().With.Message.StartsWith("Jacobian: "));
            Assert.That(() => Autograd.Jacobian(static _ => null!, x), Throws.ArgumentException.With.Message.StartsWith("Jacobian: The function returned null"));
        });
        Assert.That(GradMode.IsEnabled);
    }

    private static Tensor Rosenbrock(Tensor p) => (1 - p[0]).Square() + (100 * (p[1] - p[0].Square()).Square());

    private Tensor Vector(params double[] values) => Tensor.From<double>(values, Device);
}
