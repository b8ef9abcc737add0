using static Engine.PtxInterpreter.PtxType;

namespace Engine.PtxInterpreter;

/// <summary>Arithmetic of integers and floating-point numbers.</summary>
internal sealed partial class KernelCompiler
{
    private Operation AddOrSubtract()
    {
        // .rn is the only rounding that is modelled, and the default.
        bool rounded = _modifiers.Take("rn");
        bool flushes = _modifiers.Take("ftz");
        PtxType type = flushes ? _modifiers.Type(F16, F32) : rounded ? _modifiers.Type(F16, F32, F64) : _modifiers.Type(U16, U32, U64, S16, S32, S64, F16, F32, F64);
        (int d, int a, int b) = Three(type);
        bool adds = _instruction.Opcode == "add";
        return type switch
        {
            F16 => adds ? HalfFunction<Add<Half>>(flushes, d, a, b) : HalfFunction<Subtract<Half>>(flushes, d, a, b),
            F32 when flushes => adds ? new Binary<float, float, float, FlushToZero<float, Add<float>>>(d, a, b) : new Binary<float, float, float, FlushToZero<float, Subtract<float>>>(d, a, b),
            F32 => adds ? new VectorBinary<float, Add<float>>(d, a, b) : new VectorBinary<float, Subtract<float>>(d, a, b),
            F64 => adds ? new VectorBinary<double, Add<double>>(d, a, b) : new VectorBinary<double, Subtract<double>>(d, a, b),
            U16 or S16 => adds ? new VectorBinary<ushort, Add<ushort>>(d, a, b) : new VectorBinary<ushort, Subtract<ushort>>(d, a, b),
            U32 or S32 => adds ? new VectorBinary<uint, Add<uint>>(d, a, b) : new VectorBinary<uint, Subtract<uint>>(d, a, b),
            _ => adds ? new VectorBinary<ulong, Add<ulong>>(d, a, b) : new VectorBinary<ulong, Subtract<ulong>>(d, a, b),
        };
    }

    private Operation Multiply()
    {
        string? mode = _modifiers.TakeAny("lo", "hi", "wide", "rn");
        bool flushes = mode is null or "rn" && _modifiers.Take("ftz");
        PtxType type = mode switch
        {
            "lo" => _modifiers.Type(U16, U32, U64, S16, S32, S64),
            "hi" => _modifiers.Type(U32, U64, S32, S64),
            "wide" => _modifiers.Type(U16, U32, S16, S32),
            _ => flushes ? _modifiers.Type(F16, F32) : _modifiers.Type(F16, F32, F64),
        };
        if (mode == "wide")
        {
            return WideProduct(type, adds: false);
        }

        (int d, int a, int b) = Three(type);
        return (mode, type) switch
        {
            ("hi", U32) => new Binary<uint, uint, uint, HighUnsigned32>(d, a, b),
            ("hi", S32) => new Binary<int, int, int, HighSigned32>(d, a, b),
            ("hi", U64) => new Binary<ulong, ulong, ulong, HighUnsigned64>(d, a, b),
            ("hi", S64) => new Binary<long, long, long, HighSigned64>(d, a, b),
            (_, F16) => HalfFunction<Multiply<Half>>(flushes, d, a, b),
            (_, F32) when flushes => new Binary<float, float, float, FlushToZero<float, Multiply<float>>>(d, a, b),
            (_, F32) => new VectorBinary<float, Multiply<float>>(d, a, b),
            (_, F64) => new VectorBinary<double, Multiply<double>>(d, a, b),
            (_, U16 or S16) => new VectorBinary<ushort, Multiply<ushort>>(d, a, b),
            (_, U32 or S32) => new VectorBinary<uint, Multiply<uint>>(d, a, b),
            _ => new VectorBinary<ulong, Multiply<ulong>>(d, a, b),
        };
    }

    private Operation MultiplyAdd()
    {
        string mode = _modifiers.Expect("lo", "wide");
        if (mode == "wide")
        {
            return WideProduct(_modifiers.Type(U16, U32, S16, S32), adds: true);
        }

        PtxType type = _modifiers.Type(U16, U32, U64, S16, S32, S64);
        _modifiers.End(4);
        int a = Read(1, type);
        int b = Read(2, type);
        int c = Read(3, type);
        int d = Write(0, type);
        return type.Bytes() switch
        {
            2 => new VectorTernary<ushort, MultiplyAdd<ushort>>(d, a, b, c),
            4 => new VectorTernary<uint, MultiplyAdd<uint>>(d, a, b, c),
            _ => new VectorTernary<ulong, MultiplyAdd<ulong>>(d, a, b, c),
        };
    }

