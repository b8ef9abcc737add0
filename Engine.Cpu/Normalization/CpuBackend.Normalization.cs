using System.Numerics;

namespace Engine.Cpu;

/// <summary>Batch and layer normalisation.</summary>
internal sealed unsafe partial class CpuBackend
{
    protected override void BatchNormForwardCore(in BatchNormForwardArgs args)
    {
        if (args.X.DType == DType.Float64)
        {
            BatchNormForward<double>(args);
        }
        else
        {
            BatchNormForward<float>(args);
        }
    }

    protected override void BatchNormBackwardCore(in BatchNormBackwardArgs args)
    {
        if (IsComposed(args))
        {
            base.BatchNormBackwardCore(args);
        }
        else if (args.X.DType == DType.Float64)
        {
            BatchNormBackward<double>(args);
        }
        else
        {
            BatchNormBackward<float>(args);
        }
    }

    /// <summary>Whether the gradient is made of other operations.</summary>
    private static bool IsComposed(in BatchNormBackwardArgs args) => args.AddsToGradX && args.X.Shape[2] < PitchedOperand<float>.LeastLength;

    protected override void LayerNormForwardCore(in LayerNormForwardArgs args)
    {
        if (args.X.DType == DType.Float64)
        {
            LayerNormForward<double>(args);
        }
        else
        {
            LayerNormForward<float>(args);
        }
    }

    protected override void LayerNormBackwardCore(in LayerNormBackwardArgs args)
    {
        if (args.X.DType == DType.Float64)
        {
            LayerNormBackward<double>(args);
        }
        else
        {
            LayerNormBackward<float>(args);
        }
    }

    private void BatchNormForward<T>(in BatchNormForwardArgs args) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        using PitchedOperand<T> x = new(this, args.X);
        using DenseOperand<T> residual = new(this, args.Residual), y = new(this, args.Y, OperandUse.Write);
        using DenseOperand<T> scale = new(this, args.Scale), shift = new(this, args.Shift);
        using DenseOperand<T> runningMean = new(this, args.RunningMean, OperandUse.Update), runningVariance = new(this, args.RunningVariance, OperandUse.Update);
        using DenseOperand<T> mean = new(this, args.Mean, OperandUse.Write), inverseStd = new(this, args.InverseStd, OperandUse.Write);
        BatchNormStatistics<T> statistics = new()
        {
            Scale = scale.Pointer,
            Shift = shift.Pointer,
            RunningMean = runningMean.Pointer,
            RunningVariance = runningVariance.Pointer,
            Mean = mean.Pointer,
            InverseStd = inverseStd.Pointer,
            Momentum = args.Momentum,
            Epsilon = args.Epsilon,
        };
        Shape shape = args.X.Shape;
        BatchNorm.Forward(shape[0], shape[1], shape[2], x.Pointer, x.Gap, residual.Pointer, y.Pointer, args.Relu, statistics, _level, _pool);
        if (args.BatchCount is { } batchCount)
        {
            ++*(long*)batchCount.Address;
        }

        y.WriteBack(this);
        runningMean.WriteBack(this);
        runningVariance.WriteBack(this);
        mean.WriteBack(this);
        inverseStd.WriteBack(this);
    }

    private void BatchNormBackward<T>(in BatchNormBackwardArgs args) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        using PitchedOperand<T> x = new(this, args.X), dx = new(this, args.GradX, args.AddsToGradX ? OperandUse.Update : OperandUse.Write);
        using DenseOperand<T> dy = new(this, args.GradY), y = new(this, args.Y);
        using DenseOperand<T> more = new(this, args.GradYMore), gradResidual = new(this, args.GradResidual, OperandUse.Write);
        using DenseOperand<T> scale = new(this, args.Scale), mean = new(this, args.Mean), inverseStd = new(this, args.InverseStd);
        using DenseOperand<T> gradScale = new(this, args.GradScale, OperandUse.Write), gradShift = new(this, args.GradShift, OperandUse.Write);
        BatchNormGradient<T> gradient = new()
        {
            X = x.Pointer,
            GradY = dy.Pointer,
            GradYMore = more.Pointer,
            Y = y.Pointer,
            GradX = dx.Pointer,
            GapX = x.Gap,
            GapGradX = dx.Gap,
            AddsToGradX = args.AddsToGradX,
            StreamsGradX = !args.AddsToGradX && dx.Pointer != dy.Pointer && Streaming.Pays(3 * args.X.Shape.ElementCount * sizeof(T)),
            GradResidual = gradResidual.Pointer,
            Mean = mean.Pointer,
            InverseStd = inverseStd.Pointer,
            Scale = scale.Pointer,
            GradScale = gradScale.Pointer,
            GradShift = gradShift.Pointer,
        };
        Shape shape = args.X.Shape;
        BatchNorm.Backward(shape[0], shape[1], shape[2], gradient, _level, _pool);
        dx.WriteBack(this);
        gradResidual.WriteBack(this);
        gradScale.WriteBack(this);
        gradShift.WriteBack(this);
    }

    private void LayerNormForward<T>(in LayerNormForwardArgs args) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        using DenseOperand<T> x = new(this, args.X), y = new(this, args.Y, OperandUse.Write), scale = new(this, args.Scale), shift = new(this, args.Shift);
        using DenseOperand<T> mean = new(this, args.Mean, OperandUse.Write), inverseStd = new(this, args.InverseStd, OperandUse.Write);
        LayerNormForwardKernel<T> kernel = new(
            args.X.Shape[0], args.X.Shape[1], x.Pointer, y.Pointer, scale.Pointer, shift.Pointer, mean.Pointer, inverseStd.Pointer, args.Epsilon, _pool);
        SimdDispatch.Run<T, LayerNormForwardKernel<T>>(_level, ref kernel);
        y.WriteBack(this);
        mean.WriteBack(this);
        inverseStd.WriteBack(this);
    }

    private void LayerNormBackward<T>(in LayerNormBackwardArgs args) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        using DenseOperand<T> x = new(this, args.X), dy = new(this, args.GradY), dx = new(this, args.GradX, OperandUse.Write);
        using DenseOperand<T> scale = new(this, args.Scale), mean = new(this, args.Mean), inverseStd = new(this, args.InverseStd);
        using DenseOperand<T> gradScale = new(this, args.GradScale, OperandUse.Write), gradShift = new(this, args.GradShift, OperandUse.Write);
        LayerNormGradient<T> gradient = new()
        {
            X = x.Pointer,
            GradY = dy.Pointer,
            GradX = dx.Pointer,
            Scale = scale.Pointer,
            Mean = mean.Pointer,
            InverseStd = inverseStd.Pointer,
        };
        LayerNormBackwardKernel<T> kernel = new(args.X.Shape[0], args.X.Shape[1], gradient, gradScale.Pointer, gradShift.Pointer, _pool);
        SimdDispatch.Run<T, LayerNormBackwardKernel<T>>(_level, ref kernel);
        dx.WriteBack(this);
        gradScale.WriteBack(this);
        gradShift.WriteBack(this);
    }
}
