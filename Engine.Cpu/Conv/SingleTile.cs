using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>The products of a single Winograd tile with a panel of filters, point by point: a row times a matrix each.</summary>
/// <remarks>
/// One row of a matrix product has two sums, which leave the units idle for most of a multiply-add's latency. Four points at a time have eight. Each sum has the
/// order that it has in the matrix product of many tiles.
/// </remarks>
internal static unsafe class SingleTile<T, TVec>
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    private const int PointsAtATime = 4;

    /// <summary>product[point][k] (+)= Σ tile[point][c] · filters[point][c][k]; the number of points divides by four.</summary>
    public static void Multiply(T* tile, nint tilePitch, T* filters, nint filterPitch, int channels, T* product, nint productPitch, int points, bool accumulate)
    {
        for (int point = 0; point < points; point += PointsAtATime)
        {
            Four(tile + point * tilePitch, tilePitch, filters + point * filterPitch, filterPitch, channels, product + point * productPitch, productPitch, accumulate);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(T* tile, nint tilePitch, T* filters, nint filterPitch, int channels, T* product, nint productPitch, bool accumulate)
    {
        TVec c00 = TVec.Zero, c01 = TVec.Zero, c10 = TVec.Zero, c11 = TVec.Zero, c20 = TVec.Zero, c21 = TVec.Zero, c30 = TVec.Zero, c31 = TVec.Zero;
        T* f0 = filters, f1 = f0 + filterPitch, f2 = f1 + filterPitch, f3 = f2 + filterPitch;
        T* x0 = tile, x1 = x0 + tilePitch, x2 = x1 + tilePitch, x3 = x2 + tilePitch;
        nint step = 0;
        for (nint c = 0; c < channels; c++, step += 2 * TVec.Count)
        {
            TVec x = TVec.Broadcast(x0 + c);
            TVec.Accumulate(ref c00, x, TVec.Load(f0 + step));
            TVec.Accumulate(ref c01, x, TVec.Load(f0 + step + TVec.Count));
            x = TVec.Broadcast(x1 + c);
            TVec.Accumulate(ref c10, x, TVec.Load(f1 + step));
            TVec.Accumulate(ref c11, x, TVec.Load(f1 + step + TVec.Count));
            x = TVec.Broadcast(x2 + c);
            TVec.Accumulate(ref c20, x, TVec.Load(f2 + step));
            TVec.Accumulate(ref c21, x, TVec.Load(f2 + step + TVec.Count));
            x = TVec.Broadcast(x3 + c);
            TVec.Accumulate(ref c30, x, TVec.Load(f3 + step));
            TVec.Accumulate(ref c31, x, TVec.Load(f3 + step + TVec.Count));
        }

        Store(product, c00, c01, accumulate);
        Store(product + productPitch, c10, c11, accumulate);
        Store(product + 2 * productPitch, c20, c21, accumulate);
        Store(product + 3 * productPitch, c30, c31, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(T* product, TVec c0, TVec c1, bool accumulate)
    {
        if (accumulate)
        {
            c0 += TVec.Load(product);
            c1 += TVec.Load(product + TVec.Count);
        }

        c0.Store(product);
        c1.Store(product + TVec.Count);
    }
}
