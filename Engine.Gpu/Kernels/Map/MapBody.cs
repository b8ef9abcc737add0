namespace Engine.Gpu;

/// <summary>The parameters of a <see cref="MapKernel"/> and its work for one item.</summary>
internal sealed class MapBody
{
    private readonly KernelBuilder _k;
    private readonly MapKernel _kernel;
    private readonly Memory[] _memories;
    private readonly Value[][] _strides;
    private readonly CoordinateParameters _coordinates;
    private readonly ProgramParameters _parameters;
    private readonly Value? _firstIndex;
    private readonly RegisterType _indexType;

    /// <summary>Adds the parameters; <see cref="Bind"/> adds the arguments in the same order.</summary>
    public MapBody(KernelBuilder k, in MapKernel kernel)
    {
        (_k, _kernel) = (k, kernel);
        MapProgram program = kernel.Program;
        _indexType = kernel.Is64Bit ? RegisterType.Int64 : RegisterType.Int32;
        Items = k.Size("items");
        Elements = k.Size("elements");
        ItemsOfGroup = k.Size("items_of_group");
        _firstIndex = kernel.Is64Bit && (program.UsesIndex || program.UsesRandom) ? k.Scalar("first_index", RegisterType.Int64) : null;
        _coordinates = new CoordinateParameters(k, kernel.Rank, _indexType);
        int operands = program.InputCount + program.OutputCount;
        (_memories, _strides) = (new Memory[operands], new Value[operands][]);
        for (int i = 0; i < operands; i++)
        {
            if (!IsUsed(program, i))
            {
                continue;
            }

            // Outputs may be the same memory, element for element, so that none can be promised to be read-only.
            string name = i < program.InputCount ? $"in{i}" : $"out{i - program.InputCount}";
            _memories[i] = k.Buffer(name, kernel.Operands.Type(i));
            _strides[i] = kernel.Operands.Access(i) >= Access.Row ? _coordinates.Strides(name) : [];
        }

        _parameters = new ProgramParameters(k, kernel.Compute, kernel.Parameters, program);
    }

    /// <summary>Items of work, each of the kernel's width.</summary>
    public Value Items { get; }

    /// <summary>Elements; more than the items cover where the width does not divide them.</summary>
    public Value Elements { get; }

    /// <summary>Items of a group, on a processor.</summary>
    public Value ItemsOfGroup { get; }

    /// <summary>Whether an operand is an argument at all.</summary>
    public static bool IsUsed(MapProgram program, int operand) => operand >= program.InputCount || program.UsesInput(operand);

    /// <summary>Adds the arguments.</summary>
    public static void Bind(ref ArgumentList arguments, in MapKernel kernel, in MapArgs args, in IterationSpace space, int itemsOfGroup, long firstIndex)
    {
        MapProgram program = kernel.Program;
        long elements = space.Count;
        arguments.Add((int)(elements / kernel.Width));
        arguments.Add((int)elements);
        arguments.Add(itemsOfGroup);
        if (kernel.Is64Bit && (program.UsesIndex || program.UsesRandom))
        {
            arguments.Add(firstIndex);
        }

        CoordinateParameters.AddSizes(ref arguments, space, kernel.Rank, kernel.Width);
        for (int i = 0; i < space.Operands; i++)
        {
            if (!IsUsed(program, i))
            {
                continue;
            }

            ref readonly Operand operand = ref i < program.InputCount ? ref args.Inputs[i] : ref args.Outputs[i - program.InputCount];
            arguments.Add(KernelArgument.Buffer(operand, space.Offset(i)));
            if (kernel.Operands.Access(i) >= Access.Row)
            {
                CoordinateParameters.AddStrides(ref arguments, space, i, kernel.Rank, kernel.Is64Bit, kernel.Width);
            }
        }

        ProgramParameters.Bind(ref arguments, kernel.Compute, args.Parameters, args.ParameterMemory, args.DrawOffset, program);
    }

