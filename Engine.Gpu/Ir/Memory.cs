namespace Engine.Gpu;

/// <summary>Memory that a kernel reads or writes: an argument of the launch, or shared by a group.</summary>
internal sealed class Memory
{
    // Above the number of any parameter.
    private const int FirstPointer = 1 << 20;

    private Memory(string name, DType element, bool isShared, int parameter, int count, bool isReadOnly, int sharedOffset)
    {
        (Name, Element, IsShared, Parameter, Count) = (name, element, isShared, parameter, count);
        (IsReadOnly, SharedOffset) = (isReadOnly, sharedOffset);
    }

    /// <summary>The name in the rendered text.</summary>
    public string Name { get; }

    /// <summary>The type of its elements, as the kernel sees them.</summary>
    public DType Element { get; }

    /// <summary>Shared by the group, else global.</summary>
    public bool IsShared { get; }

    /// <summary>Global: the number of the parameter, or <see cref="FirstPointer"/> plus the number of the pointer.</summary>
    public int Parameter { get; }

    /// <summary>Whether this is set while the kernel runs: <see cref="KernelBuilder.Pointer"/>.</summary>
    public bool IsPointer => Parameter >= FirstPointer;

    /// <summary>Shared: the number of elements.</summary>
    public int Count { get; }

    /// <summary>Global: nothing writes it while the kernel runs, so that it may be cached.</summary>
    public bool IsReadOnly { get; }

    /// <summary>Shared: where it begins in the group's shared memory, in bytes, a multiple of 16.</summary>
    public int SharedOffset { get; }

    /// <summary>Bytes of shared memory.</summary>
    public int Bytes => Count * Element.SizeInBytes();

    /// <summary>The same bytes seen as other elements.</summary>
    public Memory As(DType element) =>
        new(Name, element, IsShared, Parameter, IsShared ? Bytes / element.SizeInBytes() : 0, IsReadOnly, SharedOffset);

    internal static Memory Global(string name, DType element, int parameter, bool isReadOnly) => new(name, element, false, parameter, 0, isReadOnly, 0);

    internal static Memory Pointer(string name, DType element, int number) => new(name, element, false, FirstPointer + number, 0, false, 0);

    internal static Memory Shared(string name, DType element, int count, int offset) => new(name, element, true, -1, count, false, offset);
}

/// <summary>A parameter of a kernel: a buffer, or a scalar.</summary>
/// <param name="Name">The name in the rendered text.</param>
/// <param name="Type">Of a scalar: Int32, Int64, Float32 or Float64 (UInt32 too).</param>
/// <param name="Buffer">The memory, or null for a scalar.</param>
internal sealed record KernelParameter(string Name, RegisterType Type, Memory? Buffer);

/// <summary>A finished kernel, ready to be rendered.</summary>
internal sealed record Kernel
{
    /// <summary>The entry point: letters, digits and underscores.</summary>
    public required string Name { get; init; }

    /// <summary>In the order of the launch's arguments.</summary>
    public required IReadOnlyList<KernelParameter> Parameters { get; init; }

    /// <summary>Memory that the kernel chooses among its buffers.</summary>
    public IReadOnlyList<Memory> Pointers { get; init; } = [];

    /// <summary>Shared arrays.</summary>
    public required IReadOnlyList<Memory> Shared { get; init; }

    /// <summary>Bytes of shared memory, with those that are left free for <see cref="SharedAlignment"/>.</summary>
    public required int SharedBytes { get; init; }

    /// <summary>Where shared memory begins: at a multiple of so many bytes.</summary>
    public int SharedAlignment { get; init; } = 16;

    /// <summary>Whether warpgroups multiply, for which the text must name one architecture alone.</summary>
    public bool UsesWarpgroups { get; init; }

    /// <summary>Whether groups wait for one another, so that all of a launch have to run at the same time.</summary>
    public bool MeetsGroups { get; init; }

    /// <summary>Work-items of a group.</summary>
    public required int GroupSize { get; init; }

    /// <summary>Groups that should fit on one multiprocessor at a time; a hint for the register allocator, 0 for none.</summary>
    public required int MinGroupsPerUnit { get; init; }

    /// <summary>Variables, by number.</summary>
    public required IReadOnlyList<Variable> Variables { get; init; }

    /// <summary>Its statements.</summary>
    public required Block Body { get; init; }
}
