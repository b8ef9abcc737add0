using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>y = (x − mean)·invStd·scale + shift of each row, with the row's own statistics.</summary>
/// <param name="rows">How many rows there are.</param>
/// <param name="columns">The length of a row.</param>
/// <param name="x">[rows, columns].</param>
/// <param name="y">[rows, columns], written.</param>
/// <param name="scale">[columns], or null for 1.</param>
/// <param name="shift">[columns], or null for 0.</param>
/// <param name="means">[rows], written.</param>
/// <param name="inverseStds">[rows], written.</param>
/// <param name="epsilon">Keeps the root away from 0.</param>
/// <param name="streams">Whether y is written past the caches.</param>
internal readonly unsafe struct LayerNormForward<T, TVec>(
    nint rows, nint columns, T* x, T* y, T* scale, T* shift, T* means, T* inverseStds, double epsilon, bool streams) : IRowKernel
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVec : struct, ISimd<TVec>
{
    /// <summary>Rows that are worked on together: of short rows the processor begins with one while the other's sums wait for a root and divisions.</summary>
    public static nint RowsAtOnce(nint columns)
    {
        const int ShortBytes = 2 << 10;
        return columns * sizeof(T) <= ShortBytes ? 2 : 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(nint group)
    {
        nint atOnce = RowsAtOnce(columns), row = group * atOnce;
        if (atOnce == 1 || row + 1 == rows)
        {
            Write(row, MomentsOf(row, Center(row)), atOnce);
            return;
        }
        double first = Center(row), second = Center(row + 1);
        Moments firstMoments = MomentsOf(row, first), secondMoments = MomentsOf(row + 1, second);
        Write(row, firstMoments, atOnce);
        Write(row + 1, secondMoments, atOnce);
    }

    // The mean, rounded: differences from it are exact where numbers are close to it.
    private double Center(nint row) => double.CreateTruncating(T.CreateTruncating(RowSums<T, TVec>.Sum(x + (row * columns), columns) / columns));

    private Moments MomentsOf(nint row, double center)
    {
        (double sum, double squares) = RowSums<T, TVec>.Deviations(x + (row * columns), columns, center);
        return Moments.FromShifted(center, sum, squares, columns);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Write(nint row, Moments moments, nint rowsAhead)
    {
        // In locals, since fields would be read again after each store.
        T* from = x + (row * columns), to = y + (row * columns), scales = scale, shifts = shift;
        nint count = columns, ahead = rowsAhead * NextRow.Distance<T>(count), i = 0;
        double inverse = 1 / Math.Sqrt((moments.SquaredDeviations / count) + epsilon);
        bool isStreamed = streams && Streaming.Fits<TVec>(to);
        T mean = T.CreateTruncating(moments.Mean);
        means[row] = mean;
        inverseStds[row] = T.CreateTruncating(inverse);

        // The centre is rounded. The mean of the differences from it restores the part that rounding took.
        TVec center = TVec.Broadcast(&mean), factor = TVec.Create(inverse), rest = TVec.Create((double.CreateTruncating(mean) - moments.Mean) * inverse);
        if (scales != null && shifts != null && !isStreamed)
        {
            i = WritePairs(from, to, scales, shifts, count, ahead, center, factor, rest);
        }

        for (; i <= count - (2 * TVec.Count); i += 2 * TVec.Count)
        {
            NextRow.FetchTwo<TVec>(from + ahead + i);
            nint j = i + TVec.Count;
            TVec a = TVec.MultiplyAdd(TVec.Load(from + i) - center, factor, rest), b = TVec.MultiplyAdd(TVec.Load(from + j) - center, factor, rest);
            Streaming.Store(Affine(a, scales, shifts, i, TVec.Count), to + i, isStreamed);
            Streaming.Store(Affine(b, scales, shifts, j, TVec.Count), to + j, isStreamed);
        }

        for (; i < count; i += TVec.Count)
        {
            nint left = count - i;
            TVec value = TVec.MultiplyAdd(Tail.Load<TVec>(from + i, left) - center, factor, rest);
            Tail.Store(Affine(value, scales, shifts, i, left), to + i, left);
        }
    }

    /// <summary>The usual case without its conditions in the loop; returns how many numbers were written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static nint WritePairs(T* from, T* to, T* scales, T* shifts, nint count, nint ahead, TVec center, TVec factor, TVec rest)
    {
        nint i = 0;
        for (; i <= count - (2 * TVec.Count); i += 2 * TVec.Count)
        {
            NextRow.FetchTwo<TVec>(from + ahead + i);
            nint j = i + TVec.Count;
            TVec a = TVec.MultiplyAdd(TVec.Load(from + i) - center, factor, rest), b = TVec.MultiplyAdd(TVec.Load(from + j) - center, factor, rest);
            TVec.MultiplyAdd(a, TVec.Load(scales + i), TVec.Load(shifts + i)).Store(to + i);
            TVec.MultiplyAdd(b, TVec.Load(scales + j), TVec.Load(shifts + j)).Store(to + j);
        }

        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec Affine(TVec value, T* scales, T* shifts, nint i, nint left)
    {
        if (scales == null)
        {
            return shifts == null ? value : value + Tail.Load<TVec>(shifts + i, left);
        }
        TVec factor = Tail.Load<TVec>(scales + i, left);
        return shifts == null ? value * factor : TVec.MultiplyAdd(value, factor, Tail.Load<TVec>(shifts + i, left));
    }
}
