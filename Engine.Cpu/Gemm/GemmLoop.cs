using System.Numerics;

namespace Engine.Cpu;

/// <summary>Divides a batch of products into parts of equal work and runs them on the pool.</summary>
/// <remarks>
/// Every part is a product of its own, a rectangle of one C. Parts share only their inputs, so that there is nothing to wait
/// for between packing and computing; an operand that several parts need is packed by each.
/// </remarks>
internal unsafe struct GemmLoop<T, TVec> : IParallelBody
    where T : unmanaged, INumberBase<T>
    where TVec : struct, ISimd<TVec>
{
    /// <summary>
    /// Work that pays for starting a part on another thread, in multiply-adds: 5 µs on one core of an EPYC 9004. A spinning worker
    /// starts within 1 µs, but one that has parked costs the caller 10 to 20 µs of signalling.
    /// </summary>
    private const long MinWorkPerThread = 250_000;

    /// <summary>Rows are divided in fours, which every instruction set has a tile for.</summary>
    private const int RowUnit = 4;

    private GemmProblem<T> _problem;
    private GemmPlan _plan;
    private GemmOffsets* _offsets;
    private bool _transposed;
    private int _rowParts;
    private int _columnParts;

    /// <summary>Runs <paramref name="count"/> products. M and N are at least 1; the problem has been normalized.</summary>
    public static void Run(in GemmProblem<T> problem, GemmOffsets* offsets, int count, bool transposed, WorkerPool pool)
    {
        var loop = new GemmLoop<T, TVec>
        {
            _problem = problem,
            _plan = problem.K > 0 ? GemmPlan.For(problem) : default,
            _offsets = offsets,
            _transposed = transposed,
            _rowParts = 1,
            _columnParts = 1,
        };
        double work = (double)problem.M * problem.N * Math.Max(problem.K, 1);
        int threads = (int)Math.Min(pool.Threads, work * count / MinWorkPerThread);
        if (threads <= 1)
        {
            for (int item = 0; item < count; item++)
            {
                loop.Run(item, 0);
            }
            return;
        }

        loop.Divide(count, threads);
        pool.Run(count * loop._rowParts * loop._columnParts, ref loop);
    }

    /// <inheritdoc/>
    public void Run(int part, int worker)
    {
        (int item, int cell) = Math.DivRem(part, _rowParts * _columnParts);
        (int rowPart, int columnPart) = Math.DivRem(cell, _columnParts);
        (int row, int rows) = Slice(_problem.M, RowUnit, rowPart, _rowParts);
        (int column, int columns) = Slice(_problem.N, TVec.Count, columnPart, _columnParts);
        if (rows == 0 || columns == 0)
        {
            return;
        }

        GemmProblem<T> p = _problem.Part(row, rows, column, columns);
        GemmOffsets offsets = _offsets[item];
        p.A += _transposed ? offsets.B : offsets.A;
        p.B += _transposed ? offsets.A : offsets.B;
        p.C += offsets.C;
        if (p.K <= 0)
        {
            GemmEpilogue.StoreEmptySum(p);
        }
        else if (_plan.Dots)
        {
            RunDots(p);
        }
        else
        {
            BlockedGemm<T, TVec>.Run(p, _plan);
        }
    }

    private static (int First, int Count) Slice(int size, int unit, int part, int parts)
    {
        long units = (size - 1) / unit + 1;
        int first = (int)Math.Min(size, units * part / parts * unit), end = (int)Math.Min(size, units * (part + 1) / parts * unit);
        return (first, end - first);
    }

    private static void RunDots(in GemmProblem<T> p)
    {
        if (p.AColumn == 1)
        {
            DotGemm<T, TVec>.Run(p);
            return;
        }

        using ScratchLease rows = Scratch.Rent<T>((nint)p.M * p.K);
        T* to = rows.As<T>();
        for (int i = 0; i < p.M; i++)
        {
            T* from = p.A + i * p.ARow;
            for (int k = 0; k < p.K; k++)
            {
                to[i * (nint)p.K + k] = from[k * p.AColumn];
            }
        }

        DotGemm<T, TVec>.Run(p with { A = to, ARow = p.K, AColumn = 1 });
    }

    private static int GreatestCommonDivisor(int a, int b) => b == 0 ? a : GreatestCommonDivisor(b, a % b);

    /// <summary>
    /// As many parts as make the number of products a multiple of the number of threads, one if there are many products. Of all ways to
    /// cut rows and columns: the one whose largest part is smallest, then the one that reads least.
    /// </summary>
    private void Divide(int count, int threads)
    {
        int cells = count >= 8 * threads ? 1 : threads / GreatestCommonDivisor(count, threads);
        long rows = (_problem.M - 1) / RowUnit + 1, columns = (_problem.N - 1) / TVec.Count + 1;
        (long Work, long Reads) best = (long.MaxValue, long.MaxValue);
        for (int rowParts = 1; rowParts <= cells; rowParts++)
        {
            if (cells % rowParts != 0)
            {
                continue;
            }
            int columnParts = cells / rowParts;
            long work = ((rows - 1) / rowParts + 1) * ((columns - 1) / columnParts + 1);
            long reads = (long)rowParts * _problem.N + (long)columnParts * _problem.M;
            if ((work, reads).CompareTo(best) >= 0)
            {
                continue;
            }
            best = (work, reads);
            _rowParts = rowParts;
            _columnParts = columnParts;
        }
    }
}
