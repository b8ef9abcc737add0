using System.Numerics;

namespace Engine.Cpu;

/// <summary>Softmax of contiguous rows, or its logarithm.</summary>
/// <param name="columns">The length of a row.</param>
/// <param name="x">[rows, columns].</param>
/// <param name="y">[rows, columns], written.</param>
/// <param name="log">Whether the logarithm is wanted.</param>
internal readonly unsafe struct SoftmaxRows<T, TVec>(nint columns, T* x, T* y, bool log) : IRowKernel
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVec : struct, ISimd<TVec>
{
    public void Run(nint row)
    {
        T* from = x + (row * columns), to = y + (row * columns);
        T max = RowExp<T, TVec>.Max(from, columns);
        double sum = RowExp<T, TVec>.Sum(from, columns, max, log ? null : to);
        if (log)
        {
            TVec center = TVec.Broadcast(&max), logarithm = TVec.Create(Math.Log(sum));
            for (nint i = 0; i < columns; i += TVec.Count)
            {
                Tail.Store(Tail.Load<TVec>(from + i, columns - i) - center - logarithm, to + i, columns - i);
            }
        }
        else
        {
            TVec factor = TVec.Create(1 / sum);
            for (nint i = 0; i < columns; i += TVec.Count)
            {
                Tail.Store(Tail.Load<TVec>(to + i, columns - i) * factor, to + i, columns - i);
            }
        }
    }
}

/// <summary>Gradient through a softmax of contiguous rows: y·(dy − Σ y·dy); with the logarithm dy − eʸ·Σdy.</summary>
/// <param name="columns">The length of a row.</param>
/// <param name="y">[rows, columns].</param>
/// <param name="dy">[rows, columns].</param>
/// <param name="dx">[rows, columns], written.</param>
/// <param name="log">Whether y is the logarithm.</param>
internal readonly unsafe struct SoftmaxRowsGradient<T, TVec>(nint columns, T* y, T* dy, T* dx, bool log) : IRowKernel
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVec : struct, ISimd<TVec>
{
    public void Run(nint row)
    {
        T* output = y + (row * columns), gradient = dy + (row * columns), to = dx + (row * columns);
        TVec sum = TVec.Create(log ? RowSums<T, TVec>.Sum(gradient, columns) : RowSums<T, TVec>.Dot(output, gradient, columns));
        for (nint i = 0; i < columns; i += TVec.Count)
        {
            TVec p = Tail.Load<TVec>(output + i, columns - i), g = Tail.Load<TVec>(gradient + i, columns - i);
            Tail.Store(log ? g - (VectorMath.Exp(p) * sum) : p * (g - sum), to + i, columns - i);
        }
    }
}
