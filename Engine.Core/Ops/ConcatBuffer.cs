namespace Engine;

/// <summary>
/// Memory for tensors that are put behind one another step by step: <see cref="Append(Tensor)"/> writes only what is new, where
/// <see cref="Tensor.Concat"/> writes everything again. The layers of a DenseNet use it.
/// </summary>
/// <remarks>
/// <para>All values are views of one memory, so that writing over one in place changes the others, too. Gradients pass as through <see cref="Tensor.Concat"/>.</para>
/// <para>Where a device would copy views with gaps before it computes with them, and where a tensor does not fit, appending is <see cref="Tensor.Concat"/>. For one thread.</para>
/// </remarks>
/// <example><code>
/// using ConcatBuffer channels = new(x, 64, axis: 1);
/// Tensor y = channels.Append(x.Relu());
/// Tensor z = channels.Append(16, seen => seen.Conv2d(weight));     // the convolution writes where its result belongs
/// </code></example>
public sealed class ConcatBuffer : IDisposable
{
    // The buffer whose next part this thread is computing.
    [ThreadStatic]
    private static ConcatBuffer? t_offered;

    private readonly int _axis;
    private readonly Tensor _first;
    private Tensor? _value;
    private Tensor? _whole;
    private int _used;
    private int _offered;
    private bool _isTaken;
    private bool _isDisposed;

    /// <summary>A buffer that begins with a copy of a tensor.</summary>
    /// <param name="first">The first part.</param>
    /// <param name="size">The elements along the axis that all parts together will have.</param>
    /// <param name="axis">The axis along which parts follow one another.</param>
    /// <exception cref="ArgumentOutOfRangeException">The first part is larger than that, or there is no such axis.</exception>
    public ConcatBuffer(Tensor first, int size, int axis = 0)
    {
        ArgumentNullException.ThrowIfNull(first);
        _axis = Guard.Axis(axis, first.Rank);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, first.Shape[_axis]);
        _first = first;
        if (!first.Device.Backend.ComputesOnParts || size == first.Shape[_axis])
        {
            return;
        }

        using (Tensor whole = Tensor.AllocateLike(first.Shape.With(_axis, size), first.DType, first.Device, first))
        {
            _whole = whole.Share();
        }

        Write(first);
        _value = Extended(first.Shape[_axis], [first]);
    }

    /// <summary>What was put together so far.</summary>
    public Tensor Value => _value ?? _first;

    /// <summary>Puts a tensor behind the <see cref="Value"/>.</summary>
    /// <returns>The new <see cref="Value"/>.</returns>
    /// <exception cref="ShapeMismatchException">It differs at another axis.</exception>
    /// <exception cref="ObjectDisposedException">The buffer was disposed.</exception>
    public Tensor Append(Tensor next)
    {
        ArgumentNullException.ThrowIfNull(next);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!Fits(next))
        {
            return Join(next);
        }

        Tensor part = next.ToOrSelf(_whole!.DType);
        Write(part);
        return _value = Extended(next.Shape[_axis], [Value, part]);
    }

    /// <summary>
    /// Computes a tensor and puts it behind the <see cref="Value"/>. A convolution that is the last operation writes its result where it belongs.
    /// </summary>
    /// <param name="length">Elements of the tensor along the axis.</param>
    /// <param name="next">Computes it from the <see cref="Value"/>.</param>
    /// <returns>The new <see cref="Value"/>.</returns>
    /// <exception cref="ShapeMismatchException">The result differs at another axis, or has another length.</exception>
    /// <exception cref="ObjectDisposedException">The buffer was disposed.</exception>
    public Tensor Append(int length, Func<Tensor, Tensor> next)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentNullException.ThrowIfNull(next);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        ConcatBuffer? outer = t_offered;
        (t_offered, _offered, _isTaken) = (this, length, false);
        Tensor part;
        try
        {
            part = next(Value) ?? throw new ArgumentException("ConcatBuffer.Append: the function returned null; it must return a tensor.", nameof(next));
        }
        finally
        {
            (t_offered, _offered) = (outer, 0);
        }

        if (part.Rank != Value.Rank || part.Shape[_axis] != length)
        {
            throw new ShapeMismatchException($"ConcatBuffer.Append: the function returned {part.Shape}, which should have {length} elements along axis {_axis}.");
        }

        if (!_isTaken)
        {
            return Append(part);
        }

        // The place may have gone to a step on the way to the result, which a gradient may need as it is.
        return IsInPlace(part) ? _value = Extended(length, [Value, part]) : Join(part);
    }

    /// <summary>Lets go of the memory. The values keep it as long as they live.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        Leave();
    }

    /// <summary>The place for a result in the buffer that this thread fills, if it is the one that is waited for; else null.</summary>
    internal static Tensor? TryTake(Shape shape, DType dtype, Device device) => t_offered?.Take(shape, dtype, device);

    private Tensor? Take(Shape shape, DType dtype, Device device)
    {
        if (_whole is not { } whole || _isTaken || whole.DType != dtype || whole.Device != device || shape.Rank != whole.Rank || shape[_axis] != _offered || !HasRoomFor(shape))
        {
            return null;
        }

        _isTaken = true;
        return whole.ViewAs(Place(_offered));
    }

    private bool Fits(Tensor next) =>
        _whole is { } whole && next.Device == whole.Device && next.Rank == whole.Rank && TypePromotion.Promote(whole.DType, next.DType) == whole.DType && HasRoomFor(next.Shape);

    private bool HasRoomFor(Shape shape) => shape.With(_axis, 0) == _whole!.Shape.With(_axis, 0) && shape[_axis] <= _whole.Shape[_axis] - _used;

    private Layout Place(int length) => _whole!.Layout.Slice(_axis, _used, length, 1);

    private bool IsInPlace(Tensor part)
    {
        Layout layout = part.Layout, place = Place(part.Shape[_axis]);
        return _whole is { } whole && part.DType == whole.DType && part.Storage == whole.Storage && layout.Shape == place.Shape && layout.Offset == place.Offset && layout.Strides.SequenceEqual(place.Strides);
    }

    // Nobody has seen this memory yet: no saved value is overwritten, and no version counts up.
    private void Write(Tensor part)
    {
        using TensorScope scope = TensorScope.Begin();
        Pointwise.Run(Programs.Copy, part.DType.ComputeType(), part.Shape, [part], [_whole!.ViewAs(Place(part.Shape[_axis]))], []);
    }

    private Tensor Extended(int length, Tensor[] parts)
    {
        _used += length;
        Tensor y = _whole!.ViewAs(_whole.Layout.Slice(_axis, 0, _used, 1));
        return Tensor.ShouldTrack(parts!) ? y.Record(new ConcatNode(parts, _axis)) : y;
    }

    private Tensor Join(Tensor next)
    {
        Tensor y = Tensor.Concat([Value, next], _axis);
        Leave();
        return _value = y;
    }

    private void Leave()
    {
        _whole?.Dispose();
        _whole = null;
    }
}
