namespace Engine.Gpu;

/// <summary>One element of y a work-item: x at the index. An index outside of the axis, a negative one included, gives NaN, in integer types 0.</summary>
/// <param name="Element">Type of x and y.</param>
/// <param name="Index">Type of the index.</param>
/// <param name="Rank">Padded number of loops over y.</param>
/// <param name="Is64Bit">Whether indices need 64 bits.</param>
internal readonly record struct GatherKernel(DType Element, DType Index, int Rank, bool Is64Bit) : IKernelDefinition
{
    /// <summary>Operands of the loops: x without its axis, index, y.</summary>
    public const int X = 0, Indices = 1, Y = 2;

    /// <inheritdoc/>
    public Kernel Build(GpuTarget target)
    {
        RegisterType indexType = Is64Bit ? RegisterType.Int64 : RegisterType.Int32;
        KernelBuilder k = new("gather", target, IndexLaunch.GroupSize(target));
        Value items = k.Size("items"), size = k.Size("axis_size"), axisStride = k.Scalar("axis_stride", indexType);
        CoordinateParameters loops = new(k, Rank, indexType);
        Memory x = k.Buffer("x", Element, readOnly: true);
        Value[] xStrides = loops.Strides("x");
        Memory index = k.Buffer("index", Index, readOnly: true);
        Value[] indexStrides = loops.Strides("index");
        Memory y = k.Buffer("y", Element);
        Value[] yStrides = loops.Strides("y");
        bool isFloat = Element.IsFloatingPoint();
        Value item = k.GlobalId;
        k.If(item < items, () =>
        {
            Value[] coordinates = loops.Coordinates(item);
            Value at = k.Load(index, loops.Offset(coordinates, indexStrides));
            Value isInside = AxisIndex.IsIn(at, k.Int32(0), size);
            Value from = loops.Offset(coordinates, xStrides) + (at.To(indexType) * axisStride);
            Value value = k.Load(x, from, isInside);
            k.Store(y, loops.Offset(coordinates, yStrides), isFloat ? k.Select(isInside, value, value.Like(double.NaN)) : value);
        });
        return k.Build();
    }

    /// <summary>Adds the arguments for the loops over y, in the order of the parameters.</summary>
    public void Bind(ref ArgumentList arguments, in Operand x, in Operand index, in Operand y, int axis, in IterationSpace space)
    {
        arguments.Add((int)space.Count);
        arguments.Add(x.Shape[axis]);
        arguments.AddIndex(x.Layout.Strides[axis], Is64Bit);
        CoordinateParameters.AddSizes(ref arguments, space, Rank);
        arguments.Add(KernelArgument.Buffer(x, space.Offset(X)));
        CoordinateParameters.AddStrides(ref arguments, space, X, Rank, Is64Bit);
        arguments.Add(KernelArgument.Buffer(index, space.Offset(Indices)));
        CoordinateParameters.AddStrides(ref arguments, space, Indices, Rank, Is64Bit);
        arguments.Add(KernelArgument.Buffer(y, space.Offset(Y)));
        CoordinateParameters.AddStrides(ref arguments, space, Y, Rank, Is64Bit);
    }
}
