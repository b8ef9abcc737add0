using System.Numerics;

namespace Engine.Cpu;

/// <summary>Running sums, sorting and norms.</summary>
internal sealed unsafe partial class CpuBackend
{
    /// <remarks>float32 and 16-bit floats are summed in float64, integers in int64.</remarks>
    protected override void CumSumCore(in Operand x, in Operand y, int axis)
    {
        AxisSplit split = AxisSplit.Of(x.Shape, axis);
        if (!y.DType.IsFloatingPoint())
        {
            CumSum<long, long>(x, y, split);
        }
        else if (y.DType == DType.Float64)
        {
            CumSum<double, double>(x, y, split);
        }
        else
        {
            CumSum<float, double>(x, y, split);
        }
    }

    protected override void ArgSortCore(in Operand x, in Operand indices, int axis, bool descending)
    {
        AxisSplit split = AxisSplit.Of(x.Shape, axis);
        if (!x.DType.IsFloatingPoint())
        {
            ArgSort<long, IntegerKey>(x, indices, split, descending);
        }
        else if (x.DType == DType.Float64)
        {
            ArgSort<double, FloatKey>(x, indices, split, descending);
        }
        else
        {
            ArgSort<float, FloatKey>(x, indices, split, descending);
        }
    }

    protected override void GlobalNormCore(ReadOnlySpan<Operand> tensors, in Operand result)
    {
        double norm = EuclideanNorm.Of(this, tensors, _level, _pool);
        if (result.DType == DType.Float64)
        {
            Write(norm, result);
        }
        else
        {
            Write((float)norm, result);
        }
    }

    private void Write<T>(T value, in Operand scalar) where T : unmanaged
    {
        using DenseOperand<T> number = new(this, scalar, OperandUse.Write);
        *number.Pointer = value;
        number.WriteBack(this);
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
}
