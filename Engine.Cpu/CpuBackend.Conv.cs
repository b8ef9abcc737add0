namespace Engine.Cpu;

/// <summary>Convolutions.</summary>
internal sealed unsafe partial class CpuBackend
{
    protected override void ConvForwardCore(in ConvArgs args)
    {
        bool relu = args.Activation is not null && args.Activation.Equals(Programs.Relu);
        if (args.Y.DType == DType.Float64)
        {
            using PlaneBuffer<double> x = new(args.X), w = new(args.W), bias = new(args.Bias), y = new(args.Y, written: true);
            Convolution.Forward(args.Geometry, x.Pointer, w.Pointer, y.Pointer, bias.Pointer, relu, _pool);
            y.WriteBack();
        }
        else
        {
            using PlaneBuffer<float> x = new(args.X), w = new(args.W), bias = new(args.Bias), y = new(args.Y, written: true);
            Convolution.Forward(args.Geometry, x.Pointer, w.Pointer, y.Pointer, bias.Pointer, relu, _pool);
            y.WriteBack();
        }

        if (args.Activation is null || relu) return;
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

    protected override void ConvBackwardDataCore(in ConvArgs args)
    {
        if (args.X.DType == DType.Float64)
        {
            using PlaneBuffer<double> dy = new(args.Y), w = new(args.W), dx = new(args.X, written: true);
            Convolution.BackwardData(args.Geometry, dy.Pointer, w.Pointer, dx.Pointer, _pool);
            dx.WriteBack();
        }
        else
        {
            using PlaneBuffer<float> dy = new(args.Y), w = new(args.W), dx = new(args.X, written: true);
            Convolution.BackwardData(args.Geometry, dy.Pointer, w.Pointer, dx.Pointer, _pool);
            dx.WriteBack();
        }
    }

    protected override void ConvBackwardWeightCore(in ConvArgs args)
    {
        if (args.W.DType == DType.Float64)
        {
            using PlaneBuffer<double> x = new(args.X), dy = new(args.Y), dw = new(args.W, written: true);
            Convolution.BackwardWeight(args.Geometry, x.Pointer, dy.Pointer, dw.Pointer, 0, _pool);
            dw.WriteBack();
        }
        else
        {
            using PlaneBuffer<float> x = new(args.X), dy = new(args.Y), dw = new(args.W, written: true);
            Convolution.BackwardWeight(args.Geometry, x.Pointer, dy.Pointer, dw.Pointer, 0, _pool);
            dw.WriteBack();
        }
    }
}
