using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Precision;

/// <summary>Where a scope holds, and what it remembers of parameters.</summary>
internal sealed class AutocastScopeTests
{
    private Device _before = null!;
    private CountingDevice _device = null!;

    [SetUp]
    public void Begin()
    {
        _before = Device.Default;
        Device.Default = _device = new CountingDevice();
    }

    [TearDown]
    public void End() => Device.Default = _before;

    [TestCase(DType.Float32)]
    [TestCase(DType.Float64)]
    [TestCase(DType.Int32)]
    [TestCase(DType.Bool)]
    public void To_NoHalfType_Throws(DType dtype)
    {
        Assert.That(() => Autocast.To(dtype).Dispose(), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("half-precision"));
        Assert.That(Autocast.Type, Is.Null, "nothing is in force after it");
    }

    [Test]
    public void Scopes_Nested_RestoreWhatWasBefore()
    {
        Assert.That(Autocast.Type, Is.Null);
        using (Autocast.Scope outer = Autocast.To(DType.BFloat16))
        {
            Assert.That(Autocast.Type, Is.EqualTo(DType.BFloat16));
            using (Autocast.Scope off = Autocast.Off())
            {
                Assert.That(Autocast.Type, Is.Null);
                Assert.That(Weight().MatMul(Weight()).DType, Is.EqualTo(DType.Float32));
                using Autocast.Scope inner = Autocast.To(DType.Float16);
                Assert.That(Weight().MatMul(Weight()).DType, Is.EqualTo(DType.Float16));
            }

            Assert.That(Weight().MatMul(Weight()).DType, Is.EqualTo(DType.BFloat16));
            outer.Dispose();
            Assert.That(Autocast.Type, Is.Null);
        }

        Assert.That(Autocast.Type, Is.Null, "a second end does nothing");
    }

    [Test]
    public void Scope_OnOneThread_DoesNotHoldOnAnother()
    {
        using Autocast.Scope scope = Autocast.To(DType.BFloat16);
        DType? elsewhere = DType.Bool;
        Thread thread = new(() => elsewhere = Autocast.Type);
        thread.Start();
        thread.Join();
        Assert.That(elsewhere, Is.Null);
    }

    [Test]
    public void Scope_LeftByAnException_Ends()
    {
        Assert.That(Fail, Throws.InvalidOperationException);
        Assert.That(Autocast.Type, Is.Null);

        static void Fail()
        {
            using Autocast.Scope scope = Autocast.To(DType.BFloat16);
            throw new InvalidOperationException();
        }
    }

    [Test]
    public void Parameter_UsedTwice_IsConvertedOnce()
    {
        Tensor w = Weight(), b = Tensor.Ones([3]).WithGrad(), x = Tensor.Ones([2, 3], DType.BFloat16);
        int before = _device.Conversions;
        using Autocast.Scope scope = Autocast.To(DType.BFloat16);
        GradNode first = x.Linear(w, b).Node!, second = x.Linear(w, b).Node!;
        Assert.That(_device.Conversions - before, Is.EqualTo(2), "weight and bias");
        Assert.That(second.Inputs[1], Is.SameAs(first.Inputs[1]));
        using (TensorScope inner = TensorScope.Begin())
        {
            _ = x.MatMul(w).Sum() + x.Reshape(2, 3, 1).Conv1d(w.Unsqueeze(2)).Sum();
        }

        Assert.That(x.MatMul(w).DType, Is.EqualTo(DType.BFloat16), "an inner scope of tensors takes nothing away");
        Assert.That(_device.Conversions - before, Is.EqualTo(3), "a view is no parameter");
    }

    [Test]
    public void Parameter_WithAndWithoutGradients_IsConvertedOnceAndTracked()
    {
        Tensor w = Weight(), x = Tensor.Ones([2, 3], DType.BFloat16);
        int before = _device.Conversions;
        using Autocast.Scope scope = Autocast.To(DType.BFloat16);
        using (GradMode.Off())
        {
            Assert.That(x.MatMul(w).Node, Is.Null);
        }

        Tensor y = x.MatMul(w);
        using (GradMode.Off())
        {
            Assert.That(x.MatMul(w).Node, Is.Null);
        }

        y.Sum().Backward();
        Assert.That(w.Grad!.ToArray<float>(), Is.All.EqualTo(2f));
        Assert.That(_device.Conversions - before, Is.EqualTo(2), "the parameter, and the gradient of the sum");
    }

    [Test]
    public void Parameter_InBothHalfTypes_IsConvertedToEach()
    {
        Tensor w = Weight();
        using Autocast.Scope outer = Autocast.To(DType.BFloat16);
        Assert.That(w.MatMul(w).DType, Is.EqualTo(DType.BFloat16));
        using Autocast.Scope inner = Autocast.To(DType.Float16);
        Assert.That(w.MatMul(w).DType, Is.EqualTo(DType.Float16));
    }

