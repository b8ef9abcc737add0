using System.Numerics;

namespace Engine.Cpu;

/// <summary>Forward pass of layer normalisation on vectors of any width.</summary>
internal readonly unsafe struct LayerNormForwardKernel<T>(
    nint rows, nint columns, T* x, T* y, T* scale, T* shift, T* means, T* inverseStds, double epsilon, WorkerPool pool) : ISimdKernel
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public void Run<TVec>() where TVec : unmanaged, ISimd<TVec>
    {
        LayerNormForward<T, TVec> kernel = new(
            rows, columns, x, y, scale, shift, means, inverseStds, epsilon, Streaming.Pays(2 * rows * columns * sizeof(T)));
        nint atOnce = LayerNormForward<T, TVec>.RowsAtOnce(columns);
        RowLoop<LayerNormForward<T, TVec>>.Run(kernel, (rows + atOnce - 1) / atOnce, atOnce * columns, pool);
    }
}

/// <summary>Backward pass of layer normalisation on vectors of any width.</summary>
internal readonly unsafe struct LayerNormBackwardKernel<T>(nint rows, nint columns, LayerNormGradient<T> args, T* gradScale, T* gradShift, WorkerPool pool) : ISimdKernel
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public void Run<TVec>() where TVec : unmanaged, ISimd<TVec>
    {
        const int BlockRows = LayerNormBackward<float, F32x1>.BlockRows;
        nint blocks = (rows + BlockRows - 1) / BlockRows;
        bool wantsSums = gradScale != null || gradShift != null;
        using ScratchLease sums = Scratch.Rent<T>(wantsSums ? 2 * blocks * columns : 0);
        LayerNormBackward<T, TVec> kernel = new(rows, columns, args, wantsSums ? sums.As<T>() : null, Streaming.Pays(3 * rows * columns * sizeof(T)));
        RowLoop<LayerNormBackward<T, TVec>>.Run(kernel, blocks, 2 * Math.Min(rows, BlockRows) * columns, pool);
        if (!wantsSums)
        {
            return;
        }
        LayerNormColumnSums<T> join = new(blocks, columns, sums.As<T>(), gradScale, gradShift);
        nint tiles = (columns + LayerNormColumnSums<T>.Tile - 1) / LayerNormColumnSums<T>.Tile;
        RowLoop<LayerNormColumnSums<T>>.Run(join, tiles, 2 * LayerNormColumnSums<T>.Tile * blocks, pool);
    }
}
