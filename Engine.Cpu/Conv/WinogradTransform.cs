using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// The transforms of Winograd's convolution F(4×4, 3×3): y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A computes a tile of 4 × 4 outputs from 6 × 6 inputs
/// with 36 products instead of 144. Lanes are channels.
/// </summary>
/// <remarks>
/// The interpolation points are 0, ±1/√2, ±√2 and ∞. With the usual 0, ±1, ±2, ∞ the error of float32 is 4 times that of the direct sum
/// (rms; 9 times at worst); with these, which keep the coefficients small, it is 1.9 times in both measures. With a = 1/√2 and b = √2:
/// <code>
///      | 1   0  -5/2   0    1  0 |        |   1    0    0  |         | 1  1   1   1   1   0 |
///      | 0  -b   -2    a    1  0 |        | -2/3 -2a/3 -1/3|    Aᵀ = | 0  a  -a   b  -b   0 |
/// Bᵀ = | 0   b   -2   -a    1  0 |    G = | -2/3  2a/3 -1/3|         | 0 1/2 1/2  2   2   0 |
///      | 0  -a  -1/2   b    1  0 |        |  1/6  b/6   1/3|         | 0 a/2 -a/2 2b -2b  1 |
///      | 0   a  -1/2  -b    1  0 |        |  1/6 -b/6   1/3|
///      | 0   1    0  -5/2   0  1 |        |   0    0    1  |
/// </code>
/// The gradient to the filter transposes the formula: dg = Gᵀ[(A dy Aᵀ) ⊙ (Bᵀ d B)]G. Lavin and Gray, "Fast Algorithms for Convolutional
/// Neural Networks", 2015; points of this form: Alam et al., "Winograd Convolution for Deep Neural Networks: Efficient Point Selection", 2022.
/// </remarks>
internal static unsafe class WinogradTransform<T, TVec>
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    private const double A = 0.70710678118654752440, B = 1.41421356237309504880;

    /// <summary>One of the matrices, applied to a line of vectors.</summary>
    public interface ILine
    {
        /// <summary>Columns of the matrix.</summary>
        static abstract int From { get; }

        /// <summary>Rows of the matrix.</summary>
        static abstract int To { get; }

        /// <summary>target[i·across] = Σ matrix[i, j] · source[j·along].</summary>
        static abstract void Apply(T* source, nint along, T* target, nint across);
    }

    /// <summary>M x Mᵀ for a tile of vectors. The buffer holds From·To vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TLine>(T* source, nint sourceRow, nint sourceColumn, T* target, nint targetRow, nint targetColumn, T* buffer)
        where TLine : struct, ILine
    {
        nint lanes = TVec.Count;
        for (int j = 0; j < TLine.From; j++)
        {
            TLine.Apply(source + j * sourceColumn, sourceRow, buffer + j * TLine.To * lanes, lanes);
        }
        for (int i = 0; i < TLine.To; i++)
        {
            TLine.Apply(buffer + i * lanes, TLine.To * lanes, target + i * targetRow, targetColumn);
        }
    }

    /// <summary>G g Gᵀ for a vector of filters. There is no buffer: two rows of G g are made at a time, just before they are used.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RunFilter(T* taps, nint row, nint column, T* target, nint targetRow, nint targetColumn)
    {
        T* middle = taps + row, last = middle + row;
        TVec a0 = TVec.Load(taps), a1 = TVec.Load(taps + column), a2 = TVec.Load(taps + 2 * column);
        TVec c0 = TVec.Load(last), c1 = TVec.Load(last + column), c2 = TVec.Load(last + 2 * column);
        FilterRow(a0, a1, a2, target, targetColumn);
        FilterRow(c0, c1, c2, target + 5 * targetRow, targetColumn);
        TVec even0 = FilterEven(a0, c0), even1 = FilterEven(a1, c1), even2 = FilterEven(a2, c2), odd = TVec.Create(-2 * A / 3);
        TVec odd0 = odd * TVec.Load(middle), odd1 = odd * TVec.Load(middle + column), odd2 = odd * TVec.Load(middle + 2 * column);
        FilterRow(even0 + odd0, even1 + odd1, even2 + odd2, target + targetRow, targetColumn);
        FilterRow(even0 - odd0, even1 - odd1, even2 - odd2, target + 2 * targetRow, targetColumn);
        even0 = FilterEvenB(a0, c0);
        even1 = FilterEvenB(a1, c1);
        even2 = FilterEvenB(a2, c2);
        odd = TVec.Create(B / 6);
        odd0 = odd * TVec.Load(middle);
        odd1 = odd * TVec.Load(middle + column);
        odd2 = odd * TVec.Load(middle + 2 * column);
        FilterRow(even0 + odd0, even1 + odd1, even2 + odd2, target + 3 * targetRow, targetColumn);
        FilterRow(even0 - odd0, even1 - odd1, even2 - odd2, target + 4 * targetRow, targetColumn);
    }

    /// <summary>G applied to one row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FilterRow(TVec g0, TVec g1, TVec g2, T* target, nint across)
    {
        TVec even = FilterEven(g0, g2), odd = TVec.Create(-2 * A / 3) * g1, evenB = FilterEvenB(g0, g2), oddB = TVec.Create(B / 6) * g1;
        g0.Store(target);
        (even + odd).Store(target + across);
        (even - odd).Store(target + 2 * across);
        (evenB + oddB).Store(target + 3 * across);
        (evenB - oddB).Store(target + 4 * across);
        g2.Store(target + 5 * across);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec FilterEven(TVec g0, TVec g2) => TVec.Create(-2.0 / 3) * TVec.MultiplyAdd(TVec.Create(0.5), g2, g0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec FilterEvenB(TVec g0, TVec g2) => TVec.Create(1.0 / 6) * TVec.MultiplyAdd(TVec.Create(2), g2, g0);

    /// <summary>Bᵀ: pixels to points.</summary>
    public readonly struct Input : ILine
    {
        public static int From => 6;

        public static int To => 6;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Apply(T* source, nint along, T* target, nint across)
        {
            TVec d0 = TVec.Load(source), d1 = TVec.Load(source + along), d2 = TVec.Load(source + 2 * along);
            TVec d3 = TVec.Load(source + 3 * along), d4 = TVec.Load(source + 4 * along), d5 = TVec.Load(source + 5 * along);
            TVec minusTwo = TVec.Create(-2), minusHalf = TVec.Create(-0.5), a = TVec.Create(A), b = TVec.Create(B);
            TVec even = TVec.MultiplyAdd(minusTwo, d2, d4), odd = TVec.MultiplyAdd(minusTwo, d1, d3);
            TVec evenB = TVec.MultiplyAdd(minusHalf, d2, d4), oddB = TVec.MultiplyAdd(minusHalf, d1, d3);
            TVec.MultiplyAdd(TVec.Create(-2.5), d2, d0 + d4).Store(target);
            TVec.MultiplyAdd(a, odd, even).Store(target + across);
            TVec.MultiplyAdd(-a, odd, even).Store(target + 2 * across);
            TVec.MultiplyAdd(b, oddB, evenB).Store(target + 3 * across);
            TVec.MultiplyAdd(-b, oddB, evenB).Store(target + 4 * across);
            TVec.MultiplyAdd(TVec.Create(-2.5), d3, d1 + d5).Store(target + 5 * across);
        }
    }

    /// <summary>Aᵀ: points to outputs.</summary>
    public readonly struct Output : ILine
    {
        public static int From => 6;

        public static int To => 4;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Apply(T* source, nint along, T* target, nint across)
        {
            TVec m0 = TVec.Load(source), m1 = TVec.Load(source + along), m2 = TVec.Load(source + 2 * along);
            TVec m3 = TVec.Load(source + 3 * along), m4 = TVec.Load(source + 4 * along), m5 = TVec.Load(source + 5 * along);
            TVec sum = m1 + m2, difference = m1 - m2, sumB = m3 + m4, differenceB = m3 - m4;
            (m0 + sum + sumB).Store(target);
            TVec.MultiplyAdd(TVec.Create(A), difference, TVec.Create(B) * differenceB).Store(target + across);
            TVec.MultiplyAdd(TVec.Create(0.5), sum, sumB + sumB).Store(target + 2 * across);
            TVec.MultiplyAdd(TVec.Create(A / 2), difference, TVec.MultiplyAdd(TVec.Create(2 * B), differenceB, m5)).Store(target + 3 * across);
        }
    }

    /// <summary>A: the gradient of outputs to points.</summary>
    public readonly struct OutputGradient : ILine
    {
        public static int From => 4;

        public static int To => 6;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Apply(T* source, nint along, T* target, nint across)
        {
            TVec y0 = TVec.Load(source), y1 = TVec.Load(source + along), y2 = TVec.Load(source + 2 * along), y3 = TVec.Load(source + 3 * along);
            TVec even = TVec.MultiplyAdd(TVec.Create(0.5), y2, y0), odd = TVec.Create(A) * TVec.MultiplyAdd(TVec.Create(0.5), y3, y1);
            TVec evenB = TVec.MultiplyAdd(TVec.Create(2), y2, y0), oddB = TVec.Create(B) * TVec.MultiplyAdd(TVec.Create(2), y3, y1);
            y0.Store(target);
            (even + odd).Store(target + across);
            (even - odd).Store(target + 2 * across);
            (evenB + oddB).Store(target + 3 * across);
            (evenB - oddB).Store(target + 4 * across);
            y3.Store(target + 5 * across);
        }
    }

    /// <summary>Gᵀ: points to the gradient of a filter.</summary>
    public readonly struct FilterGradient : ILine
    {
        public static int From => 6;

        public static int To => 3;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Apply(T* source, nint along, T* target, nint across)
        {
            TVec m0 = TVec.Load(source), m1 = TVec.Load(source + along), m2 = TVec.Load(source + 2 * along);
            TVec m3 = TVec.Load(source + 3 * along), m4 = TVec.Load(source + 4 * along), m5 = TVec.Load(source + 5 * along);
            TVec sum = m1 + m2, difference = m1 - m2, sumB = m3 + m4, differenceB = m3 - m4;
            TVec.MultiplyAdd(TVec.Create(-2.0 / 3), sum, TVec.MultiplyAdd(TVec.Create(1.0 / 6), sumB, m0)).Store(target);
            TVec.MultiplyAdd(TVec.Create(-2 * A / 3), difference, TVec.Create(B / 6) * differenceB).Store(target + across);
            TVec.MultiplyAdd(TVec.Create(1.0 / 3), sumB - sum, m5).Store(target + 2 * across);
        }
    }
}
