namespace Engine.Gpu;

/// <summary>Pooling.</summary>
internal partial class GpuBackend
{
    protected override void PoolForwardCore(in PoolForwardArgs args)
    {
        Operand y = args.Y;
        if (TryHalve(y.Shape, out int axis, out int half))
        {
            PoolForward(Part(args, axis, 0, half));
            PoolForward(Part(args, axis, half, y.Shape[axis] - half));
            return;
        }

        bool is64Bit = StridesParameter.Is64Bit(args.X, y, args.Indices);
        PoolForwardKernel kernel = new(args.Kind, y.DType, args.Indices is not null, args.Geometry.CountIncludePad, IsChannelsLast(y), is64Bit);
        ArgumentList arguments = new(stackalloc KernelArgument[64]);
        kernel.Bind(ref arguments, args);
        Launch(kernel, Cover(y.Shape.ElementCount), arguments.Span);
    }

    protected override void PoolBackwardCore(in PoolBackwardArgs args)
    {
        Operand dx = args.GradX;
        if (TryHalve(dx.Shape, out int axis, out int half))
        {
            PoolBackward(Part(args, axis, 0, half));
            PoolBackward(Part(args, axis, half, dx.Shape[axis] - half));
            return;
        }

        bool is64Bit = StridesParameter.Is64Bit(dx, args.GradY, args.Indices);
        PoolBackwardKernel kernel = new(args.Kind, dx.DType, args.Geometry.CountIncludePad, IsChannelsLast(dx), is64Bit);
        ArgumentList arguments = new(stackalloc KernelArgument[64]);
        kernel.Bind(ref arguments, args);
        Launch(kernel, Cover(dx.Shape.ElementCount), arguments.Span);
    }

    /// <summary>Whether there are too many cells for one launch, and along which axis to cut them: images first, then channels.</summary>
    private static bool TryHalve(Shape shape, out int axis, out int half)
    {
        axis = shape[0] > 1 ? 0 : 1;
        half = shape[axis] / 2;
        return shape.ElementCount > MaxItems && half > 0;
    }

    private static PoolForwardArgs Part(in PoolForwardArgs args, int axis, int start, int length) => new()
    {
        Kind = args.Kind,
        Geometry = args.Geometry,
        X = Part(args.X, axis, start, length),
        Y = Part(args.Y, axis, start, length),
        Indices = args.Indices is { } indices ? Part(indices, axis, start, length) : null,
    };

    private static PoolBackwardArgs Part(in PoolBackwardArgs args, int axis, int start, int length) => new()
    {
        Geometry = args.Geometry,
        GradY = Part(args.GradY, axis, start, length),
        Indices = args.Indices is { } indices ? Part(indices, axis, start, length) : null,
        GradX = Part(args.GradX, axis, start, length),
    };

    private static Operand Part(in Operand operand, int axis, int start, int length) => operand.With(operand.Layout.Slice(axis, start, length, 1));

    private static bool IsChannelsLast(in Operand images) =>
        images.Shape[1] > 1 && Math.Abs(images.Layout.Strides[1]) < Math.Abs(images.Layout.Strides[3]) && images.Shape[3] > 1;
}
