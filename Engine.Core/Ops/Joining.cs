namespace Engine;

/// <summary>Putting tensors together and taking them apart.</summary>
public sealed partial class Tensor
{
    /// <summary>The tensors one after another along an axis that exists.</summary>
    /// <exception cref="ShapeMismatchException">They differ at another axis.</exception>
    public static Tensor Concat(ReadOnlySpan<Tensor> tensors, int axis = 0)
    {
        if (tensors.IsEmpty)
        {
            throw new ArgumentException("Concat: needs at least one tensor.", nameof(tensors));
        }

        Guard.NoNulls(tensors);
        Tensor first = tensors[0];
        int at = Guard.Axis(axis, first.Rank);
        long size = 0;
        DType dtype = first.DType;
        foreach (Tensor x in tensors)
        {
            Guard.SameDevice(nameof(Concat), first, x);
            if (x.Rank != first.Rank || x.Shape.With(at, 0) != first.Shape.With(at, 0))
            {
                throw new ShapeMismatchException($"Concat: {first.Shape} and {x.Shape} must be equal at every axis but {axis}.");
            }

            size += x.Shape[at];
            dtype = TypePromotion.Promote(dtype, x.DType);
        }

        Tensor[] parts = new Tensor[tensors.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i] = tensors[i].ToOrSelf(dtype);
        }

        Tensor y = AllocateLike(first.Shape.With(at, Guard.Size(nameof(Concat), size)), dtype, first.Device, parts);
        using (TensorScope scope = TensorScope.Begin())
        using (first.Device.Backend.BeginIndependentMaps())
        {
            int start = 0;
            foreach (Tensor x in parts)
            {
                Tensor part = y.ViewAs(y.Layout.Slice(at, start, x.Shape[at], 1));
                Pointwise.Run(Programs.Copy, dtype.ComputeType(), x.Shape, [x], [part], []);
                start += x.Shape[at];
            }
        }

        return ShouldTrack(parts!) ? y.Record(new ConcatNode(parts, at)) : y;
    }

    /// <summary>Tensors of one shape along a new axis.</summary>
    public static Tensor Stack(ReadOnlySpan<Tensor> tensors, int axis = 0)
    {
        Guard.NoNulls(tensors);
        Tensor[] parts = new Tensor[tensors.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (tensors[i].Shape != tensors[0].Shape)
            {
                throw new ShapeMismatchException($"Stack: {tensors[0].Shape} and {tensors[i].Shape} must be equal.");
            }

            parts[i] = tensors[i].Unsqueeze(axis);
        }

        return Concat(parts, axis);
    }

    /// <summary>Pieces of <paramref name="size"/> elements of one axis, the last perhaps smaller. Views.</summary>
    /// <exception cref="ArgumentException">There would be more pieces than the process has memory for.</exception>
    public Tensor[] Split(int size, int axis = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        int at = Guard.Axis(axis, Rank);
        long count = Math.Max(1, ((long)Shape[at] + size - 1) / size);
        // An axis of a tensor without elements costs nothing, its views do.
        Guard.HostArray(nameof(Split), count, JoiningOps.ViewBytes);
        Tensor[] parts = new Tensor[count];
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i] = this.Own(SliceOrSelf(at, i * size, Math.Min(size, Shape[at] - (i * size)), 1));
        }

        return parts;
    }

    /// <summary>Pieces of the given sizes of one axis, which they must fill. Views.</summary>
    public Tensor[] Split(ReadOnlySpan<int> sizes, int axis = 0)
    {
        int at = Guard.Axis(axis, Rank);
        Tensor[] parts = new Tensor[sizes.Length];
        int start = 0;
        for (int i = 0; i < sizes.Length; i++)
        {
            parts[i] = Narrow(at, start, sizes[i]);
            start += sizes[i];
        }

        return start == Shape[at] ? parts
            : throw new ShapeMismatchException($"Split: the sizes add up to {start}, axis {axis} of {Shape} has {Shape[at]} elements.");
    }

    /// <summary>About equal pieces of one axis, at most <paramref name="count"/>. Views.</summary>
    public Tensor[] Chunk(int count, int axis = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        return Split((int)Math.Max(1, ((long)Shape[axis] + count - 1) / count), axis);
    }

    /// <summary>The tensor repeated along each axis, as tiles; more numbers than axes prepend axes.</summary>
    public Tensor Repeat(params ReadOnlySpan<int> times)
    {
        if (times.Length < Rank)
        {
            throw new ArgumentException($"Repeat: {times.Length} numbers for {Shape}; give at least one for each of its {Rank} axes.", nameof(times));
        }

        Shape.CheckRank(times.Length, nameof(times));
        int added = times.Length - Rank;
        Span<int> sizes = stackalloc int[times.Length];
        for (int i = 0; i < times.Length; i++)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(times[i]);
            sizes[i] = Guard.Size(nameof(Repeat), (long)times[i] * (i < added ? 1 : Shape[i - added]));
        }

        // One axis at a time, so that no view needs more axes than a tensor may have.
        Shape full = new(sizes);
        Tensor y = ReshapeOrSelf(shape: Padded(this, times.Length));
        for (int i = 0; i < times.Length; i++)
        {
            if (times[i] == 1)
            {
                continue;
            }

            if (times[i] == 0)
            {
                y = y.SliceOrSelf(i, 0, 0, 1);
                continue;
            }

            long outer = 1, inner = 1;
            for (int k = 0; k < times.Length; k++)
            {
                outer *= k < i ? y.Shape[k] : 1;
                inner *= k >= i ? y.Shape[k] : 1;
            }

            Shape result = y.Shape.With(i, y.Shape[i] * times[i]);
            int before = Guard.Size(nameof(Repeat), outer), behind = Guard.Size(nameof(Repeat), inner);
            y = y.ReshapeOrSelf(before, 1, behind).ExpandOrSelf([before, times[i], behind]).ReshapeOrSelf(shape: result);
        }

        return this.Own(y.ReshapeOrSelf(shape: full));

        static Shape Padded(Tensor x, int rank)
        {
            Span<int> padded = stackalloc int[rank];
            padded.Fill(1);
            x.Shape.AsSpan().CopyTo(padded[(rank - x.Rank)..]);
            return new Shape(padded);
        }
    }

    /// <summary>The lower triangle of the last two axes, on and below the given diagonal; 0 elsewhere.</summary>
    public Tensor Tril(int diagonal = 0) => this.Triangle(nameof(Tril), JoiningOps.Tril, diagonal);

    /// <summary>The upper triangle of the last two axes, on and above the given diagonal; 0 elsewhere.</summary>
    public Tensor Triu(int diagonal = 0) => this.Triangle(nameof(Triu), JoiningOps.Triu, diagonal);
}

