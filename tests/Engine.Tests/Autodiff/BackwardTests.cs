using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Autodiff;

/// <summary>What a backward pass leaves behind: accumulation, retained and consumed graphs, detached and unrecorded parts.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class BackwardTests(string deviceName) : DeviceFixture(deviceName)
{
    [Test]
    public void Backward_TwoLosses_AddUpInGrad()
    {
        Tensor x = Leaf(1, 2, 3);
        (x * 2).Sum().Backward();
        (x * x).Sum().Backward();
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(new float[] { 4, 6, 8 }));
        x.ClearGrad();
        Assert.That(x.Grad, Is.Null);
    }

    [Test]
    public void Backward_LeafUsedThreeTimes_SumsAllPaths()
    {
        Tensor x = Leaf(2, -1);
        (x * x * x).Sum().Backward();
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(new float[] { 12, 3 }));
    }

    [Test]
    public void Backward_Diamond_VisitsTheSharedNodeOnce()
    {
        Tensor x = Leaf(3);
        Tensor shared = x * x;
        ((shared * 2) + (shared * shared)).Sum().Backward();
        Assert.That(x.Grad!.Item(), Is.EqualTo((2 * 6) + (4 * 27)));
    }

    [Test]
    public void Backward_GivenGradient_WeighsTheOutputs()
    {
        Tensor x = Leaf(1, 2, 3);
        (x * x).Backward(Of(1, 10, 100));
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(new float[] { 2, 40, 600 }));
    }

    [Test]
    public void Backward_GivenGradient_IsNotWrittenOver()
    {
        Tensor x = Leaf(1, 2), dy = Of(1, 1);
        Tensor y = x + 0;
        y.Backward(dy, retainGraph: true);
        y.Backward(dy);
        Assert.That(dy.ToArray<float>(), Is.EqualTo(new float[] { 1, 1 }));
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(new float[] { 2, 2 }));
    }

    [Test]
    public void Backward_ConsumedGraph_ThrowsAndSaysHowToRetain()
    {
        Tensor x = Leaf(1, 2);
        Tensor y = (x * x).Sum();
        y.Backward();
        GradientException error = Assert.Throws<GradientException>(() => y.Backward())!;
        Assert.That(error.Message, Does.Contain("consumed").And.Contain("retainGraph: true"));
    }

    [Test]
    public void Backward_SharedPartConsumed_Throws()
    {
        Tensor x = Leaf(1, 2);
        Tensor shared = x.Exp();
        shared.Sum().Backward();
        Assert.Throws<GradientException>(() => (shared * 2).Sum().Backward());
    }

    [Test]
    public void Backward_RetainedGraph_GivesTheSameGradientAgain()
    {
        Tensor x = Leaf(0.5f, 2);
        Tensor y = (x.Exp() * x).Sum();
        y.Backward(retainGraph: true);
        float[] first = x.Grad!.ToArray<float>();
        x.ClearGrad();
        y.Backward();
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(first));
    }

    [Test]
    public void Backward_OfALeaf_IsOne()
    {
        Tensor x = Leaf(5);
        x.Backward();
        Assert.That(x.Grad!.Item(), Is.EqualTo(1));
    }

    [Test]
    public void Backward_SeveralElementsWithoutGradient_Throws()
    {
        Tensor y = Leaf(1, 2) * 2;
        Assert.That(Assert.Throws<GradientException>(() => y.Backward())!.Message, Does.Contain("[2]").And.Contain("Sum()").And.Contain("Mean()"));
    }

    [Test]
    public void Backward_WithoutGraph_Throws() =>
        Assert.That(Assert.Throws<GradientException>(() => Of(1).Backward())!.Message, Does.Contain("RequiresGrad"));

    [Test]
    public void Backward_GradientOfAnotherShape_Throws()
    {
        Tensor y = Leaf(1, 2) * 2;
        Assert.That(Assert.Throws<ShapeMismatchException>(() => y.Backward(Of(1, 2, 3)))!.Message, Does.Contain("[3]").And.Contain("[2]"));
    }

    [Test]
    public void RetainGrad_ComputedTensor_KeepsItsGradient()
    {
        Tensor x = Leaf(1, 2);
        Tensor y = (x * x).RetainGrad();
        Tensor unretained = y * 3;
        unretained.Sum().Backward();
        Assert.That(y.Grad!.ToArray<float>(), Is.EqualTo(new float[] { 3, 3 }));
        Assert.That(unretained.Grad, Is.Null);
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(new float[] { 6, 12 }));
    }

    [Test]
    public void Detach_PartOfAGraph_StopsTheGradientAndSharesMemory()
    {
        Tensor x = Leaf(2, 3);
        Tensor detached = (x * x).Detach();
        Assert.That(detached.RequiresGrad, Is.False);
        (detached * x).Sum().Backward();
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(new float[] { 4, 9 }));
        Assert.That(x.Detach().Storage, Is.SameAs(x.Storage));
    }

    [Test]
    public void GradModeOff_Operations_AreNotRecorded()
    {
        Tensor x = Leaf(2);
        using (GradMode.Off())
        {
            Assert.That(GradMode.IsEnabled, Is.False);
            Assert.That((x * x).RequiresGrad, Is.False);
            using (GradMode.On())
            {
                Assert.That((x * x).RequiresGrad, Is.True);
            }
            Assert.That((x * x).RequiresGrad, Is.False);
        }

        Assert.That((x * x).RequiresGrad, Is.True);
    }

    [Test]
    public void GradModeOff_OneBranch_CountsAsConstant()
    {
        Tensor x = Leaf(3);
        Tensor constant;
        using (GradMode.Off())
        {
            constant = x * x;
        }
        (constant * x).Backward();
        Assert.That(x.Grad!.Item(), Is.EqualTo(9));
    }

    [Test]
    public void GradMode_OfAnotherThread_IsItsOwn()
    {
        using GradMode.Scope off = GradMode.Off();
        bool elsewhere = false;
        var thread = new Thread(() => elsewhere = GradMode.IsEnabled);
        thread.Start();
        thread.Join();
        Assert.That(elsewhere, Is.True);
    }

    [Test]
    public void RequiresGrad_OfAComputedTensorOrAnInteger_CannotBeSet()
    {
        Tensor y = Leaf(1) * 2;
        Assert.That(Assert.Throws<GradientException>(() => y.RequiresGrad = false)!.Message, Does.Contain("Detach()"));
        Assert.Throws<DTypeMismatchException>(() => Tensor.Arange(3, Device).RequiresGrad = true);
    }

    [Test]
    public void RequiresGrad_SetBack_StopsRecording()
    {
        Tensor x = Leaf(1);
        x.RequiresGrad = false;
        Assert.That((x * 2).RequiresGrad, Is.False);
    }

    [Test]
    public void SetGrad_AnotherShapeOrType_Throws()
    {
        Tensor x = Leaf(1, 2);
        Assert.That(Assert.Throws<ShapeMismatchException>(() => x.SetGrad(Of(1)))!.Message, Does.Contain("[1]").And.Contain("[2]"));
        Assert.Throws<ShapeMismatchException>(() => x.SetGrad(Of(1, 2).To(DType.Float16)));
    }

    [Test]
    public void Backward_MixedTypes_GivesEachLeafItsOwnType()
    {
        RequireFloat64();
        Tensor x = Leaf(1, 2), w = Tensor.From<double>([3, 4], Device).WithGrad();
        (x * w).Sum().Backward();
        Assert.That((x.Grad!.DType, w.Grad!.DType), Is.EqualTo((DType.Float32, DType.Float64)));
        Assert.That(x.Grad.ToArray<float>(), Is.EqualTo(new float[] { 3, 4 }));
    }

    [Test]
    public void Backward_ToAnotherDevice_ComesBack()
    {
        Tensor x = Leaf(1, 2);
        Tensor there = x.To(Device.Default);
        (there * there).Sum().Backward();
        Assert.That(x.Grad!.Device, Is.SameAs(Device));
        Assert.That(x.Grad.ToArray<float>(), Is.EqualTo(new float[] { 2, 4 }));
    }

    [Test]
    public void Backward_InsideAScope_LeavesTheGradientOfLeaves()
    {
        Tensor x = Leaf(1, 2);
        using (TensorScope.Begin())
        {
            (x * x).Sum().Backward();
        }
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(new float[] { 2, 4 }));
    }

    private Tensor Of(params float[] values) => Tensor.From<float>(values, Device);

    private Tensor Leaf(params float[] values) => Of(values).WithGrad();
}
