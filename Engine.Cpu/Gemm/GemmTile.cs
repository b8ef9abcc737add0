using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Engine.Cpu;

/// <summary>
/// One register tile of a matrix product, the argument of <see cref="GemmKernels{T, TVec}.Run"/>:
/// <c>C = relu(Alpha·A·B + Beta·C + bias)</c> for up to PanelRows × PanelColumns elements of C.
/// </summary>
/// <remarks>
/// <para>All strides count elements. Element (i, k) of A is <c>A[i·ARow + k·AColumn]</c>: a packed panel has ARow = 1 and
/// AColumn = PanelRows, but a row-major or transposed matrix may be read where it lies. Only the rows asked for are read.</para>
/// <para>Row k of B is <c>B[k·BRow + 0..]</c>, unit stride. It is read in whole vectors, so that after the last column there must
/// be readable values up to the next multiple of the vector length; they do not reach C.</para>
/// <para>For a sum that is cut into blocks of k: the first block has the caller's Beta, later ones Beta = 1; bias and ReLU belong to
/// the last one only.</para>
/// </remarks>
internal unsafe struct GemmTile<T> where T : unmanaged
{
    /// <summary>Terms of the sum; at least 1.</summary>
    public nint K;

    /// <summary>First element of A.</summary>
    public T* A;

    /// <summary>Distance between rows of A.</summary>
    public nint ARow;

    /// <summary>Distance between columns of A.</summary>
    public nint AColumn;

    /// <summary>First element of B.</summary>
    public T* B;

    /// <summary>Distance between rows of B.</summary>
    public nint BRow;

    /// <summary>First element of C.</summary>
    public T* C;

    /// <summary>Distance between rows of C.</summary>
    public nint CRow;

    /// <summary>Distance between columns of C; 1 is fast, anything else goes through a tile on the stack.</summary>
    public nint CColumn;

    /// <summary>Factor of the product.</summary>
    public T Alpha;

    /// <summary>Factor of the old C. Where it is 0, C is not read.</summary>
    public T Beta;

    /// <summary>Added to each row of the tile, one value a column, or null.</summary>
    public T* BiasPerColumn;

    /// <summary>Added to each column of the tile, one value a row, or null.</summary>
    public T* BiasPerRow;

    /// <summary>Distance between the values of <see cref="BiasPerRow"/>.</summary>
    public nint BiasPerRowStride;

    /// <summary>Ends with max(x, 0).</summary>
    public bool Relu;

    /// <summary>What results are at least, for <see cref="WholeTiles{T, TVec}"/>: 0 with a ReLU, otherwise -∞.</summary>
    public T Least;

    /// <summary>What changes no result where there is no bias: -0, but +0 where -0 must become 0 by a ReLU.</summary>
    public T NoBias;

    /// <summary>Whole tiles to compute one after the other; less than 1 is 1.</summary>
    public nint Tiles;

    /// <summary>Distance from one tile to the next in A, B and C, in rows and in columns of C.</summary>
    public nint ANext, BNext, CNext, RowsNext, ColumnsNext;

    /// <summary>Fetch the tile of C before the sums begin, so that it has come when they end.</summary>
    public bool PrefetchC;

    /// <summary>What the tiles after these will read: so many of its cache lines are fetched into the second-level cache with each tile.</summary>
    public byte* Ahead;

    /// <summary>Cache lines of <see cref="Ahead"/> for each tile, and the bytes from one to the next.</summary>
    public nint AheadLines, AheadStep;

    /// <summary>Set by <see cref="GemmKernels{T, TVec}.Run"/>: there is more to do than to store the product.</summary>
    public bool HasEpilogue;

    /// <summary>Fetches a tile of C: its rows lie in as many pages, which the hardware's prefetcher does not follow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void FetchC(T* c, int rows, int columns)
    {
        if (!Sse.IsSupported)
        {
            return;
        }

        for (int i = 0; i < rows; i++, c += CRow)
        {
            for (T* line = c; line < c + columns; line += CacheSizes.Line / sizeof(T))
            {
                Sse.Prefetch0(line);
            }

            Sse.Prefetch0(c + columns - 1);
        }
    }

    /// <summary>Fetches what the tiles after these will read, a share with each tile: the prefetcher does not know the next panel either.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void FetchAhead()
    {
        if (!Sse.IsSupported)
        {
            return;
        }

        byte* ahead = Ahead;
        for (nint lines = AheadLines, step = AheadStep; lines > 0; lines--, ahead += step)
        {
            Sse.Prefetch1(ahead);
        }

        Ahead = ahead;
    }

    /// <summary>Goes on to the next tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Advance()
    {
        A += ANext;
        B += BNext;
        C += CNext;
        BiasPerColumn += BiasPerColumn == null ? 0 : ColumnsNext;
        BiasPerRow += BiasPerRow == null ? 0 : RowsNext * BiasPerRowStride;
    }
}