/// <summary>Masks of triangles, and views of bytes.</summary>
file static class JoiningOps
{
    public static readonly MapProgram Tril = MapProgram.Compile(
        3, Expr.Where(Expr.LessEqual(Expr.Input(2), Expr.Input(1) + Expr.Parameter(0)), Expr.Input(0), 0));

    public static readonly MapProgram Triu = MapProgram.Compile(
        3, Expr.Where(Expr.LessEqual(Expr.Input(1) + Expr.Parameter(0), Expr.Input(2)), Expr.Input(0), 0));

    /// <summary>The approximate size of a view on the host.</summary>
    public const int ViewBytes = 256;

    public static Tensor Triangle(this Tensor x, string op, MapProgram program, int diagonal)
    {
        if (x.Rank < 2)
        {
            throw new ShapeMismatchException($"{op}: x is {x.Shape}; it needs two axes, rows and columns.");
        }

        DType number = x.DType.IsFloatingPoint() ? x.DType.ComputeType() : DType.Int32;
        Tensor rows = Tensor.Arange(x.Shape[-2], x.Device).ToOrSelf(number).Unsqueeze(1), columns = Tensor.Arange(x.Shape[-1], x.Device).ToOrSelf(number);
        return Pointwise.Apply(op, program, [x, rows, columns], [diagonal], resultAs: x.DType);
    }
}

/// <summary>Parts one behind another; each gets the gradient of its own place.</summary>
internal sealed class ConcatNode(Tensor[] parts, int axis) : GradNode(parts)
{
    private readonly int[] _sizes = Array.ConvertAll(parts, x => x.Shape[axis]);

    public override string Name => "Concat";

    internal override void Backward(Tensor dy, GradSink sink)
    {
        int start = 0;
        for (int i = 0; i < _sizes.Length; i++)
        {
            if (sink.Needs(i))
            {
                sink.Add(i, dy.SliceOrSelf(axis, start, _sizes[i], 1));
            }

            start += _sizes[i];
        }
    }
}
