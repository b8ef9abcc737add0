using System.Numerics;

namespace Engine.Cpu;

/// <summary>The softmax family.</summary>
/// <remarks>Rows (or columns) are shared among the threads, so results do not depend on their number.</remarks>
internal sealed unsafe partial class CpuBackend
{
    protected override void SoftmaxCore(in Operand x, in Operand y, int axis, bool log)
    {
        if (y.DType == DType.Float64)
        {
            Softmax<double>(x, y, axis, log);
        }
        else
        {
            Softmax<float>(x, y, axis, log);
        }
    }

    protected override void SoftmaxBackwardCore(in Operand y, in Operand gradY, in Operand gradX, int axis, bool log)
    {
        if (gradX.DType == DType.Float64)
        {
            SoftmaxBackward<double>(y, gradY, gradX, axis, log);
        }
        else
        {
            SoftmaxBackward<float>(y, gradY, gradX, axis, log);
        }
    }

    protected override void CrossEntropyForwardCore(in CrossEntropyForwardArgs args)
    {
        if (args.Logits.DType == DType.Float64)
        {
            CrossEntropyForward<double>(args);
        }
        else
        {
            CrossEntropyForward<float>(args);
        }
    }

    protected override void CrossEntropyBackwardCore(in CrossEntropyBackwardArgs args)
    {
        if (args.Logits.DType == DType.Float64)
        {
            CrossEntropyBackward<double>(args);
        }
        else
        {
            CrossEntropyBackward<float>(args);
        }
    }

    private void Softmax<T>(in Operand x, in Operand y, int axis, bool log) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        using DenseOperand<T> input = new(this, x), output = new(this, y, OperandUse.Write);
        SoftmaxKernel<T> kernel = new(AxisSplit.Of(x.Shape, axis), input.Pointer, output.Pointer, log, _pool);
        SimdDispatch.Run<T, SoftmaxKernel<T>>(_level, ref kernel);
        output.WriteBack(this);
    }

    private void SoftmaxBackward<T>(in Operand y, in Operand gradY, in Operand gradX, int axis, bool log) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        using DenseOperand<T> output = new(this, y), dy = new(this, gradY), dx = new(this, gradX, OperandUse.Write);
        SoftmaxGradientKernel<T> kernel = new(AxisSplit.Of(y.Shape, axis), output.Pointer, dy.Pointer, dx.Pointer, log, _pool);
        SimdDispatch.Run<T, SoftmaxGradientKernel<T>>(_level, ref kernel);
        dx.WriteBack(this);
    }

    private void CrossEntropyForward<T>(in CrossEntropyForwardArgs args) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        using DenseOperand<T> logits = new(this, args.Logits), weights = new(this, args.ClassWeights);
        using DenseOperand<long> targets = new(this, args.Targets);
        using DenseOperand<T> logSumExp = new(this, args.LogSumExp, OperandUse.Write), losses = new(this, args.Losses, OperandUse.Write);
        CrossEntropyOperands<T> operands = new(args.Logits.Shape[1], logits.Pointer, targets.Pointer, weights.Pointer, logSumExp.Pointer, args.LabelSmoothing, args.IgnoreIndex);
        CrossEntropyKernel<T> kernel = new(args.Logits.Shape[0], operands, losses.Pointer, 1, null, _pool);
        SimdDispatch.Run<T, CrossEntropyKernel<T>>(_level, ref kernel);
        logSumExp.WriteBack(this);
        losses.WriteBack(this);
    }

    private void CrossEntropyBackward<T>(in CrossEntropyBackwardArgs args) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        using DenseOperand<T> logits = new(this, args.Logits), weights = new(this, args.ClassWeights);
        using DenseOperand<long> targets = new(this, args.Targets);
        using DenseOperand<T> logSumExp = new(this, args.LogSumExp), gradLogits = new(this, args.GradLogits, OperandUse.Write);

        // The gradient of a mean or sum is one number with stride 0; it is read where it lies.
        Operand given = args.GradLosses;
        bool isSpread = given.Layout.Strides[0] == 0;
        using DenseOperand<T> gradLosses = new(this, isSpread ? given.With(given.Layout.Slice(0, 0, 1, 1)) : given);
        CrossEntropyOperands<T> operands = new(args.Logits.Shape[1], logits.Pointer, targets.Pointer, weights.Pointer, logSumExp.Pointer, args.LabelSmoothing, args.IgnoreIndex);
        CrossEntropyKernel<T> kernel = new(args.Logits.Shape[0], operands, gradLosses.Pointer, isSpread ? 0 : 1, gradLogits.Pointer, _pool);
        SimdDispatch.Run<T, CrossEntropyKernel<T>>(_level, ref kernel);
        gradLogits.WriteBack(this);
    }
}
