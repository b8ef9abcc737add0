using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>The products of a single Winograd tile with a panel of filters, point by point: a row times a matrix each.</summary>
/// <remarks>
/// One row of a matrix product has two sums, which leave the units idle for most of a multiply-add's latency. Four points at a time have eight. Each sum has the
/// order that it has in the matrix product of many tiles; it goes on where it was, so that filters are used a few channels at a time, in the first-level cache.
/// </remarks>
internal static unsafe class SingleTile<T, TVec>
    where T : unmanaged
    where TVec : struct, ISimd<TVec>
{
    private const int PointsAtATime = 4;

    /// <summary>sums[point][k] goes on by Σ tile[point][c] · filters[point][c][k]; the number of points divides by four.</summary>
    public static void Continue(T* tile, nint tilePitch, T* filters, nint filterPitch, int channels, T* sums, nint sumPitch, int points)
    {
        for (int point = 0; point < points; point += PointsAtATime)
        {
            Four(tile + point * tilePitch, tilePitch, filters + point * filterPitch, filterPitch, channels, sums + point * sumPitch, sumPitch);
        }
    }

    /// <summary>product[point][k] (+)= sums[point][k].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Finish(T* sums, nint sumPitch, T* product, nint productPitch, int points, bool accumulate)
    {
        for (int point = 0; point < points; point++, sums += sumPitch, product += productPitch)
        {
            TVec c0 = TVec.Load(sums), c1 = TVec.Load(sums + TVec.Count);
            if (accumulate)
            {
                c0 += TVec.Load(product);
                c1 += TVec.Load(product + TVec.Count);
            }

            c0.Store(product);
            c1.Store(product + TVec.Count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(T* tile, nint tilePitch, T* filters, nint filterPitch, int channels, T* sums, nint sumPitch)
    {
        T* s1 = sums + sumPitch, s2 = s1 + sumPitch, s3 = s2 + sumPitch;
        TVec c00 = TVec.Load(sums), c01 = TVec.Load(sums + TVec.Count), c10 = TVec.Load(s1), c11 = TVec.Load(s1 + TVec.Count);
        TVec c20 = TVec.Load(s2), c21 = TVec.Load(s2 + TVec.Count), c30 = TVec.Load(s3), c31 = TVec.Load(s3 + TVec.Count);
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

        c00.Store(sums);
        c01.Store(sums + TVec.Count);
        c10.Store(s1);
        c11.Store(s1 + TVec.Count);
        c20.Store(s2);
        c21.Store(s2 + TVec.Count);
        c30.Store(s3);
        c31.Store(s3 + TVec.Count);
    }
}
