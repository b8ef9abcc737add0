namespace Engine.Gpu;

/// <summary>The parameters of a <see cref="ReduceKernel"/>, and how it reads elements and writes results.</summary>
internal sealed class ReduceBody
{
    private readonly KernelBuilder _k;
    private readonly ReduceKernel _kernel;
    private readonly RegisterType _indexType;
    private readonly CoordinateParameters _kept;
    private readonly CoordinateParameters _reduced;
    private readonly ProgramParameters _parameters;
    private readonly List<Source> _sources = [];
    private readonly List<Target> _targets = [];
    private readonly Memory[] _states = [];
    private readonly Value _firstItem;
    private readonly Value _firstChunk;
    private Value _result;

    /// <summary>Adds the parameters; <see cref="Bind"/> adds the arguments in the same order.</summary>
    public ReduceBody(KernelBuilder k, in ReduceKernel kernel)
    {
        (_k, _kernel) = (k, kernel);
        _indexType = kernel.Is64Bit ? RegisterType.Int64 : RegisterType.Int32;
        Accumulators = new Accumulators(k, kernel.Program, Compute, _indexType);
        Results = k.Size("results");
        Items = k.Size("items");
        ItemsOfGroup = k.Size("items_of_group");
        _firstItem = k.Scalar("first_item", _indexType);
        _firstChunk = k.Size("first_chunk");
        _kept = new CoordinateParameters(k, kernel.KeptRank, _indexType, "kept");
        _reduced = new CoordinateParameters(k, kernel.Stage == ReduceStage.Finish ? 0 : kernel.ReducedRank, _indexType, "reduced");
        _result = k.Int32(0);
        int inputs = kernel.Program.InputCount;
        if (kernel.Stage != ReduceStage.Finish)
        {
            for (int i = 0; i < inputs; i++)
            {
                if (kernel.Program.Prologue.UsesInput(i))
                {
                    Memory memory = k.Buffer($"in{i}", kernel.Operands.Type(i));
                    _sources.Add(new Source(i, memory, kernel.Operands.Access(i), _kept.Strides($"in{i}"), _reduced.Strides($"in{i}")));
                }
            }

            if (CountsElements(kernel.Program.Prologue))
            {
                _sources.Add(new Source(-1, null, Access.Strided, _kept.Strides("index"), _reduced.Strides("index")) { First = k.Scalar("index_first", _indexType) });
            }
        }

        if (kernel.Stage != ReduceStage.Whole)
        {
            _states = [.. Accumulators.Types.Select((type, i) => k.Buffer($"state{i}", type.InMemory()))];
        }

        if (kernel.Stage != ReduceStage.Chunks)
        {
            for (int i = 0; i < kernel.Program.OutputCount; i++)
            {
                _targets.Add(new Target(k.Buffer($"out{i}", kernel.Operands.Type(inputs + i)), _kept.Strides($"out{i}")));
            }

            if (CountsElements(kernel.Program.Epilogue))
            {
                _targets.Add(new Target(null, _kept.Strides("out_index"), k.Scalar("out_index_first", _indexType)));
            }
        }

        _parameters = new ProgramParameters(k, kernel.Compute, default, kernel.Program.Prologue, kernel.Program.Epilogue);
    }

