using System.Numerics;

namespace Engine.Cpu;

/// <summary>Convolutions.</summary>
internal sealed unsafe partial class CpuBackend
{
    protected override void ConvForwardCore(in ConvForwardArgs args)
    {
        if (args.Y.DType == DType.Float64)
        {
            ConvForward<double>(args);
        }
        else
        {
            ConvForward<float>(args);
        }
    }

    protected override void ConvBackwardDataCore(in ConvBackwardDataArgs args)
    {
        if (args.GradX.DType == DType.Float64)
        {
            ConvBackwardData<double>(args);
        }
        else
        {
            ConvBackwardData<float>(args);
        }
    }

    protected override void ConvBackwardWeightCore(in ConvBackwardWeightArgs args)
    {
        if (args.GradW.DType == DType.Float64)
        {
            ConvBackwardWeight<double>(args);
        }
        else
        {
            ConvBackwardWeight<float>(args);
        }
    }

    private void ConvForward<T>(in ConvForwardArgs args) where T : unmanaged, INumberBase<T>
    {
        using DenseOperand<T> x = new(this, args.X), w = new(this, args.W), bias = new(this, args.Bias), y = new(this, args.Y, OperandUse.Write);
        bool relu = args.Activation is not null && args.Activation.Equals(Programs.Relu);
        Convolution.Forward(args.Geometry, x.Pointer, w.Pointer, y.Pointer, bias.Pointer, relu, _level, _pool);
        y.WriteBack(this);
        if (args.Activation is null || relu)
        {
            return;
        }

        Map(new MapArgs
        {
            Program = args.Activation,
            ComputeType = args.Y.DType.ComputeType(),
            Shape = args.Y.Shape,
            Inputs = [args.Y],
            Outputs = [args.Y],
            Parameters = [],
        });
    }

    private void ConvBackwardData<T>(in ConvBackwardDataArgs args) where T : unmanaged, INumberBase<T>
    {
        using DenseOperand<T> dy = new(this, args.GradY), w = new(this, args.W), dx = new(this, args.GradX, OperandUse.Write);
        Convolution.BackwardData(args.Geometry, dy.Pointer, w.Pointer, dx.Pointer, _level, _pool);
        dx.WriteBack(this);
    }

    private void ConvBackwardWeight<T>(in ConvBackwardWeightArgs args) where T : unmanaged, INumberBase<T>
    {
        using DenseOperand<T> x = new(this, args.X), dy = new(this, args.GradY), dw = new(this, args.GradW, OperandUse.Write);
        Convolution.BackwardWeight(args.Geometry, x.Pointer, dy.Pointer, dw.Pointer, T.Zero, _level, _pool);
        dw.WriteBack(this);
    }
}
