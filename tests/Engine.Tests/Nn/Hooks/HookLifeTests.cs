using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn.Hooks;

/// <summary>When hooks run and when not, what they may return, and threads.</summary>
internal sealed class HookLifeTests
{
    [Test]
    public void Handle_DisposedTwice_RemovesOneRegistrationOfTheSameDelegate()
    {
        Linear layer = new(2, 2);
        int calls = 0;
        Action<Layer, Tensor, Tensor> count = (_, _, _) => calls++;
        HookHandle first = layer.RegisterForwardHook(count), second = layer.RegisterForwardHook(count);
        _ = layer.Forward(Tensor.Ones([1, 2]));
        Assert.That(calls, Is.EqualTo(2));
        first.Dispose();
        first.Dispose();
        _ = layer.Forward(Tensor.Ones([1, 2]));
        Assert.That(calls, Is.EqualTo(3));
        second.Dispose();
        _ = layer.Forward(Tensor.Ones([1, 2]));
        Assert.That(calls, Is.EqualTo(3));
    }

    [Test]
    public void OwnLayer_RunsItsHooksWhereItIsCalled_NotWhereForwardIs()
    {
        Doubled layer = new();
        int calls = 0;
        _ = layer.RegisterForwardHook((_, _, _) => calls++);
        _ = layer.Forward(Tensor.Ones([1]));
        Assert.That(calls, Is.Zero);
        _ = layer.Call(Tensor.Ones([1]));
        _ = layer.Predict(Tensor.Ones([1]));
        _ = new Sequential(layer).Forward(Tensor.Ones([1]));
        Assert.That(calls, Is.EqualTo(3));
    }

    [Test]
    public void OwnSequential_ComputesOnceWhereHooked()
    {
        Shifted net = [new Linear(2, 2)];
        Tensor x = Tensor.Ones([1, 2]), expected = net.Forward(x);
        int calls = 0;
        _ = net.RegisterForwardHook((_, _, _) => calls++);
        Assert.That(net.Forward(x).ToArray<float>(), Is.EqualTo(expected.ToArray<float>()));
        Assert.That(net.Call(x).ToArray<float>(), Is.EqualTo(expected.ToArray<float>()));
        Assert.That(calls, Is.EqualTo(2));
    }

    [Test]
    public void BackwardHook_OfANetworksFirstLayer_GetsNoGradientOfX()
    {
        Linear layer = new(2, 3);
        (bool Called, Tensor? X, Shape Y) seen = default;
        _ = layer.RegisterFullBackwardHook((_, x, y) => seen = (true, x, y.Shape));
        layer.Forward(Tensor.Ones([4, 2])).Sum().Backward();
        Assert.That(seen, Is.EqualTo((true, (Tensor?)null, new Shape(4, 3))));
    }

    [Test]
    public void BackwardHook_SeesThisCallsShareOfXsGradient()
    {
        Tensor x = Tensor.Ones([2]).WithGrad();
        Lambda three = new(static v => v * 3);
        double seen = 0;
        _ = three.RegisterFullBackwardHook((_, g, _) => seen = g!.Sum().Item());
        (three.Forward(x) + (x * 5)).Sum().Backward();
        Assert.That(seen, Is.EqualTo(6));
        Assert.That(x.Grad!.ToArray<float>(), Is.All.EqualTo(8f));
    }

    [Test]
    public void BackwardHook_WithCreateGraph_PassesSecondDerivatives()
    {
        // y = x³; the hook doubles the gradient: 6x², whose own derivative is 12x.
        Tensor x = Tensor.Scalar(3).WithGrad();
        Lambda cube = new(static v => v * v * v);
        _ = cube.RegisterFullBackwardHook(static (_, g, _) => g! * 2);
        Tensor first = Autograd.Grad(cube.Forward(x), x, createGraph: true);
        Assert.That(first.Item(), Is.EqualTo(54));
        Assert.That(Autograd.Grad(first, x).Item(), Is.EqualTo(36));
    }

    [Test]
    public void Hooks_InPredictions_RunWithoutGradients()
    {
        Linear layer = new(2, 2);
        int forward = 0, backward = 0;
        _ = layer.RegisterForwardHook((_, _, y) => forward += y.RequiresGrad ? 100 : 1);
        _ = layer.RegisterFullBackwardHook((_, _, _) => backward++);
        _ = layer.Predict(Tensor.Ones([1, 2]));
        Assert.That((forward, backward), Is.EqualTo((1, 0)));
    }

