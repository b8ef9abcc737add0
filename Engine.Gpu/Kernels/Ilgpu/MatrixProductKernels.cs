using System.Numerics;
using ILGPU;

namespace Engine.Gpu;

/// <summary>The sizes of a batch of products [rows, depth] · [depth, columns].</summary>
internal readonly struct MatrixProductSizes(int rows, int columns, int depth, int outerBatch, int innerBatch)
{
    /// <summary>Rows of the result.</summary>
    public readonly int Rows = rows;

    /// <summary>Columns of the result.</summary>
    public readonly int Columns = columns;

    /// <summary>Length of the sums.</summary>
    public readonly int Depth = depth;

    /// <summary>Outer size of the batch.</summary>
    public readonly int OuterBatch = outerBatch;

    /// <summary>Inner size of the batch.</summary>
    public readonly int InnerBatch = innerBatch;
}

/// <summary>Batched products C = activation(alpha · A·B + beta · C + bias) of matrices with any strides, in float32 and float64.</summary>
/// <remarks>
/// With depth 0 the product is 0 and the epilogue is all there is. Offsets are 32-bit numbers: operands that span more elements belong to the engine's own kernels.
/// </remarks>
internal static class MatrixProductKernels
{
    /// <summary>Work-items of a group of <see cref="DirectProduct"/>.</summary>
    public const int DirectGroupSize = 64;

    /// <summary>Blocks of 64 × 64 results, one a group; groups are numbered by column block, row block and batch.</summary>
    public static void TiledProduct<T>(
        ArrayView<T> a,
        ArrayView<T> b,
        ArrayView<T> c,
        ArrayView<T> bias,
        MatrixProductSizes sizes,
        MatrixSteps aSteps,
        MatrixSteps bSteps,
        MatrixSteps cSteps,
        MatrixSteps biasSteps,
        ProductEnding<T> ending)
        where T : unmanaged, INumber<T>
    {
        ArrayView<T> leftSlice = SharedMemory.Allocate<T>(BlockProduct.SliceLength), rightSlice = SharedMemory.Allocate<T>(BlockProduct.SliceLength);
        int columnBlocks = BlockProduct.Blocks(sizes.Columns), rowBlocks = BlockProduct.Blocks(sizes.Rows);
        int column = Grid.IdxX % columnBlocks * BlockProduct.Side, row = Grid.IdxX / columnBlocks % rowBlocks * BlockProduct.Side;
        int batch = Grid.IdxX / columnBlocks / rowBlocks;
        int outer = batch / sizes.InnerBatch, inner = batch % sizes.InnerBatch;
        MatrixFactor<T> left = new(a, aSteps.Matrix(outer, inner), sizes.Rows, aSteps.Row, aSteps.Column);
        MatrixFactor<T> right = new(b, bSteps.Matrix(outer, inner), sizes.Columns, bSteps.Column, bSteps.Row);
        QuadRows<T> sums = BlockProduct.Add(default, leftSlice, rightSlice, left, right, row, column, 0, sizes.Depth);
        MatrixResult<T> result = new(c, cSteps.Matrix(outer, inner), cSteps, bias, biasSteps.Matrix(outer, inner), biasSteps, sizes.Rows, sizes.Columns, ending);
        BlockProduct.Store(result, sums, row, column);
    }

    /// <summary>One result a work-item, neighbours along the columns: for few rows, where a block would stay empty for the most part.</summary>
    public static void DirectProduct<T>(
        ArrayView<T> a,
        ArrayView<T> b,
        ArrayView<T> c,
        ArrayView<T> bias,
        MatrixProductSizes sizes,
        MatrixSteps aSteps,
        MatrixSteps bSteps,
        MatrixSteps cSteps,
        MatrixSteps biasSteps,
        ProductEnding<T> ending)
        where T : unmanaged, INumber<T>
    {
        int item = (Grid.IdxX * DirectGroupSize) + Group.IdxX;
        int column = item % sizes.Columns, row = item / sizes.Columns % sizes.Rows, batch = item / sizes.Columns / sizes.Rows;
        int outer = batch / sizes.InnerBatch, inner = batch % sizes.InnerBatch;
        if (outer >= sizes.OuterBatch)
        {
            return;
        }

        int atA = aSteps.Matrix(outer, inner) + (row * aSteps.Row), atB = bSteps.Matrix(outer, inner) + (column * bSteps.Column);
        T sum = default;
        for (int d = 0; d < sizes.Depth; d++)
        {
            sum += a[atA + (d * aSteps.Column)] * b[atB + (d * bSteps.Row)];
        }

        MatrixResult<T> result = new(c, cSteps.Matrix(outer, inner), cSteps, bias, biasSteps.Matrix(outer, inner), biasSteps, sizes.Rows, sizes.Columns, ending);
        result.Write(row, column, sum);
    }
}
