using System.Runtime.CompilerServices;

namespace Engine.Gpu;

/// <summary>
/// Writes a kernel. C# runs while the kernel is built: a C# loop unrolls, a C# number is a constant; a value of this builder is computed on
/// the card.
/// </summary>
/// <remarks>
/// Values are simplified while they are made: constants are folded, equal values are computed once, and a value that does not depend on
/// the surrounding loops is computed before them (but never moved out of a branch). Unused values are dropped at the end.
/// </remarks>
internal sealed partial class KernelBuilder
{
    private readonly State _state;
    private readonly int _groupSize;
    private string _name;

    /// <summary>Starts a kernel whose groups have <paramref name="groupSize"/> work-items.</summary>
    public KernelBuilder(string name, GpuTarget target, int groupSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groupSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(groupSize, target.MaxGroupSize);
        (_name, Target, _groupSize) = (name, target, groupSize);
        _state = s_host is { } host ? Join(host) : new State();
    }

    /// <summary>The device that the kernel is built for.</summary>
    public GpuTarget Target { get; }

    /// <summary>Work-items of a group.</summary>
    public int GroupSize => _groupSize;

    /// <summary>Groups that should fit on one multiprocessor at a time; a hint, 0 for none.</summary>
    public int MinGroupsPerUnit { get; set; }

    /// <summary>Index of the work-item in its group.</summary>
    public Value LocalId => Pure(Opcode.LocalId, RegisterType.Int32, 0);

    /// <summary>Index of the group along the first direction.</summary>
    public Value GroupX => _place?.X ?? Pure(Opcode.GroupId, RegisterType.Int32, 0);

    /// <summary>Index of the group along the second direction.</summary>
    public Value GroupY => _place?.Y ?? Pure(Opcode.GroupId, RegisterType.Int32, 1);

    /// <summary>Index of the group along the third direction.</summary>
    public Value GroupZ => _place is null ? Pure(Opcode.GroupId, RegisterType.Int32, 2) : Int32(0);

    /// <summary>Number of groups along the first direction.</summary>
    public Value GroupCountX => _place?.CountX ?? Pure(Opcode.GroupCount, RegisterType.Int32, 0);

    /// <summary>Number of groups along the second direction.</summary>
    public Value GroupCountY => _place?.CountY ?? Pure(Opcode.GroupCount, RegisterType.Int32, 1);

    /// <summary>Number of groups along the third direction.</summary>
    public Value GroupCountZ => _place is null ? Pure(Opcode.GroupCount, RegisterType.Int32, 2) : Int32(1);

    /// <summary>Index of the work-item among all along the first direction, Int32.</summary>
    public Value GlobalId => (GroupX * _groupSize) + LocalId;

    /// <summary>
    /// A buffer argument. <paramref name="readOnly"/> promises that no one writes these bytes while the kernel runs: not where an output may
    /// be the same memory.
    /// </summary>
    public Memory Buffer(string name, DType element, bool readOnly = false)
    {
        name = _prefix + name;
        Memory memory = Memory.Global(name, element, _state.Parameters.Count, readOnly);
        AddParameter(name, RegisterType.Int64, memory);
        return memory;
    }

    /// <summary>A scalar argument.</summary>
    public Value Scalar(string name, RegisterType type)
    {
        AddParameter(_prefix + name, type, null);
        return Pure(Opcode.Parameter, type, _state.Parameters.Count - 1);
    }

    /// <summary>A scalar argument that is a size: Int32, at least 0.</summary>
    public Value Size(string name)
    {
        AddParameter(_prefix + name, RegisterType.Int32, null);
        return Pure(Opcode.Parameter, RegisterType.Int32, _state.Parameters.Count - 1, isNonNegative: true);
    }

    /// <summary>An array that the group shares; its content is undefined at first.</summary>
    public Memory Shared(string name, DType element, int count)
    {
        Memory memory = Memory.Shared(name, element, count, _state.SharedBytes);
        _state.Shared.Add(memory);
        _state.SharedBytes += (memory.Bytes + 15) & ~15;
        return memory;
    }

