using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Autodiff;

[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class CustomFunctionTests(string deviceName) : DeviceFixture(deviceName)
{
    [Test]
    public void Apply_OwnRule_IsUsed()
    {
        Tensor x = Tensor.From<float>([1, -2], Device).WithGrad();
        Tensor y = new StraightThroughSign().Apply(x);
        Assert.That(y.ToArray<float>(), Is.EqualTo(new float[] { 1, -1 }));
        (y * 5).Sum().Backward();
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(new float[] { 5, 5 }));
    }

    [Test]
    public void Apply_SavedTensors_SurviveScopesAndDispose()
    {
        Tensor x = Tensor.From<float>([1, 2], Device).WithGrad();
        Tensor y;
        using (TensorScope scope = TensorScope.Begin())
        {
            Tensor shifted = x + 1;
            y = scope.Keep(new Product().Apply(shifted, shifted));
        }

        y.Sum().Backward();
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(new float[] { 4, 6 }));
    }

    [Test]
    public void Apply_NullGradient_LeavesTheInputAlone()
    {
        Tensor x = Tensor.From<float>([3], Device).WithGrad(), w = Tensor.From<float>([4], Device).WithGrad();
        new FirstOnly().Apply(x, w).Backward();
        Assert.That(x.Grad!.Item(), Is.EqualTo(4));
        Assert.That(w.Grad, Is.Null);
    }

    [Test]
    public void Apply_Identity_HasItsOwnNode()
    {
        Tensor x = Tensor.From<float>([3], Device).WithGrad();
        Tensor y = new ReversedGradient().Apply(x);
        Assert.That(y, Is.Not.SameAs(x));
        Assert.That(y.Node!.Name, Is.EqualTo(nameof(ReversedGradient)));
        y.Backward();
        Assert.That(x.Grad!.Item(), Is.EqualTo(-1));
    }

    [Test]
    public void Apply_WithoutGradients_RecordsNothing() =>
        Assert.That(new Product().Apply(Tensor.From<float>([3], Device), Tensor.From<float>([3], Device)).RequiresGrad, Is.False);

    [Test]
    public void Apply_GradientOfAnotherShape_ThrowsAndNamesTheStep()
    {
        Tensor x = Tensor.From<float>([1, 2], Device).WithGrad();
        Tensor y = new WrongShape().Apply(x * 1);
        GradientException error = Assert.Throws<GradientException>(() => y.Sum().Backward())!;
        Assert.That(error.Message, Does.Contain("[1]").And.Contain("[2]").And.Contain("Mul"));
    }

    private sealed class StraightThroughSign : CustomFunction
    {
        protected override Tensor Forward(ReadOnlySpan<Tensor> inputs) => inputs[0].Sign();

        protected override Tensor?[] Backward(Tensor dy) => [dy];
    }

    private sealed class Product : CustomFunction
    {
        protected override Tensor Forward(ReadOnlySpan<Tensor> inputs)
        {
            Save(inputs);
            return inputs[0] * inputs[1];
        }

        protected override Tensor?[] Backward(Tensor dy) => [dy * Saved(1), dy * Saved(0)];
    }

    private sealed class FirstOnly : CustomFunction
    {
        protected override Tensor Forward(ReadOnlySpan<Tensor> inputs)
        {
            Save(inputs[1]);
            return inputs[0] * inputs[1];
        }

        protected override Tensor?[] Backward(Tensor dy) => [dy * Saved(0), null];
    }

    private sealed class ReversedGradient : CustomFunction
    {
        protected override Tensor Forward(ReadOnlySpan<Tensor> inputs) => inputs[0];

        protected override Tensor?[] Backward(Tensor dy) => [-dy];
    }

    private sealed class WrongShape : CustomFunction
    {
        protected override Tensor Forward(ReadOnlySpan<Tensor> inputs) => inputs[0] + 1;

        protected override Tensor?[] Backward(Tensor dy) => [dy.Narrow(0, 0, 1)];
    }
}
