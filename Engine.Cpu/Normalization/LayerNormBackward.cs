using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>The operands of layer normalisation's backward pass.</summary>
internal unsafe struct LayerNormGradient<T> where T : unmanaged
{
    /// <summary>[rows, columns]; GradX is written, or null.</summary>
    public T* X, GradY, GradX;

    /// <summary>[columns], or null for 1.</summary>
    public T* Scale;

    /// <summary>[rows].</summary>
    public T* Mean, InverseStd;
}

/// <summary>What a row's gradient needs of the whole row.</summary>
internal struct RowTotals
{
    /// <summary>Σg and Σg·(x − mean).</summary>
    public double Sum, Product;

    public void Add(double sum, double product) => (Sum, Product) = (Sum + sum, Product + product);
}

/// <summary>Backward pass over blocks of rows: gradients to x, and each block's sums Σdy·x̂ and Σdy for every column.</summary>
/// <remarks>Blocks follow from the shape alone, and <see cref="LayerNormColumnSums{T}"/> joins them in order: any number of threads gives the same bits.</remarks>
/// <param name="rows">How many rows there are.</param>
/// <param name="columns">The length of a row.</param>
/// <param name="args">The operands.</param>
/// <param name="sums">[blocks, 2, columns], written; null if they are not wanted.</param>
/// <param name="streams">Whether the gradient to x is written past the caches.</param>
internal readonly unsafe struct LayerNormBackward<T, TVec>(nint rows, nint columns, LayerNormGradient<T> args, T* sums, bool streams) : IRowKernel
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVec : struct, ISimd<TVec>
{
    /// <summary>Rows in a block: enough that joining the blocks costs little, few enough that sums in a lane stay accurate.</summary>
    public const int BlockRows = 32;

    /// <summary>So many columns, 256 to a lane, are summed before they join a row's totals in double precision.</summary>
    private static int BlockColumns => 256 * TVec.Count;

    public void Run(nint block)
    {
        T* scaleSums = sums + (2 * block * columns), shiftSums = scaleSums + columns;
        if (sums != null)
        {
            new Span<T>(scaleSums, checked((int)(2 * columns))).Clear();
        }
        nint row = block * BlockRows, end = Math.Min(rows, row + BlockRows);
        for (; row < end - 1; row += 2)
        {
            (RowTotals a, RowTotals b) = (default, default);
            for (nint start = 0; start < columns; start += BlockColumns)
            {
                AddPair(row, start, Math.Min(columns, start + BlockColumns), scaleSums, shiftSums, ref a, ref b);
            }
            WriteGradient(row, a);
            WriteGradient(row + 1, b);
        }

        if (row < end)
        {
            RowTotals last = default;
            for (nint start = 0; start < columns; start += BlockColumns)
            {
                // The end is added apart, as in a pair: a row's bits do not depend on its neighbours.
                nint stop = Math.Min(columns, start + BlockColumns), whole = stop - ((stop - start) % TVec.Count);
                AddRow(row, start, whole, scaleSums, shiftSums, ref last);
                AddRow(row, whole, stop, scaleSums, shiftSums, ref last);
            }
            WriteGradient(row, last);
        }
    }

    // Two rows at once: their sums are independent chains, and the columns' sums are read and written half as often.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddPair(nint row, nint start, nint end, T* scaleSums, T* shiftSums, ref RowTotals totalsA, ref RowTotals totalsB)
    {
        bool wantsSums = sums != null;
        T* scale = args.Scale, xA = args.X + (row * columns), xB = xA + columns, dyA = args.GradY + (row * columns), dyB = dyA + columns;
        TVec meanA = TVec.Broadcast(args.Mean + row), meanB = TVec.Broadcast(args.Mean + row + 1);
        TVec inverseA = TVec.Broadcast(args.InverseStd + row), inverseB = TVec.Broadcast(args.InverseStd + row + 1);
        TVec sumA = TVec.Zero, sumB = sumA, productA = sumA, productB = sumA;
        nint i = start;
        for (; i <= end - TVec.Count; i += TVec.Count)
        {
            TVec a = TVec.Load(xA + i) - meanA, b = TVec.Load(xB + i) - meanB, gA = TVec.Load(dyA + i), gB = TVec.Load(dyB + i);
            if (wantsSums)
            {
                TVec.MultiplyAdd(gB, b * inverseB, TVec.MultiplyAdd(gA, a * inverseA, TVec.Load(scaleSums + i))).Store(scaleSums + i);
                (TVec.Load(shiftSums + i) + gA + gB).Store(shiftSums + i);
            }
            if (scale != null)
            {
                TVec weight = TVec.Load(scale + i);
                (gA, gB) = (gA * weight, gB * weight);
            }
            sumA += gA;
            sumB += gB;
            TVec.Accumulate(ref productA, gA, a);
            TVec.Accumulate(ref productB, gB, b);
        }

        totalsA.Add(TVec.Sum(sumA), TVec.Sum(productA));
        totalsB.Add(TVec.Sum(sumB), TVec.Sum(productB));
        if (i < end)
        {
            AddRow(row, i, end, scaleSums, shiftSums, ref totalsA);
            AddRow(row + 1, i, end, scaleSums, shiftSums, ref totalsB);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddRow(nint row, nint start, nint end, T* scaleSums, T* shiftSums, ref RowTotals totals)
    {
        bool wantsSums = sums != null;
        T* x = args.X + (row * columns), dy = args.GradY + (row * columns);
        TVec mean = TVec.Broadcast(args.Mean + row), inverse = TVec.Broadcast(args.InverseStd + row), sum = TVec.Zero, product = sum;
        for (nint i = start; i < end; i += TVec.Count)
        {
            nint left = end - i;
            TVec deviation = Tail.Load<TVec>(x + i, left) - mean;
            if (wantsSums)
            {
                TVec g = Tail.Load<TVec>(dy + i, left);
                Tail.Store(TVec.MultiplyAdd(g, deviation * inverse, Tail.Load<TVec>(scaleSums + i, left)), scaleSums + i, left);
                Tail.Store(Tail.Load<TVec>(shiftSums + i, left) + g, shiftSums + i, left);
            }
            TVec weighted = Weighted(dy, args.Scale, i, left);
            sum += weighted;
            TVec.Accumulate(ref product, weighted, deviation);
        }

        totals.Add(TVec.Sum(sum), TVec.Sum(product));
    }

    // dx = invStd·(g − (Σg + x̂·Σg·x̂)/columns) with g = dy·scale.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WriteGradient(nint row, RowTotals totals)
    {
        if (args.GradX == null)
        {
            return;
        }
        nint count = columns, ahead = 2 * NextRow.Distance<T>(count), i = 0;
        T* scale = args.Scale, x = args.X + (row * count), dy = args.GradY + (row * count), dx = args.GradX + (row * count);
        bool isStreamed = streams && Streaming.Fits<TVec>(dx);
        double inverse = double.CreateTruncating(args.InverseStd[row]);
        TVec mean = TVec.Broadcast(args.Mean + row), factor = TVec.Create(inverse), constant = TVec.Create(-inverse * totals.Sum / count);
        TVec forDeviation = TVec.Create(-inverse * inverse * inverse * totals.Product / count);
        for (; i <= count - (2 * TVec.Count); i += 2 * TVec.Count)
        {
            NextRow.FetchTwo<TVec>(x + ahead + i);
            NextRow.FetchTwo<TVec>(dy + ahead + i);
            nint j = i + TVec.Count;
            TVec a = TVec.MultiplyAdd(TVec.Load(x + i) - mean, forDeviation, constant), b = TVec.MultiplyAdd(TVec.Load(x + j) - mean, forDeviation, constant);
            Streaming.Store(TVec.MultiplyAdd(Weighted(dy, scale, i, TVec.Count), factor, a), dx + i, isStreamed);
            Streaming.Store(TVec.MultiplyAdd(Weighted(dy, scale, j, TVec.Count), factor, b), dx + j, isStreamed);
        }

        for (; i < count; i += TVec.Count)
        {
            nint left = count - i;
            TVec rest = TVec.MultiplyAdd(Tail.Load<TVec>(x + i, left) - mean, forDeviation, constant);
            Tail.Store(TVec.MultiplyAdd(Weighted(dy, scale, i, left), factor, rest), dx + i, left);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec Weighted(T* dy, T* scale, nint i, nint left)
    {
        TVec g = Tail.Load<TVec>(dy + i, left);
        return scale == null ? g : g * Tail.Load<TVec>(scale + i, left);
    }
}
