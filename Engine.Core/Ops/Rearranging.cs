namespace Engine;

/// <summary>Shifted, repeated and tiled elements.</summary>
public sealed partial class Tensor
{
    /// <summary>The elements moved by <paramref name="shift"/> places along an axis; what leaves at one end comes in at the other.</summary>
    public Tensor Roll(int shift, int axis)
    {
        int at = Guard.Axis(axis, Rank), size = Shape[at];
        int first = size == 0 ? 0 : (int)((((long)shift % size) + size) % size);
        if (first == 0)
        {
            return Clone();
        }

        using TensorScope scope = TensorScope.Begin();
        return scope.Keep(Concat([SliceOrSelf(at, size - first, first, 1), SliceOrSelf(at, 0, size - first, 1)], at));
    }

    /// <summary>The elements moved by <paramref name="shift"/> places in row-major order, as if there were one axis.</summary>
    public Tensor Roll(int shift)
    {
        using TensorScope scope = TensorScope.Begin();
        return scope.Keep(ReshapeOrSelf(-1).Roll(shift, 0).ReshapeOrSelf(Shape));
    }

    /// <summary>The elements moved along several axes, by one number for each.</summary>
    /// <exception cref="ArgumentException">There are not as many numbers as axes.</exception>
    public Tensor Roll(ReadOnlySpan<int> shifts, ReadOnlySpan<int> axes)
    {
        if (shifts.Length != axes.Length || axes.IsEmpty)
        {
            throw new ArgumentException($"Roll: {shifts.Length} shifts for {axes.Length} axes; give one for each axis, and at least one.", nameof(shifts));
        }

        using TensorScope scope = TensorScope.Begin();
        Tensor y = this;
        for (int i = 0; i < axes.Length; i++)
        {
            y = y.Roll(shifts[i], axes[i]);
        }

        return scope.Keep(y);
    }

    /// <summary>Each element of an axis <paramref name="repeats"/> times in a row: [a, b] becomes [a, a, b, b]. Without an axis all elements, in row-major order.</summary>
    /// <remarks><see cref="Repeat"/> and <see cref="Tile"/> repeat the whole: [a, b, a, b].</remarks>
    public Tensor RepeatInterleave(int repeats, int? axis = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(repeats);
        using TensorScope scope = TensorScope.Begin();
        Tensor x = axis is null ? ReshapeOrSelf(-1) : this;
        int at = Guard.Axis(axis ?? 0, x.Rank, nameof(axis));
        Shape result = x.Shape.With(at, Guard.Size(nameof(RepeatInterleave), (long)x.Shape[at] * repeats));
        if (repeats == 0)
        {
            return scope.Keep(x.SliceOrSelf(at, 0, 0, 1).Clone());
        }

        // Joined to three axes, so that one more fits.
        long outer = 1, inner = 1;
        for (int i = 0; i < x.Rank; i++)
        {
            outer *= i < at ? x.Shape[i] : 1;
            inner *= i > at ? x.Shape[i] : 1;
        }

        int before = Guard.Size(nameof(RepeatInterleave), outer), behind = Guard.Size(nameof(RepeatInterleave), inner);
        return scope.Keep(x.ReshapeOrSelf(before, x.Shape[at], 1, behind).ExpandOrSelf([before, x.Shape[at], repeats, behind]).Clone().ReshapeOrSelf(shape: result));
    }

    /// <summary>Each element of an axis as often as <paramref name="repeats"/> says. Without an axis all elements, in row-major order.</summary>
    /// <param name="repeats">int64 or int32: one number for each element of the axis, or one for all; none negative.</param>
    /// <param name="axis">The axis.</param>
    /// <remarks>The device alone knows how many elements there will be, so that the host waits for it.</remarks>
    /// <exception cref="ShapeMismatchException">There are not as many numbers as elements.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative.</exception>
    /// <exception cref="CaptureException">A step is being captured.</exception>
    public Tensor RepeatInterleave(Tensor repeats, int? axis = null)
    {
        const string Op = nameof(RepeatInterleave);
        ArgumentNullException.ThrowIfNull(repeats);
        Guard.Index(Op, repeats, nameof(repeats));
        Guard.SameDevice(Op, this, repeats);
        Device.Refuse(Op, HostAccess.Read);
        using TensorScope scope = TensorScope.Begin();
        Tensor x = axis is null ? ReshapeOrSelf(-1) : this;
        int at = Guard.Axis(axis ?? 0, x.Rank, nameof(axis)), size = x.Shape[at];
        if (repeats.Rank > 1 || (repeats.ElementCount != size && repeats.ElementCount != 1))
        {
            throw new ShapeMismatchException($"{Op}: repeats is {repeats.Shape}; axis {at} of {x.Shape} has {size} elements, for each of which there must be one number, or one for all.");
        }

        if (size == 0)
        {
            return scope.Keep(x.Clone());
        }

        Tensor each = repeats.ReshapeOrSelf(-1).ExpandOrSelf([size]), ends = each.CumSum(0);
        long least = each.Min().Item<long>();
        if (least < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(repeats), least, $"{Op}: {least} times is not possible; give 0 or more.");
        }

        int total = Guard.Size(Op, ends.Select(0, -1).Item<long>());
        return scope.Keep(x.Gather(at, BinarySearch.Count(ends, Arange(total, Device), notAbove: true).Along(at, x.Shape)));
    }

    /// <summary>The tensor repeated along each axis, as tiles; missing numbers in front are 1: NumPy's and PyTorch's tile.</summary>
    /// <remarks><see cref="Repeat"/> wants a number for each axis.</remarks>
    public Tensor Tile(params ReadOnlySpan<int> times)
    {
        Span<int> all = stackalloc int[Math.Max(Rank, Math.Min(times.Length, Shape.MaxRank + 1))];
        if (times.Length > all.Length)
        {
            return Repeat(times);
        }

        all.Fill(1);
        times.CopyTo(all[(all.Length - times.Length)..]);
        return Repeat(all);
    }
}
