namespace Engine.Gpu;

/// <summary>A pointer is one of several buffers from here on.</summary>
internal sealed class PointStatement(Memory pointer, Memory target) : Statement
{
    /// <summary>The pointer that is set.</summary>
    public Memory Pointer { get; } = pointer;

    /// <summary>A buffer of the launch.</summary>
    public Memory Target { get; } = target;
}

// Memory that is chosen while the kernel runs.
internal sealed partial class KernelBuilder
{

    /// <summary>
    /// Memory that <see cref="Point"/> makes one of the buffers, in each branch another, so that the code after the branches is written once.
    /// </summary>
    public Memory Pointer(string name, DType element)
    {
        Memory pointer = Memory.Pointer(name, element, _state.Pointers.Count);
        _state.Pointers.Add(pointer);
        return pointer;
    }

    /// <summary>Sets a pointer, before anything is read or written through it: addresses are computed once and kept.</summary>
    public void Point(Memory pointer, Memory target)
    {
        if (!pointer.IsPointer || target.IsPointer || target.IsShared || target.IsReadOnly || target.Element != pointer.Element)
        {
            throw Fault($"{pointer.Name} cannot become {target.Name}");
        }

        if (_state.Followed.Contains(pointer))
        {
            throw Fault($"{pointer.Name} is set after it was used");
        }

        Append(new PointStatement(pointer, target));
    }
}
