using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>Writes each row of a table as the sum of its terms, on vectors of any width.</summary>
internal readonly unsafe struct ScatterSumKernel<T, TSum>(TableRows<T> source, int length, SortedTerms terms, T* weights, TableRows<T> table, WorkerPool pool) : ISimdKernel
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TSum : unmanaged, IBinaryFloatingPointIeee754<TSum>
{
    public void Run<TVec>() where TVec : unmanaged, ISimd<TVec>
    {
        int parts = Partition.Parts(pool, (table.Count + (2L * terms.Count)) * table.Size, table.Count);
        ScatterSum<T, TSum, TVec> loop = new(source, length, terms, weights, table, parts);
        pool.Run(parts, ref loop);
    }
}

/// <summary>A share of the table's rows, cut so that rows and terms together are even.</summary>
/// <param name="source">[N, size].</param>
/// <param name="length">How many neighbouring terms are one row of the source.</param>
/// <param name="terms">The terms of each row of the table.</param>
/// <param name="weights">The factor of each term, or null for 1.</param>
/// <param name="table">Written.</param>
/// <param name="parts">How many shares there are.</param>
internal readonly unsafe struct ScatterSum<T, TSum, TVec>(TableRows<T> source, int length, SortedTerms terms, T* weights, TableRows<T> table, int parts) : IParallelBody
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TSum : unmanaged, IBinaryFloatingPointIeee754<TSum>
    where TVec : struct, ISimd<TVec>
{
    public void Run(int part, int worker)
    {
        using ScratchLease room = Scratch.Rent<TSum>(table.Size);
        TSum* sums = room.As<TSum>();
        int end = Start(part + 1);
        for (int row = Start(part); row < end; row++)
        {
            int from = terms.Starts[row], to = terms.Starts[row + 1];
            if (to - from <= 1)
            {
                WriteOne(table.At(row), from, to - from);
                continue;
            }
            for (int t = from; t < to; t++)
            {
                Add(sums, t, isFirst: t == from);
            }
            Write(table.At(row), sums);
        }
    }

    /// <summary>The first row of a share: rows count one, terms two.</summary>
    private int Start(int part)
    {
        if (part == parts)
        {
            return table.Count;
        }
        long wanted = (table.Count + (2L * terms.Count)) * part / parts;
        int low = 0, high = table.Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (middle + (2L * terms.Starts[middle]) < wanted)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        return low;
    }

    /// <summary>A row with one term, or none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WriteOne(T* to, int at, int count)
    {
        nint size = table.Size, i = 0;
        if (count == 0)
        {
            for (; i <= size - TVec.Count; i += TVec.Count)
            {
                TVec.Zero.Store(to + i);
            }
            if (i < size)
            {
                TVec.Zero.StoreFirst(to + i, size - i);
            }
            return;
        }
        T one = T.One;
        T* from = Term(at), next = Ahead(at);
        TVec factor = TVec.Broadcast(weights == null ? &one : weights + terms.Order[at]);
        for (; i <= size - (2 * TVec.Count); i += 2 * TVec.Count)
        {
            NextRow.FetchTwo<TVec>(next + i);
            (TVec.Load(from + i) * factor).Store(to + i);
            (TVec.Load(from + i + TVec.Count) * factor).Store(to + i + TVec.Count);
        }

        for (; i < size; i += TVec.Count)
        {
            Tail.Store(Tail.Load<TVec>(from + i, size - i) * factor, to + i, size - i);
        }
    }

    private void Add(TSum* sums, int at, bool isFirst)
    {
        if (typeof(T) == typeof(TSum))
        {
            AddSame((T*)sums, at, isFirst);
            return;
        }
        if (isFirst)
        {
            new Span<TSum>(sums, (int)table.Size).Clear();
        }
        AddWide((double*)sums, (float*)Term(at), (float*)Ahead(at), weights == null ? 1 : double.CreateTruncating(weights[terms.Order[at]]), table.Size);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddSame(T* sums, int at, bool isFirst)
    {
        T one = T.One;
        T* from = Term(at), next = Ahead(at);
        TVec factor = TVec.Broadcast(weights == null ? &one : weights + terms.Order[at]);
        nint size = table.Size, i = 0;
        for (; i <= size - (2 * TVec.Count); i += 2 * TVec.Count)
        {
            NextRow.FetchTwo<TVec>(next + i);
            TVec a = TVec.Load(from + i) * factor, b = TVec.Load(from + i + TVec.Count) * factor;
            (isFirst ? a : TVec.Load(sums + i) + a).Store(sums + i);
            (isFirst ? b : TVec.Load(sums + i + TVec.Count) + b).Store(sums + i + TVec.Count);
        }

        for (; i < size; i += TVec.Count)
        {
            nint left = size - i;
            TVec a = Tail.Load<TVec>(from + i, left) * factor;
            Tail.Store(isFirst ? a : Tail.Load<TVec>(sums + i, left) + a, sums + i, left);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddWide(double* sums, float* from, float* next, double factor, nint size)
    {
        nint i = 0;
        Vector<double> factors = new(factor);
        for (; i <= size - Vector<float>.Count; i += Vector<float>.Count)
        {
            NextRow.FetchTwo<TVec>(next + i);
            Vector.Widen(Vector.Load(from + i), out Vector<double> low, out Vector<double> high);
            double* to = sums + i;
            Vector.Store(Vector.Load(to) + (low * factors), to);
            Vector.Store(Vector.Load(to + Vector<double>.Count) + (high * factors), to + Vector<double>.Count);
        }

        for (; i < size; i++)
        {
            sums[i] += from[i] * factor;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Write(T* to, TSum* sums)
    {
        nint size = table.Size, i = 0;
        if (typeof(T) == typeof(TSum))
        {
            new ReadOnlySpan<T>(sums, (int)size).CopyTo(new Span<T>(to, (int)size));
            return;
        }
        float* rounded = (float*)to;
        double* wide = (double*)sums;
        for (; i <= size - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Store(Vector.Narrow(Vector.Load(wide + i), Vector.Load(wide + i + Vector<double>.Count)), rounded + i);
        }

        for (; i < size; i++)
        {
            rounded[i] = (float)wide[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private T* Term(int at) => source.At(length == 1 ? terms.Order[at] : terms.Order[at] / length);

    /// <summary>A term that comes soon, for it to be fetched.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private T* Ahead(int at)
    {
        const int Distance = 3;
        return Term(Math.Min(at + Distance, terms.Count - 1));
    }
}