    /// <summary>A register that changes, with its first content.</summary>
    public Variable Variable(Value initial)
    {
        Variable variable = new(this, _state.Variables.Count, initial.Type);
        _state.Variables.Add(variable);
        Set(variable, initial);
        return variable;
    }

    /// <summary>Registers that change, all starting from one value.</summary>
    public Variable[] Variables(int count, Value initial)
    {
        var variables = new Variable[count];
        for (int i = 0; i < count; i++)
        {
            variables[i] = Variable(initial);
        }

        return variables;
    }

    /// <summary>memory[index].</summary>
    public Value Load(Memory memory, Value index, Value? condition = null) => LoadVector(memory, index, 1, condition)[0];

    /// <summary>memory[index … index + width): the address is a multiple of the vector's size. Width 1, 2 or 4.</summary>
    public Value[] LoadVector(Memory memory, Value index, int width, Value? condition = null)
    {
        (Value start, int offset) = Address(memory, index, width, condition);
        var results = new Value[width];
        for (int i = 0; i < width; i++)
        {
            results[i] = Fresh(Opcode.Read, memory.Element.InRegister(), -1, isNonNegative: memory.Element is DType.Bool or DType.UInt8);
        }

        Append(new LoadStatement(memory, start, offset, results, condition));
        return results;
    }

    /// <summary>memory[index] = value.</summary>
    public void Store(Memory memory, Value index, Value value, Value? condition = null) => StoreVector(memory, index, [value], condition);

    /// <summary>memory[index …] = values; see <see cref="LoadVector"/>.</summary>
    public void StoreVector(Memory memory, Value index, Value[] values, Value? condition = null)
    {
        (Value start, int offset) = Address(memory, index, values.Length, condition);
        foreach (Value value in values)
        {
            Require(value);
            if (value.Type != memory.Element.InRegister())
            {
                throw Fault($"a {value.Type} is stored into {memory.Name}, whose elements are {memory.Element}");
            }
        }

        Append(new StoreStatement(memory, start, offset, values, condition));
    }

    /// <summary>All work-items of the group meet here. Not inside a branch, unless every work-item takes the same side.</summary>
    public void Barrier()
    {
        if (_state.Branches > 0)
        {
            throw Fault("a barrier inside a branch");
        }

        Append(new BarrierStatement());
    }

    /// <summary>A branch.</summary>
    /// <param name="condition">A Bool.</param>
    /// <param name="then">Writes the statements for where it holds.</param>
    /// <param name="otherwise">Writes the statements for where it does not.</param>
    /// <param name="uniform">A promise that all work-items of a group take the same side, so that barriers are allowed inside.</param>
    public void If(Value condition, Action then, Action? otherwise = null, bool uniform = false)
    {
        Require(condition);
        if (condition.IsConstant)
        {
            (condition.Bits != 0 ? then : otherwise)?.Invoke();
            return;
        }

        Flush();
        int branches = _state.Branches;
        _state.Branches += uniform ? 0 : 1;
        Block thenBlock = Nested(BlockKind.Branch, then);
        Block? elseBlock = otherwise is null ? null : Nested(BlockKind.Branch, otherwise);
        _state.Branches = branches;
        Append(new IfStatement(condition, thenBlock, elseBlock));
    }

    /// <summary>for (i = start; i &lt; end; i += step). Barriers are allowed inside where all work-items of a group count alike.</summary>
    public void For(Value start, Value end, Value step, Action<Value> body)
    {
        Require(start);
        Require(end);
        Require(step);
        if (start.Type != end.Type || start.Type != step.Type)
        {
            throw Fault($"a loop from {start.Type} to {end.Type} by {step.Type}");
        }

        Flush();
        Block outer = _state.Block;
        Block block = new(outer, BlockKind.Loop);
        _state.Block = block;
        _state.Reads.Clear();
        Value counter = Fresh(Opcode.Counter, start.Type, 0, isNonNegative: start.IsNonNegative);
        body(counter);
        Flush();
        _state.Reads.Clear();
        _state.Block = outer;
        Append(new ForStatement(counter, start, end, step, block));
    }

