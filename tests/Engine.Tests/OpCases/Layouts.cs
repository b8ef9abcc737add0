using Engine.Tests.Reference;

namespace Engine.Tests.OpCases;

/// <summary>How a test tensor lies in its memory.</summary>
internal enum LayoutKind
{
    /// <summary>Row-major, from the start of the block.</summary>
    Contiguous,

    /// <summary>The axes in reverse order in memory.</summary>
    Transposed,

    /// <summary>Row-major, in the middle of a larger block: not aligned to any vector.</summary>
    Offset,

    /// <summary>Every second element of the last axis.</summary>
    Gapped,

    /// <summary>Backwards along every axis: negative strides.</summary>
    Flipped,

    /// <summary>The first axis has stride 0: all its slices are the first one.</summary>
    StretchedFirst,

    /// <summary>The last axis has stride 0.</summary>
    StretchedLast,
}

/// <summary>Makes tensors of a wanted layout; whatever lies between and around their elements is poison.</summary>
internal static class Layouts
{
    public static IReadOnlyList<LayoutKind> All { get; } = Enum.GetValues<LayoutKind>();

    /// <summary>Whether a layout makes equal elements.</summary>
    public static bool IsStretched(LayoutKind kind) => kind is LayoutKind.StretchedFirst or LayoutKind.StretchedLast;

    /// <summary>The values under a layout; a stretched axis repeats its first slice and loses the others.</summary>
    public static Tensor Make(double[] values, Shape shape, LayoutKind kind, DType dtype, Device device)
    {
        using TensorScope scope = TensorScope.Begin();
        // Converted on the reference device: the device under test need not have doubles.
        Tensor x = Tensor.From<double>(values, shape, ReferenceDevice.Shared).To(dtype).To(device);
        return scope.Keep(kind switch
        {
            LayoutKind.Transposed when x.Rank > 1 => Reversed(Reversed(x).Contiguous()),
            LayoutKind.Offset => Inside(x),
            LayoutKind.Gapped when x.Rank > 0 => Gapped(x),
            LayoutKind.Flipped => x.Flip().Contiguous().Flip(),
            LayoutKind.StretchedFirst when x.Rank > 0 && x.Shape[0] > 1 => x.Narrow(0, 0, 1).Contiguous().Expand(shape),
            LayoutKind.StretchedLast when x.Rank > 0 && x.Shape[-1] > 1 => x.Narrow(-1, 0, 1).Contiguous().Expand(shape),
            _ => x,
        });
    }

    private static Tensor Reversed(Tensor x) => x.Permute([.. Enumerable.Range(0, x.Rank).Reverse()]);

    private static Tensor Inside(Tensor x)
    {
        Tensor block = Poison([(int)x.ElementCount + 7], x);
        Tensor place = block.Narrow(0, 3, (int)x.ElementCount).Reshape(shape: x.Shape);
        place.CopyFrom(x);
        return place;
    }

    private static Tensor Gapped(Tensor x)
    {
        Tensor block = Poison(x.Shape.With(-1, (2 * x.Shape[-1]) + 1), x);
        Tensor place = block.Slice(-1, 1, int.MaxValue, 2);
        place.CopyFrom(x);
        return place;
    }

    private static Tensor Poison(Shape shape, Tensor like) => like.DType switch
    {
        DType.Bool => Tensor.Ones(shape, like.DType, like.Device),
        _ when like.DType.IsFloatingPoint() => Tensor.Full(shape, double.NaN, like.DType, like.Device),
        _ => Tensor.Full(shape, 1 << 30, like.DType, like.Device),
    };
}
