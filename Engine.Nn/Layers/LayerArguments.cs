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
            || Math.Min(dilation.Height, dilation.Width) < 1 || Math.Min(padding.Height, padding.Width) < 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(kernelSize), $"{layer}: kernel {kernelSize}, stride {stride} and dilation {dilation} must be at least 1, padding {padding} at least 0.");
        }
    }

    public static void Probability(string layer, double p)
    {
        if (!(p >= 0 && p <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(p), p, $"{layer}: the probability must lie in [0, 1].");
        }
    }

    /// <summary>Kernel, stride and all arguments that differ from the default.</summary>
    public static string Describe(Shape weight, Size2 stride, Size2 padding, Size2 dilation, int groups)
    {
        bool image = weight.Rank > 3;
        string Text(Size2 size) => !image || size.Height == size.Width ? $"{size.Width}" : $"{size.Height}×{size.Width}";
        string text = image ? $"{weight[2]}×{weight[3]}" : $"{weight[2]}";
        text += stride == 1 ? string.Empty : $", stride {Text(stride)}";
        text += padding == 0 ? string.Empty : $", padding {Text(padding)}";
        text += dilation == 1 ? string.Empty : $", dilation {Text(dilation)}";
        return text + (groups == 1 ? string.Empty : $", groups {groups}");
    }
}
