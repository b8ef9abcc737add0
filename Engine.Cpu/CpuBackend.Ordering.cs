using System.Numerics;

namespace Engine.Cpu;

/// <summary>Running sums, sorting and norms.</summary>
internal sealed unsafe partial class CpuBackend
{
    /// <summary>Below this sum of squares, those of elements that still count may have been lost to float32's smallest number.</summary>
    private const double LeastSum = 1e-24;

    /// <remarks>float32 and 16-bit floats are summed in float64, integers in int64.</remarks>
    protected override void CumSumCore(in Operand x, in Operand y, int axis)
    {
        AxisSplit split = AxisSplit.Of(x.Shape, axis);
        if (!y.DType.IsFloatingPoint()) CumSum<long, long>(x, y, split);
        else if (y.DType == DType.Float64) CumSum<double, double>(x, y, split);
        else CumSum<float, double>(x, y, split);
    }

    protected override void ArgSortCore(in Operand x, in Operand indices, int axis, bool descending)
    {
        AxisSplit split = AxisSplit.Of(x.Shape, axis);
        if (!x.DType.IsFloatingPoint()) ArgSort<long, IntegerKey>(x, indices, split, descending);
        else if (x.DType == DType.Float64) ArgSort<double, FloatKey>(x, indices, split, descending);
        else ArgSort<float, FloatKey>(x, indices, split, descending);
    }

    protected override void GlobalNormCore(ReadOnlySpan<Operand> tensors, in Operand result)
    {
        double sum = 0;
        foreach (Operand tensor in tensors) sum += tensor.DType == DType.Float64 ? SquaredNorm<double>(tensor) : SquaredNorm<float>(tensor);
        double norm = sum is >= LeastSum and < double.PositiveInfinity ? Math.Sqrt(sum) : ScaledNorm(tensors);
        if (result.DType == DType.Float64) Write(norm, result);
        else Write((float)norm, result);
    }

    /// <summary>The norm where squares have left the range of numbers, or may have: relative to the largest element.</summary>
    private double ScaledNorm(ReadOnlySpan<Operand> tensors)
    {
        double largest = 0;
        foreach (Operand tensor in tensors)
        {
            using DenseOperand<double> x = new(this, tensor);
            nint count = (nint)tensor.Shape.ElementCount;
            for (nint i = 0; i < count; i++) largest = Math.Max(largest, Math.Abs(x.Pointer[i]));
        }

        if (largest == 0 || !double.IsFinite(largest)) return largest;
        int exponent = -Math.ILogB(largest);
        double sum = 0;
        foreach (Operand tensor in tensors)
        {
            using DenseOperand<double> x = new(this, tensor);
            nint count = (nint)tensor.Shape.ElementCount;
            for (nint i = 0; i < count; i++)
            {
                double scaled = Math.ScaleB(x.Pointer[i], exponent);
                sum += scaled * scaled;
            }
        }

        return Math.ScaleB(Math.Sqrt(sum), -exponent);
    }

    private void Write<T>(T value, in Operand scalar) where T : unmanaged
    {
        using DenseOperand<T> place = new(this, scalar, OperandUse.Write);
        *place.Pointer = value;
        place.WriteBack(this);
    }

    private void CumSum<T, TSum>(in Operand x, in Operand y, in AxisSplit split)
        where T : unmanaged, INumberBase<T>
        where TSum : unmanaged, INumberBase<TSum>
    {
        using DenseOperand<T> input = new(this, x), output = new(this, y, OperandUse.Write);
        RunningSum<T, TSum>.Run(split, input.Pointer, output.Pointer, _pool);
        output.WriteBack(this);
    }

    private void ArgSort<T, TKey>(in Operand x, in Operand indices, in AxisSplit split, bool descending)
        where T : unmanaged
        where TKey : struct, ISortKey<T>
    {
        using DenseOperand<T> input = new(this, x);
        using DenseOperand<long> output = new(this, indices, OperandUse.Write);
        SortOrder<T, TKey>.Run(split, input.Pointer, output.Pointer, descending, _pool);
        output.WriteBack(this);
    }

    private double SquaredNorm<T>(in Operand tensor) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        nint count = (nint)tensor.Shape.ElementCount, chunks = (count + SumOfSquares<float, F32x1>.Chunk - 1) / SumOfSquares<float, F32x1>.Chunk;
        using DenseOperand<T> x = new(this, tensor);
        using ScratchLease memory = Scratch.Rent<double>(chunks);
        SumOfSquaresKernel<T> kernel = new(x.Pointer, count, memory.As<double>(), chunks, _pool);
        SimdDispatch.Run<T, SumOfSquaresKernel<T>>(_level, ref kernel);
        double sum = 0;
        foreach (double part in new ReadOnlySpan<double>(memory.Pointer, (int)chunks)) sum += part;
        return sum;
    }

    private readonly struct SumOfSquaresKernel<T>(T* x, nint count, double* sums, nint chunks, WorkerPool pool) : ISimdKernel
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public void Run<TVec>() where TVec : unmanaged, ISimd<TVec> =>
            RowLoop<SumOfSquares<T, TVec>>.Run(new(x, count, sums), chunks, SumOfSquares<T, TVec>.Chunk, pool);
    }
}
