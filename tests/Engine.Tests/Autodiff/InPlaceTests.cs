using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Autodiff;

/// <summary>Writing over memory, with and without a graph that remembers it.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class InPlaceTests(string deviceName) : DeviceFixture(deviceName)
{
    [Test]
    public void InPlace_Arithmetic_WritesTheSameMemory()
    {
        Tensor x = Of(1, 2, 3);
        Storage before = x.Storage;
        x.AddInPlace(Of(1, 1, 1)).MulInPlace(2).SubInPlace(Of(1, 2, 3)).DivInPlace(Of(3, 2, 5)).AddInPlace(10);
        Assert.That(x.Storage, Is.SameAs(before));
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 11, 12, 11 }));
        x.AddInPlace(Of(1, 2, 3), scale: -2).ClampInPlace(6, 8).BlendInPlace(0.5, 2, Of(1, 1, 1));
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 6, 6, 5 }));
        x.FillInPlace(7);
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 7, 7, 7 }));
        x.ZeroInPlace();
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 0, 0, 0 }));
    }

    [Test]
    public void InPlace_ThroughAView_ShowsInTheBase()
    {
        Tensor x = Tensor.Zeros([2, 3], device: Device);
        x.T[1].AddInPlace(Of(4, 5));
        x[.., 2] = Of(6, 7);
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 0, 4, 6, 0, 5, 7 }));
    }

    [Test]
    public void InPlace_BroadcastOperand_IsStretched()
    {
        Tensor x = Tensor.Zeros([2, 3], device: Device);
        x.AddInPlace(Of(1, 2, 3));
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 1, 2, 3, 1, 2, 3 }));
        Assert.Throws<ShapeMismatchException>(() => Of(1, 2, 3).AddInPlace(x));
    }

    [Test]
    public void InPlace_OverlappingView_ReadsBeforeItWrites()
    {
        Tensor x = Of(1, 2, 3, 4);
        x.Narrow(0, 1, 3).AddInPlace(x.Narrow(0, 0, 3));
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 1, 3, 5, 7 }));
        Tensor y = Of(1, 2, 3);
        y.AddInPlace(y.Flip());
        Assert.That(y.ToArray<float>(), Is.EqualTo(new float[] { 4, 4, 4 }));
        Tensor z = Of(1, 2, 3);
        z.AddInPlace(z.Flip(), scale: 10);
        Assert.That(z.ToArray<float>(), Is.EqualTo(new float[] { 31, 22, 13 }));
        Tensor w = Of(1, 2, 3);
        w.BlendInPlace(0, 1, w.Flip());
        Assert.That(w.ToArray<float>(), Is.EqualTo(new float[] { 3, 2, 1 }));
    }

    [Test]
    public void CopyFrom_OverlappingView_ReadsBeforeItWrites()
    {
        Tensor x = Of(1, 2, 3, 4);
        x.CopyFrom(x.Flip());
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 4, 3, 2, 1 }));
        x.Narrow(0, 1, 3).CopyFrom(x.Narrow(0, 0, 3));
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 4, 4, 3, 2 }));
    }

    [Test]
    public void InPlace_OnAStretchedTensor_Throws()
    {
        Tensor x = Of(1).Expand([3]);
        Assert.That(Assert.Throws<ShapeMismatchException>(() => x.AddInPlace(1))!.Message, Does.Contain("AddInPlace").And.Contain("[3]").And.Contain("Clone()"));
    }

    [Test]
    public void InPlace_OnALeaf_ThrowsUnlessRecordingIsOff()
    {
        Tensor x = Of(1, 2).WithGrad();
        Assert.That(Assert.Throws<GradientException>(() => x.AddInPlace(1))!.Message, Does.Contain("GradMode.Off()"));
        using (GradMode.Off())
        {
            x.AddInPlace(1);
        }
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 2, 3 }));
    }

    [Test]
    public void InPlace_OnAComputedTensor_Throws()
    {
        Tensor y = Of(1, 2).WithGrad() * 2;
        Assert.Throws<GradientException>(() => y.MulInPlace(2));
        Assert.Throws<GradientException>(() => y.CopyFrom(Of(1, 2)));
        Assert.Throws<GradientException>(() => y[0] = Tensor.Scalar(1, device: Device));
    }

    [Test]
    public void InPlace_AfterSave_TheBackwardPassThrows()
    {
        Tensor x = Of(1, 2).WithGrad(), w = Of(3, 4);
        Tensor y = (x * w).Sum();
        w.AddInPlace(1);
        GradientException error = Assert.Throws<GradientException>(() => y.Backward())!;
        Assert.That(error.Message, Does.Contain("Mul").And.Contain("f32 [2]").And.Contain("overwritten").And.Contain("Clone()"));
    }

    [Test]
    public void InPlace_AfterSaveThroughAView_TheBackwardPassThrows()
    {
        Tensor x = Of(1, 2).WithGrad(), w = Of(3, 4);
        Tensor y = (x * w).Sum();
        w.Narrow(0, 1, 1).FillInPlace(0);
        Assert.Throws<GradientException>(() => y.Backward());
    }

    [Test]
    public void InPlace_OnTheSavedOutput_TheBackwardPassThrows()
    {
        Tensor x = Of(1, 2).WithGrad();
        Tensor y = x.Exp();
        using (GradMode.Off())
        {
            y.MulInPlace(2);
        }
        Assert.Throws<GradientException>(() => y.Sum().Backward());
    }

    [Test]
    public void InPlace_OnWhatNobodySaved_IsFine()
    {
        Tensor x = Of(1, 2).WithGrad(), b = Of(3, 4);
        Tensor y = (x + b).Sum();
        b.FillInPlace(0);
        y.Backward();
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(new float[] { 1, 1 }));
    }

    [Test]
    public void OptimizerStep_BetweenForwardAndBackward_TheBackwardPassThrows()
    {
        Tensor x = Of(1, 2).WithGrad(), w = Of(3, 4).WithGrad();
        Tensor y = (x * w).Sum();
        w.SetGrad(Of(1, 1));
        new Sgd([w], 0.1).Step();
        Assert.Throws<GradientException>(() => y.Backward());
    }

    [Test]
    public void Version_EveryWrite_CountsUp()
    {
        Tensor x = Of(1, 2);
        int version = x.Storage.Version;
        x.AddInPlace(1);
        x[0] = Tensor.Scalar(5, device: Device);
        x.CopyFrom<float>([8, 9]);
        Assert.That(x.Storage.Version, Is.EqualTo(version + 3));
        _ = x + 1;
        Assert.That(x.Storage.Version, Is.EqualTo(version + 3));
    }

    [Test]
    public void InPlace_FloatIntoIntegers_Throws()
    {
        Tensor x = Tensor.Arange(3, Device);
        Assert.That(Assert.Throws<DTypeMismatchException>(() => x.AddInPlace(0.5))!.Message, Does.Contain("0.5").And.Contain("i64").And.Contain("To(DType.Float32)"));
        Assert.Throws<DTypeMismatchException>(() => x.AddInPlace(Of(1, 2, 3)));
        Assert.That(x.AddInPlace(2).ToArray<long>(), Is.EqualTo(new long[] { 2, 3, 4 }));
    }

    private Tensor Of(params float[] values) => Tensor.From<float>(values, Device);
}
