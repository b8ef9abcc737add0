using System.Numerics;

namespace Engine.Cpu;

/// <summary>y = (x − mean)·invStd·scale + shift of each row, with the row's own statistics.</summary>
/// <param name="columns">The length of a row.</param>
/// <param name="x">[rows, columns].</param>
/// <param name="y">[rows, columns], written.</param>
/// <param name="scale">[columns], or null for 1.</param>
/// <param name="shift">[columns], or null for 0.</param>
/// <param name="means">[rows], written.</param>
/// <param name="inverseStds">[rows], written.</param>
/// <param name="epsilon">Keeps the root away from 0.</param>
internal readonly unsafe struct LayerNormForward<T, TVec>(nint columns, T* x, T* y, T* scale, T* shift, T* means, T* inverseStds, double epsilon) : IRowKernel
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVec : struct, ISimd<TVec>
{
    public void Run(nint row)
    {
        T* from = x + (row * columns), to = y + (row * columns);
        double about = double.CreateTruncating(T.CreateTruncating(RowSums<T, TVec>.Sum(from, columns) / columns));
        (double sum, double squares) = RowSums<T, TVec>.Deviations(from, columns, about);
        Moments moments = Moments.FromShifted(about, sum, squares, columns);
        double inverse = 1 / Math.Sqrt((moments.SquaredDeviations / columns) + epsilon);
        T mean = T.CreateTruncating(moments.Mean);
        means[row] = mean;
        inverseStds[row] = T.CreateTruncating(inverse);

        // The centre is rounded. The mean of the differences from it restores the part that rounding took.
        TVec center = TVec.Broadcast(&mean), factor = TVec.Create(inverse), rest = TVec.Create((double.CreateTruncating(mean) - moments.Mean) * inverse);
        for (nint i = 0; i < columns; i += TVec.Count)
        {
            nint left = columns - i;
            TVec value = TVec.MultiplyAdd(Tail.Load<TVec>(from + i, left) - center, factor, rest);
            if (scale != null)
            {
                value = shift != null ? TVec.MultiplyAdd(value, Tail.Load<TVec>(scale + i, left), Tail.Load<TVec>(shift + i, left)) : value * Tail.Load<TVec>(scale + i, left);
            }
            else if (shift != null)
            {
                value += Tail.Load<TVec>(shift + i, left);
            }
            Tail.Store(value, to + i, left);
        }
    }
}
