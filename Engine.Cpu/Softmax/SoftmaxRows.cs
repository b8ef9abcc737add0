using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>Softmax of contiguous rows, or its logarithm.</summary>
/// <param name="columns">The length of a row.</param>
/// <param name="x">[rows, columns].</param>
/// <param name="y">[rows, columns], written.</param>
/// <param name="log">Whether the logarithm is wanted.</param>
/// <param name="streams">Whether y is written past the caches.</param>
internal readonly unsafe struct SoftmaxRows<T, TVec>(nint columns, T* x, T* y, bool log, bool streams) : IRowKernel
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVec : struct, ISimd<TVec>
{
    public void Run(nint row)
    {
        T* from = x + (row * columns), to = y + (row * columns);
        T max = RowExp<T, TVec>.Max(from, columns);
        nint ahead = NextRow.Distance<T>(columns);
        if (log)
        {
            WriteLog(from, to, max, RowExp<T, TVec>.Sum(from, columns, max, null, ahead));
            return;
        }

        // What is written past the caches cannot wait in its place for the sum.
        using ScratchLease room = Scratch.Rent<T>(streams ? columns : 0);
        T* terms = streams ? room.As<T>() : to;
        double sum = RowExp<T, TVec>.Sum(from, columns, max, terms, ahead);
        Scale(terms, to, 1 / sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WriteLog(T* from, T* to, T max, double sum)
    {
        nint count = columns, i = 0;
        bool isStreamed = streams && Streaming.Fits<TVec>(to);
        TVec center = TVec.Broadcast(&max), logarithm = TVec.Create(Math.Log(sum));
        for (; i <= count - (2 * TVec.Count); i += 2 * TVec.Count)
        {
            nint j = i + TVec.Count;
            Streaming.Store(TVec.Load(from + i) - center - logarithm, to + i, isStreamed);
            Streaming.Store(TVec.Load(from + j) - center - logarithm, to + j, isStreamed);
        }

        for (; i < count; i += TVec.Count)
        {
            Tail.Store(Tail.Load<TVec>(from + i, count - i) - center - logarithm, to + i, count - i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Scale(T* terms, T* to, double scale)
    {
        nint count = columns, i = 0;
        bool isStreamed = streams && Streaming.Fits<TVec>(to);
        TVec factor = TVec.Create(scale);
        for (; i <= count - (2 * TVec.Count); i += 2 * TVec.Count)
        {
            nint j = i + TVec.Count;
            Streaming.Store(TVec.Load(terms + i) * factor, to + i, isStreamed);
            Streaming.Store(TVec.Load(terms + j) * factor, to + j, isStreamed);
        }

        for (; i < count; i += TVec.Count)
        {
            Tail.Store(Tail.Load<TVec>(terms + i, count - i) * factor, to + i, count - i);
        }
    }
}

/// <summary>Gradient through a softmax of contiguous rows: y·(dy − Σ y·dy); with the logarithm dy − eʸ·Σdy.</summary>
/// <param name="columns">The length of a row.</param>
/// <param name="y">[rows, columns].</param>
/// <param name="dy">[rows, columns].</param>
/// <param name="dx">[rows, columns], written.</param>
/// <param name="log">Whether y is the logarithm.</param>
/// <param name="streams">Whether dx is written past the caches.</param>
internal readonly unsafe struct SoftmaxRowsGradient<T, TVec>(nint columns, T* y, T* dy, T* dx, bool log, bool streams) : IRowKernel
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
        bool isStreamed = streams && Streaming.Fits<TVec>(to);
        TVec sum = TVec.Create(dot);
        for (; i <= count - (2 * TVec.Count); i += 2 * TVec.Count)
        {
            NextRow.FetchTwo<TVec>(output + ahead + i);
            NextRow.FetchTwo<TVec>(gradient + ahead + i);
            nint j = i + TVec.Count;
            TVec a = TVec.Load(output + i) * (TVec.Load(gradient + i) - sum), b = TVec.Load(output + j) * (TVec.Load(gradient + j) - sum);
            Streaming.Store(a, to + i, isStreamed);
            Streaming.Store(b, to + j, isStreamed);
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
