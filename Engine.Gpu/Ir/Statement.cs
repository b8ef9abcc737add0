namespace Engine.Gpu;

/// <summary>The statement around a nested block; it decides how far an invariant value may be moved out.</summary>
internal enum BlockKind : byte
{
    /// <summary>The kernel itself.</summary>
    Kernel,

    /// <summary>The body of a loop.</summary>
    Loop,

    /// <summary>A side of a branch.</summary>
    Branch,
}

/// <summary>Statements in order.</summary>
internal sealed class Block(Block? parent, BlockKind kind)
{
    /// <summary>The block around it.</summary>
    public Block? Parent { get; } = parent;

    /// <summary>The kind of statement around it.</summary>
    public BlockKind Kind { get; } = kind;

    /// <summary>How many blocks are around it.</summary>
    public int Depth { get; } = parent is null ? 0 : parent.Depth + 1;

    /// <summary>Its statements.</summary>
    public List<Statement> Statements { get; } = [];

    /// <summary>The values that are computed here, by operation and arguments.</summary>
    internal Dictionary<ValueKey, Value> Known { get; } = [];
}

/// <summary>Operation and arguments of a value; two pure values with equal ones are the same.</summary>
internal readonly record struct ValueKey(Opcode Op, RegisterType Type, long Bits, Value? A, Value? B, Value? C);

/// <summary>One step of a kernel.</summary>
internal abstract class Statement;

/// <summary>Computes a value.</summary>
internal sealed class DefineStatement(Value value) : Statement
{
    /// <summary>The value.</summary>
    public Value Value { get; } = value;
}

/// <summary>A register that changes.</summary>
internal sealed class Variable(KernelBuilder builder, int number, RegisterType type)
{
    /// <summary>Unique within the kernel.</summary>
    public int Number { get; } = number;

    /// <summary>Its type.</summary>
    public RegisterType Type { get; } = type;

    /// <summary>Its value at this point of the kernel; setting it appends an assignment.</summary>
    public Value Value
    {
        get => builder.Read(this);
        set => builder.Set(this, value);
    }
}

/// <summary>Variable := value.</summary>
internal sealed class SetStatement(Variable variable, Value value) : Statement
{
    /// <summary>The target.</summary>
    public Variable Variable { get; } = variable;

    /// <summary>The new content.</summary>
    public Value Value { get; } = value;
}

/// <summary>Reads 1, 2 or 4 neighbouring elements: results[j] = memory[index + offset + j]; zeros where a condition is given and does not hold.</summary>
internal sealed class LoadStatement(Memory memory, Value index, int offset, Value[] results, Value? condition) : Statement
{
    /// <summary>From where.</summary>
    public Memory Memory { get; } = memory;

    /// <summary>In elements, Int32 or Int64.</summary>
    public Value Index { get; } = index;

    /// <summary>Added to the index, in elements.</summary>
    public int Offset { get; } = offset;

    /// <summary>The values that were read.</summary>
    public Value[] Results { get; } = results;

    /// <summary>Whether to read at all.</summary>
    public Value? Condition { get; } = condition;
}

/// <summary>Writes 1, 2 or 4 neighbouring elements, if the condition holds or there is none.</summary>
internal sealed class StoreStatement(Memory memory, Value index, int offset, Value[] values, Value? condition) : Statement
{
    /// <summary>The memory that is written.</summary>
    public Memory Memory { get; } = memory;

    /// <summary>In elements, Int32 or Int64.</summary>
    public Value Index { get; } = index;

    /// <summary>Added to the index, in elements.</summary>
    public int Offset { get; } = offset;

    /// <summary>The values to write.</summary>
    public Value[] Values { get; } = values;

    /// <summary>Whether to write at all.</summary>
    public Value? Condition { get; } = condition;
}

/// <summary>Every work-item of the group arrives here, and its shared and global writes are seen by the group, before any goes on.</summary>
internal sealed class BarrierStatement : Statement;

/// <summary>One of two blocks.</summary>
internal sealed class IfStatement(Value condition, Block then, Block? otherwise) : Statement
{
    /// <summary>Decides between the blocks.</summary>
    public Value Condition { get; } = condition;

    /// <summary>Carried out where the condition holds.</summary>
    public Block Then { get; } = then;

    /// <summary>Carried out where it does not hold.</summary>
    public Block? Otherwise { get; } = otherwise;
}

/// <summary>for (counter = start; counter &lt; end; counter += step).</summary>
internal sealed class ForStatement(Value counter, Value start, Value end, Value step, Block body) : Statement
{
    /// <summary>Int32 or Int64; a value of <see cref="Opcode.Counter"/>.</summary>
    public Value Counter { get; } = counter;

    /// <summary>First count.</summary>
    public Value Start { get; } = start;

    /// <summary>The count that is not reached.</summary>
    public Value End { get; } = end;

    /// <summary>Above 0.</summary>
    public Value Step { get; } = step;

    /// <summary>The repeated statements.</summary>
    public Block Body { get; } = body;
}
