using System.Numerics;

namespace Engine.Cpu;

/// <summary>Pooling.</summary>
/// <remarks>Images are shared among the threads, so results do not depend on their number.</remarks>
internal sealed unsafe partial class CpuBackend
{
    protected override void PoolForwardCore(in PoolForwardArgs args)
    {
        if (args.Y.DType == DType.Float64)
        {
            PoolForward<double>(args);
        }
        else
        {
            PoolForward<float>(args);
        }
    }

    protected override void PoolBackwardCore(in PoolBackwardArgs args)
    {
        if (args.GradX.DType == DType.Float64)
        {
            PoolBackward<double>(args);
        }
        else
        {
            PoolBackward<float>(args);
        }
    }

    private void PoolForward<T>(in PoolForwardArgs args) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        using DenseOperand<T> x = new(this, args.X), y = new(this, args.Y, OperandUse.Write);
        using DenseOperand<int> indices = new(this, args.Indices, OperandUse.Write);
        PoolForwardKernel<T> kernel = new(args.Kind, Plane(args.Geometry, args.X, args.Y), Images(args.X), x.Pointer, y.Pointer, indices.Pointer, _pool);
        SimdDispatch.Run<T, PoolForwardKernel<T>>(_level, ref kernel);
        y.WriteBack(this);
        indices.WriteBack(this);
    }

    private void PoolBackward<T>(in PoolBackwardArgs args) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        using DenseOperand<T> dx = new(this, args.GradX, OperandUse.Write), dy = new(this, args.GradY);
        using DenseOperand<int> indices = new(this, args.Indices);
        PoolPlane plane = Plane(args.Geometry, args.GradX, args.GradY);
        nint images = Images(args.GradX);
        if (args.Kind == PoolKind.Max)
        {
            PoolLoop<T, MaxPoolGradient<T>>.Run(plane, images, dx.Pointer, dy.Pointer, indices.Pointer, _pool);
        }
        else if (plane.IsHalving)
        {
            PoolLoop<T, HalvingMeanGradient<T>>.Run(plane, images, dx.Pointer, dy.Pointer, null, _pool);
        }
        else
        {
            PoolLoop<T, AveragePoolGradient<T>>.Run(plane, images, dx.Pointer, dy.Pointer, null, _pool);
        }

        dx.WriteBack(this);
    }

    private static PoolPlane Plane(in PoolGeometry geometry, in Operand images, in Operand results) =>
        new(geometry, images.Shape[2], images.Shape[3], results.Shape[2], results.Shape[3]);

    private static nint Images(in Operand images) => (nint)images.Shape[0] * images.Shape[1];
}
