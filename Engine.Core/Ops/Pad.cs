namespace Engine;

public sealed partial class Tensor
{
    /// <summary>A border at each of the last axes: (before, after) for each, in the order of the axes; axes in front of them stay as they are.</summary>
    /// <param name="pads">As many pairs as axes at most. A negative number cuts elements off.</param>
    /// <param name="value">What the border holds, with <see cref="PaddingMode.Constant"/>.</param>
    /// <param name="mode">What lies beyond the border.</param>
    /// <remarks>
    /// PyTorch's <c>F.pad</c>, whose list begins with the last axis. Reflection needs borders smaller than the axis, a circular border can be as large as
    /// the axis; both axes and modes go for any element type.
    /// </remarks>
    /// <exception cref="ArgumentException">There are more pairs than axes, or a border does not fit the mode.</exception>
    /// <exception cref="ShapeMismatchException">More would be cut off than there is.</exception>
    public Tensor Pad(ReadOnlySpan<(int Before, int After)> pads, double value = 0, PaddingMode mode = PaddingMode.Constant)
    {
        if (pads.Length > Rank)
        {
            throw new ArgumentException($"Pad: {pads.Length} pairs for {Shape}, which has {Rank} axes.", nameof(pads));
        }

        (int Before, int After)[] borders = new (int, int)[Rank];
        pads.CopyTo(borders.AsSpan(Rank - pads.Length));
        Span<int> sizes = stackalloc int[Rank];
        for (int i = 0; i < Rank; i++)
        {
            long size = (long)Shape[i] + borders[i].Before + borders[i].After;
            sizes[i] = size >= 0
                ? Guard.Size(nameof(Pad), size)
                : throw new ShapeMismatchException($"Pad: {borders[i]} cuts more off axis {i} of {Shape} than its {Shape[i]} elements.");
        }

        return mode switch
        {
            PaddingMode.Constant => this.PadConstant(borders, new Shape(sizes), value),
            PaddingMode.Reflect or PaddingMode.Replicate or PaddingMode.Circular when value == 0 => this.PadFrom(borders, mode),
            PaddingMode.Reflect or PaddingMode.Replicate or PaddingMode.Circular => throw new ArgumentException($"Pad: {mode} takes its border from the tensor; the value {value} goes with PaddingMode.Constant.", nameof(value)),
            _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "Pad: there are PaddingMode.Constant, Reflect, Replicate and Circular."),
        };
    }
}

/// <summary>Borders of one value, and borders that repeat elements.</summary>
file static class PadOps
{
    public static Tensor PadConstant(this Tensor x, (int Before, int After)[] borders, Shape shape, double value)
    {
        Tensor kept = x;
        for (int i = 0; i < borders.Length; i++)
        {
            long size = x.Shape[i], start = Math.Clamp(-(long)borders[i].Before, 0, size);
            kept = kept.SliceOrSelf(i, (int)start, (int)Math.Max(0, size - start - Math.Max(0, -(long)borders[i].After)), 1);
        }

        Tensor y = Tensor.Full(shape, value, x.DType, x.Device);
        if (kept.ElementCount > 0)
        {
            using TensorScope scope = TensorScope.Begin();
            Layout inner = y.Layout;
            for (int i = 0; i < borders.Length; i++)
            {
                inner = inner.Slice(i, Math.Max(0, borders[i].Before), kept.Shape[i], 1);
            }

            Pointwise.Run(Programs.Copy, x.DType.ComputeType(), kept.Shape, [kept], [y.ViewAs(inner)], []);
        }

        return Tensor.ShouldTrack(kept) ? y.Record(new PadNode(kept, borders)) : y;
    }

    public static Tensor PadFrom(this Tensor x, (int Before, int After)[] borders, PaddingMode mode)
    {
        Tensor y = x;
        for (int i = 0; i < borders.Length; i++)
        {
            (int before, int after) = borders[i];
            int size = x.Shape[i], most = Math.Max(before, after);
            if ((before, after) == (0, 0))
            {
                continue;
            }

            if (most > 0 && (mode == PaddingMode.Reflect ? most >= size : mode == PaddingMode.Circular ? most > size : size == 0))
            {
                string rule = mode == PaddingMode.Reflect ? "smaller than the axis" : mode == PaddingMode.Circular ? "at most as large as the axis" : "of elements that there are";
                throw new ArgumentException($"Pad: {mode} needs borders {rule}: {borders[i]} at axis {i} of {x.Shape}. Pad less, pad twice, or use PaddingMode.{(size == 0 ? nameof(PaddingMode.Constant) : nameof(PaddingMode.Replicate))}.", "pads");
            }

            AxisKind kind = mode == PaddingMode.Reflect ? AxisKind.Reflect : mode == PaddingMode.Replicate ? AxisKind.Replicate : AxisKind.Circular;
            Guard.HostArray(nameof(Tensor.Pad), (long)size + before + after, sizeof(int) + sizeof(double));
            AxisTables.CheckRoom(y, i, size + before + after);
            y = y.Along(nameof(Tensor.Pad), i, AxisTables.Get(new AxisKey(kind, size, size + before + after, before), Border));
        }

        return ReferenceEquals(y, x) ? x.Clone() : y;
    }

    private static AxisTable Border(AxisKey key)
    {
        int[] indices = new int[key.Count];
        long last = key.Size - 1;
        for (int i = 0; i < indices.Length; i++)
        {
            long at = (long)i - key.Before;
            indices[i] = (int)(key.Kind switch
            {
                AxisKind.Reflect => at < 0 ? -at : at > last ? (2 * last) - at : at,
                AxisKind.Replicate => Math.Clamp(at, 0, last),
                _ => ((at % key.Size) + key.Size) % key.Size,
            });
        }

        return AxisTable.Pick(key.Size, indices);
    }
}

file sealed class PadNode(Tensor x, (int Before, int After)[] borders) : GradNode(x)
{
    private readonly Shape _shape = x.Shape;

    public override string Name => "Pad";

    internal override void Backward(Tensor dy, GradSink sink)
    {
        if (_shape.ElementCount == 0)
        {
            sink.Add(0, Tensor.Zeros(_shape, dy.DType, dy.Device));
            return;
        }

        Tensor inner = dy;
        for (int i = 0; i < borders.Length; i++)
        {
            inner = inner.SliceOrSelf(i, Math.Max(0, borders[i].Before), _shape[i], 1);
        }

        sink.Add(0, inner);
    }
}