    /// <summary>Adds the arguments.</summary>
    public static void Bind(
        ref ArgumentList arguments,
        in ReduceKernel kernel,
        in ReduceArgs args,
        in ReducePlan plan,
        in IterationSpace reduced,
        (long All, long OfChunk) items,
        long firstItem,
        int firstChunk,
        ReadOnlySpan<Operand> states)
    {
        arguments.Add((int)plan.Results);
        arguments.Add((int)items.All);
        arguments.Add((int)items.OfChunk);
        arguments.AddIndex(firstItem, kernel.Is64Bit);
        arguments.Add(firstChunk);
        CoordinateParameters.AddSizes(ref arguments, plan.Kept, kernel.KeptRank);
        CoordinateParameters.AddSizes(ref arguments, reduced, kernel.ReducedRank, kernel.Width);
        int inputs = args.Inputs.Length;
        for (int i = 0; kernel.Stage != ReduceStage.Finish && i < plan.FirstOutput; i++)
        {
            if (i < inputs)
            {
                if (!args.Program.Prologue.UsesInput(i))
                {
                    continue;
                }

                arguments.Add(KernelArgument.Buffer(args.Inputs[i], plan.Kept.Offset(i) + reduced.Offset(i)));
            }

            CoordinateParameters.AddStrides(ref arguments, plan.Kept, i, kernel.KeptRank, kernel.Is64Bit);
            CoordinateParameters.AddStrides(ref arguments, reduced, i, kernel.ReducedRank, kernel.Is64Bit, kernel.Width);
            if (i >= inputs)
            {
                arguments.AddIndex(plan.Kept.Offset(i) + reduced.Offset(i), kernel.Is64Bit);
            }
        }

        foreach (ref readonly Operand state in states)
        {
            arguments.Add(state);
        }

        for (int i = plan.FirstOutput; kernel.Stage != ReduceStage.Chunks && i < plan.Kept.Operands; i++)
        {
            int output = i - plan.FirstOutput;
            if (output < args.Outputs.Length)
            {
                arguments.Add(KernelArgument.Buffer(args.Outputs[output], plan.Kept.Offset(i)));
            }

            CoordinateParameters.AddStrides(ref arguments, plan.Kept, i, kernel.KeptRank, kernel.Is64Bit);
            if (output >= args.Outputs.Length)
            {
                arguments.AddIndex(plan.Kept.Offset(i), kernel.Is64Bit);
            }
        }

        ProgramParameters.Bind(ref arguments, kernel.Compute, args.Parameters, null, null, args.Program.Prologue, args.Program.Epilogue);
    }

    /// <summary>The states of the combiners.</summary>
    public Accumulators Accumulators { get; }

    /// <summary>The number of results.</summary>
    public Value Results { get; }

    /// <summary>The number of items of a result: elements, vectors of them, or chunks.</summary>
    public Value Items { get; }

    /// <summary>How many of them are a chunk.</summary>
    public Value ItemsOfGroup { get; }

    private RegisterType Compute => _kernel.Compute.InRegister();

    /// <summary>Whether a program needs the numbers of elements.</summary>
    public static bool CountsElements(MapProgram program) => program.UsesIndex || program.UsesRandom;

    /// <summary>Computes the offset of a result's first element, and loads the operands that are the same for all elements.</summary>
    public void Begin(Value result)
    {
        _result = result;
        if (_kernel.Stage == ReduceStage.Finish)
        {
            return;
        }

        Value[] coordinates = _kept.Coordinates(result);
        foreach (Source source in _sources)
        {
            source.Start = _kept.Offset(coordinates, source.KeptStrides, source.First);
            if (source is { Access: Access.Uniform, Memory: { } memory })
            {
                // An empty axis leaves nothing that could be read.
                source.Constant = _k.Load(memory, source.Start, Items > 0);
            }
        }
    }

    /// <summary>Takes items into a state; all loads first, so that they are under way together.</summary>
    public Value[] Accumulate(Value[] state, ReadOnlySpan<Value> items)
    {
        if (_kernel.Stage == ReduceStage.Finish)
        {
            foreach (Value item in items)
            {
                Value offset = (item.To(_indexType) * Results.To(_indexType)) + _result.To(_indexType);
                state = Accumulators.Merge(state, Array.ConvertAll(_states, memory => _k.Load(memory, offset)));
            }

            return state;
        }

        int width = _kernel.Width;
        var loaded = new Value[items.Length][][];
        for (int i = 0; i < items.Length; i++)
        {
            Value[] coordinates = _reduced.Coordinates(items[i]);
            loaded[i] = [.. _sources.Select(source => Load(source, coordinates))];
        }

        List<Value[]> elements = [];
        List<Value> positions = [];
        for (int i = 0; i < items.Length; i++)
        {
            Value position = (items[i].To(_indexType) + _firstItem) * width;
            for (int lane = 0; lane < width; lane++)
            {
                elements.Add(Prologue(loaded[i], lane));
                positions.Add(position + lane);
            }
        }

        return Accumulators.Add(state, elements, positions);
    }

