using System.Numerics;

namespace Engine.Cpu;

/// <summary>Batch normalisation of [N, C, L], contiguous but for gaps between the images of x and of its gradient; picks the kernel.</summary>
internal static unsafe class BatchNorm
{
    /// <summary>Statistics, running statistics and y = activation((x − mean)·invStd·scale + shift + residual); the residual may be null.</summary>
    public static void Forward<T>(
        int images, int channels, nint length, T* x, nint gap, T* residual, T* y, bool relu, in BatchNormStatistics<T> statistics, SimdLevel level, WorkerPool pool)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (residual == null && relu)
        {
            Run<ReluActivation>(statistics);
        }
        else if (residual == null)
        {
            Run<NoActivation>(statistics);
        }
        else if (relu)
        {
            Run<AddReluActivation>(statistics);
        }
        else
        {
            Run<AddActivation>(statistics);
        }

        void Run<TActivation>(in BatchNormStatistics<T> statistics) where TActivation : struct, IActivation
        {
            ForwardKernel<T, TActivation> kernel = new(images, channels, length, x, gap, residual, y, statistics, pool);
            SimdDispatch.Run<T, ForwardKernel<T, TActivation>>(level, ref kernel);
        }
    }

    /// <summary>Gradients to scale, shift and, where they are wanted, x and the residual, which was added before the ReLU.</summary>
    public static void Backward<T>(int images, int channels, nint length, in BatchNormGradient<T> args, SimdLevel level, WorkerPool pool)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (args.Y != null && args.GradYMore != null && args.GradResidual != null)
        {
            Run<KeptSumGate>(args);
        }
        else if (args.Y != null && args.GradYMore != null)
        {
            Run<SumGate>(args);
        }
        else if (args.GradResidual != null)
        {
            Run<KeptGate>(args);
        }
        else if (args.Y != null)
        {
            Run<ReluGate>(args);
        }
        else
        {
            Run<NoGate>(args);
        }

        void Run<TGate>(in BatchNormGradient<T> args) where TGate : struct, IReluGate
        {
            BackwardKernel<T, TGate> kernel = new(images, channels, length, args, pool);
            SimdDispatch.Run<T, BackwardKernel<T, TGate>>(level, ref kernel);
        }
    }

    private readonly struct ForwardKernel<T, TActivation>(
        int images, int channels, nint length, T* x, nint gap, T* residual, T* y, BatchNormStatistics<T> statistics, WorkerPool pool) : ISimdKernel
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where TActivation : struct, IActivation
    {
        public void Run<TVec>() where TVec : unmanaged, ISimd<TVec>
        {
            BatchNormShape shape = new(images, channels, length, TVec.Count);
            nint columns = shape.IsColumns ? channels * length : channels;
            using ScratchLease blocks = Scratch.Rent<Moments>(columns * shape.Blocks), factors = Scratch.Rent<T>(3 * columns);
            if (shape.IsColumns)
            {
                BatchNormForwardColumns<T, TVec, TActivation> step = new(shape, x, residual, y, statistics, blocks.As<Moments>(), factors.As<T>());
                BatchNormLoop<BatchNormForwardColumns<T, TVec, TActivation>>.Run(shape, step, pool);
            }
            else
            {
                BatchNormForward<T, TVec, TActivation> step = new(shape, x, gap, residual, y, statistics, blocks.As<Moments>(), factors.As<(T, T, T)>());
                BatchNormLoop<BatchNormForward<T, TVec, TActivation>>.Run(shape, step, pool);
            }
        }
    }

    private readonly struct BackwardKernel<T, TGate>(int images, int channels, nint length, BatchNormGradient<T> args, WorkerPool pool) : ISimdKernel
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where TGate : struct, IReluGate
    {
        public void Run<TVec>() where TVec : unmanaged, ISimd<TVec>
        {
            BatchNormShape shape = new(images, channels, length, TVec.Count);
            nint columns = shape.IsColumns ? channels * length : channels;
            using ScratchLease blocks = Scratch.Rent<GradientSums>(columns * shape.Blocks), factors = Scratch.Rent<T>(3 * columns);
            if (shape.IsColumns)
            {
                using ScratchLease means = Scratch.Rent<T>(columns);
                for (int channel = 0; channel < channels; channel++)
                {
                    new Span<T>(means.As<T>() + (channel * length), (int)length).Fill(args.Mean[channel]);
                }
                BatchNormBackwardColumns<T, TVec, TGate> step = new(shape, args, blocks.As<GradientSums>(), means.As<T>(), factors.As<T>());
                BatchNormLoop<BatchNormBackwardColumns<T, TVec, TGate>>.Run(shape, step, pool);
            }
            else
            {
                BatchNormBackward<T, TVec, TGate> step = new(shape, args, blocks.As<GradientSums>(), factors.As<(T, T, T)>());
                BatchNormLoop<BatchNormBackward<T, TVec, TGate>>.Run(shape, step, pool);
            }
        }
    }
}
