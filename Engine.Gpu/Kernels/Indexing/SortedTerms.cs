namespace Engine.Gpu;

/// <summary>Sizes and strides of sums at sorted indices.</summary>
/// <param name="Terms">How many indices there are.</param>
/// <param name="Size">Rows of the destination.</param>
/// <param name="Columns">Numbers of a row.</param>
/// <param name="Chunk">Terms of a work-item.</param>
/// <param name="IndexStep">From one index to the next.</param>
/// <param name="SourceStep">From one row of the source to the next.</param>
/// <param name="SourceColumn">From one column to the next.</param>
/// <param name="DestinationStep">From one row of the destination to the next.</param>
/// <param name="DestinationColumn">From one column to the next.</param>
internal readonly record struct ScatterRows(
    int Terms, int Size, int Columns, int Chunk, long IndexStep, long SourceStep, long SourceColumn, long DestinationStep, long DestinationColumn)
{
    /// <summary>Chunks of all terms.</summary>
    public int Chunks => (Terms + Chunk - 1) / Chunk;

    /// <summary>Terms of a work-item: about as many as there are chunks, since those of one index may be added by one work-item.</summary>
    public static int ChunkOf(int terms)
    {
        int chunk = 16;
        while (chunk < 512 && (long)chunk * chunk < terms)
        {
            chunk *= 2;
        }

        return chunk;
    }
}

/// <summary>The operands of <see cref="SortedScatterKernel"/>, and the work-item's chunk and columns.</summary>
internal sealed class SortedTerms
{
    private readonly KernelBuilder _k;
    private readonly SortedScatterKernel _kernel;
    private readonly Memory _order, _index, _source, _destination, _parts;
    private readonly Value _column, _columns, _indexStep, _sourceStep, _sourceColumn, _destinationStep, _destinationColumn, _size;

    /// <summary>Adds the parameters; <see cref="SortedScatterKernel.Bind"/> adds the arguments.</summary>
    public SortedTerms(KernelBuilder k, SortedScatterKernel kernel)
    {
        RegisterType type = kernel.Is64Bit ? RegisterType.Int64 : RegisterType.Int32;
        (_k, _kernel) = (k, kernel);
        _order = k.Buffer("order", DType.Int64, readOnly: true);
        _index = k.Buffer("index", kernel.Index, readOnly: true);
        _source = k.Buffer("source", kernel.Element, readOnly: true);
        _destination = k.Buffer("destination", kernel.Element);
        _parts = k.Buffer("parts", kernel.Element.ComputeType());
        Items = k.Size("items");
        (Count, ChunkSize, Chunks, _size, _columns) = (k.Size("terms"), k.Size("chunk"), k.Size("chunks"), k.Size("rows"), k.Size("columns"));
        DivisorParameter across = new(k, "across");
        (_indexStep, _sourceStep, _sourceColumn) = (k.Scalar("index_step", type), k.Scalar("source_step", type), k.Scalar("source_column", type));
        (_destinationStep, _destinationColumn) = (k.Scalar("destination_step", type), k.Scalar("destination_column", type));
        (Chunk, Value column) = across.Divide(k.Min(k.GlobalId, Items - 1));
        _column = column * kernel.Width;
        None = k.Constant(kernel.Index.InRegister(), -1);
    }

    /// <summary>Work-items.</summary>
    public Value Items { get; }

    /// <summary>Terms.</summary>
    public Value Count { get; }

    /// <summary>Terms of a chunk.</summary>
    public Value ChunkSize { get; }

    /// <summary>Chunks.</summary>
    public Value Chunks { get; }

    /// <summary>The work-item's chunk.</summary>
    public Value Chunk { get; }

    /// <summary>No row.</summary>
    public Value None { get; }

    /// <summary>Where the term with a place in the sorted order lies in the source.</summary>
    public Value PlaceOf(Value number, Value exists) => _k.Load(_order, number, exists).To(_indexStep.Type);

    /// <summary>The index of a term of the source.</summary>
    public Value IndexOf(Value place, Value exists) => _k.Load(_index, place * _indexStep, exists);

    /// <summary>The index of the term with a place in the sorted order.</summary>
    public Value IndexAt(Value number) => IndexOf(PlaceOf(number, _k.Bool(true)), _k.Bool(true));

    /// <summary>Whether an index is a row of the destination.</summary>
    public Value IsRow(Value index) => AxisIndex.IsIn(index, _k.Int32(0), _size);

    /// <summary>The work-item's columns of a term.</summary>
    public Value[] Source(Value place, Value exists) => Load(_source, (place * _sourceStep) + Column(_sourceColumn), exists);

    /// <summary>The work-item's columns of a row of the destination.</summary>
    public Value[] Row(Value index, Value exists) => Load(_destination, RowStart(index), exists);

    /// <summary>Writes the work-item's columns of a row.</summary>
    public void StoreRow(Value index, Value[] numbers) => Store(_destination, RowStart(index), numbers);

    /// <summary>Sums and carries of the first (0) or the last (1) index of a chunk.</summary>
    public Value[] Part(Value chunk, Value which, Value exists)
    {
        Value at = PartStart(chunk, which);
        return _kernel.HasCarry ? [.. Load(_parts, at, exists), .. Load(_parts, at + _columns, exists)] : Load(_parts, at, exists);
    }

    /// <summary>Writes sums and carries.</summary>
    public void StorePart(Value chunk, Value which, RunningSums sums)
    {
        Value[] numbers = sums.Numbers;
        Store(_parts, PartStart(chunk, which), numbers[.._kernel.Width]);
        if (_kernel.HasCarry)
        {
            Store(_parts, PartStart(chunk, which) + _columns, numbers[_kernel.Width..]);
        }
    }

    private Value RowStart(Value index) => (index.To(_destinationStep.Type) * _destinationStep) + Column(_destinationColumn);

    private Value PartStart(Value chunk, Value which) => ((((chunk * 2) + which) * (_columns * (_kernel.HasCarry ? 2 : 1))) + _column);

    private Value Column(Value step) => _kernel.Width > 1 ? _column.To(step.Type) : _column.To(step.Type) * step;

    private Value[] Load(Memory memory, Value at, Value exists) => _k.LoadVector(memory, at, _kernel.Width, exists);

    private void Store(Memory memory, Value at, Value[] numbers) => _k.StoreVector(memory, at, numbers);
}
