using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>The tiles of <see cref="Microkernel{TVector, T, TLanes}"/> behind <see cref="IGemmKernels{T}"/>, with the edges of C.</summary>
internal readonly unsafe struct GemmKernels<TVector, T, TLanes> : IGemmKernels<T>
    where TVector : struct
    where T : unmanaged, INumberBase<T>
    where TLanes : struct, ILanes<TVector, T>
{
    /// <summary>24 accumulators fill the 32 registers of AVX-512; the other instruction sets are taken to have 16.</summary>
    public static int PanelRows => TLanes.Count * sizeof(T) == 64 ? 12 : 6;

    public static int PanelColumns => 2 * TLanes.Count;

    public static int VectorLength => TLanes.Count;

    public static void Run(GemmTile<T>* tile, int rows, int columns)
    {
        if (tile->CColumn == 1 && (columns == PanelColumns || columns == TLanes.Count))
        {
            tile->HasEpilogue = tile->Alpha != T.One || tile->Beta != T.Zero || tile->Relu
                || tile->BiasPerRow != null || tile->BiasPerColumn != null;
            RunRows(tile, rows, columns);
        }
        else
        {
            RunEdge(tile, rows, columns);
        }
    }

    public static void RunDots(in GemmProblem<T> problem) => DotGemm<TVector, T, TLanes>.Run(problem);

    /// <summary>Whole vectors; rows that are no size of a kernel are done in two or more pieces.</summary>
    private static void RunRows(GemmTile<T>* tile, int rows, int columns)
    {
        bool wide = columns > TLanes.Count;
        while (true)
        {
            int piece = wide ? RunPiece<Two>(tile, rows) : RunPiece<One>(tile, rows);
            if ((rows -= piece) == 0) return;
            tile->A += piece * tile->ARow;
            tile->C += piece * tile->CRow;
            if (tile->BiasPerRow != null) tile->BiasPerRow += piece * tile->BiasPerRowStride;
        }
    }

    private static int RunPiece<TVectors>(GemmTile<T>* tile, int rows) where TVectors : struct, ITileVectors
    {
        if (PanelRows == 12)
        {
            if (rows >= 12)
            {
                Microkernel<TVector, T, TLanes>.Run<Twelve, TVectors>(tile);
                return 12;
            }

            if (rows >= 8)
            {
                Microkernel<TVector, T, TLanes>.Run<Eight, TVectors>(tile);
                return 8;
            }
        }
        else if (rows >= 6)
        {
            Microkernel<TVector, T, TLanes>.Run<Six, TVectors>(tile);
            return 6;
        }

        if (rows >= 4)
        {
            Microkernel<TVector, T, TLanes>.Run<Four, TVectors>(tile);
            return 4;
        }

        if (rows >= 2)
        {
            Microkernel<TVector, T, TLanes>.Run<Two, TVectors>(tile);
            return 2;
        }

        Microkernel<TVector, T, TLanes>.Run<One, TVectors>(tile);
        return 1;
    }

    /// <summary>A tile that is not made of whole vectors of C: the product goes to the stack first, and from there to C.</summary>
    [SkipLocalsInit]
    private static void RunEdge(GemmTile<T>* tile, int rows, int columns)
    {
        const int Alignment = 64;
        byte* stack = stackalloc byte[12 * 2 * 64 + Alignment];
        T* product = (T*)((nint)(stack + Alignment - 1) & -Alignment);
        int width = columns > TLanes.Count ? PanelColumns : TLanes.Count;

        GemmTile<T> plain = default;
        plain.K = tile->K;
        plain.A = tile->A;
        plain.ARow = tile->ARow;
        plain.AColumn = tile->AColumn;
        plain.B = tile->B;
        plain.BRow = tile->BRow;
        plain.C = product;
        plain.CRow = width;
        RunRows(&plain, rows, width);

        for (int i = 0; i < rows; i++, product += width)
        {
            T* c = tile->C + i * tile->CRow;
            T bias = tile->BiasPerRow == null ? T.Zero : tile->BiasPerRow[i * tile->BiasPerRowStride];
            if (tile->CColumn == 1)
            {
                for (int j = 0; j < columns; j += TLanes.Count) FinishVector(tile, product + j, c + j, j, bias, columns - j);
            }
            else
            {
                for (int j = 0; j < columns; j++) FinishElement(tile, product[j], c + j * tile->CColumn, j, bias);
            }
        }
    }

    private static void FinishVector(GemmTile<T>* tile, T* product, T* c, int column, T bias, int columns)
    {
        bool whole = columns >= TLanes.Count;
        TVector v = TLanes.Multiply(TLanes.Broadcast(tile->Alpha), TLanes.Load(product));
        if (tile->Beta != T.Zero)
        {
            TVector old = whole ? TLanes.Load(c) : TLanes.LoadFirst(c, columns);
            v = TLanes.MultiplyAdd(TLanes.Broadcast(tile->Beta), old, v);
        }

        if (tile->BiasPerRow != null) v = TLanes.Add(v, TLanes.Broadcast(bias));
        if (tile->BiasPerColumn != null)
        {
            T* perColumn = tile->BiasPerColumn + column;
            v = TLanes.Add(v, whole ? TLanes.Load(perColumn) : TLanes.LoadFirst(perColumn, columns));
        }

        if (tile->Relu) v = TLanes.Relu(v);
        if (whole) TLanes.Store(c, v);
        else TLanes.StoreFirst(c, v, columns);
    }

    private static void FinishElement(GemmTile<T>* tile, T product, T* c, int column, T bias)
    {
        T v = tile->Alpha * product;
        if (tile->Beta != T.Zero) v = T.MultiplyAddEstimate(tile->Beta, *c, v);
        if (tile->BiasPerRow != null) v += bias;
        if (tile->BiasPerColumn != null) v += tile->BiasPerColumn[column];
        *c = tile->Relu ? GemmEpilogue.Relu(v) : v;
    }

    private readonly struct One : ITileRows, ITileVectors
    {
        public static int Count => 1;
    }

    private readonly struct Two : ITileRows, ITileVectors
    {
        public static int Count => 2;
    }

    private readonly struct Four : ITileRows
    {
        public static int Count => 4;
    }

    private readonly struct Six : ITileRows
    {
        public static int Count => 6;
    }

    private readonly struct Eight : ITileRows
    {
        public static int Count => 8;
    }

    private readonly struct Twelve : ITileRows
    {
        public static int Count => 12;
    }
}
