namespace Engine.Gpu;

/// <summary>
/// A pointwise program some of whose inputs lie across the outputs in memory, as in x.T or between NCHW and NHWC: those go through square
/// tiles of shared memory, so that reads and writes both run along memory.
/// </summary>
/// <remarks>
/// The loops are some outer ones, then <em>lines</em>, along which the transposed inputs are contiguous, then <em>columns</em>, along which
/// the first output is. A group carries out one tile.
/// </remarks>
/// <param name="Program">The program to compute; it counts no elements.</param>
/// <param name="Compute">The type of the arithmetic.</param>
/// <param name="Operands">Inputs, then outputs: <see cref="Access.Spread"/> are those that lie across, <see cref="Access.Strided"/> the others.</param>
/// <param name="Rank">Padded number of loops.</param>
/// <param name="Is64Bit">Whether indices need 64 bits.</param>
/// <param name="Parameters">Where the parameters are.</param>
internal readonly record struct TransposingMapKernel(
    MapProgram Program, DType Compute, OperandClasses Operands, int Rank, bool Is64Bit, ParameterForm Parameters) : IKernelDefinition
{
    /// <summary>Elements of a tile's side: neighbouring work-items, as many as a sub-group has on most cards.</summary>
    public const int Tile = 32;

    // One more, so that the elements of a column lie in different banks, whatever their size.
    private const int Pitch = Tile + 1;

    /// <summary>Shared memory of one input.</summary>
    public static int SharedBytes(DType element) => Tile * Pitch * element.SizeInBytes();

    /// <inheritdoc/>
    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new("map_transposed", target, target.GroupSize);
        MapProgram program = Program;
        RegisterType indexType = Is64Bit ? RegisterType.Int64 : RegisterType.Int32;
        Value lines = k.Size("lines"), columns = k.Size("columns");
        CoordinateParameters tiles = new(k, Rank, indexType);
        var operands = new TransposedOperand?[program.InputCount + program.OutputCount];
        for (int i = 0; i < operands.Length; i++)
        {
            if (MapBody.IsUsed(program, i))
            {
                string name = i < program.InputCount ? $"in{i}" : $"out{i - program.InputCount}";
                operands[i] = new TransposedOperand(
                    k, name, Operands.Type(i), tiles, indexType, isUniform: Operands.Access(i) == Access.Uniform, liesAcross: Operands.Access(i) == Access.Spread);
            }
        }

        ProgramParameters parameters = new(k, Compute, Parameters, program);
        Value[] tile = tiles.Coordinates(k.GroupX);
        Value firstLine = tile[^2] * Tile, firstColumn = tile[^1] * Tile;
        int rows = k.GroupSize / Tile;
        Value along = k.LocalId % Tile, first = k.LocalId / Tile;
        ReadOnlySpan<Value> steps = [.. Enumerable.Range(0, Tile / rows).Select(i => first + (i * rows))];
        foreach (TransposedOperand? operand in operands)
        {
            operand?.Begin(tile);
            operand?.ReadTile(along, steps, column => (firstLine + along < lines) & (firstColumn + column < columns));
        }

        k.Barrier();
        foreach (Value line in steps)
        {
            Value exists = (firstLine + line < lines) & (firstColumn + along < columns);
            var inputs = new Value[program.InputCount];
            for (int i = 0; i < inputs.Length; i++)
            {
                inputs[i] = operands[i]?.Read(line, along, exists) ?? k.Int32(0);
            }

            Value[] results = ExprEmitter.Emit(k, program, Compute.InRegister(), inputs, parameters);
            for (int i = 0; i < results.Length; i++)
            {
                operands[inputs.Length + i]!.Write(line, along, results[i], exists);
            }
        }

        return k.Build();
    }

    /// <summary>Adds the arguments in the order of the parameters.</summary>
    public void Bind(ref ArgumentList arguments, in MapArgs args, in TransposingMapPlan plan)
    {
        int inputs = args.Inputs.Length, columns = plan.Space.Rank - 1;
        arguments.Add((int)plan.Space.Size(columns - 1));
        arguments.Add((int)plan.Space.Size(columns));
        CoordinateParameters.AddSizes(ref arguments, plan.Tiles, Rank);
        for (int i = 0; i < plan.Space.Operands; i++)
        {
            if (!MapBody.IsUsed(Program, i))
            {
                continue;
            }

            arguments.Add(KernelArgument.Buffer(i < inputs ? args.Inputs[i] : args.Outputs[i - inputs], plan.Space.Offset(i)));
            if (Operands.Access(i) != Access.Uniform)
            {
                CoordinateParameters.AddStrides(ref arguments, plan.Tiles, i, Rank, Is64Bit);
                arguments.AddIndex(plan.Space.Stride(i, columns - 1), Is64Bit);
                arguments.AddIndex(plan.Space.Stride(i, columns), Is64Bit);
            }
        }

        ProgramParameters.Bind(ref arguments, Compute, args.Parameters, args.ParameterMemory, null, Program);
    }

    /// <summary>An operand of the kernel.</summary>
    private sealed class TransposedOperand
    {
        private readonly KernelBuilder _k;
        private readonly CoordinateParameters _tiles;
        private readonly RegisterType _indexType;
        private readonly Memory _memory;
        private readonly Memory? _shared;
        private readonly Value[]? _strides;
        private readonly Value? _lineStep, _columnStep;
        private Value? _start;

        public TransposedOperand(KernelBuilder k, string name, DType element, CoordinateParameters tiles, RegisterType indexType, bool isUniform, bool liesAcross)
        {
            (_k, _tiles, _indexType) = (k, tiles, indexType);
            _memory = k.Buffer(name, element);
            if (isUniform)
            {
                return;
            }

            // Strides from tile to tile, then those of elements.
            _strides = tiles.Strides(name);
            _lineStep = k.Scalar($"{name}_line", indexType);
            _columnStep = k.Scalar($"{name}_column", indexType);
            _shared = liesAcross ? k.Shared($"tile_{name}", element, Tile * Pitch) : null;
        }

        /// <summary>Finds where the tile begins.</summary>
        public void Begin(Value[] tile) => _start = _strides is null ? null : _tiles.Offset(tile, _strides);

        /// <summary>Loads the tile of a transposed input into shared memory: work-items side by side read along its lines.</summary>
        public void ReadTile(Value line, ReadOnlySpan<Value> columns, Func<Value, Value> exists)
        {
            if (_shared is null)
            {
                return;
            }

            // All loads before the first store, so that they are under way together.
            var values = new Value[columns.Length];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = _k.Load(_memory, _start! + line.To(_indexType) + (columns[i].To(_indexType) * _columnStep!), exists(columns[i]));
            }

            for (int i = 0; i < values.Length; i++)
            {
                _k.Store(_shared, (columns[i] * Pitch) + line, values[i]);
            }
        }

        /// <summary>An element.</summary>
        public Value Read(Value line, Value column, Value exists) =>
            _shared is not null ? _k.Load(_shared, (column * Pitch) + line)
            : _start is null ? _k.Load(_memory, _k.Int32(0))
            : _k.Load(_memory, Offset(line, column), exists);

        /// <summary>Writes an element in the compute type.</summary>
        public void Write(Value line, Value column, Value value, Value exists) =>
            _k.Store(_memory, Offset(line, column), ExprEmitter.ForStore(_k, value, _memory.Element), exists);

        private Value Offset(Value line, Value column) => _start! + (line.To(_indexType) * _lineStep!) + (column.To(_indexType) * _columnStep!);
    }
}