    private Operation WideProduct(PtxType type, bool adds)
    {
        _modifiers.End(adds ? 4 : 3);
        PtxType wide = type switch
        {
            U16 => U32,
            S16 => S32,
            U32 => U64,
            _ => S64,
        };
        int a = Read(1, type);
        int b = Read(2, type);
        int c = adds ? Read(3, wide) : 0;
        int d = Write(0, wide);
        return type switch
        {
            U16 => adds ? new Ternary<ushort, ushort, uint, uint, WideAdd<ushort, uint>>(d, a, b, c) : new Binary<ushort, ushort, uint, Wide<ushort, uint>>(d, a, b),
            S16 => adds ? new Ternary<short, short, int, int, WideAdd<short, int>>(d, a, b, c) : new Binary<short, short, int, Wide<short, int>>(d, a, b),
            U32 => adds ? new Ternary<uint, uint, ulong, ulong, WideAdd<uint, ulong>>(d, a, b, c) : new Binary<uint, uint, ulong, Wide<uint, ulong>>(d, a, b),
            _ => adds ? new Ternary<int, int, long, long, WideAdd<int, long>>(d, a, b, c) : new Binary<int, int, long, Wide<int, long>>(d, a, b),
        };
    }

    private Operation FusedMultiplyAdd()
    {
        _modifiers.Expect("rn");
        PtxType type = _modifiers.Type(F16, F32, F64);
        _modifiers.End(4);
        int a = Read(1, type);
        int b = Read(2, type);
        int c = Read(3, type);
        int d = Write(0, type);
        if (type == F16)
        {
            Require(60, 53, type.Name());
            return new Ternary<Half, Half, Half, Half, FusedHalf>(d, a, b, c);
        }

        return type == F32 ? new VectorTernary<float, FusedSingle>(d, a, b, c) : new VectorTernary<double, FusedDouble>(d, a, b, c);
    }

    private Operation Divide()
    {
        string? rounding = _modifiers.TakeAny("rn", "full", "approx");
        bool flushes = rounding != null && _modifiers.Take("ftz");
        PtxType type = rounding switch
        {
            "rn" when flushes => _modifiers.Type(F32),
            null => _modifiers.Type(U16, U32, U64, S16, S32, S64),
            "rn" => _modifiers.Type(F32, F64),
            _ => _modifiers.Type(F32),
        };
        (int d, int a, int b) = Three(type);
        return type switch
        {
            F32 when flushes => new Binary<float, float, float, FlushToZero<float, Divide<float>>>(d, a, b),
            F32 => new VectorBinary<float, Divide<float>>(d, a, b),
            F64 => new VectorBinary<double, Divide<double>>(d, a, b),
            U16 => new Binary<ushort, ushort, ushort, Quotient<ushort>>(d, a, b),
            S16 => new Binary<short, short, short, Quotient<short>>(d, a, b),
            U32 => new Binary<uint, uint, uint, Quotient<uint>>(d, a, b),
            S32 => new Binary<int, int, int, Quotient<int>>(d, a, b),
            U64 => new Binary<ulong, ulong, ulong, Quotient<ulong>>(d, a, b),
            _ => new Binary<long, long, long, Quotient<long>>(d, a, b),
        };
    }

    private Operation Remainder()
    {
        PtxType type = _modifiers.Type(U16, U32, U64, S16, S32, S64);
        (int d, int a, int b) = Three(type);
        return type switch
        {
            U16 => new Binary<ushort, ushort, ushort, Remainder<ushort>>(d, a, b),
            S16 => new Binary<short, short, short, Remainder<short>>(d, a, b),
            U32 => new Binary<uint, uint, uint, Remainder<uint>>(d, a, b),
            S32 => new Binary<int, int, int, Remainder<int>>(d, a, b),
            U64 => new Binary<ulong, ulong, ulong, Remainder<ulong>>(d, a, b),
            _ => new Binary<long, long, long, Remainder<long>>(d, a, b),
        };
    }

