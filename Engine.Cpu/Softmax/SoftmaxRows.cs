using System.Numerics;
using System.Runtime.CompilerServices;

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
        if (log)
        {
            WriteLog(output, gradient, to, RowSums<T, TVec>.Sum(gradient, columns));
        }
        else
        {
            Write(output, gradient, to, RowSums<T, TVec>.Dot(output, gradient, columns));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Write(T* output, T* gradient, T* to, double dot)
    {
        nint count = columns, ahead = NextRow.Distance<T>(count), i = 0;
        TVec sum = TVec.Create(dot);
        for (; i <= count - (2 * TVec.Count); i += 2 * TVec.Count)
        {
            NextRow.FetchTwo<TVec>(output + ahead + i);
            NextRow.FetchTwo<TVec>(gradient + ahead + i);
            nint j = i + TVec.Count;
            TVec a = TVec.Load(output + i) * (TVec.Load(gradient + i) - sum), b = TVec.Load(output + j) * (TVec.Load(gradient + j) - sum);
            a.Store(to + i);
            b.Store(to + j);
        }

        for (; i < count; i += TVec.Count)
        {
            nint left = count - i;
            Tail.Store(Tail.Load<TVec>(output + i, left) * (Tail.Load<TVec>(gradient + i, left) - sum), to + i, left);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WriteLog(T* output, T* gradient, T* to, double total)
    {
        nint count = columns;
        TVec sum = TVec.Create(total);
        for (nint i = 0; i < count; i += TVec.Count)
        {
            nint left = count - i;
            Tail.Store(Tail.Load<TVec>(gradient + i, left) - (VectorMath.Exp(Tail.Load<TVec>(output + i, left)) * sum), to + i, left);
        }
    }
}