    /// <summary>Carries out several items of work: all loads first, so that they are under way together.</summary>
    public void Run(ReadOnlySpan<Value> items)
    {
        int inputs = _kernel.Program.InputCount, width = _kernel.Width;
        var coordinates = new Value[items.Length][];
        var loaded = new Value[items.Length][][];
        for (int i = 0; i < items.Length; i++)
        {
            coordinates[i] = _coordinates.Coordinates(items[i]);
            loaded[i] = new Value[inputs][];
            for (int input = 0; input < inputs; input++)
            {
                loaded[i][input] = _kernel.Program.UsesInput(input) ? Load(input, items[i], coordinates[i]) : [];
            }
        }

        for (int i = 0; i < items.Length; i++)
        {
            var results = new Value[width][];
            for (int lane = 0; lane < width; lane++)
            {
                results[lane] = Emit([.. loaded[i].Select(values => Lane(values, lane))], new ElementIndex(Index(items[i], width), lane, width));
            }

            for (int output = 0; output < _kernel.Program.OutputCount; output++)
            {
                Store(inputs + output, items[i], coordinates[i], [.. results.Select(lane => lane[output])]);
            }
        }
    }

    /// <summary>Carries out one element of flat operands.</summary>
    public void RunSingle(Value element)
    {
        int inputs = _kernel.Program.InputCount;
        var loaded = new Value[inputs];
        for (int input = 0; input < inputs; input++)
        {
            loaded[input] = _kernel.Program.UsesInput(input) ? _k.Load(_memories[input], Flat(input) ? element : _k.Int32(0)) : element;
        }

        Value[] results = Emit(loaded, Index(element, 1));
        for (int output = 0; output < results.Length; output++)
        {
            Memory memory = _memories[inputs + output];
            _k.Store(memory, element, ExprEmitter.ForStore(_k, results[output], memory.Element));
        }
    }

    private Value[] Emit(ReadOnlySpan<Value> inputs, ElementIndex index) =>
        ExprEmitter.Emit(_k, _kernel.Program, _kernel.Compute.InRegister(), inputs, _parameters, index);

    private Value[] Load(int operand, Value item, Value[] coordinates)
    {
        Memory memory = _memories[operand];
        int width = _kernel.Width;
        switch (_kernel.Operands.Access(operand))
        {
            case Access.Uniform:
                return [_k.Load(memory, _k.Int32(0))];
            case Access.Flat:
                return _k.LoadVector(memory, item * width, width);
            case Access.Row:
                return _k.LoadVector(memory, _coordinates.Offset(coordinates, _strides[operand]), width);
            case Access.Spread:
                return [_k.Load(memory, _coordinates.Offset(coordinates, _strides[operand]))];
            default:
                return [.. Offsets(operand, coordinates).Select(offset => _k.Load(memory, offset))];
        }
    }

    private void Store(int operand, Value item, Value[] coordinates, Value[] values)
    {
        Memory memory = _memories[operand];
        values = Array.ConvertAll(values, value => ExprEmitter.ForStore(_k, value, memory.Element));
        switch (_kernel.Operands.Access(operand))
        {
            case Access.Flat:
                _k.StoreVector(memory, item * values.Length, values);
                break;
            case Access.Row:
                _k.StoreVector(memory, _coordinates.Offset(coordinates, _strides[operand]), values);
                break;
            case Access.Uniform:
                _k.Store(memory, _k.Int32(0), values[0]);
                break;
            default:
                foreach ((Value offset, Value value) in Offsets(operand, coordinates).Zip(values))
                {
                    _k.Store(memory, offset, value);
                }

                break;
        }
    }

    // The strides of the innermost loop are those of whole items; its own stride is wanted only here.
    private Value[] Offsets(int operand, Value[] coordinates)
    {
        Value start = _coordinates.Offset(coordinates, _strides[operand]);
        int width = _kernel.Width;
        if (width == 1)
        {
            return [start];
        }

        var offsets = new Value[width];
        Value step = _strides[operand][^1] / width;
        for (int lane = 0; lane < width; lane++)
        {
            offsets[lane] = lane == 0 ? start : start + (step * lane);
        }

        return offsets;
    }

    private bool Flat(int operand) => _kernel.Operands.Access(operand) == Access.Flat;

    private Value Index(Value item, int width) => _firstIndex is null ? item * width : (item.To(RegisterType.Int64) * width) + _firstIndex;

    // An input that the program does not read was not loaded; its value is not used.
    private Value Lane(Value[] values, int lane) => values.Length switch
    {
        0 => _k.Int32(0),
        1 => values[0],
        _ => values[lane],
    };
}
