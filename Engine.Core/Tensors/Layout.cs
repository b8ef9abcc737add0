using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Engine.Backends;

/// <summary>
/// How a tensor lies in its storage: element (i₀, i₁, …) is at <c>Offset + Σ iₐ·Stride(a)</c>, counted in elements. Strides may be 0
/// (broadcast) or negative (flipped).
/// </summary>
public readonly struct Layout
{
    private readonly StrideBuffer _strides;

    /// <summary>A layout with explicit strides.</summary>
    /// <exception cref="ArgumentException">There are fewer strides than axes.</exception>
    public Layout(Shape shape, ReadOnlySpan<long> strides, long offset)
    {
        if (strides.Length < shape.Rank)
        {
            throw new ArgumentException($"Layout: {strides.Length} strides for {shape}, which has {shape.Rank} axes.", nameof(strides));
        }

        Shape = shape;
        Offset = offset;
        strides[..shape.Rank].CopyTo(_strides);
    }

    /// <summary>The sizes of the axes.</summary>
    public Shape Shape { get; }

    /// <summary>Where element (0, 0, …) lies, in elements.</summary>
    public long Offset { get; }

    /// <summary>The number of axes.</summary>
    public int Rank => Shape.Rank;

    /// <summary>The distance between neighbours along each axis, in elements.</summary>
    [UnscopedRef]
    public ReadOnlySpan<long> Strides => ((ReadOnlySpan<long>)_strides)[..Shape.Rank];

    /// <summary>The row-major layout of a shape.</summary>
    public static Layout Contiguous(Shape shape, long offset = 0)
    {
        Span<long> strides = stackalloc long[Shape.MaxRank];
        long stride = 1;
        for (int i = shape.Rank - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= Math.Max(1, shape[i]);
        }

        return new Layout(shape, strides, offset);
    }

    /// <summary>
    /// The layout of images [N, C, H, W] (or [N, C, L], [N, C, D, H, W]) whose channels are neighbours in memory: rows, columns, channels. PyTorch's
    /// <c>channels_last</c>.
    /// </summary>
    /// <exception cref="ArgumentException">The shape has fewer than three axes.</exception>
    public static Layout ChannelsLast(Shape shape, long offset = 0)
    {
        if (shape.Rank < 3)
        {
            throw new ArgumentException($"Layout.ChannelsLast: {shape} has {shape.Rank} axes; images have three or more: [N, C, …].", nameof(shape));
        }

        Span<long> strides = stackalloc long[shape.Rank];
        long stride = Math.Max(1, shape[1]);
        strides[1] = 1;
        for (int i = shape.Rank - 1; i >= 0; i--)
        {
            if (i != 1)
            {
                strides[i] = stride;
                stride *= Math.Max(1, shape[i]);
            }
        }

        return new Layout(shape, strides, offset);
    }

    /// <summary>Elements from the first one to the last that strides reach which are not negative; 0 where there are none.</summary>
    public long Reach
    {
        get
        {
            long last = 0;
            for (int i = 0; i < Rank; i++)
            {
                if (Shape[i] == 0)
                {
                    return 0;
                }

                last += (Shape[i] - 1L) * _strides[i];
            }

            return last + 1;
        }
    }

    /// <summary>Whether the elements lie one after another in row-major order. Axes of size 1 and empty tensors do not matter.</summary>
    public bool IsContiguous
    {
        get
        {
            long expected = 1;
            ReadOnlySpan<int> sizes = Shape.AsSpan();
            for (int i = sizes.Length - 1; i >= 0; i--)
            {
                if (sizes[i] == 0)
                {
                    return true;
                }

                if (sizes[i] != 1 && _strides[i] != expected)
                {
                    return false;
                }

                expected *= sizes[i];
            }

            return true;
        }
    }

    /// <summary>Whether the elements lie one after another as in <see cref="ChannelsLast"/>. Axes of size 1 and empty tensors do not matter.</summary>
    public bool IsChannelsLast
    {
        get
        {
            if (Rank < 3)
            {
                return false;
            }

            ReadOnlySpan<long> expected = ChannelsLast(Shape).Strides;
            for (int i = 0; i < expected.Length; i++)
            {
                if (Shape[i] > 1 && _strides[i] != expected[i] && Shape.ElementCount > 0)
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>Whether the elements lie without gaps, row-major or with channels last.</summary>
    internal bool IsDense => IsContiguous || IsChannelsLast;

    /// <summary>Images with channels last under the axes [N, …, C], where they are contiguous; other layouts as they are.</summary>
    internal Layout InOrderOfMemory
    {
        get
        {
            if (IsContiguous || !IsChannelsLast)
            {
                return this;
            }

            Span<int> axes = stackalloc int[Rank];
            for (int i = 1; i < axes.Length - 1; i++)
            {
                axes[i] = i + 1;
            }

            axes[^1] = 1;
            return Permute(axes);
        }
    }

    /// <summary>Whether neighbouring channels are nearer to one another than all other neighbours, perhaps with gaps between: a part of an image with channels last, say.</summary>
    internal bool HasInnermostChannels
    {
        get
        {
            if (Rank < 3 || Shape[1] <= 1 || _strides[1] == 0)
            {
                return false;
            }

            bool isInner = false;
            for (int i = 2; i < Rank; i++)
            {
                if (Shape[i] > 1 && _strides[i] != 0)
                {
                    isInner = Math.Abs(_strides[1]) < Math.Abs(_strides[i]);
                    if (!isInner)
                    {
                        return false;
                    }
                }
            }

            return isInner;
        }
    }

    /// <summary>Whether two indices can name the same element: an axis longer than 1 has stride 0, or strides overlap.</summary>
    public bool MayOverlap
    {
        get
        {
            // Sorted by stride, each axis must step over all that the smaller ones span.
            Span<(long Stride, int Size)> axes = stackalloc (long, int)[Shape.MaxRank];
            int count = 0;
            for (int i = 0; i < Rank; i++)
            {
                if (Shape[i] == 0)
                {
                    return false;
                }

                if (Shape[i] > 1)
                {
                    axes[count++] = (Math.Abs(Math.Max(_strides[i], -long.MaxValue)), Shape[i]);
                }
            }

            axes = axes[..count];
            axes.Sort(static (a, b) => a.Stride.CompareTo(b.Stride));
            long span = 1;
            foreach ((long stride, int size) in axes)
            {
                if (stride < span)
                {
                    return true;
                }

                span = (stride * (size - 1)) + span;
            }

            return false;
        }
    }

    /// <summary>The axes in another order.</summary>
    public Layout Permute(ReadOnlySpan<int> axes)
    {
        Shape.CheckRank(axes.Length, nameof(axes));
        Span<int> sizes = stackalloc int[axes.Length];
        Span<long> strides = stackalloc long[axes.Length];
        for (int i = 0; i < axes.Length; i++)
        {
            int axis = Guard.Axis(axes[i], Rank, nameof(axes));
            sizes[i] = Shape[axis];
            strides[i] = _strides[axis];
        }

        return new Layout(new Shape(sizes), strides, Offset);
    }

    /// <summary>Elements start, start + step, … (length of them) of one axis; a negative step walks backwards.</summary>
    public Layout Slice(int axis, int start, int length, int step)
    {
        axis = Guard.Axis(axis, Rank);
        Span<long> strides = stackalloc long[Rank];
        Strides.CopyTo(strides);
        strides[axis] *= step;
        long offset = length == 0 ? Offset : Offset + (start * _strides[axis]);
        return new Layout(Shape.With(axis, length), strides, offset);
    }

    /// <summary>Stretches axes of size 1 (and prepends axes) by stride 0. Core has checked that the shape fits.</summary>
    public Layout Expand(Shape shape)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(shape.Rank, Rank, nameof(shape));
        Span<long> strides = stackalloc long[shape.Rank];
        int added = shape.Rank - Rank;
        for (int i = 0; i < Rank; i++)
        {
            strides[added + i] = Shape[i] == 1 && shape[added + i] != 1 ? 0 : _strides[i];
        }

        return new Layout(shape, strides, Offset);
    }

    /// <summary>The same elements under another shape without moving them, if the strides allow it.</summary>
    public bool TryReshape(Shape shape, out Layout result)
    {
        if (shape.ElementCount != Shape.ElementCount)
        {
            result = default;
            return false;
        }

        if (IsContiguous)
        {
            result = Contiguous(shape, Offset);
            return true;
        }

        result = default;
        if (Shape.ElementCount == 0)
        {
            result = Contiguous(shape, Offset);
            return true;
        }

        // Axes of size 1 have no say. The rest fall into chunks that lie evenly; each chunk can be cut anew.
        Span<int> sizes = stackalloc int[Rank];
        Span<long> steps = stackalloc long[Rank];
        int axes = 0;
        for (int i = 0; i < Rank; i++)
        {
            if (Shape[i] != 1)
            {
                sizes[axes] = Shape[i];
                steps[axes++] = _strides[i];
            }
        }

        Span<long> strides = stackalloc long[shape.Rank];
        int newAxis = shape.Rank - 1;
        for (int end = axes - 1; end >= 0;)
        {
            long chunk = sizes[end];
            int start = end;
            while (start > 0 && steps[start - 1] == steps[start] * sizes[start])
            {
                chunk *= sizes[--start];
            }

            for (long covered = 1; covered < chunk; newAxis--)
            {
                if (newAxis < 0 || chunk % (covered * shape[newAxis]) != 0)
                {
                    return false;
                }

                strides[newAxis] = steps[end] * covered;
                covered *= shape[newAxis];
            }

            end = start - 1;
        }

        result = new Layout(shape, strides, Offset);
        return true;
    }

    [InlineArray(Shape.MaxRank)]
    private struct StrideBuffer
    {
        private long _first;
    }
}
