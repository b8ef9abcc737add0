namespace Engine.Gpu;

/// <summary>How an argument is passed, and of a number its type.</summary>
internal enum ArgumentKind : byte
{
    /// <summary>A memory block and an offset in bytes: one 64-bit address in CUDA, a buffer object and a 64-bit number in OpenCL.</summary>
    Buffer,

    /// <summary>A signed number of four bytes.</summary>
    Int32,

    /// <summary>An unsigned number of four bytes.</summary>
    UInt32,

    /// <summary>A single.</summary>
    Float32,

    /// <summary>A signed number of eight bytes.</summary>
    Int64,

    /// <summary>A double.</summary>
    Float64,

    /// <summary>Memory alone, without an offset. OpenCL only.</summary>
    Memory,

    /// <summary>So many bytes of shared memory. OpenCL only: CUDA gives them with the launch.</summary>
    SharedMemory,

    /// <summary>One to eight bytes of no particular type: a small number, or a part of a structure.</summary>
    Bytes,
}

/// <summary>One argument of a launch.</summary>
internal readonly struct KernelArgument
{
    private KernelArgument(ArgumentKind kind, nint handle, long bits)
    {
        Kind = kind;
        Handle = handle;
        Bits = bits;
    }

    /// <summary>How it is passed.</summary>
    public ArgumentKind Kind { get; private init; }

    /// <summary>Of an operand: the type of its elements; null for memory of no particular type.</summary>
    public DType? Element { get; private init; }

    /// <summary>Whether these are the next eight bytes of the same parameter, a structure, as the argument before.</summary>
    public bool Continues { get; private init; }

    /// <summary>How many bytes of the value count.</summary>
    public byte Size { get; private init; } = sizeof(long);

    /// <summary>Of a buffer: the driver's handle.</summary>
    public nint Handle { get; }

    /// <summary>Of a buffer: the offset in bytes; else the bits of the value.</summary>
    public long Bits { get; }

    /// <summary>Of an operand: the bytes of its different elements; else 0.</summary>
    public long OperandBytes { get; private init; }

    /// <summary>Of an operand: its storage's <see cref="Storage.Id"/>; else 0.</summary>
    public long StorageId { get; private init; }

    /// <summary>Of an operand: whether it is all of its storage.</summary>
    public bool IsWhole { get; private init; }

    /// <summary>Memory from an offset on.</summary>
    public static KernelArgument Buffer(nint handle, long offsetInBytes) => new(ArgumentKind.Buffer, handle, offsetInBytes);

    /// <summary>The memory of an operand from its first element on.</summary>
    public static implicit operator KernelArgument(in Operand operand) => Buffer(operand, operand.Layout.Offset);

    /// <summary>The memory of an operand from another element on.</summary>
    public static KernelArgument Buffer(in Operand operand, long offset)
    {
        int size = operand.DType.SizeInBytes();
        long count = 1;
        for (int i = 0; i < operand.Layout.Rank; i++)
        {
            count *= operand.Layout.Strides[i] == 0 ? 1 : operand.Shape[i];
        }

        Storage storage = operand.Storage;
        return new KernelArgument(ArgumentKind.Buffer, storage.Handle, offset * size)
        {
            Element = operand.DType,
            OperandBytes = count * size,
            StorageId = storage.Id,
            IsWhole = count * size == storage.Bytes,
        };
    }

    /// <summary>A number by its bits.</summary>
    public static KernelArgument Number(long bits, ArgumentKind kind, int size) => new(kind, 0, bits) { Size = (byte)size };

    /// <summary>A part of a tensor's memory.</summary>
    public static KernelArgument Part(Storage storage, long offsetInBytes, long bytes, DType? element) =>
        new(ArgumentKind.Buffer, storage.Handle, offsetInBytes) { Element = element, OperandBytes = bytes, StorageId = storage.Id, IsWhole = bytes == storage.Bytes };

    /// <summary>These bytes as the next eight of the same parameter as the argument before.</summary>
    public static KernelArgument Continuing(in KernelArgument argument) => argument with { Continues = true };

    /// <summary>The memory of an operand, without the offset of its first element.</summary>
    public static KernelArgument MemoryOf(in KernelArgument buffer) => buffer with { Kind = ArgumentKind.Memory };

    /// <summary>So many bytes of shared memory.</summary>
    public static KernelArgument Shared(int bytes) => new(ArgumentKind.SharedMemory, 0, bytes);

    /// <summary>The lowest bytes of a number.</summary>
    /// <param name="bits">The number.</param>
    /// <param name="size">How many bytes count, 1 to 8.</param>
    /// <param name="continues">Whether they belong to the same parameter as the argument before, which then has eight.</param>
    public static KernelArgument Raw(long bits, int size, bool continues = false) =>
        new(ArgumentKind.Bytes, 0, bits) { Size = (byte)size, Continues = continues };

    /// <summary>A 32-bit number.</summary>
    public static implicit operator KernelArgument(int value) => new(ArgumentKind.Int32, 0, value);

    /// <summary>An unsigned 32-bit number.</summary>
    public static implicit operator KernelArgument(uint value) => new(ArgumentKind.UInt32, 0, value);

    /// <summary>A 64-bit number.</summary>
    public static implicit operator KernelArgument(long value) => new(ArgumentKind.Int64, 0, value);

    /// <summary>A single.</summary>
    public static implicit operator KernelArgument(float value) => new(ArgumentKind.Float32, 0, BitConverter.SingleToUInt32Bits(value));

    /// <summary>A double.</summary>
    public static implicit operator KernelArgument(double value) => new(ArgumentKind.Float64, 0, BitConverter.DoubleToInt64Bits(value));
}
