namespace Engine.Gpu;

/// <summary>How a kernel finds an operand's element of an iteration.</summary>
internal enum Access : byte
{
    /// <summary>One element for all iterations.</summary>
    Uniform,

    /// <summary>Elements in the order of the iterations.</summary>
    Flat,

    /// <summary>By coordinates; neighbours along the innermost loop lie next to each other.</summary>
    Row,

    /// <summary>By coordinates; one element for a whole innermost loop.</summary>
    Spread,

    /// <summary>By coordinates.</summary>
    Strided,
}

/// <summary>Element type and access of up to 32 operands: the part of a kernel's key that depends on them.</summary>
internal readonly record struct OperandClasses(UInt128 Types, UInt128 Accesses)
{
    private const int Bits = 4;

    /// <summary>The element type of an operand.</summary>
    public DType Type(int operand) => (DType)(int)(Types >> (operand * Bits) & 15);

    /// <summary>The access of an operand.</summary>
    public Access Access(int operand) => (Access)(int)(Accesses >> (operand * Bits) & 15);

    /// <summary>The same with one more operand, number <paramref name="operand"/>.</summary>
    public OperandClasses With(int operand, DType type, Access access) =>
        new(Types | (UInt128)(int)type << (operand * Bits), Accesses | (UInt128)(int)access << (operand * Bits));
}
