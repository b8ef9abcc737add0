using System.Numerics;

namespace Engine.Gpu;

/// <summary>
/// One direction of a gradient to the images of a strided convolution, as all of its phases: results whose index leaves the same rest when divided by the stride are
/// reached by the same taps (<see cref="WindowAxis.Backward"/> is one of them).
/// </summary>
/// <param name="Count">Phases: the stride.</param>
/// <param name="Size">Results of all phases.</param>
/// <param name="Taps">Taps of the filter.</param>
/// <param name="Pad">Zeros before the image.</param>
/// <param name="Dilation">Distance of taps.</param>
internal readonly record struct WindowPhases(int Count, int Size, int Taps, int Pad, int Dilation)
{
    /// <summary>Rests at a multiple of this distance have taps.</summary>
    public int Common => (int)BigInteger.GreatestCommonDivisor(Count, Dilation);

    /// <summary>From one tap of a phase to the next.</summary>
    public int Every => Count / Common;

    /// <summary>Times <see cref="Dilation"/> / <see cref="Common"/> this leaves the rest 1 when divided by <see cref="Every"/>: it finds the first tap of a phase.</summary>
    public int Inverse
    {
        get
        {
            for (int inverse = 0; inverse < Every; inverse++)
            {
                if (Dilation / Common * inverse % Every == 1 % Every)
                {
                    return inverse;
                }
            }

            return 0;
        }
    }

    /// <summary>Whether the last phase has more taps than the first: long sums go first, so that none is left over in the end.</summary>
    public bool StartsAtEnd => TapsOf(Count - 1) > TapsOf(0);

    /// <summary>All phases as one axis: the most results and the most taps of any phase, from the start of the image.</summary>
    /// <param name="count">Results of the forward direction.</param>
    public WindowAxis Axis(int count) => new(
        ((Size - 1) / Count) + 1, ((Taps - 1) / Every) + 1, count, 0, 1, -(Every * Dilation / Count), 0, Count);

    private int TapsOf(int phase) => WindowAxis.Backward(Size, Size, Taps, Pad, Count, Dilation, phase).Axis.Taps;
}