    private Operation Negate()
    {
        PtxType type = _modifiers.Type(S16, S32, S64, F16, F32, F64);
        (int d, int a) = Two(type);
        return type switch
        {
            F16 => HalfFunction<Negate<Half>>(d, a),
            F32 => new Unary<float, float, Negate<float>>(d, a),
            F64 => new Unary<double, double, Negate<double>>(d, a),
            S16 => new Unary<short, short, Negate<short>>(d, a),
            S32 => new Unary<int, int, Negate<int>>(d, a),
            _ => new Unary<long, long, Negate<long>>(d, a),
        };
    }

    private Operation Absolute()
    {
        PtxType type = _modifiers.Type(S16, S32, S64, F16, F32, F64);
        (int d, int a) = Two(type);
        return type switch
        {
            F16 => HalfFunction<AbsoluteHalf>(d, a),
            F32 => new Unary<float, float, AbsoluteSingle>(d, a),
            F64 => new Unary<double, double, AbsoluteDouble>(d, a),
            S16 => new Unary<short, short, AbsoluteInteger<short>>(d, a),
            S32 => new Unary<int, int, AbsoluteInteger<int>>(d, a),
            _ => new Unary<long, long, AbsoluteInteger<long>>(d, a),
        };
    }

    private Operation Extreme()
    {
        bool flushes = _modifiers.Take("ftz");
        bool keepsNan = _modifiers.Take("NaN");
        PtxType type = keepsNan ? _modifiers.Type(F32) : flushes ? _modifiers.Type(F16, F32) : _modifiers.Type(U16, U32, U64, S16, S32, S64, F16, F32, F64);
        if (keepsNan || type == F16)
        {
            Require(70, 80, keepsNan ? ".NaN" : type.Name());
        }

        if (keepsNan && flushes)
        {
            throw Error(".ftz with .NaN is not modelled");
        }

        (int d, int a, int b) = Three(type);
        bool isMaximum = _instruction.Opcode == "max";
        return type switch
        {
            F32 when keepsNan => isMaximum ? new Binary<float, float, float, MaximumNan<float>>(d, a, b) : new Binary<float, float, float, MinimumNan<float>>(d, a, b),
            F16 => isMaximum ? HalfFunction<Maximum<Half>>(flushes, d, a, b) : HalfFunction<Minimum<Half>>(flushes, d, a, b),
            F32 when flushes => isMaximum ? new Binary<float, float, float, FlushToZero<float, Maximum<float>>>(d, a, b) : new Binary<float, float, float, FlushToZero<float, Minimum<float>>>(d, a, b),
            F32 => Extreme<float>(isMaximum, d, a, b),
            F64 => Extreme<double>(isMaximum, d, a, b),
            U16 => Extreme<ushort>(isMaximum, d, a, b),
            S16 => Extreme<short>(isMaximum, d, a, b),
            U32 => Extreme<uint>(isMaximum, d, a, b),
            S32 => Extreme<int>(isMaximum, d, a, b),
            U64 => Extreme<ulong>(isMaximum, d, a, b),
            _ => Extreme<long>(isMaximum, d, a, b),
        };
    }

    private static Operation Extreme<T>(bool isMaximum, int d, int a, int b)
        where T : unmanaged, System.Numerics.INumber<T> =>
        isMaximum ? new Binary<T, T, T, Maximum<T>>(d, a, b) : new Binary<T, T, T, Minimum<T>>(d, a, b);

    private Operation HalfFunction<TOp>(int d, int a)
        where TOp : struct, IUnary<Half, Half>
    {
        Require(60, 53, F16.Name());
        return new Unary<Half, Half, TOp>(d, a);
    }

    private Operation HalfFunction<TOp>(bool flushes, int d, int a, int b)
        where TOp : struct, IBinary<Half, Half, Half>
    {
        Require(60, 53, F16.Name());
        return flushes ? new Binary<Half, Half, Half, FlushToZero<Half, TOp>>(d, a, b) : new Binary<Half, Half, Half, TOp>(d, a, b);
    }

    /// <summary>Destination and source of one type.</summary>
    private (int D, int A) Two(PtxType type)
    {
        _modifiers.End(2);
        int a = Read(1, type);
        return (Write(0, type), a);
    }

    /// <summary>Destination and two sources of one type.</summary>
    private (int D, int A, int B) Three(PtxType type)
    {
        _modifiers.End(3);
        int a = Read(1, type);
        int b = Read(2, type);
        return (Write(0, type), a, b);
    }
}
