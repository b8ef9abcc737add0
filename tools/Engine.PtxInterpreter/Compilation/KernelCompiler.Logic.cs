using static Engine.PtxInterpreter.PtxType;

namespace Engine.PtxInterpreter;

/// <summary>Bits, shifts, comparisons and selection.</summary>
internal sealed partial class KernelCompiler
{
    private Operation Bitwise()
    {
        PtxType type = _modifiers.Type(Pred, B16, B32, B64);
        (int d, int a, int b) = Three(type);
        return type.Bytes() switch
        {
            1 => Bitwise<byte>(d, a, b),
            2 => Bitwise<ushort>(d, a, b),
            4 => Bitwise<uint>(d, a, b),
            _ => Bitwise<ulong>(d, a, b),
        };
    }

    private Operation Bitwise<T>(int d, int a, int b)
        where T : unmanaged, System.Numerics.IBinaryInteger<T> => _instruction.Opcode switch
        {
            "and" => new VectorBinary<T, And<T>>(d, a, b),
            "or" => new VectorBinary<T, Or<T>>(d, a, b),
            _ => new VectorBinary<T, Xor<T>>(d, a, b),
        };

    private Operation Not()
    {
        PtxType type = _modifiers.Type(Pred, B16, B32, B64);
        (int d, int a) = Two(type);
        return type switch
        {
            Pred => new Unary<byte, byte, NotPredicate>(d, a),
            B16 => new Unary<ushort, ushort, Not<ushort>>(d, a),
            B32 => new Unary<uint, uint, Not<uint>>(d, a),
            _ => new Unary<ulong, ulong, Not<ulong>>(d, a),
        };
    }

    private Operation Shift()
    {
        bool left = _instruction.Opcode == "shl";
        PtxType type = left ? _modifiers.Type(B16, B32, B64) : _modifiers.Type(B16, B32, B64, U16, U32, U64, S16, S32, S64);
        _modifiers.End(3);
        int a = Read(1, type);
        int b = Read(2, U32);
        int d = Write(0, type);
        return type switch
        {
            S16 => new Binary<short, uint, short, ShiftRight<short>>(d, a, b),
            S32 => new Binary<int, uint, int, ShiftRight<int>>(d, a, b),
            S64 => new Binary<long, uint, long, ShiftRight<long>>(d, a, b),
            B16 or U16 => left ? new Binary<ushort, uint, ushort, ShiftLeft<ushort>>(d, a, b) : new Binary<ushort, uint, ushort, ShiftRight<ushort>>(d, a, b),
            B32 or U32 => left ? new Binary<uint, uint, uint, ShiftLeft<uint>>(d, a, b) : new Binary<uint, uint, uint, ShiftRight<uint>>(d, a, b),
            _ => left ? new Binary<ulong, uint, ulong, ShiftLeft<ulong>>(d, a, b) : new Binary<ulong, uint, ulong, ShiftRight<ulong>>(d, a, b),
        };
    }

    private Operation FunnelShift()
    {
        bool left = _modifiers.Expect("l", "r") == "l";
        _modifiers.Expect("wrap");
        _modifiers.Type(B32);
        (int d, int a, int b, int c) = Four(U32);
        return left ? new Ternary<uint, uint, uint, uint, FunnelLeft>(d, a, b, c) : new Ternary<uint, uint, uint, uint, FunnelRight>(d, a, b, c);
    }

    private Operation CountBits()
    {
        PtxType type = _modifiers.Type(B32, B64);
        _modifiers.End(2);
        int a = Read(1, type);
        int d = Write(0, U32);
        return (_instruction.Opcode, type) switch
        {
            ("clz", B32) => new Unary<uint, uint, LeadingZeros<uint>>(d, a),
            ("clz", _) => new Unary<ulong, uint, LeadingZeros<ulong>>(d, a),
            (_, B32) => new Unary<uint, uint, PopulationCount<uint>>(d, a),
            _ => new Unary<ulong, uint, PopulationCount<ulong>>(d, a),
        };
    }

    private Operation ReverseBits()
    {
        PtxType type = _modifiers.Type(B32, B64);
        (int d, int a) = Two(type);
        return type == B32 ? new Unary<uint, uint, ReverseBits32>(d, a) : new Unary<ulong, ulong, ReverseBits64>(d, a);
    }

    private Operation ExtractBits()
    {
        _modifiers.Type(U32);
        (int d, int a, int b, int c) = Four(U32);
        return new Ternary<uint, uint, uint, uint, ExtractUnsigned32>(d, a, b, c);
    }

    private Operation Permute()
    {
        _modifiers.Type(B32);
        (int d, int a, int b, int c) = Four(B32);
        return new Ternary<uint, uint, uint, uint, PermuteBytes>(d, a, b, c);
    }

