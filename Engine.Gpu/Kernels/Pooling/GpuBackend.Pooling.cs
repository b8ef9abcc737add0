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
        PoolForwardKernel kernel = new(args.Kind, y.DType, args.Indices is not null, args.Geometry.CountIncludePad, IsChannelsLast(y), WidthOf(y, args.X, args.Indices), is64Bit);
        ArgumentList arguments = new(stackalloc KernelArgument[64]);
        kernel.Bind(ref arguments, args);
        Launch(kernel, Cover(y.Shape.ElementCount / kernel.Width), arguments.Span);
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
        PoolBackwardKernel kernel = new(args.Kind, dx.DType, args.Geometry.CountIncludePad, IsChannelsLast(dx), WidthOf(dx, args.GradY, args.Indices), is64Bit);
        ArgumentList arguments = new(stackalloc KernelArgument[64]);
        kernel.Bind(ref arguments, args);
        Launch(kernel, Cover(dx.Shape.ElementCount / kernel.Width), arguments.Span);
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

    /// <summary>Neighbouring channels that a work-item takes: as many as a vector has where channels are neighbours in all operands.</summary>
    private static int WidthOf(in Operand images, in Operand others, in Operand? indices)
    {
        int width = VectorAlignment.VectorBytes / Math.Max(images.DType.SizeInBytes(), sizeof(int));
        return IsChannelsLast(images) && Fits(images) && Fits(others) && (indices is not { } given || Fits(given)) ? width : 1;

        bool Fits(in Operand operand)
        {
            ReadOnlySpan<long> strides = operand.Layout.Strides;
            return strides[1] == 1 && operand.Shape[1] % width == 0 && operand.StartsAligned(width) && (strides[0] | strides[2] | strides[3]) % width == 0;
        }
    }

    private static bool IsChannelsLast(in Operand images) =>
        images.Shape[1] > 1 && Math.Abs(images.Layout.Strides[1]) < Math.Abs(images.Layout.Strides[3]) && images.Shape[3] > 1;
}
