using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Cpu;

/// <summary>The sums of all blocks for a tile of columns, in double precision.</summary>
/// <remarks>A tile is one line of the cache: column by column, each line would be fetched sixteen times, and the lines of many blocks lie in the same sets.</remarks>
/// <param name="blocks">How many blocks there are.</param>
/// <param name="columns">The length of a row.</param>
/// <param name="sums">[blocks, 2, columns].</param>
/// <param name="gradScale">[columns], written, or null.</param>
/// <param name="gradShift">[columns], written, or null.</param>
internal readonly unsafe struct LayerNormColumnSums<T>(nint blocks, nint columns, T* sums, T* gradScale, T* gradShift) : IRowKernel
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Columns in a tile.</summary>
    public const int Tile = 16;

    public void Run(nint tile)
    {
        nint column = tile * Tile;
        int count = (int)Math.Min(Tile, columns - column);
        if (gradScale != null)
        {
            Join(sums + column, count, gradScale + column);
        }
        if (gradShift != null)
        {
            Join(sums + columns + column, count, gradShift + column);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Join(T* from, int count, T* to)
    {
        double* totals = stackalloc double[Tile];
        if (typeof(T) == typeof(float) && count == Tile)
        {
            JoinTile((float*)from, totals);
        }
        else
        {
            new Span<double>(totals, Tile).Clear();
            for (nint block = 0; block < blocks; block++, from += 2 * columns)
            {
                for (int i = 0; i < count; i++)
                {
                    totals[i] += double.CreateTruncating(from[i]);
                }
            }
        }

        for (int i = 0; i < count; i++)
        {
            to[i] = T.CreateTruncating(totals[i]);
        }
    }

    // The same additions in the same order.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void JoinTile(float* from, double* totals)
    {
        Vector256<double> a = Vector256<double>.Zero, b = a, c = a, d = a;
        for (nint block = 0; block < blocks; block++, from += 2 * columns)
        {
            Vector256<float> low = Vector256.Load(from), high = Vector256.Load(from + Vector256<float>.Count);
            a += Vector256.WidenLower(low);
            b += Vector256.WidenUpper(low);
            c += Vector256.WidenLower(high);
            d += Vector256.WidenUpper(high);
        }

        a.Store(totals);
        b.Store(totals + Vector256<double>.Count);
        c.Store(totals + (2 * Vector256<double>.Count));
        d.Store(totals + (3 * Vector256<double>.Count));
    }
}
