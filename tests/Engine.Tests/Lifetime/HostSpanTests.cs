using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Lifetime;

/// <summary>A tensor's memory as a span of the host.</summary>
internal sealed class HostSpanTests
{
    private readonly ReferenceDevice _device = new();

    [Test]
    public void Elements_AreReadAndWritten()
    {
        using Tensor x = Tensor.Arange(0, 6, device: _device).Reshape(2, 3);
        HostSpan<float> span = x.AsSpan<float>();
        Assert.That((span.Length, span.IsEmpty, span[4], span[^1]), Is.EqualTo((6, false, 4f, 5f)));
        span[1] = 10;
        span[2..4].Fill(7);
        span.Slice(5).CopyFrom([9]);
        Assert.That(x.ToArray<float>(), Is.EqualTo((float[])[0, 10, 7, 7, 4, 9]));
        Assert.That(span[1..3].ToArray(), Is.EqualTo((float[])[10, 7]));
        Assert.That(span.SequenceEqual([0, 10, 7, 7, 4, 9]));
        Assert.That(span.Read(static values => values.Length), Is.EqualTo(6));
        span.Write(static values => values.Reverse());
        float[] copy = new float[6];
        span.CopyTo(copy);
        Assert.That(copy, Is.EqualTo((float[])[9, 4, 7, 7, 10, 0]));
        span.Clear();
        Assert.That(x.Sum().Item(), Is.Zero);
    }

    [Test]
    public void Access_OutsideOrAfterDispose_Throws()
    {
        Tensor x = Tensor.Arange(0, 3, device: _device);
        Assert.Throws<IndexOutOfRangeException>(() => _ = x.AsSpan<float>()[3]);
        Assert.Throws<IndexOutOfRangeException>(() => _ = x.AsSpan<float>()[-1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = x.AsSpan<float>()[1..4]);
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = x.AsSpan<float>().Slice(-1));
        HostSpan<float> span = x.AsSpan<float>();
        x.Dispose();
        bool threw = false;
        try
        {
            _ = span[0];
        }
        catch (ObjectDisposedException)
        {
            threw = true;
        }

        Assert.That(threw);
        Assert.Throws<ObjectDisposedException>(() => x.AsSpan<float>());
    }

    [Test]
    public void Pin_TensorDisposed_HoldsTheMemoryUntilItIsDisposedItself()
    {
        Tensor x = Tensor.Full([1000], 3, device: _device);
        nint handle = x.Storage.Handle;
        PinnedSpan<float> pin = x.AsSpan<float>().Pin();
        x.Dispose();
        using Tensor other = Tensor.Full([1000], 4, device: _device);
        Assert.That(other.Storage.Handle, Is.Not.EqualTo(handle));
        Assert.That(pin.ReadOnlySpan.ToArray(), Has.All.EqualTo(3f));
        pin.Dispose();
        pin.Dispose();
        Assert.That(() => _ = pin.Span.Length, Throws.TypeOf<ObjectDisposedException>());
        using Tensor next = Tensor.Empty([1000], device: _device);
        Assert.That(next.Storage.Handle, Is.EqualTo(handle), "given back");
    }

    [Test]
    public void Pin_OfATensorSpan_HasItsAxes()
    {
        using Tensor x = Tensor.Arange(0, 6, device: _device).Reshape(2, 3);
        HostTensorSpan<float> span = x.AsTensorSpan<float>();
        Assert.That((span.Rank, span.Shape.ToString(), span.FlattenedLength, span[1, 2]), Is.EqualTo((2, "[2, 3]", (nint)6, 5f)));
        Assert.Throws<IndexOutOfRangeException>(() => _ = x.AsTensorSpan<float>()[0, 3]);
        Assert.Throws<ArgumentException>(() => _ = x.AsTensorSpan<float>()[0]);
        span[1, 0] = 30;
        using PinnedSpan<float> pin = span.Pin();
        Assert.That(pin.TensorSpan.Lengths.ToArray(), Is.EqualTo((nint[])[2, 3]));
        Assert.That(pin.ReadOnlyTensorSpan[1, 0], Is.EqualTo(30f));
    }

    [Test]
    public void Writing_SavedValues_IsSeenByTheGraph_ReadingIsNot()
    {
        Tensor x = Tensor.Arange(1, 4, device: _device);
        Tensor w = Tensor.Ones([3], device: _device).WithGrad();
        Tensor y = (w * x).Sum();
        using (PinnedSpan<float> pin = x.AsSpan<float>().Pin())
        {
            _ = pin.ReadOnlySpan.Length;
        }
        y.Backward(retainGraph: true);
        x.AsSpan<float>().Fill(0);
        Assert.That(() => y.Backward(), Throws.TypeOf<GradientException>());
    }
}
