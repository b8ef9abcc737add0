namespace Engine.PtxInterpreter;

/// <summary>An operand as it is written.</summary>
internal abstract record PtxOperand;

/// <summary>A register, or `_` where a result is not wanted.</summary>
internal sealed record PtxRegisterOperand(PtxRegister Register) : PtxOperand;

/// <summary>A result that is not wanted: `_`.</summary>
internal sealed record PtxSinkOperand : PtxOperand;

/// <summary>A negated predicate.</summary>
internal sealed record PtxNotOperand(PtxRegister Register) : PtxOperand;

/// <summary>Two predicates for a comparison and its complement: p|q.</summary>
internal sealed record PtxPairOperand(PtxOperand First, PtxOperand Second) : PtxOperand;

/// <summary>A special register such as %tid.x.</summary>
internal sealed record PtxSpecialOperand(string Name) : PtxOperand;

/// <summary>How a number was written, which decides where it may stand.</summary>
internal enum PtxNumberForm : byte
{
    Integer,
    Decimal,
    SingleBits,
    DoubleBits,
}

/// <summary>A number. <paramref name="Bits"/> are those of a double for <see cref="PtxNumberForm.Decimal"/>.</summary>
internal sealed record PtxNumberOperand(PtxNumberForm Form, ulong Bits, bool IsNegative) : PtxOperand;

/// <summary>The name of a label, a variable or a parameter.</summary>
internal sealed record PtxNameOperand(string Name) : PtxOperand;

/// <summary>Several operands in braces.</summary>
internal sealed record PtxVectorOperand(IReadOnlyList<PtxOperand> Elements) : PtxOperand;

/// <summary>An address: register, name or nothing, plus a constant.</summary>
internal sealed record PtxAddressOperand(PtxOperand? Base, long Offset) : PtxOperand;
