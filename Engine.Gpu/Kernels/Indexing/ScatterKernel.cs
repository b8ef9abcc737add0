namespace Engine.Gpu;

/// <summary>One element of the source a work-item: it is written at its index, which no other work-item has. An index outside of the axis writes nothing.</summary>
/// <param name="Element">Type of destination and source.</param>
/// <param name="Index">Type of the index.</param>
/// <param name="Rank">Padded number of loops over the source.</param>
/// <param name="Is64Bit">Whether indices need 64 bits.</param>
internal readonly record struct ScatterKernel(DType Element, DType Index, int Rank, bool Is64Bit) : IKernelDefinition
{
    /// <summary>Operands of the loops: destination without its axis, index, source.</summary>
    public const int Destination = 0, Indices = 1, Source = 2;

    /// <inheritdoc/>
    public Kernel Build(GpuTarget target)
    {
        RegisterType indexType = Is64Bit ? RegisterType.Int64 : RegisterType.Int32;
        KernelBuilder k = new("scatter", target, IndexLaunch.GroupSize(target));
        Value items = k.Size("items"), size = k.Size("axis_size"), axisStride = k.Scalar("axis_stride", indexType);
        CoordinateParameters loops = new(k, Rank, indexType);
        Memory destination = k.Buffer("destination", Element);
        Value[] destinationStrides = loops.Strides("destination");
        Memory index = k.Buffer("index", Index, readOnly: true);
        Value[] indexStrides = loops.Strides("index");
        Memory source = k.Buffer("source", Element, readOnly: true);
        Value[] sourceStrides = loops.Strides("source");
        Value item = k.GlobalId;
        k.If(item < items, () =>
        {
            Value[] coordinates = loops.Coordinates(item);
            Value at = k.Load(index, loops.Offset(coordinates, indexStrides));
            Value to = loops.Offset(coordinates, destinationStrides) + (at.To(indexType) * axisStride);
            k.Store(destination, to, k.Load(source, loops.Offset(coordinates, sourceStrides)), AxisIndex.IsIn(at, k.Int32(0), size));
        });
        return k.Build();
    }

    /// <summary>Adds the arguments for the loops over the source, in the order of the parameters.</summary>
    public void Bind(ref ArgumentList arguments, in Operand destination, in Operand index, in Operand source, int axis, in IterationSpace space)
    {
        arguments.Add((int)space.Count);
        arguments.Add(destination.Shape[axis]);
        arguments.AddIndex(destination.Layout.Strides[axis], Is64Bit);
        CoordinateParameters.AddSizes(ref arguments, space, Rank);
        arguments.Add(KernelArgument.Buffer(destination, space.Offset(Destination)));
        CoordinateParameters.AddStrides(ref arguments, space, Destination, Rank, Is64Bit);
        arguments.Add(KernelArgument.Buffer(index, space.Offset(Indices)));
        CoordinateParameters.AddStrides(ref arguments, space, Indices, Rank, Is64Bit);
        arguments.Add(KernelArgument.Buffer(source, space.Offset(Source)));
        CoordinateParameters.AddStrides(ref arguments, space, Source, Rank, Is64Bit);
    }
}
