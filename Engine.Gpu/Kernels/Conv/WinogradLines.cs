namespace Engine.Gpu;

/// <summary>
/// The transforms of Winograd's convolution F(4×4, 3×3), a line of a tile at a time: y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A computes 4 × 4 results from 6 × 6
/// pixels with 36 products instead of 144.
/// </summary>
/// <remarks>
/// The points are 0, ±1/√2, ±√2 and ∞: they keep coefficients small, so that the error of float32 is twice that of a direct sum, where the usual 0, ±1, ±2, ∞
/// have four times it. With a = 1/√2 and b = √2:
/// <code>
///      | 1   0  -5/2   0    1  0 |        |   1    0    0  |         | 1  1   1   1   1   0 |
///      | 0  -b   -2    a    1  0 |        | -2/3 -2a/3 -1/3|    Aᵀ = | 0  a  -a   b  -b   0 |
/// Bᵀ = | 0   b   -2   -a    1  0 |    G = | -2/3  2a/3 -1/3|         | 0 1/2 1/2  2   2   0 |
///      | 0  -a  -1/2   b    1  0 |        |  1/6  b/6   1/3|         | 0 a/2 -a/2 2b -2b  1 |
///      | 0   a  -1/2  -b    1  0 |        |  1/6 -b/6   1/3|
///      | 0   1    0  -5/2   0  1 |        |   0    0    1  |
/// </code>
/// </remarks>
internal static class WinogradLines
{
    /// <summary>Results of a tile in each direction.</summary>
    public const int Tile = 4;

    /// <summary>Pixels of a tile in each direction, and points.</summary>
    public const int Size = 6;

    /// <summary>Taps of a filter in each direction.</summary>
    public const int Taps = 3;

    /// <summary>Points of a tile, each of which is a product of matrices.</summary>
    public const int Points = Size * Size;

    private const float A = 0.70710678f, B = 1.41421356f;

    /// <summary>Bᵀ: six pixels to six points.</summary>
    public static Value[] Pixels(KernelBuilder k, Value[] d)
    {
        Value Times(double factor, Value a, Value b) => k.Fma(a, a.Like(factor), b);
        Value even = Times(-2, d[2], d[4]), odd = Times(-2, d[1], d[3]), evenB = Times(-0.5, d[2], d[4]), oddB = Times(-0.5, d[1], d[3]);
        return
        [
            Times(-2.5, d[2], d[0] + d[4]),
            Times(A, odd, even),
            Times(-A, odd, even),
            Times(B, oddB, evenB),
            Times(-B, oddB, evenB),
            Times(-2.5, d[3], d[1] + d[5]),
        ];
    }

    /// <summary>G: three taps to six points.</summary>
    public static Value[] Filter(KernelBuilder k, Value[] g)
    {
        Value even = k.Fma(g[2], g[2].Like(0.5), g[0]) * (-2f / 3), odd = g[1] * (-2 * A / 3);
        Value evenB = k.Fma(g[2], g[2].Like(2), g[0]) * (1f / 6), oddB = g[1] * (B / 6);
        return [g[0], even + odd, even - odd, evenB + oddB, evenB - oddB, g[2]];
    }

    /// <summary>Aᵀ: six points to four results.</summary>
    public static Value[] Results(KernelBuilder k, Value[] m)
    {
        Value Times(double factor, Value a, Value b) => k.Fma(a, a.Like(factor), b);
        Value sum = m[1] + m[2], difference = m[1] - m[2], sumB = m[3] + m[4], differenceB = m[3] - m[4];
        return
        [
            m[0] + sum + sumB,
            Times(A, difference, differenceB * B),
            Times(0.5, sum, sumB + sumB),
            Times(A / 2, difference, Times(2 * B, differenceB, m[5])),
        ];
    }

    /// <summary>The lines of vectors: each element of the result is computed from the same element of all.</summary>
    public static Value[][] Apply(Func<KernelBuilder, Value[], Value[]> transform, KernelBuilder k, Value[][] line)
    {
        int width = line[0].Length;
        Value[][] elements = [.. Enumerable.Range(0, width).Select(e => transform(k, [.. line.Select(vector => vector[e])]))];
        return [.. Enumerable.Range(0, elements[0].Length).Select(point => elements.Select(element => element[point]).ToArray())];
    }
}
