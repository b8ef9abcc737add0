using System.Numerics;

namespace Engine.Cpu;

/// <summary>Pooling.</summary>
/// <remarks>Images are shared among the threads, so results do not depend on their number.</remarks>
internal sealed unsafe partial class CpuBackend
{
    protected override void PoolForwardCore(in PoolArgs args)
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

    protected override void PoolBackwardCore(in PoolArgs args)
    {
        if (args.X.DType == DType.Float64)
        {
            PoolBackward<double>(args);
        }
        else
        {
            PoolBackward<float>(args);
        }
    }

    private void PoolForward<T>(in PoolArgs args) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        using DenseOperand<T> x = new(this, args.X), y = new(this, args.Y, OperandUse.Write);
        using DenseOperand<int> indices = new(this, args.Indices, OperandUse.Write);
        PoolForwardKernel<T> kernel = new(args.Kind, Plane(args), Images(args), x.Pointer, y.Pointer, indices.Pointer, _pool);
        SimdDispatch.Run<T, PoolForwardKernel<T>>(_level, ref kernel);
        y.WriteBack(this);
        indices.WriteBack(this);
    }

    private void PoolBackward<T>(in PoolArgs args) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        using DenseOperand<T> x = new(this, args.X, OperandUse.Write), y = new(this, args.Y);
        using DenseOperand<int> indices = new(this, args.Kind == PoolKind.Max ? args.Indices : null);
        PoolPlane plane = Plane(args);
        if (args.Kind == PoolKind.Max) PoolLoop<T, MaxPoolGradient<T>>.Run(plane, Images(args), x.Pointer, y.Pointer, indices.Pointer, _pool);
        else if (plane.IsHalving) PoolLoop<T, HalvingMeanGradient<T>>.Run(plane, Images(args), x.Pointer, y.Pointer, null, _pool);
        else PoolLoop<T, AveragePoolGradient<T>>.Run(plane, Images(args), x.Pointer, y.Pointer, null, _pool);
        x.WriteBack(this);
    }

    private static PoolPlane Plane(in PoolArgs args) => new(args.Geometry, args.X.Shape[2], args.X.Shape[3], args.Y.Shape[2], args.Y.Shape[3]);

    private static nint Images(in PoolArgs args) => (nint)args.X.Shape[0] * args.X.Shape[1];
}
