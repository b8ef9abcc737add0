using System.Numerics;

namespace Engine.Cpu;

/// <summary>Picks the kernel of a forward pass.</summary>
internal readonly unsafe struct PoolForwardKernel<T>(PoolKind kind, PoolPlane plane, nint images, T* x, T* y, int* indices, WorkerPool pool) : ISimdKernel
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public void Run<TVec>() where TVec : unmanaged, ISimd<TVec>
    {
        if (kind == PoolKind.Average && plane.IsHalving)
        {
            RunKernel<HalvingPool<T, TVec, HalvingMean<TVec>>>();
        }
        else if (kind == PoolKind.Average)
        {
            RunKernel<AveragePool<T>>();
        }
        else if (plane.IsHalving && indices == null)
        {
            RunKernel<HalvingPool<T, TVec, HalvingMax<TVec>>>();
        }
        else if (plane.IsHalving && !TVec.IsFloat64)
        {
            PoolLoop<float, HalvingMaxIndices<TVec>>.Run(plane, images, (float*)x, (float*)y, indices, pool);
        }
        else if (indices == null && WindowMax<T, TVec, NoPlaces>.Suits(plane))
        {
            RunKernel<WindowMax<T, TVec, NoPlaces>>();
        }
        else if (!TVec.IsFloat64 && WindowMax<T, TVec, WithPlaces>.Suits(plane))
        {
            RunKernel<WindowMax<T, TVec, WithPlaces>>();
        }
        else
        {
            RunKernel<MaxPool<T>>();
        }
    }

    private void RunKernel<TKernel>() where TKernel : struct, IPoolKernel<T> =>
        PoolLoop<T, TKernel>.Run(plane, images, x, y, indices, pool);
}
