using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>
/// Batch normalisation by running statistics: y = activation(x · factor + offset + residual) with one factor and one offset a channel (<see cref="BatchNormPrograms.ScaleShift"/>
/// and its like). Images of 14 × 14 and less are rows so short that tiles of a pointwise program would copy all operands together first.
/// </summary>
/// <remarks>The operations are those of the pointwise program, so that its bits do not depend on who computes it.</remarks>
internal static unsafe class ScaleShift
{
    /// <summary>Runs a pointwise call if it is such a program over channels that lie in one piece each; the answer is whether it was.</summary>
    public static bool TryRun(in MapArgs args, SimdLevel level, WorkerPool pool)
    {
        if (!BatchNormPrograms.IsScaleShift(args.Program) || args.Shape.Rank < 3 || args.Shape.ElementCount == 0)
        {
            return false;
        }

        long length = 1;
        for (int axis = 2; axis < args.Shape.Rank; axis++)
        {
            length *= args.Shape[axis];
        }

        bool fits = IsImages(args, args.Inputs[BatchNormPrograms.X]) && IsImages(args, args.Outputs[0])
            && IsPerChannel(args, args.Inputs[BatchNormPrograms.Factor]) && IsPerChannel(args, args.Inputs[BatchNormPrograms.Offset])
            && (args.Inputs.Length <= BatchNormPrograms.Residual || IsImages(args, args.Inputs[BatchNormPrograms.Residual]));
        return fits && args.ComputeType switch
        {
            DType.Float32 => Run<float>(args, (nint)length, level, pool),
            DType.Float64 => Run<double>(args, (nint)length, level, pool),
            _ => false,
        };
    }

    private static bool Run<T>(in MapArgs args, nint length, SimdLevel level, WorkerPool pool) where T : unmanaged
    {
        bool adds = args.Inputs.Length > BatchNormPrograms.Residual, relu = BatchNormPrograms.HasRelu(args.Program);
        Images<T> x = new(args.Inputs[BatchNormPrograms.X]), y = new(args.Outputs[0]), residual = adds ? new Images<T>(args.Inputs[BatchNormPrograms.Residual]) : default;
        Channels<T> factor = new(args.Inputs[BatchNormPrograms.Factor]), offset = new(args.Inputs[BatchNormPrograms.Offset]);
        int images = args.Shape[0], channels = args.Shape[1];
        if (adds && relu)
        {
            RunWith<AddReluActivation>();
        }
        else if (adds)
        {
            RunWith<AddActivation>();
        }
        else if (relu)
        {
            RunWith<ReluActivation>();
        }
        else
        {
            RunWith<NoActivation>();
        }

        return true;

        void RunWith<TActivation>() where TActivation : struct, IActivation
        {
            Kernel<T, TActivation> kernel = new(images, channels, length, x, y, residual, factor, offset, pool);
            SimdDispatch.Run<T, Kernel<T, TActivation>>(level, ref kernel);
        }
    }

    /// <summary>Whether every image of every channel lies in one piece, and the channels of a sample one after the other.</summary>
    private static bool IsImages(in MapArgs args, in Operand operand)
    {
        if (operand.DType != args.ComputeType)
        {
            return false;
        }

        ReadOnlySpan<long> strides = operand.Layout.Strides;
        long expected = 1;
        for (int axis = args.Shape.Rank - 1; axis >= 1; axis--)
        {
            if (args.Shape[axis] != 1 && strides[axis] != expected)
            {
                return false;
            }

            expected *= args.Shape[axis];
        }

        return true;
    }

    private static bool IsPerChannel(in MapArgs args, in Operand operand)
    {
        ReadOnlySpan<long> strides = operand.Layout.Strides;
        for (int axis = 0; axis < args.Shape.Rank; axis++)
        {
            if (axis != 1 && args.Shape[axis] != 1 && strides[axis] != 0)
            {
                return false;
            }
        }

        return operand.DType == args.ComputeType;
    }

    private readonly struct Images<T>(in Operand operand) where T : unmanaged
    {
        public readonly T* First = (T*)operand.Address;
        public readonly nint Sample = (nint)operand.Layout.Strides[0];
    }

    private readonly struct Channels<T>(in Operand operand) where T : unmanaged
    {
        public readonly T* First = (T*)operand.Address;
        public readonly nint Stride = (nint)operand.Layout.Strides[1];
    }

    private readonly struct Kernel<T, TActivation>(
        int images, int channels, nint length, Images<T> x, Images<T> y, Images<T> residual, Channels<T> factor, Channels<T> offset, WorkerPool pool) : ISimdKernel
        where T : unmanaged
        where TActivation : struct, IActivation
    {
        public void Run<TVec>() where TVec : unmanaged, ISimd<TVec>
        {
            long bytes = (TActivation.Adds ? 3L : 2L) * images * channels * length * sizeof(T);
            bool streams = y.First != x.First && y.First != residual.First && Streaming.Pays(bytes);
            RowLoop<Row<T, TVec, TActivation>>.Run(new(channels, length, x, y, residual, factor, offset, streams), (nint)images * channels, length, pool);
        }
    }

    /// <summary>One image of one channel.</summary>
    private readonly struct Row<T, TVec, TActivation>(
        int channels, nint length, Images<T> x, Images<T> y, Images<T> residual, Channels<T> factor, Channels<T> offset, bool streams) : IRowKernel
        where T : unmanaged
        where TVec : struct, ISimd<TVec>
        where TActivation : struct, IActivation
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(nint row)
        {
            nint image = row / channels, channel = row - (image * channels), start = channel * length, n = length, i = 0;
            T* from = x.First + (image * x.Sample) + start, to = y.First + (image * y.Sample) + start;
            T* added = TActivation.Adds ? residual.First + (image * residual.Sample) + start : null;
            TVec scale = TVec.Broadcast(factor.First + (channel * factor.Stride)), shift = TVec.Broadcast(offset.First + (channel * offset.Stride));
            bool isStreamed = streams && Streaming.Fits<TVec>(to);
            for (; i <= n - TVec.Count; i += TVec.Count)
            {
                TVec value = TVec.MultiplyAdd(TVec.Load(from + i), scale, shift);
                if (TActivation.Adds)
                {
                    value += TVec.Load(added + i);
                }

                Streaming.Store(TActivation.Of(value), to + i, isStreamed);
            }

            if (i < n)
            {
                TVec value = TVec.MultiplyAdd(TVec.LoadFirst(from + i, n - i), scale, shift);
                if (TActivation.Adds)
                {
                    value += TVec.LoadFirst(added + i, n - i);
                }

                TActivation.Of(value).StoreFirst(to + i, n - i);
            }
        }
    }
}
