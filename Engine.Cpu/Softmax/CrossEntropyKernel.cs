using System.Numerics;

namespace Engine.Cpu;

/// <summary>Backward where there is a gradient to write, else forward.</summary>
internal readonly unsafe struct CrossEntropyKernel<T>(nint rows, CrossEntropyOperands<T> args, T* losses, nint step, T* gradLogits, WorkerPool pool) : ISimdKernel
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public void Run<TVec>() where TVec : unmanaged, ISimd<TVec>
    {
        long work = (long)SoftmaxCost.Exp * args.Classes;
        if (gradLogits == null)
        {
            CrossEntropyForward<T, TVec>.Run(args, losses, rows, work, pool);
        }
        else
        {
            RowLoop<CrossEntropyBackward<T, TVec>>.Run(new(args, losses, step, gradLogits), rows, work, pool);
        }
    }
}
