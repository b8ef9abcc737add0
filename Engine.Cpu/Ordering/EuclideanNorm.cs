using System.Numerics;

namespace Engine.Cpu;

/// <summary>√Σx² over all elements of some tensors.</summary>
internal static unsafe class EuclideanNorm
{
    /// <summary>Below this sum of squares, those of elements that still count may have been lost to float32's smallest number.</summary>
    private const double LeastSum = 1e-24;

    /// <summary>The norm.</summary>
    public static double Of(Backend backend, ReadOnlySpan<Operand> tensors, SimdLevel level, WorkerPool pool)
    {
        double sum = 0;
        foreach (Operand tensor in tensors)
        {
            sum += tensor.DType == DType.Float64 ? Squares<double>(backend, tensor, level, pool) : Squares<float>(backend, tensor, level, pool);
        }

        return sum is >= LeastSum and < double.PositiveInfinity ? Math.Sqrt(sum) : ScaledNorm(backend, tensors);
    }

    /// <summary>The norm where squares have left the range of numbers, or may have: relative to the largest element.</summary>
    private static double ScaledNorm(Backend backend, ReadOnlySpan<Operand> tensors)
    {
        double largest = 0;
        foreach (Operand tensor in tensors)
        {
            using DenseOperand<double> x = new(backend, tensor);
            nint count = (nint)tensor.Shape.ElementCount;
            for (nint i = 0; i < count; i++)
            {
                largest = Math.Max(largest, Math.Abs(x.Pointer[i]));
            }
        }

        if (largest == 0 || !double.IsFinite(largest))
        {
            return largest;
        }

        int exponent = -Math.ILogB(largest);
        double sum = 0;
        foreach (Operand tensor in tensors)
        {
            using DenseOperand<double> x = new(backend, tensor);
            nint count = (nint)tensor.Shape.ElementCount;
            for (nint i = 0; i < count; i++)
            {
                double scaled = Math.ScaleB(x.Pointer[i], exponent);
                sum += scaled * scaled;
            }
        }

        return Math.ScaleB(Math.Sqrt(sum), -exponent);
    }

    private static double Squares<T>(Backend backend, in Operand tensor, SimdLevel level, WorkerPool pool)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        nint count = (nint)tensor.Shape.ElementCount, chunks = (count + SumOfSquares<float, F32x1>.Chunk - 1) / SumOfSquares<float, F32x1>.Chunk;
        using DenseOperand<T> x = new(backend, tensor);
        using ScratchLease memory = Scratch.Rent<double>(chunks);
        SumOfSquaresKernel<T> kernel = new(x.Pointer, count, memory.As<double>(), chunks, pool);
        SimdDispatch.Run<T, SumOfSquaresKernel<T>>(level, ref kernel);
        double sum = 0;
        foreach (double part in new ReadOnlySpan<double>(memory.Pointer, (int)chunks))
        {
            sum += part;
        }

        return sum;
    }

    private readonly struct SumOfSquaresKernel<T>(T* x, nint count, double* sums, nint chunks, WorkerPool pool) : ISimdKernel
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public void Run<TVec>() where TVec : unmanaged, ISimd<TVec> =>
            RowLoop<SumOfSquares<T, TVec>>.Run(new(x, count, sums), chunks, SumOfSquares<T, TVec>.Chunk, pool);
    }
}
