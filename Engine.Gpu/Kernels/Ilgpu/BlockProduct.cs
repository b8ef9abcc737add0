using System.Numerics;
using ILGPU;

namespace Engine.Gpu;

/// <summary>One factor of a product as <see cref="BlockProduct"/> reads it: element (line, depth), where lines are A's rows or B's columns.</summary>
/// <remarks>
/// Neighbouring work-items read either neighbours along the depth or neighbouring lines, whichever lie side by side in memory. In that
/// direction offsets are found by <see cref="Locate"/>, once a slice, however much arithmetic that takes; in the other one they are evenly spaced.
/// </remarks>
internal interface IBlockFactor<T>
    where T : unmanaged
{
    /// <summary>Whether neighbouring work-items read neighbours along the depth.</summary>
    bool AlongDepth { get; }

    /// <summary>The offset for an index in the direction of <see cref="AlongDepth"/>; −1 where there is nothing but zeros.</summary>
    int Locate(int index);

    /// <summary>The element at an index in the other direction; 0 outside.</summary>
    T Read(int offset, int index);
}

/// <summary>Where a group takes its block of results: neighbours of a work-item are <see cref="BlockProduct.Items"/> apart.</summary>
internal interface IBlockResult<T>
    where T : unmanaged
{
    /// <summary>Takes one sum; those outside of the matrix are left out.</summary>
    void Write(int row, int column, T sum);
}

/// <summary>
/// The tiled product C[m, n] = Σ A[m, d] · B[d, n] for a block of 64 × 64 results and one group of 256 work-items.
/// </summary>
/// <remarks>
/// <para>Slices of 16 along the depth are brought to shared memory by all work-items together; each of them then makes 4 × 4 sums from it. So an
/// element read from memory serves 64 multiplications, and one read from shared memory four.</para>
/// <para>Where the two factors come from is up to structures of the kernel: ILGPU compiles the generic code anew for each, calls vanish.</para>
/// <code>
///            64 columns, x = 0 … 15, a work-item has x, x+16, x+32, x+48
///           ┌─────────────┐
///           │  B's slice  │ 16 deep
///           └─────────────┘
///   ┌──┐    ┌─────────────┐
///   │A │    │             │
///   │  │    │   C         │ 64 rows, y = 0 … 15, likewise
///   └──┘    └─────────────┘
/// </code>
/// </remarks>
internal static class BlockProduct
{
    /// <summary>Rows and columns of a block.</summary>
    public const int Side = 64;

    /// <summary>Length of a slice.</summary>
    public const int Depth = 16;

    /// <summary>Work-items along each side of a block.</summary>
    public const int Items = 16;

    /// <summary>Work-items of a group.</summary>
    public const int GroupSize = Items * Items;

    // A column more than needed: work-items that store along the depth would all meet in one bank of shared memory otherwise.
    private const int Pitch = Side + 1;

    /// <summary>Elements of one slice in shared memory.</summary>
    public const int SliceLength = Depth * Pitch;

    /// <summary>Blocks that cover so many rows or columns.</summary>
    public static int Blocks(int size) => (size + Side - 1) / Side;

    /// <summary>sums + the product of the factors over a range of depths. All work-items of the group must come here.</summary>
    /// <param name="sums">The sums to add to.</param>
    /// <param name="leftSlice">Shared memory of <see cref="SliceLength"/> elements.</param>
    /// <param name="rightSlice">As much again.</param>
    /// <param name="left">A.</param>
    /// <param name="right">B.</param>
    /// <param name="row">The block's first row.</param>
    /// <param name="column">The block's first column.</param>
    /// <param name="first">The first depth.</param>
    /// <param name="end">Behind the last depth.</param>
    public static QuadRows<T> Add<T, TLeft, TRight>(
        QuadRows<T> sums, ArrayView<T> leftSlice, ArrayView<T> rightSlice, TLeft left, TRight right, int row, int column, int first, int end)
        where T : unmanaged, INumber<T>
        where TLeft : struct, IBlockFactor<T>
        where TRight : struct, IBlockFactor<T>
    {
        int x = Group.IdxX % Items, y = Group.IdxX / Items;
        for (int depth = first; depth < end; depth += Depth)
        {
            Fill(leftSlice, left, row, depth, end);
            Fill(rightSlice, right, column, depth, end);
            Group.Barrier();
            for (int d = 0; d < Depth; d++)
            {
                sums = sums.Plus(Quad<T>.Read(leftSlice, (d * Pitch) + y, Items), Quad<T>.Read(rightSlice, (d * Pitch) + x, Items));
            }

            Group.Barrier();
        }

        return sums;
    }

    /// <summary>Hands the sums of this work-item over.</summary>
    public static void Store<T, TResult>(TResult result, QuadRows<T> sums, int row, int column)
        where T : unmanaged, INumber<T>
        where TResult : struct, IBlockResult<T>
    {
        int x = column + (Group.IdxX % Items), y = row + (Group.IdxX / Items);
        StoreRow(result, sums.First, y, x);
        StoreRow(result, sums.Second, y + Items, x);
        StoreRow(result, sums.Third, y + (2 * Items), x);
        StoreRow(result, sums.Fourth, y + (3 * Items), x);
    }

    private static void StoreRow<T, TResult>(TResult result, Quad<T> sums, int row, int column)
        where T : unmanaged, INumber<T>
        where TResult : struct, IBlockResult<T>
    {
        result.Write(row, column, sums.First);
        result.Write(row, column + Items, sums.Second);
        result.Write(row, column + (2 * Items), sums.Third);
        result.Write(row, column + (3 * Items), sums.Fourth);
    }

    /// <summary>Loads a factor's slice into shared memory: four elements a work-item, zeros outside of the matrix and after the end.</summary>
    private static void Fill<T, TFactor>(ArrayView<T> slice, TFactor factor, int line, int depth, int end)
        where T : unmanaged
        where TFactor : struct, IBlockFactor<T>
    {
        int item = Group.IdxX;
        if (factor.AlongDepth)
        {
            int d = item % Depth;
            int offset = depth + d < end ? factor.Locate(depth + d) : -1;
            for (int l = item / Depth; l < Side; l += GroupSize / Depth)
            {
                slice[(d * Pitch) + l] = factor.Read(offset, line + l);
            }
        }
        else
        {
            int l = item % Side;
            int offset = factor.Locate(line + l);
            for (int d = item / Side; d < Depth; d += GroupSize / Side)
            {
                slice[(d * Pitch) + l] = factor.Read(depth + d < end ? offset : -1, depth + d);
            }
        }
    }
}