    [Test]
    public void TensorHook_WithAutogradGrad_ChangesTheResult()
    {
        Tensor x = Tensor.Scalar(2).WithGrad();
        Tensor y = x * x;
        _ = y.RegisterHook(static g => g * 5);
        Assert.That(Autograd.Grad(y + 0, x).Item(), Is.EqualTo(20));
        Assert.That(x.Grad, Is.Null);
    }

    [Test]
    public void TensorHook_ThatLooks_SeesTheWholeGradientOnce()
    {
        Tensor x = Tensor.Ones([3]).WithGrad();
        Tensor y = x * 2;
        List<float[]> seen = [];
        _ = y.RegisterHook(g => seen.Add(g.ToArray<float>()));
        ((y * 3) + (y * 4)).Sum().Backward();
        Assert.That(seen, Is.EqualTo((float[][])[[7, 7, 7]]));
    }

    [Test]
    public void TensorHook_OfATensorWithoutGradient_IsRefused()
    {
        Assert.That(() => Tensor.Ones([2]).RegisterHook(static g => g * 2), Throws.TypeOf<GradientException>().With.Message.Contains("RegisterHook").And.Message.Contains("RequiresGrad"));
    }

    [Test]
    public void TensorHook_ThatReturnsAnotherShapeTypeOrDevice_IsRefused()
    {
        foreach (Func<Tensor, Tensor> wrong in (Func<Tensor, Tensor>[])[static g => g.Sum(), static g => g.To(DType.Float64), static g => g.To(ReferenceDevice.Shared)])
        {
            Tensor x = Tensor.Ones([2], device: Device.Cpu).WithGrad();
            Tensor y = x * 2;
            _ = y.RegisterHook(wrong);
            Assert.That(() => y.Sum().Backward(), Throws.TypeOf<GradientException>().With.Message.Contains("RegisterHook").And.Message.Contains("[2]"));
        }
    }

    [Test]
    public void BackwardHook_ThatReturnsAGradientOfXWhereThereIsNone_IsRefused()
    {
        Linear layer = new(2, 3);
        _ = layer.RegisterFullBackwardHook(static (_, _, y) => y);
        Assert.That(() => layer.Forward(Tensor.Ones([4, 2])).Sum().Backward(), Throws.TypeOf<GradientException>().With.Message.Contains("RegisterFullBackwardHook"));
    }

    [Test]
    public void Hook_ThatThrows_LeavesTheLayerUsable()
    {
        Linear layer = new(2, 2);
        using (layer.RegisterForwardPreHook(static (_, _) => throw new TimeoutException()))
        {
            Assert.That(() => layer.Forward(Tensor.Ones([1, 2])), Throws.TypeOf<TimeoutException>());
        }

        using (layer.RegisterForwardHook(static (Layer _, Tensor _, Tensor _) => throw new TimeoutException()))
        {
            Assert.That(() => layer.Forward(Tensor.Ones([1, 2])), Throws.TypeOf<TimeoutException>());
        }

        Assert.That(layer.Forward(Tensor.Ones([1, 2])).Shape, Is.EqualTo(new Shape(1, 2)));
    }

    [Test]
    public void Summary_OfAHookedModel_CountsEachLayerOnce()
    {
        Sequential plain = [new Linear(3, 4), new Relu()], hooked = [new Linear(3, 4), new Relu()];
        foreach (Layer layer in hooked)
        {
            _ = layer.RegisterForwardHook(static (_, _, y) => y + 0);
        }

        Assert.That(hooked.Summary([1, 3]).ToString(), Is.EqualTo(plain.Summary([1, 3]).ToString()));
    }

    [Test]
    public void Hooks_RegisteredAndRemovedByManyThreads_AreAllGoneAtTheEnd()
    {
        Linear layer = new(2, 2);
        int calls = 0;
        Parallel.For(0, 64, i =>
        {
            using HookHandle hook = layer.RegisterForwardHook((_, _, _) => Interlocked.Increment(ref calls));
            _ = layer.Predict(Tensor.Ones([1, 2]));
        });
        int before = calls;
        Assert.That(before, Is.GreaterThanOrEqualTo(64), "each thread runs at least its own");
        _ = layer.Predict(Tensor.Ones([1, 2]));
        Assert.That(calls, Is.EqualTo(before));
    }

    private sealed class Doubled : Layer
    {
        public override Tensor Forward(Tensor x) => x * 2;
    }

    private sealed class Shifted : Sequential
    {
        public override Tensor Forward(Tensor x) => base.Forward(x + 1) * 10;
    }
}
