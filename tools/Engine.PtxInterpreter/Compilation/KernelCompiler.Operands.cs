namespace Engine.PtxInterpreter;

/// <summary>Operands: their types against those that the instruction asks for, and their columns.</summary>
internal sealed partial class KernelCompiler
{
    /// <summary>The column of a source.</summary>
    private int Read(int operand, PtxType type, bool relaxed = false) => Read(_instruction.Operands[operand], type, relaxed);

    private int Read(PtxOperand operand, PtxType type, bool relaxed = false)
    {
        switch (operand)
        {
            case PtxRegisterOperand(PtxRegister register):
                CheckType(register, type, relaxed);
                _use.Reads.Add(register);
                return _columns.Of(register);
            case PtxNumberOperand number:
                return _columns.Constant(type.Bytes(), Bits(number, type));
            case PtxSpecialOperand special when _instruction.Opcode is "mov" or "cvt" && type is PtxType.U32 or PtxType.B32 or PtxType.S32:
                return _columns.OfSpecial(special.Name);
            case PtxSpecialOperand special:
                throw Error($"{special.Name} can only be read by mov.u32");
            case PtxNotOperand:
                throw Error("a negated predicate cannot stand here");
            default:
                throw Error($"a register or a number of type {type.Name()} is expected");
        }
    }

    /// <summary>The column of a register whose type the instruction does not fix, or of a number, and that type.</summary>
    private (int Slot, PtxType Type) ReadRegister(int operand, PtxType type, bool relaxed)
    {
        if (_instruction.Operands[operand] is PtxSpecialOperand)
        {
            return (Read(operand, type, relaxed), PtxType.U32);
        }

        if (_instruction.Operands[operand] is PtxNumberOperand && type.IsInteger() && type.Bytes() > 1)
        {
            return (Read(operand, type), type);
        }

        return _instruction.Operands[operand] is PtxRegisterOperand(PtxRegister register)
            ? (Read(operand, type, relaxed), register.Type)
            : throw Error($"a register is expected as operand {operand + 1}");
    }

    /// <summary>The column of a predicate and whether it is negated.</summary>
    private (int Slot, bool Negated) ReadPredicate(int operand)
    {
        if (_instruction.Operands[operand] is PtxNotOperand(PtxRegister register))
        {
            CheckType(register, PtxType.Pred, relaxed: false);
            _use.Reads.Add(register);
            return (_columns.Of(register), true);
        }

        return _instruction.Operands[operand] is PtxRegisterOperand
            ? (Read(operand, PtxType.Pred), false)
            : throw Error($"a predicate is expected as operand {operand + 1}");
    }

    /// <summary>The column of a destination.</summary>
    private int Write(int operand, PtxType type, bool relaxed = false) => Write(_instruction.Operands[operand], type, relaxed);

    private int Write(PtxOperand operand, PtxType type, bool relaxed = false)
    {
        if (operand is not PtxRegisterOperand(PtxRegister register))
        {
            throw Error($"a register of type {type.Name()} is expected as the destination");
        }

        CheckType(register, type, relaxed);
        _use.Writes.Add(register);
        return _columns.Of(register);
    }

    /// <summary>The column of a destination, or -1 for `_`.</summary>
    private int WriteOrSink(PtxOperand operand, PtxType type, bool relaxed = false) => operand is PtxSinkOperand ? -1 : Write(operand, type, relaxed);

    private PtxType RegisterType(PtxOperand operand) => operand is PtxRegisterOperand(PtxRegister register) ? register.Type : throw Error("a register is expected");

    private IReadOnlyList<PtxOperand> Vector(int operand, int length) =>
        _instruction.Operands[operand] is PtxVectorOperand vector && vector.Elements.Count == length
            ? vector.Elements
            : throw Error($"operand {operand + 1} must be a vector of {length}");