    [Test]
    public void Parameter_UpdatedInScope_IsConvertedAnew()
    {
        Tensor w = Weight(), x = Tensor.Ones([1, 3]);
        using Autocast.Scope scope = Autocast.To(DType.BFloat16);
        Assert.That(x.MatMul(w).ToArray<float>(), Is.All.EqualTo(3f));
        x.MatMul(w).Sum().Backward();
        new Sgd([w], 1).Step();
        Assert.That(x.MatMul(w).ToArray<float>(), Is.All.EqualTo(0f), "by an optimizer");
        using (GradMode.Off())
        {
            w.FillInPlace(2);
        }

        Assert.That(x.MatMul(w).ToArray<float>(), Is.All.EqualTo(6f), "in place");
    }

    [Test]
    public void Parameter_MovedToOtherMemory_IsConvertedAnew()
    {
        Linear layer = new(3, 3, bias: false);
        Tensor x = Tensor.Ones([1, 3]);
        using Autocast.Scope scope = Autocast.To(DType.BFloat16);
        layer.Forward(x);
        layer.To(DType.Float16);
        using (GradMode.Off())
        {
            layer.Weight.FillInPlace(1);
        }

        Assert.That(layer.Forward(x).ToArray<float>(), Is.All.EqualTo(3f));
        Assert.That(layer.Forward(x).DType, Is.EqualTo(DType.BFloat16));
    }

    [Test]
    public void Backward_TwiceInAScope_AddsUp()
    {
        Tensor w = Weight(), x = Tensor.Ones([1, 3]);
        int before = _device.Conversions;
        using Autocast.Scope scope = Autocast.To(DType.BFloat16);
        for (int i = 0; i < 3; i++)
        {
            // The walk has consumed the step that converts the parameter.
            x.MatMul(w).Sum().Backward();
        }

        Assert.That(w.Grad!.ToArray<float>(), Is.All.EqualTo(3f));
        Assert.That(_device.Conversions - before, Is.EqualTo(1 + (3 * 2)), "the parameter once; x and the gradient of the sum each time");
    }

    [Test]
    public void Backward_BehindTheScope_HasTheTypesOfTheForwardPass()
    {
        Tensor w = Weight(), x = Tensor.Ones([2, 3]), loss;
        using (Autocast.To(DType.Float16))
        {
            loss = x.MatMul(w).Relu().MatMul(w).Sum();
        }

        loss.Backward();
        Assert.That(w.Grad!.DType, Is.EqualTo(DType.Float32));
        Assert.That(w.Grad.ToArray<float>(), Is.All.EqualTo(2f * 3 * 2), "through either use");
    }

    [Test]
    public void Backward_InTheScope_HasTheTypesOfTheForwardPass()
    {
        // The gradient of a stretched operand is a sum, which forward would be float32.
        Tensor b = Tensor.Ones([3], DType.BFloat16).WithGrad(), x = Tensor.Ones([2, 3], DType.BFloat16);
        using Autocast.Scope scope = Autocast.To(DType.BFloat16);
        Tensor y = x * b;
        y.Backward(y.ZerosLike() + 1);
        Assert.That(b.Grad!.DType, Is.EqualTo(DType.BFloat16));
        Assert.That(Autocast.Type, Is.EqualTo(DType.BFloat16), "and leaves the scope in force");
    }

    [Test]
    public void Gradient_OfAGradient_IsFloat32()
    {
        Tensor w = Weight(), x = Tensor.Ones([1, 3]);
        using Autocast.Scope scope = Autocast.To(DType.BFloat16);
        Tensor slope = Autograd.Grad(x.MatMul(w).Square().Sum(), w, createGraph: true);
        Tensor curvature = Autograd.Grad(slope.Sum(), w);
        Assert.That((slope.DType, curvature.DType), Is.EqualTo((DType.Float32, DType.Float32)));
        Assert.That(slope.ToArray<float>(), Is.All.EqualTo(2f * 3));
        Assert.That(curvature.ToArray<float>(), Is.All.EqualTo(2f * 3));
    }

    [Test]
    public void Scope_Ended_HoldsNoMemory()
    {
        Tensor w = Weight(), x = Tensor.Ones([2, 3]);
        using TensorScope tensors = TensorScope.Begin();
        long before = _device.Pool.Report.InUse;
        for (int i = 0; i < 3; i++)
        {
            using TensorScope step = TensorScope.Begin();
            using Autocast.Scope outer = Autocast.To(DType.BFloat16);
            using (Autocast.To(DType.Float16))
            {
                x.MatMul(w).Sum().Backward();
            }

            x.MatMul(w).Sum().Backward();
            w.ClearGrad();
        }

        Assert.That(_device.Pool.Report.InUse, Is.EqualTo(before));
    }

    private static Tensor Weight() => Tensor.Ones([3, 3]).WithGrad();
}