    private (int D, int A, int B, int C) Four(PtxType type)
    {
        _modifiers.End(4);
        int a = Read(1, type);
        int b = Read(2, type);
        int c = Read(3, type);
        return (Write(0, type), a, b, c);
    }

    private Operation Select()
    {
        PtxType type = _modifiers.Type(B16, B32, B64, U16, U32, U64, S16, S32, S64, F32, F64);
        _modifiers.End(4);
        int a = Read(1, type);
        int b = Read(2, type);
        int p = Read(3, Pred);
        int d = Write(0, type);
        return type.Bytes() switch
        {
            2 => new Ternary<ushort, ushort, byte, ushort, Select<ushort>>(d, a, b, p),
            4 => new Ternary<uint, uint, byte, uint, Select<uint>>(d, a, b, p),
            _ => new Ternary<ulong, ulong, byte, ulong, Select<ulong>>(d, a, b, p),
        };
    }

    private Operation Compare()
    {
        string relation = _modifiers.Expect("eq", "ne", "lt", "le", "gt", "ge", "lo", "ls", "hi", "hs", "equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan");
        Junction junction = _modifiers.TakeAny("and", "or", "xor") switch
        {
            "and" => Junction.And,
            "or" => Junction.Or,
            "xor" => Junction.Xor,
            _ => Junction.None,
        };
        PtxType type = relation switch
        {
            "eq" or "ne" => _modifiers.Type(B16, B32, B64, U16, U32, U64, S16, S32, S64, F16, F32, F64),
            "lt" or "le" or "gt" or "ge" => _modifiers.Type(U16, U32, U64, S16, S32, S64, F16, F32, F64),
            "lo" or "ls" or "hi" or "hs" => _modifiers.Type(U16, U32, U64),
            _ => _modifiers.Type(F16, F32, F64),
        };
        if (type == F16)
        {
            Require(60, 53, type.Name());
        }

        _modifiers.End(junction == Junction.None ? 3 : 4);
        int a = Read(1, type);
        int b = Read(2, type);
        (int other, bool negated) = junction == Junction.None ? (0, false) : ReadPredicate(3);
        if (_instruction.Operands[0] is not PtxPairOperand(var first, var second))
        {
            if (junction == Junction.None)
            {
                return Comparison(relation, type, Write(0, Pred), a, b);
            }

            (first, second) = (_instruction.Operands[0], new PtxSinkOperand());
        }

        int outcome = _columns.Allocate(1);
        int p = WriteOrSink(first, Pred);
        int q = WriteOrSink(second, Pred);
        return new CombinePredicates(Comparison(relation, type, outcome, a, b), outcome, p, q, junction, other, negated);
    }

    private static Operation Comparison(string relation, PtxType type, int d, int a, int b) => type switch
    {
        F16 => Comparison<Half>(relation, d, a, b),
        F32 => Comparison<float>(relation, d, a, b),
        F64 => Comparison<double>(relation, d, a, b),
        S16 => Comparison<short>(relation, d, a, b),
        S32 => Comparison<int>(relation, d, a, b),
        S64 => Comparison<long>(relation, d, a, b),
        U16 or B16 => Comparison<ushort>(relation, d, a, b),
        U32 or B32 => Comparison<uint>(relation, d, a, b),
        _ => Comparison<ulong>(relation, d, a, b),
    };

    private static Operation Comparison<T>(string relation, int d, int a, int b)
        where T : unmanaged, System.Numerics.INumber<T> => relation switch
        {
            "eq" => new Binary<T, T, byte, Equal<T>>(d, a, b),
            "ne" => new Binary<T, T, byte, NotEqual<T>>(d, a, b),
            "lt" or "lo" => new Binary<T, T, byte, Less<T>>(d, a, b),
            "le" or "ls" => new Binary<T, T, byte, LessOrEqual<T>>(d, a, b),
            "gt" or "hi" => new Binary<T, T, byte, Swapped<T, Less<T>>>(d, a, b),
            "ge" or "hs" => new Binary<T, T, byte, Swapped<T, LessOrEqual<T>>>(d, a, b),
            "equ" => new Binary<T, T, byte, Unless<T, NotEqual<T>>>(d, a, b),
            "neu" => new Binary<T, T, byte, Unless<T, Equal<T>>>(d, a, b),
            "ltu" => new Binary<T, T, byte, Unless<T, Swapped<T, LessOrEqual<T>>>>(d, a, b),
            "leu" => new Binary<T, T, byte, Unless<T, Swapped<T, Less<T>>>>(d, a, b),
            "gtu" => new Binary<T, T, byte, Unless<T, LessOrEqual<T>>>(d, a, b),
            "geu" => new Binary<T, T, byte, Unless<T, Less<T>>>(d, a, b),
            "num" => new Binary<T, T, byte, BothNumbers<T>>(d, a, b),
            _ => new Binary<T, T, byte, Unless<T, BothNumbers<T>>>(d, a, b),
        };
}
