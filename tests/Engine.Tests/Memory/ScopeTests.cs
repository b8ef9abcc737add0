using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Memory;

internal sealed class ScopeTests
{
    private readonly ReferenceDevice _device = new();

    [Test]
    public void Scope_End_DisposesWhatWasMadeInside()
    {
        Tensor before = Tensor.Ones([4], device: _device), inside;
        using (TensorScope.Begin())
        {
            inside = before + 1;
        }
        Assert.That((before.IsDisposed, inside.IsDisposed), Is.EqualTo((false, true)));
    }

    [Test]
    public void Keep_InANestedScope_HandsTheTensorToTheOuterOne()
    {
        Tensor kept, dropped;
        using (TensorScope outer = TensorScope.Begin())
        {
            using (TensorScope inner = TensorScope.Begin())
            {
                kept = inner.Keep(Tensor.Ones([4], device: _device));
                dropped = Tensor.Ones([4], device: _device);
            }

            Assert.That((kept.IsDisposed, dropped.IsDisposed), Is.EqualTo((false, true)));
        }

        Assert.That(kept.IsDisposed, Is.True);
    }

    [Test]
    public void Keep_OfATensor_TakesItOutOfAllScopes()
    {
        Tensor kept;
        using (TensorScope.Begin())
        using (TensorScope.Begin())
        {
            kept = Tensor.Ones([4], device: _device).Keep();
        }
        Assert.That(kept.IsDisposed, Is.False);
        kept.Dispose();
    }

    [Test]
    public void Scope_ExceptionInside_StillDisposes()
    {
        Tensor? inside = null;
        Assert.Throws<InvalidOperationException>(() =>
        {
            using TensorScope scope = TensorScope.Begin();
            inside = Tensor.Ones([4], device: _device);
            throw new InvalidOperationException();
        });
        Assert.That(inside!.IsDisposed, Is.True);
    }

    [Test]
    public void Scope_OtherThread_IsNotTouched()
    {
        Tensor? elsewhere = null;
        using (TensorScope.Begin())
        {
            var thread = new Thread(() => elsewhere = Tensor.Ones([4], device: _device));
            thread.Start();
            thread.Join();
        }

        Assert.That(elsewhere!.IsDisposed, Is.False);
        elsewhere.Dispose();
    }

    [Test]
    public void Scope_Parameters_AreNeverScoped()
    {
        Tensor parameter;
        using (TensorScope.Begin())
        {
            parameter = Tensor.Ones([4], device: _device).WithGrad();
        }
        Assert.That(parameter.IsDisposed, Is.False);
    }

    [Test]
    public void Scope_ViewKept_KeepsTheMemoryOfItsBase()
    {
        Tensor view;
        using (TensorScope scope = TensorScope.Begin())
        {
            view = scope.Keep(Tensor.Ones([4, 2], device: _device)[1]);
        }
        Assert.That(view.ToArray<float>(), Is.EqualTo(new float[] { 1, 1 }));
    }
}
