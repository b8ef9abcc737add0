using ILGPU;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Elementwise functions whose kernels are C# methods, and their gradients.</summary>
[TestFixtureSource(typeof(KernelPlaces), nameof(KernelPlaces.All))]
internal sealed class KernelFunctionTests(string place)
{
    private static readonly KernelFunction<float> s_swish = KernelFunction.Elementwise<float>(Methods.Swish, Methods.SwishBackward);
    private static readonly KernelFunction<double> s_scaled = KernelFunction.Elementwise<double>(Scaled, ScaledBackward);
    private static readonly KernelFunction<float> s_sigmoid = KernelFunction.Elementwise<float>(Sigmoid, SigmoidBackward);
    private static readonly KernelFunction<float> s_wrong = KernelFunction.Elementwise<float>(Methods.Swish, WrongBackward);
    private static readonly KernelFunction<float> s_forwardOnly = KernelFunction.Elementwise<float>(Methods.Swish);

    private Device _device = null!;

    [OneTimeSetUp]
    public void GetDevice() => _device = KernelPlaces.Get(place);

    // a·x·y, whose gradients reach both.
    private static void Scaled(Index1D i, ArrayView<double> x, ArrayView<double> y, ArrayView<double> z, int a) => z[i] = a * x[i] * y[i];

    private static void ScaledBackward(Index1D i, ArrayView<double> x, ArrayView<double> y, ArrayView<double> dz, ArrayView<double> dx, ArrayView<double> dy, int a)
    {
        dx[i] = dz[i] * a * y[i];
        dy[i] = dz[i] * a * x[i];
    }

    private static void Sigmoid(Index1D i, ArrayView<float> x, ArrayView<float> y) => y[i] = 1 / (1 + MathF.Exp(-x[i]));

    private static void SigmoidBackward(Index1D i, ArrayView<float> x, ArrayView<float> y, ArrayView<float> dy, ArrayView<float> dx) => dx[i] = dy[i] * y[i] * (1 - y[i]);

    private static void WrongBackward(Index1D i, ArrayView<float> x, ArrayView<float> dy, ArrayView<float> dx, float beta) => dx[i] = dy[i] * beta;

    private Tensor Noise(Shape shape, DType type = DType.Float32) => Tensor.Randn(shape, dtype: type, device: _device);

    [Test]
    public void Apply_IsTheFunctionAndItsGradient()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Tensor.Linspace(-3, 3, 101, device: _device).WithGrad(), reference = x.Detach().Clone().WithGrad();
        Tensor y = s_swish.Apply(x, 1.5f), expected = reference * (reference * 1.5).Sigmoid();
        y.Square().Sum().Backward();
        expected.Square().Sum().Backward();
        Assert.Multiple(() =>
        {
            Assert.That(y.ToArray<float>(), Is.EqualTo(expected.ToArray<float>()).Within(3e-6));
            Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(reference.Grad!.ToArray<float>()).Within(2e-5));
        });
    }

    [Test]
    public void Gradcheck_RightGradients_Pass()
    {
        using TensorScope scope = TensorScope.Begin();
        Assert.Multiple(() =>
        {
            Assert.That(Gradcheck.Check(x => s_swish.Apply(x, 1.5f), Noise([3, 4])), Is.LessThan(1e-3));
            Assert.That(Gradcheck.Check(x => s_sigmoid.Apply(x), Noise([7])), Is.LessThan(1e-3));
        });
    }

    [Test]
    public void Gradcheck_SeveralInputs_BroadcastAndPass()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor[] inputs = [Noise([3, 4], DType.Float64), Noise([4], DType.Float64)];
        Assert.That(Gradcheck.Check(x => s_scaled.Apply(x[0], x[1], 3), inputs), Is.LessThan(1e-8));
        Assert.That(s_scaled.Apply(inputs[0], inputs[1], 3).ToArray<double>(), Is.EqualTo((inputs[0] * inputs[1] * 3).ToArray<double>()).Within(1e-14));
    }

    [Test]
    public void Gradcheck_WrongGradient_IsFound()
    {
        using TensorScope scope = TensorScope.Begin();
        Assert.That(() => Gradcheck.Check(x => s_wrong.Apply(x, 1.5f), Noise([5])), Throws.InstanceOf<GradientException>().With.Message.Contains("element 0"));
    }

    [Test]
    public void Apply_InputsOfAnyLayout_AreRead()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Noise([4, 6]), turned = x.Permute(1, 0), sliced = x[1..3, ..];
        Assert.Multiple(() =>
        {
            Assert.That(s_sigmoid.Apply(turned).ToArray<float>(), Is.EqualTo(turned.Sigmoid().ToArray<float>()).Within(1e-6));
            Assert.That(s_sigmoid.Apply(sliced).ToArray<float>(), Is.EqualTo(sliced.Sigmoid().ToArray<float>()).Within(1e-6));
            Assert.That(s_sigmoid.Apply(x[..0, ..]).Shape, Is.EqualTo(new Shape([0, 6])));
            Assert.That(s_sigmoid.Apply(x.Sum()).Shape, Is.EqualTo(Shape.Scalar));
        });
    }

    [Test]
    public void Apply_NoGradient_ThrowsWhereOneIsWanted()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Noise([3]).WithGrad();
        Assert.That(s_forwardOnly.Apply(x.Detach(), 1f).ElementCount, Is.EqualTo(3));
        Assert.That(() => s_forwardOnly.Apply(x, 1f).Sum().Backward(), Throws.InstanceOf<GradientException>().With.Message.Contains("has no gradient"));
        Assert.That(() => Autograd.Grad(s_swish.Apply(x, 1f).Sum(), x, createGraph: true), Throws.InstanceOf<GradientException>().With.Message.Contains("second derivatives"));
    }

    [Test]
    public void Apply_WrongInputs_AreRefused()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Noise([3]), other = Noise([4], DType.Float64);
        Assert.Multiple(() =>
        {
            Assert.That(() => s_swish.Apply(x, 1.5), Throws.ArgumentException.With.Message.Contains("Double"));
            Assert.That(() => s_swish.Apply(x), Throws.ArgumentException);
            Assert.That(() => s_swish.Apply(x, x, 1f), Throws.ArgumentException.With.Message.Contains("a function of 1 tensors"));
            Assert.That(() => s_swish.Apply(other, 1f), Throws.InstanceOf<DTypeMismatchException>().With.Message.Contains("To(DType.Float32)"));
            Assert.That(() => s_scaled.Apply(Noise([3], DType.Float64), other, 1), Throws.InstanceOf<ShapeMismatchException>());
            Assert.That(() => s_swish.Apply(x, default(KernelScalar)), Throws.ArgumentException);
        });
    }

    [Test]
    public void Elementwise_MethodsThatDoNotFit_AreRefused() => Assert.Multiple(() =>
    {
        Assert.That(() => KernelFunction.Elementwise<float>(Methods.Invert), Throws.ArgumentException.With.Message.Contains("0 views"));
        Assert.That(() => KernelFunction.Elementwise<float>(Methods.BlockSum), Throws.ArgumentException.With.Message.Contains("Index1D"));
        Assert.That(() => KernelFunction.Elementwise<float>(Methods.Swish, SigmoidBackward), Throws.ArgumentException.With.Message.Contains("0 numbers"));
        Assert.That(() => KernelFunction.Elementwise<int>(Methods.Swish), Throws.ArgumentException.With.Message.Contains("float or double"));
    });
}