    /// <summary>for (i = start; i &lt; end; i += step) with numbers known when the kernel is built.</summary>
    public void For(int start, Value end, int step, Action<Value> body) => For(end.Like(start), end, end.Like(step), body);

    /// <summary>The finished kernel.</summary>
    public Kernel Build()
    {
        Flush();
        RequireRoomToMeet();
        if (_host is not null)
        {
            _host.Take(this);
        }
        else
        {
            DeadCode.Remove(_state.Root);
        }

        return new Kernel
        {
            Name = _name,
            Parameters = _state.Parameters,
            Pointers = _state.Pointers,
            Shared = _state.Shared,
            // Where it begins is known to be a multiple of 16 only.
            SharedBytes = _state.SharedBytes + (_sharedAlignment - 16),
            SharedAlignment = _sharedAlignment,
            UsesWarpgroups = _usesWarpgroups,
            MeetsGroups = _meetsGroups,
            GroupSize = _groupSize,
            MinGroupsPerUnit = MinGroupsPerUnit,
            Variables = _state.Variables,
            Body = _state.Root,
        };
    }

    /// <summary>What has been written so far. The builders of the parts of one kernel share it.</summary>
    private sealed class State
    {
        public State() => Block = Root;

        public List<KernelParameter> Parameters { get; } = [];

        public List<Memory> Shared { get; } = [];

        public List<Variable> Variables { get; } = [];

        public List<Memory> Pointers { get; } = [];

        public HashSet<Memory> Followed { get; } = [];

        public Dictionary<int, Value> Reads { get; } = [];

        public Dictionary<int, Value> Pending { get; } = [];

        public Block Root { get; } = new(null, BlockKind.Kernel);

        public Block Block { get; set; }

        public int NextId { get; set; }

        public int SharedBytes { get; set; }

        public int Branches { get; set; }
    }

    internal int NextId() => _state.NextId++;

    private Block Nested(BlockKind kind, Action body)
    {
        Block outer = _state.Block;
        Block block = new(outer, kind);
        _state.Block = block;
        body();
        Flush();
        _state.Reads.Clear();
        _state.Block = outer;
        return block;
    }

    private (Value Index, int Offset) Address(Memory memory, Value index, int width, Value? condition)
    {
        Require(index);
        if (memory.IsPointer)
        {
            _state.Followed.Add(memory);
        }

        if (condition is not null)
        {
            Require(condition);
        }

        if (width is not (1 or 2 or 4))
        {
            throw Fault($"a vector of {width} elements");
        }

        if (index.Type is not (RegisterType.Int32 or RegisterType.Int64))
        {
            throw Fault($"{memory.Name} is indexed by a {index.Type}");
        }

        // The constant part of an index costs nothing inside the instruction.
        return index is { Op: Opcode.Add, B.IsConstant: true } && index.B.Bits is > -100_000 and < 100_000
            ? (index.A!, (int)index.B.Bits)
            : (index, 0);
    }

    private void Append(Statement statement) => _state.Block.Statements.Add(statement);

    /// <summary>A value can be used where its block is open: values die with the loop or branch that made them.</summary>
    private void Require(Value value, [CallerMemberName] string user = "")
    {
        ArgumentNullException.ThrowIfNull(value);
        Block? block = _state.Block;
        while (block is not null && !ReferenceEquals(block, value.Home))
        {
            block = block.Parent;
        }

        if (block is null)
        {
            throw Fault($"{user} uses v{value.Id} ({value.Op}), which was computed inside a loop or branch that is over; carry it out in a variable");
        }
    }

    private InvalidOperationException Fault(string what) => new($"Kernel {_name}: {what}.");

    private void AddParameter(string name, RegisterType type, Memory? memory)
    {
        // Only the compiler of a card would find it otherwise. Shared arrays may have one name: renderers number them.
        if (_state.Parameters.Exists(parameter => parameter.Name == name))
        {
            throw Fault($"two parameters have the name '{name}'");
        }

        _state.Parameters.Add(new KernelParameter(name, type, memory));
    }
}
