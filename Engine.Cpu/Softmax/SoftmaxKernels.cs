using System.Numerics;

namespace Engine.Cpu;

/// <summary>The costs of the functions of the softmax family, for sharing work among threads.</summary>
internal static class SoftmaxCost
{
    /// <summary>An exponential, where reading and writing a number costs 1.</summary>
    public const int Exp = 4;
}

/// <summary>Softmax, or its logarithm, on vectors of any width: by rows where the axis is the last one, else by columns.</summary>
internal readonly unsafe struct SoftmaxKernel<T>(AxisSplit split, T* x, T* y, bool log, WorkerPool pool) : ISimdKernel
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public void Run<TVec>() where TVec : unmanaged, ISimd<TVec>
    {
        if (split.Inner == 1)
        {
            RowLoop<SoftmaxRows<T, TVec>>.Run(new(split.Size, x, y, log, Streaming.Pays(2 * split.Outer * split.Size * sizeof(T))), split.Outer, SoftmaxCost.Exp * split.Size, pool);
            return;
        }

        nint vectors = SoftmaxColumns<T, TVec>.Vectors(split.Outer, split.Inner);
        RowLoop<SoftmaxColumns<T, TVec>>.Run(new(split.Size, split.Inner, x, y, log), vectors, SoftmaxCost.Exp * split.Size * TVec.Count, pool);
    }
}

/// <summary>The gradient of softmax, or of its logarithm, on vectors of any width.</summary>
internal readonly unsafe struct SoftmaxGradientKernel<T>(AxisSplit split, T* y, T* dy, T* dx, bool log, WorkerPool pool) : ISimdKernel
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public void Run<TVec>() where TVec : unmanaged, ISimd<TVec>
    {
        long work = (log ? SoftmaxCost.Exp : 1) * split.Size;
        if (split.Inner == 1)
        {
            RowLoop<SoftmaxRowsGradient<T, TVec>>.Run(new(split.Size, y, dy, dx, log, Streaming.Pays(3 * split.Outer * split.Size * sizeof(T))), split.Outer, work, pool);
            return;
        }

        nint vectors = SoftmaxColumns<T, TVec>.Vectors(split.Outer, split.Inner);
        RowLoop<SoftmaxColumnsGradient<T, TVec>>.Run(new(split.Size, split.Inner, y, dy, dx, log), vectors, work * TVec.Count, pool);
    }
}
