using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Autodiff;

/// <summary>The operation that made the first NaN or infinity is named, and its module.</summary>
internal sealed class AnomalyTests
{
    [Test]
    public void Forward_LogOfANegativeNumber_IsNamed()
    {
        Tensor x = Tensor.From<float>([1, -1, 4]).WithGrad();
        using Autograd.AnomalyScope scope = Autograd.DetectAnomaly();
        AnomalyException error = Assert.Throws<AnomalyException>(() => (x * 2).Log().Sum().Backward())!;
        Assert.That((error.Operation, error.Module, error.IsBackward), Is.EqualTo(("Log", (string?)null, false)));
        Assert.That(error.Message, Does.Contain("1 NaN among 3").And.Contains("it is the first"));
    }

    [Test]
    public void Forward_InfinitiesCountUnlessMeant()
    {
        Tensor x = Tensor.From<float>([0, 1]).WithGrad();
        using (Autograd.DetectAnomaly())
        {
            Assert.That(() => 1 / x, Throws.TypeOf<AnomalyException>().With.Message.Contains("1 infinite values among 2"));
        }

        using (Autograd.DetectAnomaly(infinities: false))
        {
            Assert.That(() => 1 / x, Throws.Nothing);
        }

        Assert.That(() => 1 / x, Throws.Nothing, "the scope has ended");
    }

    [Test]
    public void Forward_BadDataAndBadParametersAreBlamed()
    {
        Tensor w = Tensor.Ones([2]).WithGrad().Named("scale"), data = Tensor.From<float>([1, float.NaN]);
        using Autograd.AnomalyScope scope = Autograd.DetectAnomaly();
        Assert.That(() => w * data, Throws.TypeOf<AnomalyException>().With.Message.Contains("input 1").And.Message.Contains("data or a constant"));
        Tensor bad = Tensor.From<float>([float.PositiveInfinity, 1]).WithGrad().Named("gamma");
        Assert.That(() => bad * 2, Throws.TypeOf<AnomalyException>().With.Message.Contains("'gamma'").And.Message.Contains("a leaf"));
    }

    [Test]
    public void Forward_TheModuleIsNamed()
    {
        Sequential net = [new Linear(2, 2), new Sequential(new Tanh(), new Lambda(static x => x.Log(), "Logarithm"))];
        using Autograd.AnomalyScope scope = Autograd.DetectAnomaly();
        AnomalyException error = Assert.Throws<AnomalyException>(() => net.Forward(Tensor.From<float>([1, 2, -1, -2], [2, 2])))!;
        Assert.That(error.Module, Is.EqualTo("'1.1' (Lambda)"));
        Assert.That(error.Message, Does.Contain("Log in module '1.1' (Lambda)"));
    }

    [Test]
    public void Backward_OfASquareRootAtZero_IsNamedWithItsModule()
    {
        // √0 is fine; its slope is infinite, and 0·∞ behind it NaN.
        Sequential net = [new Lambda(static x => x * 0, "Zero"), new Lambda(static x => x.Sqrt(), "Root")];
        Tensor x = Tensor.Ones([3]).WithGrad();
        Tensor y;
        using Autograd.AnomalyScope scope = Autograd.DetectAnomaly();
        y = net.Forward(x).Sum();
        AnomalyException error = Assert.Throws<AnomalyException>(() => y.Backward())!;
        Assert.That((error.Operation, error.Module, error.IsBackward), Is.EqualTo(("Sqrt", "'1' (Lambda)", true)));
        Assert.That(x.Grad, Is.Null);
    }

    [Test]
    public void Backward_NaNOnly_IsFoundWhereItIsMade()
    {
        Tensor x = Tensor.Zeros([2]).WithGrad();
        using Autograd.AnomalyScope scope = Autograd.DetectAnomaly(infinities: false);
        AnomalyException error = Assert.Throws<AnomalyException>(() => ((x * 0).Sqrt() * 0).Sum().Backward())!;
        Assert.That((error.Operation, error.IsBackward), Is.EqualTo(("Sqrt", true)), "0·∞ in the rule of the root");
    }

    [Test]
    public void Backward_WithABadGradient_SaysThatItWasGiven()
    {
        Tensor y = Tensor.Ones([1]).WithGrad() * 2;
        using Autograd.AnomalyScope scope = Autograd.DetectAnomaly();
        Assert.That(() => y.Backward(Tensor.From<float>([float.NaN])), Throws.TypeOf<AnomalyException>().With.Message.Contains("with which the backward pass begins"));
    }

    [Test]
    public void HealthyTraining_IsNotDisturbed()
    {
        Sequential net = new Sequential(new Conv2d(1, 4, 3), new BatchNorm2d(4), new Relu(), new MaxPool2d(2), new Flatten(), new Linear(36, 3), new Dropout(0.5)).To(Device.Cpu);
        Tensor x = Tensor.Randn([4, 1, 8, 8], device: Device.Cpu), labels = Tensor.From<long>([0, 1, 2, 0], Device.Cpu);
        using Autograd.AnomalyScope scope = Autograd.DetectAnomaly();
        Losses.CrossEntropy(net.Forward(x), labels).Backward();
        Assert.That(net.Parameters.Select(static p => p.Grad), Has.None.Null);
    }

    [Test]
    public void NaNInAWeightDeepInsideABlock_IsFoundByName()
    {
        ResNet net = new([4, 4], 1, 1);
        using (GradMode.Off())
        {
            ((BasicBlock)((Sequential)net.Stages[1])[0]).Conv2.Weight.MulInPlace(double.NaN);
        }

        using Autograd.AnomalyScope scope = Autograd.DetectAnomaly();
        AnomalyException error = Assert.Throws<AnomalyException>(() => net.Call(Tensor.Randn([2, 1, 8, 8])))!;
        Assert.That((error.Operation, error.Module), Is.EqualTo(("Conv2d", "'layer2.0.conv2' (Conv2d)")));
        Assert.That(error.Message, Does.Contain("a leaf"));
    }

    [Test]
    public void ModelThatExplodes_IsFoundInItsLayer()
    {
        // exp of exp of … overflows in the third.
        Sequential net = [new Linear(1, 1), new Lambda(static x => x.Exp()), new Lambda(static x => x.Exp()), new Lambda(static x => x.Exp())];
        using (GradMode.Off())
        {
            net.Parameters[0].CopyFrom<float>([1]);
            net.Parameters[1].CopyFrom<float>([0]);
        }

        using Autograd.AnomalyScope scope = Autograd.DetectAnomaly();
        AnomalyException error = Assert.Throws<AnomalyException>(() => net.Call(Tensor.From<float>([2], [1, 1])))!;
        Assert.That((error.Operation, error.Module), Is.EqualTo(("Exp", "'3' (Lambda)")));
    }
}
