using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>Forward pass over columns of the matrix [N, C·L], for L shorter than two vectors: 1 after a dense layer.</summary>
/// <param name="shape">How the tensor is cut.</param>
/// <param name="x">[N, C, L].</param>
/// <param name="residual">[N, C, L], or null where nothing is added.</param>
/// <param name="y">[N, C, L].</param>
/// <param name="statistics">Per channel.</param>
/// <param name="blocks">[blocks, C·L], scratch.</param>
/// <param name="factors">Three times [C·L], scratch: centre, factor, offset.</param>
internal readonly unsafe struct BatchNormForwardColumns<T, TVec, TActivation>(
    BatchNormShape shape, T* x, T* residual, T* y, BatchNormStatistics<T> statistics, Moments* blocks, T* factors) : IBatchNormStep
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVec : struct, ISimd<TVec>
    where TActivation : struct, IActivation
{
    public void Collect(int group, int block)
    {
        ColumnRange range = shape.Columns(group, block);
        Moments* moments = blocks + (block * range.Pitch);
        T* lanes = stackalloc T[3 * TVec.Count];
        for (nint column = range.First; column < range.End; column += TVec.Count)
        {
            nint count = Math.Min(TVec.Count, range.End - column);
            T* start = x + (range.Row * range.Pitch) + column;
            Sums(start, range.Pitch, range.Rows, count, lanes);
            for (nint lane = 0; lane < count; lane++)
            {
                moments[column + lane] = Moments.FromShifted(
                    double.CreateTruncating(lanes[lane]),
                    double.CreateTruncating(lanes[lane + TVec.Count]),
                    double.CreateTruncating(lanes[lane + (2 * TVec.Count)]),
                    range.Rows);
            }
        }
    }

    public void Finish(int group)
    {
        ColumnRange range = shape.Columns(group, 0);
        for (nint column = range.First; column < range.End; column += shape.Length)
        {
            Moments moments = default;
            double count = 0;
            for (nint l = column; l < column + shape.Length; l++)
            {
                for (int block = 0; block < shape.Blocks; block++)
                {
                    double rows = shape.BlockRows(block);
                    moments.Add(blocks[(block * range.Pitch) + l], count, rows);
                    count += rows;
                }
            }

            (T center, T factor, T offset) = statistics.Publish((int)(column / shape.Length), moments, count);
            for (nint l = column; l < column + shape.Length; l++)
            {
                (factors[l], factors[range.Pitch + l], factors[(2 * range.Pitch) + l]) = (center, factor, offset);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(int group, int block)
    {
        ColumnRange range = shape.Columns(group, block);
        nint pitch = range.Pitch, start = range.Row * pitch;
        for (nint column = range.First; column < range.End; column += TVec.Count)
        {
            T* from = x + start + column, to = y + start + column, f = factors + column;
            nint left = range.End - column;
            TVec center = Tail.Load<TVec>(f, left), factor = Tail.Load<TVec>(f + pitch, left), offset = Tail.Load<TVec>(f + (2 * pitch), left);
            for (nint row = 0; row < range.Rows; row++, from += pitch, to += pitch)
            {
                TVec value = TVec.MultiplyAdd(Tail.Load<TVec>(from, left) - center, factor, offset);
                if (TActivation.Adds)
                {
                    value += Tail.Load<TVec>(residual + (to - y), left);
                }
                Tail.Store(TActivation.Of(value), to, left);
            }
        }
    }

    /// <summary>Of each column its approximate mean m, Σ(x − m) and Σ(x − m)².</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sums(T* x, nint pitch, nint rows, nint count, T* result)
    {
        TVec a = TVec.Zero, b = a, aa = a, bb = a;
        nint row = 0;
        T* p = x;
        for (; row < rows - 1; row += 2, p += 2 * pitch)
        {
            a += Tail.Load<TVec>(p, count);
            b += Tail.Load<TVec>(p + pitch, count);
        }

        if (row < rows)
        {
            a += Tail.Load<TVec>(p, count);
        }
        TVec mean = (a + b) * TVec.Create(1.0 / rows);
        (a, b) = (TVec.Zero, TVec.Zero);
        for (row = 0, p = x; row < rows - 1; row += 2, p += 2 * pitch)
        {
            TVec u = Tail.Load<TVec>(p, count) - mean, v = Tail.Load<TVec>(p + pitch, count) - mean;
            a += u;
            b += v;
            aa = TVec.MultiplyAdd(u, u, aa);
            bb = TVec.MultiplyAdd(v, v, bb);
        }

        if (row < rows)
        {
            TVec u = Tail.Load<TVec>(p, count) - mean;
            a += u;
            aa = TVec.MultiplyAdd(u, u, aa);
        }

        mean.Store(result);
        (a + b).Store(result + TVec.Count);
        (aa + bb).Store(result + (2 * TVec.Count));
    }
}
