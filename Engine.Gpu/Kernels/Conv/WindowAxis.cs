using System.Numerics;

namespace Engine.Gpu;

/// <summary>One direction of a <see cref="Correlation"/>.</summary>
/// <param name="Count">Results.</param>
/// <param name="Taps">Taps of the filter.</param>
/// <param name="Size">Size of the image.</param>
/// <param name="Origin">Index in the image of the first tap of the first result.</param>
/// <param name="Step">From one result to the next, in the image.</param>
/// <param name="TapStep">From one tap to the next, in the image.</param>
/// <param name="OutOrigin">Index of the first result in its operand.</param>
/// <param name="OutStep">From one result to the next, in its operand.</param>
internal readonly record struct WindowAxis(int Count, int Taps, int Size, int Origin, int Step, int TapStep, int OutOrigin = 0, int OutStep = 1)
{
    /// <summary>Whether some tap may lie outside of the image.</summary>
    public bool IsPadded
    {
        get
        {
            int results = (Count - 1) * Step, taps = (Taps - 1) * TapStep;
            return Origin + Math.Min(taps, 0) < 0 || Origin + results + Math.Max(taps, 0) >= Size;
        }
    }

    /// <summary>
    /// The results of the backward direction whose index leaves the rest <paramref name="phase"/> when divided by the stride, and the first
    /// tap and the step of those that reach them.
    /// </summary>
    /// <remarks>
    /// dx[h] takes dy[(h + pad − r·dilation) / stride] for the taps r that make it a whole number: every (stride/gcd)-th one. Among the h of
    /// one phase this is a correlation with step 1, so nothing is multiplied in vain.
    /// </remarks>
    public static (WindowAxis Axis, int FirstTap, int TapEvery) Backward(int size, int count, int taps, int pad, int stride, int dilation, int phase)
    {
        int results = phase < size ? ((size - 1 - phase) / stride) + 1 : 0;
        int every = stride / (int)BigInteger.GreatestCommonDivisor(stride, dilation);
        for (int first = 0; first < Math.Min(every, taps); first++)
        {
            int distance = phase + pad - (first * dilation);
            if (distance % stride == 0)
            {
                int used = ((taps - 1 - first) / every) + 1;
                return (new WindowAxis(results, used, count, distance / stride, 1, -(every * dilation / stride), phase, stride), first, every);
            }
        }

        return (new WindowAxis(results, 0, count, 0, 1, 1, phase, stride), 0, 1);
    }
}
