namespace Engine.Cpu;

/// <summary>
/// One axis of a correlation: output o and tap j (0 ≤ j &lt; <see cref="Count"/>) meet at input o·Stride + FirstOffset + j·OffsetStep,
/// and tap j is element FirstTap + j·TapStep of the kernel.
/// </summary>
/// <remarks>
/// A forward convolution is one such axis pair. The gradient to the input is one for each residue of the input coordinate modulo
/// the stride: within a residue the taps that reach it form an arithmetic sequence, and both steps follow from it.
/// </remarks>
internal readonly record struct TapAxis
{
    /// <summary>Number of taps; 0 where a stride jumps over the outputs.</summary>
    public required int Count { get; init; }

    /// <summary>Length of the input.</summary>
    public required int InSize { get; init; }

    /// <summary>Number of outputs.</summary>
    public required int OutSize { get; init; }

    /// <summary>Input step from one output to the next.</summary>
    public required int Stride { get; init; }

    /// <summary>Input coordinate of output 0 and tap 0; negative in the padding.</summary>
    public required int FirstOffset { get; init; }

    /// <summary>Input step from one tap to the next.</summary>
    public required int OffsetStep { get; init; }

    /// <summary>Kernel element of tap 0.</summary>
    public required int FirstTap { get; init; }

    /// <summary>Kernel step from one tap to the next.</summary>
    public required int TapStep { get; init; }

    /// <summary>Smallest input coordinate that output 0 uses.</summary>
    public int LowestOffset => FirstOffset + Math.Min(0, Span * OffsetStep);

    /// <summary>Distance of the outermost taps.</summary>
    public int Extent => Span * Math.Abs(OffsetStep);

    // Steps from the first tap to the last; without taps there is no way to go either.
    private int Span => Math.Max(0, Count - 1);

    /// <summary>Distance of tap <paramref name="tap"/> from <see cref="LowestOffset"/>.</summary>
    public int Distance(int tap) => FirstOffset + tap * OffsetStep - LowestOffset;

    /// <summary>Whether some tap lies at <paramref name="phase"/> modulo the stride, counted from <see cref="LowestOffset"/>.</summary>
    public bool UsesPhase(int phase)
    {
        for (int tap = 0; tap < Count; tap++)
        {
            if (Distance(tap) % Stride == phase)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>The axis of a forward convolution.</summary>
    public static TapAxis Forward(int inSize, int outSize, int kernel, int stride, int pad, int dilation) => new()
    {
        Count = kernel,
        InSize = inSize,
        OutSize = outSize,
        // A single output takes no step; a lowering must not make room for one.
        Stride = outSize == 1 ? (int)Math.Min(stride, (long)(kernel - 1) * dilation + 1) : stride,
        FirstOffset = -pad,
        OffsetStep = dilation,
        FirstTap = 0,
        TapStep = 1,
    };

    /// <summary>
    /// The gradient to the inputs residue, residue + stride, …: its input is dy (<paramref name="outSize"/> values of it), its outputs
    /// are those elements of dx.
    /// </summary>
    /// <remarks>Input h meets output p at tap r where h + pad = p·stride + r·dilation, so (residue + pad − r·dilation) must divide by the stride.</remarks>
    public static TapAxis BackwardData(int inSize, int outSize, int kernel, int stride, int pad, int dilation, int residue)
    {
        int divisor = GreatestCommonDivisor(stride, dilation);
        int period = stride / divisor;
        // A stride may be far larger than the kernel: no tap beyond it is looked for.
        int first = 0, last = Math.Min(period, kernel);
        while (first < last && (residue + (long)pad - (long)first * dilation) % stride != 0)
        {
            first++;
        }
        bool reached = first < last;
        return new TapAxis
        {
            Count = reached ? (kernel - 1 - first) / period + 1 : 0,
            InSize = outSize,
            OutSize = residue < inSize ? (inSize - 1 - residue) / stride + 1 : 0,
            Stride = 1,
            FirstOffset = reached ? (int)((residue + (long)pad - (long)first * dilation) / stride) : 0,
            OffsetStep = -(dilation / divisor),
            FirstTap = first,
            TapStep = period,
        };
    }

    private static int GreatestCommonDivisor(int a, int b) => b == 0 ? a : GreatestCommonDivisor(b, a % b);
}
