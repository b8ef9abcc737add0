namespace Engine.Gpu;

/// <summary>
/// Sums into indexed elements without atomics: a work-item owns a stretch of one line of the destination, reads all indices of that line in
/// order and adds the terms of its stretch. Indices outside of the axis are skipped.
/// </summary>
/// <remarks>
/// The order of the sums is that of the source whatever the number of stretches, so that results have the same bits on every card. Reading
/// an index costs far less than a sum in memory, so that many stretches pay where there are few lines.
/// </remarks>
/// <param name="Element">Type of the source.</param>
/// <param name="Sum">Type of the destination.</param>
/// <param name="Index">Type of the index.</param>
/// <param name="Rank">Padded number of loops over lines.</param>
/// <param name="Is64Bit">Whether indices need 64 bits.</param>
/// <param name="HasCarry">Whether the rounding errors of each sum are summed in a tensor of their own, with the layout of the destination.</param>
internal readonly record struct ScatterAddKernel(DType Element, DType Sum, DType Index, int Rank, bool Is64Bit, bool HasCarry) : IKernelDefinition
{
    /// <summary>Operands of the loops.</summary>
    public const int Destination = 0, Indices = 1, Source = 2;

    /// <summary>Indices that are under way at once.</summary>
    private const int Unroll = 4;

    /// <inheritdoc/>
    public Kernel Build(GpuTarget target)
    {
        RegisterType indexType = Is64Bit ? RegisterType.Int64 : RegisterType.Int32;
        KernelBuilder k = new("scatter_add", target, IndexLaunch.GroupSize(target));
        Value items = k.Size("items"), length = k.Size("length"), size = k.Size("axis_size"), stretch = k.Size("stretch");
        DivisorParameter lines = new(k, "lines");
        CoordinateParameters loops = new(k, Rank, indexType);
        Memory destination = k.Buffer("destination", Sum);
        Memory? carries = HasCarry ? k.Buffer("carries", Sum) : null;
        Value destinationStep = k.Scalar("destination_step", indexType);
        Value[] destinationStrides = loops.Strides("destination");
        Memory index = k.Buffer("index", Index, readOnly: true);
        Value indexStep = k.Scalar("index_step", indexType);
        Value[] indexStrides = loops.Strides("index");
        Memory source = k.Buffer("source", Element, readOnly: true);
        Value sourceStep = k.Scalar("source_step", indexType);
        Value[] sourceStrides = loops.Strides("source");
        DType type = Sum;
        Value item = k.GlobalId;
        k.If(item < items, () =>
        {
            (Value part, Value line) = lines.Divide(item);
            Value low = part * stretch, high = k.Min(low + stretch, size);
            Value[] coordinates = loops.Coordinates(line);
            Value to = loops.Offset(coordinates, destinationStrides);
            Value indices = loops.Offset(coordinates, indexStrides);
            Value from = loops.Offset(coordinates, sourceStrides);

            void AddAll(Value first, int count)
            {
                Value[] numbers = [.. Enumerable.Range(0, count).Select(i => first + i)];
                Value[] found = Array.ConvertAll(numbers, n => k.Load(index, indices + (n.To(indexType) * indexStep)));
                for (int i = 0; i < count; i++)
                {
                    Value at = found[i], number = numbers[i];
                    k.If(AxisIndex.IsIn(at, low, high), () =>
                    {
                        Value target = to + (at.To(indexType) * destinationStep);
                        Value before = k.Load(destination, target), term = k.Load(source, from + (number.To(indexType) * sourceStep));
                        Value sum = before + term;
                        k.Store(destination, target, ExprEmitter.ForStore(k, sum, type));
                        if (carries is not null)
                        {
                            k.Store(carries, target, k.Load(carries, target) + Lost(k, before, term, sum));
                        }
                    });
                }
            }

            Value whole = length - (length % Unroll);
            k.For(k.Int32(0), whole, k.Int32(Unroll), n => AddAll(n, Unroll));
            k.For(whole, length, k.Int32(1), n => AddAll(n, 1));
        });
        return k.Build();
    }

    /// <summary>Adds the arguments for the loops over lines, in the order of the parameters.</summary>
    /// <param name="arguments">The arguments of the launch.</param>
    /// <param name="destination">The tensor to add to.</param>
    /// <param name="carries">The tensor of the rounding errors, if the kernel has one.</param>
    /// <param name="index">The index.</param>
    /// <param name="source">The terms to add.</param>
    /// <param name="axis">The axis of the index.</param>
    /// <param name="space">The loops.</param>
    /// <param name="items">Work-items.</param>
    /// <param name="stretch">Elements of a line that a work-item owns.</param>
    public void Bind(
        ref ArgumentList arguments, in Operand destination, in Operand? carries, in Operand index, in Operand source, int axis, in IterationSpace space, int items, int stretch)
    {
        int lines = (int)space.Count;
        arguments.Add(items);
        arguments.Add(source.Shape[axis]);
        arguments.Add(destination.Shape[axis]);
        arguments.Add(stretch);
        arguments.Add(lines, new Divisor(lines));
        CoordinateParameters.AddSizes(ref arguments, space, Rank);
        arguments.Add(KernelArgument.Buffer(destination, space.Offset(Destination)));
        if (carries is { } beside)
        {
            arguments.Add(KernelArgument.Buffer(beside, space.Offset(Destination)));
        }

        arguments.AddIndex(destination.Layout.Strides[axis], Is64Bit);
        CoordinateParameters.AddStrides(ref arguments, space, Destination, Rank, Is64Bit);
        arguments.Add(KernelArgument.Buffer(index, space.Offset(Indices)));
        arguments.AddIndex(index.Layout.Strides[axis], Is64Bit);
        CoordinateParameters.AddStrides(ref arguments, space, Indices, Rank, Is64Bit);
        arguments.Add(KernelArgument.Buffer(source, space.Offset(Source)));
        arguments.AddIndex(source.Layout.Strides[axis], Is64Bit);
        CoordinateParameters.AddStrides(ref arguments, space, Source, Rank, Is64Bit);
    }

    /// <summary>The rounding error of a sum, exactly (Knuth); 0 where the sum is not finite.</summary>
    internal static Value Lost(KernelBuilder k, Value a, Value b, Value sum)
    {
        Value part = sum - a;
        Value lost = (a - (sum - part)) + (b - part);
        return k.Select(k.Unary(Opcode.Abs, sum) < double.PositiveInfinity, lost, sum.Like(0));
    }
}
