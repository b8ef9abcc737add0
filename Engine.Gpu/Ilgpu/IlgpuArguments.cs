using System.Runtime.InteropServices;

namespace Engine.Gpu;

/// <summary>
/// The arguments of a launch in the order that kernels compiled by ILGPU want them: those of the method, and on OpenCL before them the shared
/// memory and the buffers of all views. It is filled in the order of the method's parameters.
/// </summary>
/// <param name="memory">Room on the caller's stack, for <see cref="MostInFront"/> arguments and those of the method.</param>
/// <param name="api">Where the kernel runs.</param>
internal ref struct IlgpuArguments(Span<KernelArgument> memory, GpuApi api)
{
    /// <summary>Most buffers that stand before the other arguments.</summary>
    public const int MostInFront = 24;

    private Span<KernelArgument> _memory = memory;
    private int _front;
    private int _end = MostInFront;

    /// <summary>Shared memory that comes with the launch; the first to be added.</summary>
    public void AddSharedMemory(int bytes)
    {
        if (api == GpuApi.OpenCl)
        {
            AddInFront(KernelArgument.Shared(bytes));
            AddInFront(bytes);
        }
    }

    /// <summary>A view from an operand's first element to the last one that its strides reach.</summary>
    public void AddView(in Operand operand) => AddView((KernelArgument)operand, operand.Layout.Offset, operand.Layout.Reach);

    /// <summary>A view without elements, for an operand that a launch does not have.</summary>
    /// <param name="operand">Any operand of the launch, of any type: a view needs memory that is there.</param>
    public void AddEmptyView(in Operand operand) => AddView(KernelArgument.Buffer(operand.Storage.Handle, 0), 0, 0);

    /// <summary>A view.</summary>
    /// <param name="buffer">The memory and where in it the view begins.</param>
    /// <param name="start">The same offset in elements.</param>
    /// <param name="length">The elements.</param>
    public void AddView(in KernelArgument buffer, long start, long length)
    {
        if (api == GpuApi.Cuda)
        {
            Add(buffer);
        }
        else
        {
            AddInFront(KernelArgument.MemoryOf(buffer));
            Add(KernelArgument.Raw(Start(start), sizeof(long)));
        }

        Add(KernelArgument.Raw(length, sizeof(long), continues: true));
    }

    /// <summary>A structure of two numbers or more, without views.</summary>
    public void AddStructure<T>(T value)
        where T : unmanaged
    {
        Span<byte> bytes = MemoryMarshal.AsBytes(new Span<T>(ref value));
        for (int start = 0; start < bytes.Length; start += sizeof(long))
        {
            int size = Math.Min(sizeof(long), bytes.Length - start);
            long word = 0;
            bytes.Slice(start, size).CopyTo(MemoryMarshal.AsBytes(new Span<long>(ref word)));
            Add(KernelArgument.Raw(word, size, continues: start > 0));
        }
    }

    /// <summary>A buffer of a view that is a part of a structure: the words of the structure follow by <see cref="Add(KernelArgument)"/>.</summary>
    public void AddBufferInFront(in KernelArgument buffer) => AddInFront(KernelArgument.MemoryOf(buffer));

    /// <summary>Any argument, or a part of one.</summary>
    public void Add(KernelArgument argument)
    {
        if (_end == _memory.Length)
        {
            var larger = new KernelArgument[2 * (_end + MostInFront)];
            _memory.CopyTo(larger);
            _memory = larger;
        }

        _memory[_end++] = argument;
    }

    /// <summary>All arguments in order.</summary>
    public readonly ReadOnlySpan<KernelArgument> Finish()
    {
        Span<KernelArgument> front = _memory.Slice(MostInFront - _front, _front);
        _memory[.._front].CopyTo(front);
        return _memory[(MostInFront - _front).._end];
    }

    /// <summary>Where a view begins, as a kernel for OpenCL takes it.</summary>
    /// <exception cref="OperationNotSupportedException">Too far in the memory for ILGPU's 32 bits.</exception>
    public static int Start(long element) => element <= int.MaxValue
        ? (int)element
        : throw new OperationNotSupportedException($"A view that begins at element {element} of its memory: kernels compiled by ILGPU take {int.MaxValue} at most on OpenCL.");

    private void AddInFront(KernelArgument argument)
    {
        if (_front == MostInFront)
        {
            throw new OperationNotSupportedException($"A kernel compiled by ILGPU takes {MostInFront} views at most.");
        }

        _memory[_front++] = argument;
    }
}
