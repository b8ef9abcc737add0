using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>Adds the rows of a matrix that lie in memory in the compute type to a row of sums, each column in the order of its rows.</summary>
/// <remarks>Several rows at a time: the sums are read and written once for all of them, and as many rows come from memory side by side.</remarks>
internal static unsafe class ColumnSums
{
    private const int RowsAtOnce = 8;

    /// <remarks>Arguments: first row, bytes from row to row, rows, sums, bytes of a row, whether the sums begin with the first row.</remarks>
    public static delegate*<byte*, nint, nint, byte*, nint, bool, void> Of<V>() where V : unmanaged, ISimd<V> => &Add<V>;

    private static void Add<V>(byte* rows, nint pitch, nint count, byte* sums, nint bytes, bool begins) where V : unmanaged, ISimd<V>
    {
        for (; count >= RowsAtOnce; count -= RowsAtOnce, rows += RowsAtOnce * pitch, begins = false)
        {
            AddSeveral<V>(rows, pitch, sums, bytes, begins);
        }
        for (; count > 0; count--, rows += pitch, begins = false)
        {
            AddOne<V>(rows, sums, bytes, begins);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddSeveral<V>(byte* rows, nint pitch, byte* sums, nint bytes, bool begins) where V : unmanaged, ISimd<V>
    {
        byte* r1 = rows + pitch, r2 = r1 + pitch, r3 = r2 + pitch, r4 = r3 + pitch, r5 = r4 + pitch, r6 = r5 + pitch, r7 = r6 + pitch;
        nint i = 0;
        for (; i <= bytes - sizeof(V); i += sizeof(V))
        {
            V sum = begins ? V.Load(rows + i) : V.Load(sums + i) + V.Load(rows + i);
            sum = sum + V.Load(r1 + i) + V.Load(r2 + i) + V.Load(r3 + i) + V.Load(r4 + i) + V.Load(r5 + i) + V.Load(r6 + i) + V.Load(r7 + i);
            sum.Store(sums + i);
        }

        if (i < bytes)
        {
            nint count = (bytes - i) / (V.IsFloat64 ? sizeof(double) : sizeof(float));
            V sum = begins ? V.LoadFirst(rows + i, count) : V.LoadFirst(sums + i, count) + V.LoadFirst(rows + i, count);
            for (int r = 1; r < RowsAtOnce; r++)
            {
                sum += V.LoadFirst(rows + (r * pitch) + i, count);
            }
            sum.StoreFirst(sums + i, count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddOne<V>(byte* row, byte* sums, nint bytes, bool begins) where V : unmanaged, ISimd<V>
    {
        if (begins)
        {
            Buffer.MemoryCopy(row, sums, bytes, bytes);
            return;
        }

        nint i = 0;
        for (; i <= bytes - sizeof(V); i += sizeof(V))
        {
            (V.Load(sums + i) + V.Load(row + i)).Store(sums + i);
        }
        if (i < bytes)
        {
            nint count = (bytes - i) / (V.IsFloat64 ? sizeof(double) : sizeof(float));
            (V.LoadFirst(sums + i, count) + V.LoadFirst(row + i, count)).StoreFirst(sums + i, count);
        }
    }
}
