namespace Engine.Gpu;

/// <summary>How an argument is passed.</summary>
internal enum ArgumentKind : byte
{
    /// <summary>A memory block and an offset in bytes: one 64-bit address in CUDA, a buffer object and a 64-bit number in OpenCL.</summary>
    Buffer,

    /// <summary>Four bytes.</summary>
    Word,

    /// <summary>Eight bytes.</summary>
    Long,
}

/// <summary>One argument of a launch.</summary>
internal readonly struct KernelArgument
{
    private KernelArgument(ArgumentKind kind, nint handle, long bits, long operandBytes = 0)
    {
        OperandBytes = operandBytes;
        Kind = kind;
        Handle = handle;
        Bits = bits;
    }

    /// <summary>How it is passed.</summary>
    public ArgumentKind Kind { get; }

    /// <summary>Of a buffer: the driver's handle.</summary>
    public nint Handle { get; }

    /// <summary>Of a buffer: the offset in bytes; else the bits of the value.</summary>
    public long Bits { get; }

    /// <summary>Of an operand: the bytes of its different elements, for statistics; else 0.</summary>
    public long OperandBytes { get; }

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

        return new KernelArgument(ArgumentKind.Buffer, operand.Storage.Handle, offset * size, count * size);
    }

    /// <summary>A 32-bit number.</summary>
    public static implicit operator KernelArgument(int value) => new(ArgumentKind.Word, 0, value);

    /// <summary>An unsigned 32-bit number.</summary>
    public static implicit operator KernelArgument(uint value) => new(ArgumentKind.Word, 0, value);

    /// <summary>A 64-bit number.</summary>
    public static implicit operator KernelArgument(long value) => new(ArgumentKind.Long, 0, value);

    /// <summary>A single.</summary>
    public static implicit operator KernelArgument(float value) => new(ArgumentKind.Word, 0, BitConverter.SingleToUInt32Bits(value));

    /// <summary>A double.</summary>
    public static implicit operator KernelArgument(double value) => new(ArgumentKind.Long, 0, BitConverter.DoubleToInt64Bits(value));
}
