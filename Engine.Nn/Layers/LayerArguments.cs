using System.Runtime.CompilerServices;

namespace Engine.Nn;

/// <summary>Checks and texts that several layers share.</summary>
internal static class LayerArguments
{
    /// <summary>The least host memory of a layer with its tensors, without their values.</summary>
    public const int LayerBytes = 2048;

    /// <summary>A number of parts that are made one after another: more than the process has memory for are refused before the first.</summary>
    public static void Parts(string layer, long count, [CallerArgumentExpression(nameof(count))] string name = "count")
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count, name);
        Guard.HostArray(layer, count, LayerBytes);
    }

    /// <summary>A number of channels or features that follows from others, as an int.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is more than an axis can have.</exception>
    public static int Features(string layer, long count, string name) => count <= int.MaxValue
        ? (int)count
        : throw new ArgumentOutOfRangeException(name, $"{layer}: {name} would make {count:N0} features; an axis has at most {int.MaxValue:N0}.");

    public static void Channels(string layer, int inChannels, int outChannels, int groups)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inChannels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outChannels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groups);
        if (inChannels % groups != 0 || outChannels % groups != 0)
        {
            throw new ArgumentException($"{layer}: {inChannels} input and {outChannels} output channels cannot be divided into {groups} groups; both must be multiples.", nameof(groups));
        }
    }

    public static void Window(string layer, Size2 kernelSize, Size2 stride, Size2 padding, Size2 dilation)
    {
        if (Math.Min(kernelSize.Height, kernelSize.Width) < 1 || Math.Min(stride.Height, stride.Width) < 1
            || Math.Min(dilation.Height, dilation.Width) < 1 || !IsPadding(padding.Height) || !IsPadding(padding.Width))
        {
            throw new ArgumentOutOfRangeException(
                nameof(kernelSize), $"{layer}: kernel {kernelSize}, stride {stride} and dilation {dilation} must be at least 1, padding {padding} at least 0.");
        }
    }

    public static void Window(string layer, Size3 kernelSize, Size3 stride, Size3 padding, Size3 dilation)
    {
        if (Least(kernelSize) < 1 || Least(stride) < 1 || Least(dilation) < 1 || !IsPadding(padding.Depth) || !IsPadding(padding.Height) || !IsPadding(padding.Width))
        {
            throw new ArgumentOutOfRangeException(
                nameof(kernelSize), $"{layer}: kernel {kernelSize}, stride {stride} and dilation {dilation} must be at least 1, padding {padding} at least 0.");
        }

        static int Least(Size3 size) => Math.Min(Math.Min(size.Depth, size.Height), size.Width);
    }

    /// <summary>The border that a layer puts around x before it convolves; null where the convolution adds zeros itself.</summary>
    public static (int Before, int After)[]? Border(
        string layer, PaddingMode mode, ReadOnlySpan<int> kernelSize, ReadOnlySpan<int> stride, ReadOnlySpan<int> padding, ReadOnlySpan<int> dilation)
    {
        if (mode is not (PaddingMode.Constant or PaddingMode.Reflect or PaddingMode.Replicate or PaddingMode.Circular))
        {
            throw new ArgumentOutOfRangeException(nameof(mode), mode, $"{layer}: there is no such padding mode.");
        }

        (int Before, int After)[] border = new (int, int)[kernelSize.Length];
        for (int i = 0; i < border.Length; i++)
        {
            if (padding[i] == Padding.Same && stride[i] != 1)
            {
                throw new ArgumentOutOfRangeException(nameof(stride), stride[i], $"{layer}: Padding.Same keeps the size, which a stride of {stride[i]} does not. Give the padding as a number.");
            }

            int total = padding[i] == Padding.Same ? Features(layer, dilation[i] * (kernelSize[i] - 1L), nameof(kernelSize)) : 0;
            border[i] = padding[i] == Padding.Same ? (total / 2, total - (total / 2)) : (padding[i], padding[i]);
        }

        return mode == PaddingMode.Constant ? null : border;
    }

    private static bool IsPadding(int padding) => padding is >= 0 or Padding.Same;

    public static void Probability(string layer, double p)
    {
        if (!(p >= 0 && p <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(p), p, $"{layer}: the probability must lie in [0, 1].");
        }
    }

    /// <summary>Kernel, stride and all arguments that differ from the default.</summary>
    public static string Describe(Shape weight, Size2 stride, Size2 padding, Size2 dilation, int groups, PaddingMode mode = PaddingMode.Constant) =>
        weight.Rank > 3
            ? Describe(weight, [stride.Height, stride.Width], [padding.Height, padding.Width], [dilation.Height, dilation.Width], groups, mode)
            : Describe(weight, [stride.Width], [padding.Width], [dilation.Width], groups, mode);

    /// <summary>As <see cref="Describe(Shape, Size2, Size2, Size2, int, PaddingMode)"/>, for three axes.</summary>
    public static string Describe(Shape weight, Size3 stride, Size3 padding, Size3 dilation, int groups, PaddingMode mode = PaddingMode.Constant) => Describe(
        weight,
        [stride.Depth, stride.Height, stride.Width],
        [padding.Depth, padding.Height, padding.Width],
        [dilation.Depth, dilation.Height, dilation.Width],
        groups,
        mode);

    private static string Describe(Shape weight, int[] stride, int[] padding, int[] dilation, int groups, PaddingMode mode)
    {
        string text = string.Join("×", weight.ToArray()[2..]);
        text += Array.TrueForAll(stride, static n => n == 1) ? string.Empty : $", stride {Text(stride)}";
        text += Array.TrueForAll(padding, static n => n == 0) ? string.Empty : $", padding {Text(padding)}{(mode == PaddingMode.Constant ? string.Empty : $" {mode}")}";
        text += Array.TrueForAll(dilation, static n => n == 1) ? string.Empty : $", dilation {Text(dilation)}";
        return text + (groups == 1 ? string.Empty : $", groups {groups}");

        static string Text(int[] sizes) => string.Join("×", (Array.TrueForAll(sizes, n => n == sizes[0]) ? sizes[..1] : sizes).Select(static n => n == Padding.Same ? "same" : $"{n}"));
    }
}
