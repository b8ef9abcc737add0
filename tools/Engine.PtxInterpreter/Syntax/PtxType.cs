namespace Engine.PtxInterpreter;

/// <summary>The types of registers, variables and instructions.</summary>
internal enum PtxType : byte
{
    None,
    Pred,
    B8,
    B16,
    B32,
    B64,
    U8,
    U16,
    U32,
    U64,
    S8,
    S16,
    S32,
    S64,
    F16,
    F16x2,
    BF16,
    BF16x2,
    TF32,
    F32,
    F64,
}

/// <summary>Sizes, classes and names of types, and which register may stand where an instruction asks for a type.</summary>
internal static class PtxTypes
{
    public static bool TryParse(string name, out PtxType type)
    {
        type = name switch
        {
            "pred" => PtxType.Pred,
            "b8" => PtxType.B8,
            "b16" => PtxType.B16,
            "b32" => PtxType.B32,
            "b64" => PtxType.B64,
            "u8" => PtxType.U8,
            "u16" => PtxType.U16,
            "u32" => PtxType.U32,
            "u64" => PtxType.U64,
            "s8" => PtxType.S8,
            "s16" => PtxType.S16,
            "s32" => PtxType.S32,
            "s64" => PtxType.S64,
            "f16" => PtxType.F16,
            "f16x2" => PtxType.F16x2,
            "bf16" => PtxType.BF16,
            "bf16x2" => PtxType.BF16x2,
            "tf32" => PtxType.TF32,
            "f32" => PtxType.F32,
            "f64" => PtxType.F64,
            _ => PtxType.None,
        };
        return type != PtxType.None;
    }

    public static string Name(this PtxType type) => "." + type.ToString().ToLowerInvariant();

    /// <summary>Bytes of a value; a predicate takes one byte in the interpreter.</summary>
    public static int Bytes(this PtxType type) => type switch
    {
        PtxType.Pred or PtxType.B8 or PtxType.U8 or PtxType.S8 => 1,
        PtxType.B16 or PtxType.U16 or PtxType.S16 or PtxType.F16 or PtxType.BF16 => 2,
        PtxType.B64 or PtxType.U64 or PtxType.S64 or PtxType.F64 => 8,
        _ => 4,
    };

    public static bool IsBits(this PtxType type) => type is >= PtxType.B8 and <= PtxType.B64;

    public static bool IsUnsigned(this PtxType type) => type is >= PtxType.U8 and <= PtxType.U64;

    public static bool IsSigned(this PtxType type) => type is >= PtxType.S8 and <= PtxType.S64;

    public static bool IsInteger(this PtxType type) => type.IsUnsigned() || type.IsSigned();

    public static bool IsFloat(this PtxType type) => type >= PtxType.F16;

    /// <summary>
    /// Whether a register of one type may be an operand of another: bits go with everything of their size, signed with unsigned
    /// integers, floating point only with itself and bits. Formats that have no register type of their own (bfloat16, tf32, pairs) live in bits.
    /// </summary>
    public static bool Agree(PtxType register, PtxType instruction)
    {
        if (register == PtxType.Pred || instruction == PtxType.Pred)
        {
            return register == instruction;
        }

        if (register.Bytes() != instruction.Bytes())
        {
            return false;
        }

        if (instruction is PtxType.BF16 or PtxType.BF16x2 or PtxType.TF32)
        {
            return register.IsBits();
        }

        return register == instruction || register.IsBits() || instruction.IsBits() || (register.IsInteger() && instruction.IsInteger());
    }

    /// <summary>The relaxed rule of ld, st and cvt: integers and bits may sit in wider registers.</summary>
    public static bool AgreeRelaxed(PtxType register, PtxType instruction)
    {
        if (Agree(register, instruction))
        {
            return true;
        }

        if (register == PtxType.Pred || instruction == PtxType.Pred || register.Bytes() < instruction.Bytes())
        {
            return false;
        }

        return instruction.IsBits()
            ? register.Bytes() > instruction.Bytes()
            : instruction.IsInteger() && (register.IsBits() || register.IsInteger());
    }
}
