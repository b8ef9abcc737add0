using System.Numerics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Cpu;

/// <summary>The matrix product in cache-sized blocks, on one thread.</summary>
/// <remarks>
/// <code>
/// for each block of rows, of terms and of columns:      B [kSize, columns] as panels, stays in the second-level cache
///     for each panel of rows:                           A [PanelRows, kSize], stays in the first-level cache
///         for each panel of columns: a register tile    B streams past
/// </code>
/// <para>Operands are packed when they are first needed, or read where they lie if <see cref="GemmPlan"/> says so.</para>
/// <para>An element of C is one chain of multiply-adds per block of terms, whatever tile it falls into; so its bits depend on K alone, not on
/// where it lies nor on how C is divided among threads.</para>
/// </remarks>
internal readonly unsafe ref struct BlockedGemm<T, TVec>
    where T : unmanaged, INumberBase<T>
    where TVec : struct, ISimd<TVec>
{
    /// <summary>A panel of 12 rows this deep takes three quarters of a first-level cache of 32 KiB.</summary>
    private const int MaxKBytes = 2048;

    /// <summary>
    /// Somewhat more than half of a second-level cache of 1 MiB. 384 to 640 KiB and K blocks of 1,024 to 2,048 bytes differ by less than
    /// 3 %; more bytes mean fewer passes over A.
    /// </summary>
    private const int BBlockBytes = 640 << 10;

    /// <summary>Rows whose packed panels are kept for all blocks of columns: 6 MiB at most, a share of the last-level cache.</summary>
    private const int MaxRows = 3072;

    /// <summary>A C smaller than this is in the second-level cache already.</summary>
    private const int PrefetchedCBytes = 512 << 10;

    private readonly GemmProblem<T> _p;
    private readonly GemmPlan _plan;
    private readonly int _maxK;
    private readonly int _maxColumns;
    private readonly bool _prefetchC;
    private readonly T* _packedA;
    private readonly T* _packedB;

    private BlockedGemm(in GemmProblem<T> p, GemmPlan plan, int maxK, int maxColumns, T* packedA, T* packedB)
    {
        _p = p;
        _plan = plan;
        _maxK = maxK;
        _maxColumns = maxColumns;
        _prefetchC = Sse.IsSupported && p.CColumn == 1 && (long)p.M * p.N * sizeof(T) >= PrefetchedCBytes;
        _packedA = packedA;
        _packedB = packedB;
    }

    /// <summary>Computes <paramref name="p"/>; M, N and K are at least 1.</summary>
    public static void Run(in GemmProblem<T> p, GemmPlan plan)
    {
        int kSize = EvenBlock(p.K, MaxKBytes / sizeof(T), 4);
        int mostColumns = Math.Max(1, BBlockBytes / sizeof(T) / kSize / GemmKernels<T, TVec>.PanelColumns) * GemmKernels<T, TVec>.PanelColumns;
        int columns = plan.PackB ? EvenBlock(p.N, mostColumns, GemmKernels<T, TVec>.PanelColumns) : p.N;
        int keptRows = columns < p.N ? Math.Min(p.M, MaxRows) + GemmKernels<T, TVec>.PanelRows : GemmKernels<T, TVec>.PanelRows;
        using ScratchLease a = Scratch.Rent<T>(plan.PackA ? (nint)keptRows * kSize : 0);
        using ScratchLease b = Scratch.Rent<T>((nint)(plan.PackB ? columns : GemmKernels<T, TVec>.PanelColumns) * kSize);
        new BlockedGemm<T, TVec>(p, plan, kSize, columns, a.As<T>(), b.As<T>()).Run();
    }

    /// <summary>Blocks of equal size, a multiple of <paramref name="unit"/>, and no more of them than blocks of <paramref name="most"/> would be.</summary>
    private static int EvenBlock(int total, int most, int unit)
    {
        int blocks = (total - 1) / most + 1;
        int size = (total - 1) / blocks + 1;
        return (size + unit - 1) / unit * unit;
    }

    private void Run()
    {
        for (int row = 0; row < _p.M; row += MaxRows)
        {
            int rows = Math.Min(MaxRows, _p.M - row);
            for (int k = 0; k < _p.K; k += _maxK)
            {
                int kSize = Math.Min(_maxK, _p.K - k);
                for (int column = 0; column < _p.N; column += _maxColumns)
                {
                    RunBlock(row, rows, k, kSize, column, Math.Min(_maxColumns, _p.N - column));
                }
            }
        }
    }

    private void RunBlock(int row, int rows, int k, int kSize, int column, int columns)
    {
        bool keepA = _maxColumns < _p.N;
        GemmTile<T> tile = default;
        tile.K = kSize;
        tile.Alpha = _p.Alpha;
        tile.Beta = k == 0 ? _p.Beta : T.One;
        for (int i = 0; i < rows; i += GemmKernels<T, TVec>.PanelRows)
        {
            int height = Math.Min(GemmKernels<T, TVec>.PanelRows, rows - i);
            T* a = _p.A + (row + i) * _p.ARow + k * _p.AColumn;
            T* panel = _packedA + (keepA ? (nint)i * kSize : 0);
            if (_plan.PackA && (column == 0 || !keepA))
            {
                GemmPacking.Pack(panel, GemmKernels<T, TVec>.PanelRows, a, _p.ARow, _p.AColumn, height, kSize);
            }

            for (int j = 0; j < columns; j += GemmKernels<T, TVec>.PanelColumns)
            {
                int width = Math.Min(GemmKernels<T, TVec>.PanelColumns, columns - j);
                tile.A = _plan.PackA ? panel : a;
                tile.ARow = _plan.PackA ? 1 : _p.ARow;
                tile.AColumn = _plan.PackA ? GemmKernels<T, TVec>.PanelRows : _p.AColumn;
                SetB(ref tile, k, column + j, width, _packedB + (_plan.PackB ? (nint)j * kSize : 0), i == 0);
                SetC(ref tile, row + i, column + j, lastTerms: k + kSize == _p.K);
                if (_prefetchC && j + width < columns)
                {
                    PrefetchNextTile(tile.C, height);
                }
                GemmKernels<T, TVec>.Run(&tile, height, width);
            }
        }
    }

    private void SetB(ref GemmTile<T> tile, int k, int column, int width, T* panel, bool firstUse)
    {
        T* b = _p.B + k * _p.BRow + column * _p.BColumn;
        if (!_plan.PackB && width % TVec.Count == 0)
        {
            tile.B = b;
            tile.BRow = _p.BRow;
            return;
        }

        // The columns of B after the last whole vector are packed even if B is read in place: it is the only panel in the buffer then.
        int padded = width <= TVec.Count ? TVec.Count : GemmKernels<T, TVec>.PanelColumns;
        if (firstUse)
        {
            GemmPacking.Pack(panel, padded, b, _p.BColumn, _p.BRow, width, tile.K);
        }
        tile.B = panel;
        tile.BRow = padded;
    }

    private void SetC(ref GemmTile<T> tile, int row, int column, bool lastTerms)
    {
        tile.C = _p.C + row * _p.CRow + column * _p.CColumn;
        tile.CRow = _p.CRow;
        tile.CColumn = _p.CColumn;
        if (!lastTerms)
        {
            return;
        }
        tile.BiasPerColumn = _p.BiasPerColumn == null ? null : _p.BiasPerColumn + column;
        tile.BiasPerRow = _p.BiasPerRow == null ? null : _p.BiasPerRow + row * _p.BiasPerRowStride;
        tile.BiasPerRowStride = _p.BiasPerRowStride;
        tile.Relu = _p.Relu;
    }

    /// <summary>The rows of C lie in as many pages, which the hardware's prefetcher does not follow: 1 to 3 % on large matrices.</summary>
    private void PrefetchNextTile(T* c, int height)
    {
        c += GemmKernels<T, TVec>.PanelColumns;
        for (int i = 0; i < height; i++, c += _p.CRow)
        {
            Sse.Prefetch0(c);
            Sse.Prefetch0(c + TVec.Count);
        }
    }
}