    private void CheckType(PtxRegister register, PtxType type, bool relaxed)
    {
        if (!(relaxed ? PtxTypes.AgreeRelaxed(register.Type, type) : PtxTypes.Agree(register.Type, type)))
        {
            throw Error($"register {register.Name} is {register.Type.Name()}, which does not go with {type.Name()}");
        }
    }

    private ulong Bits(PtxNumberOperand number, PtxType type)
    {
        switch (number.Form)
        {
            case PtxNumberForm.Integer when type.IsBits() || type.IsInteger():
                int bits = 8 * type.Bytes();
                if (bits < 64)
                {
                    long value = (long)number.Bits;
                    if (value < -(1L << (bits - 1)) || value >= 1L << bits)
                    {
                        throw Error($"{value} does not fit into {type.Name()}");
                    }

                    return number.Bits & ((1UL << bits) - 1);
                }

                return number.Bits;
            case PtxNumberForm.Integer when type == PtxType.Pred && _instruction.Opcode == "mov":
                return number.Bits == 0 ? 0UL : 1UL;
            case PtxNumberForm.SingleBits when type is PtxType.F32 or PtxType.B32:
            case PtxNumberForm.DoubleBits when type is PtxType.F64 or PtxType.B64:
                return number.Bits;
            case PtxNumberForm.Decimal when type == PtxType.F64:
                return number.Bits;
            case PtxNumberForm.Decimal when type == PtxType.F32:
                return BitConverter.SingleToUInt32Bits((float)BitConverter.UInt64BitsToDouble(number.Bits));
            default:
                throw Error($"a number of this form cannot be an operand of type {type.Name()}");
        }
    }

    /// <summary>An address in a state space.</summary>
    private Address AddressOf(int operand, MemorySpace space, int bytes)
    {
        bool isShared = space == MemorySpace.Shared;
        if (_instruction.Operands[operand] is not PtxAddressOperand(var start, long offset))
        {
            throw Error($"operand {operand + 1} must be an address in brackets");
        }

        if (space is MemorySpace.Shared or MemorySpace.Generic)
        {
            _sharedGranule = Math.Min(_sharedGranule, bytes);
        }

        switch (start)
        {
            case PtxRegisterOperand(PtxRegister register):
                bool isNarrow = register.Type is PtxType.B32 or PtxType.U32 or PtxType.S32;
                if (!(isNarrow && isShared) && register.Type is not (PtxType.B64 or PtxType.U64 or PtxType.S64))
                {
                    throw Error($"register {register.Name} is {register.Type.Name()} and cannot hold a {space.ToString().ToLowerInvariant()} address");
                }

                _use.Reads.Add(register);
                return new Address(_columns.Of(register), isNarrow, offset);
            case PtxNameOperand(string name) when isShared && _kernel.Shared.TryGetValue(name, out PtxShared? variable):
                if (!variable.IsExtern && (offset < 0 || offset + bytes > variable.Bytes))
                {
                    throw Error($"{name}{(offset < 0 ? "" : "+")}{offset} lies outside of the {variable.Bytes} bytes of {name}");
                }

                return new Address(_columns.Constant(8, (ulong)variable.Offset), false, offset);
            case PtxNameOperand(string name) when space == MemorySpace.Local && _kernel.Locals.TryGetValue(name, out PtxLocal? local):
                if (offset < 0 || offset + bytes > local.Bytes || offset % bytes != 0)
                {
                    throw Error($"{name}{(offset < 0 ? "" : "+")}{offset} is not within the {local.Bytes} bytes of {name}, or not aligned");
                }

                return new Address(_columns.Constant(8, (ulong)local.Offset), false, offset);
            default:
                throw Error(space is MemorySpace.Shared or MemorySpace.Local
                    ? $"a {space.ToString().ToLowerInvariant()} address begins with a register or a {space.ToString().ToLowerInvariant()} variable"
                    : $"a {space.ToString().ToLowerInvariant()} address begins with a register");
        }
    }
}
