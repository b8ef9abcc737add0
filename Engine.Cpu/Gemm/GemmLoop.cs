using System.Numerics;

namespace Engine.Cpu;

/// <summary>Divides a batch of products among threads: whole products where that is even, otherwise one product after the other, each by all threads.</summary>
internal unsafe struct GemmLoop<T, TVec> : IParallelBody
    where T : unmanaged, INumberBase<T>
    where TVec : struct, ISimd<TVec>
{
    /// <summary>
    /// Work that pays for starting a part on another thread, in multiply-adds: 5 µs on one core of an EPYC 9004. A spinning worker
    /// starts within 1 µs, but one that has parked costs the caller 10 to 20 µs of signalling.
    /// </summary>
    private const long MinWorkPerThread = 250_000;

    /// <summary>Work of a part of a blocked product where threads have several, so that a slower one does fewer: it begins with empty caches and prefetches nothing beyond its end.</summary>
    private const long MinWorkPerPart = 4 * MinWorkPerThread;

    /// <summary>Work that copying an element into a panel takes, in multiply-adds of the widest vectors.</summary>
    private const int WorkOfPacking = 16;

    /// <summary>With so many products for each thread it does not matter that one thread may have one more.</summary>
    private const int ManyProducts = 8;

    /// <summary>Dot products are cut at multiples of their block.</summary>
    private const int DotUnit = 4;

    private GemmProblem<T> _problem;
    private GemmPlan _plan;
    private GemmOffsets* _offsets;
    private bool _transposed;
    private GemmGrid _grid;
    private int _cells;

    /// <summary>Runs <paramref name="count"/> products. M and N are at least 1; the problem has been normalized.</summary>
    public static void Run(in GemmProblem<T> problem, GemmOffsets* offsets, int count, bool transposed, WorkerPool pool)
    {
        var loop = new GemmLoop<T, TVec>
        {
            _problem = problem,
            _plan = problem.K > 0 ? GemmPlan.For<T, TVec>(problem) : new GemmPlan { Dots = true },
            _offsets = offsets,
            _transposed = transposed,
            _cells = 1,
        };
        double work = (double)problem.M * problem.N * Math.Max(problem.K, 1);
        int threads = (int)Math.Min(pool.Threads, work * count / MinWorkPerThread);
        bool whole = threads <= 1 || count % threads == 0 || count >= ManyProducts * threads;
        if (!whole && loop._plan.Dots)
        {
            loop._cells = threads / GreatestCommonDivisor(count, threads) * Partition.PartsOfThread(work * count, threads, MinWorkPerThread);
        }

        // Where B streams, a thread packs what its rectangle reads by itself: panels that another core has just written come slower than they are packed.
        bool isAlone = !whole && !loop._plan.Dots && !GemmBlocks.StreamsAOf<T, TVec>();
        loop._cells = isAlone ? threads : loop._cells;
        loop._grid = isAlone
            ? GemmGrid.For(problem.M, problem.N, GemmKernels<T, TVec>.PanelRows, 2 * TVec.Count, threads, loop._plan.PackA ? WorkOfPacking : 0, loop._plan.PackB ? WorkOfPacking : 0)
            : GemmGrid.For(problem.M, problem.N, DotUnit, DotUnit, loop._cells);
        if (threads > 1 && (whole || loop._plan.Dots || isAlone))
        {
            pool.Run(count * loop._cells, ref loop);
            return;
        }

        for (int item = 0; item < count; item++)
        {
            loop.RunItem(loop.Item(item), pool, Math.Max(1, threads), Partition.PartsOfThread(work, threads, MinWorkPerPart));
        }
    }

    /// <summary>One product on the calling thread, for kernels that divide their own work; no bias that has a stride.</summary>
    public static void RunAlone(in GemmProblem<T> problem)
    {
        if (problem.M > 0 && problem.N > 0)
        {
            GemmProblem<T> p = problem.Normalized(out _);
            new GemmLoop<T, TVec> { _plan = p.K > 0 ? GemmPlan.For<T, TVec>(p) : default }.RunItem(p, null, 1, 1);
        }
    }

    /// <inheritdoc/>
    public readonly void Run(int part, int worker)
    {
        (int item, int cell) = Math.DivRem(part, _cells);
        (int row, int rows, int column, int columns) = _grid.Cell(cell);
        if (rows > 0 && columns > 0)
        {
            RunItem(Item(item).Part(row, rows, column, columns), null, 1, 1);
        }
    }

    private readonly GemmProblem<T> Item(int item)
    {
        GemmProblem<T> p = _problem;
        GemmOffsets offsets = _offsets[item];
        p.A += _transposed ? offsets.B : offsets.A;
        p.B += _transposed ? offsets.A : offsets.B;
        p.C += offsets.C;
        return p;
    }

    private readonly void RunItem(in GemmProblem<T> p, WorkerPool? pool, int threads, int piecesPerThread)
    {
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
            BlockedGemm<T, TVec>.Run(p, _plan, pool, threads, piecesPerThread);
        }
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
}