    /// <summary>Writes a state: as a chunk's, or as results.</summary>
    public void Store(Value result, Value[] state)
    {
        if (_kernel.Stage == ReduceStage.Chunks)
        {
            Value offset = ((_firstChunk + _k.GroupY).To(_indexType) * Results.To(_indexType)) + result.To(_indexType);
            for (int i = 0; i < _states.Length; i++)
            {
                _k.Store(_states[i], offset, state[i]);
            }

            return;
        }

        MapProgram epilogue = _kernel.Program.Epilogue;
        Value[] accumulated = Accumulators.Results(state), coordinates = _kept.Coordinates(result);
        Value[] offsets = [.. _targets.Select(target => _kept.Offset(coordinates, target.Strides, target.First))];
        ElementIndex? index = CountsElements(epilogue) ? new ElementIndex(offsets[^1]) : default(ElementIndex?);
        Value[] outputs = ExprEmitter.Emit(_k, epilogue, Compute, accumulated, _parameters, index);
        for (int i = 0; i < outputs.Length; i++)
        {
            // An index that is handed on as it is keeps all its digits, which a float32 could not hold.
            Instruction last = epilogue.Code[epilogue.Outputs[i]];
            Value output = last.Op == ScalarOpcode.Input ? accumulated[last.A] : outputs[i];
            Memory memory = _targets[i].Memory!;
            _k.Store(memory, offsets[i], ExprEmitter.ForStore(_k, output, memory.Element));
        }
    }

    private Value[] Load(Source source, Value[] coordinates)
    {
        if (source.Constant is { } constant)
        {
            return [constant];
        }

        int width = _kernel.Width;
        Value offset = _reduced.Offset(coordinates, source.ReducedStrides, source.Start);
        if (source.Memory is not { } memory)
        {
            Value step = source.ReducedStrides[^1] / width;
            return [.. Enumerable.Range(0, width).Select(lane => offset + (step * lane))];
        }

        switch (source.Access)
        {
            case Access.Row or Access.Flat:
                return _k.LoadVector(memory, offset, width);
            case Access.Spread:
                return [_k.Load(memory, offset)];
            default:
                // The strides of the innermost loop are those of whole vectors.
                Value step = width == 1 ? offset : source.ReducedStrides[^1] / width;
                return [.. Enumerable.Range(0, width).Select(lane => _k.Load(memory, lane == 0 ? offset : offset + (step * lane)))];
        }
    }

    private Value[] Prologue(Value[][] loaded, int lane)
    {
        var inputs = new Value[_kernel.Program.InputCount];
        Array.Fill(inputs, _k.Int32(0));
        ElementIndex? index = null;
        for (int i = 0; i < _sources.Count; i++)
        {
            Value value = loaded[i][loaded[i].Length == 1 ? 0 : lane];
            if (_sources[i].Memory is null)
            {
                index = new ElementIndex(value);
            }
            else
            {
                inputs[_sources[i].Number] = value;
            }
        }

        return ExprEmitter.Emit(_k, _kernel.Program.Prologue, Compute, inputs, _parameters, index);
    }

    /// <summary>An input, or the element number where there is no memory.</summary>
    private sealed class Source(int number, Memory? memory, Access access, Value[] keptStrides, Value[] reducedStrides)
    {
        public int Number { get; } = number;

        public Memory? Memory { get; } = memory;

        public Access Access { get; } = access;

        public Value[] KeptStrides { get; } = keptStrides;

        public Value[] ReducedStrides { get; } = reducedStrides;

        public Value? First { get; init; }

        public Value? Start { get; set; }

        public Value? Constant { get; set; }
    }

    /// <summary>An output, or the result's number where there is no memory.</summary>
    private sealed record Target(Memory? Memory, Value[] Strides, Value? First = null);
}
