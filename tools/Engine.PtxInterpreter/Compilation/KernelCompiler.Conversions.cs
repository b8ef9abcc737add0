using System.Numerics;
using static Engine.PtxInterpreter.PtxType;

namespace Engine.PtxInterpreter;

/// <summary>cvt: which rounding a conversion must name, and which it must not.</summary>
internal sealed partial class KernelCompiler
{
    private static readonly PtxType[] s_convertible =
        [U8, U16, U32, U64, S8, S16, S32, S64, F16, F16x2, BF16, BF16x2, TF32, F32, F64];

    private Operation Convert()
    {
        string? rounding = _modifiers.TakeAny("rn", "rna", "rz", "rni", "rzi", "rmi", "rpi");
        bool saturates = _modifiers.Take("sat");
        PtxType to = _modifiers.Type(s_convertible);
        if (to is F16x2 or BF16x2)
        {
            return ConvertPair(to, rounding, saturates);
        }

        PtxType from = _modifiers.Type(U8, U16, U32, U64, S8, S16, S32, S64, F16, BF16, F32, F64);
        _modifiers.End(2);
        return (to.IsFloat(), from.IsFloat()) switch
        {
            (false, false) => ConvertIntegers(to, from, rounding, saturates),
            (true, false) => IntegerToFloat(to, from, rounding, saturates),
            (false, true) => FloatToInteger(to, from, rounding),
            _ => ConvertFloats(to, from, rounding, saturates),
        };
    }

    private Operation ConvertPair(PtxType to, string? rounding, bool saturates)
    {
        _modifiers.Type(F32);
        _modifiers.End(3);
        Require(70, 80, to.Name());
        if (rounding != "rn" || saturates)
        {
            throw Error("only .rn without .sat is modelled");
        }

        int a = Read(1, F32);
        int b = Read(2, F32);
        int d = Write(0, to);
        return to == F16x2 ? new Binary<float, float, uint, SinglesToHalves>(d, a, b) : new Binary<float, float, uint, SinglesToBrains>(d, a, b);
    }

    private Operation ConvertIntegers(PtxType to, PtxType from, string? rounding, bool saturates)
    {
        if (rounding != null)
        {
            throw Error("a conversion between integers takes no rounding");
        }

        if (saturates && to.Bytes() >= from.Bytes() && to.IsSigned() == from.IsSigned())
        {
            throw Error(".sat is not allowed where nothing can overflow");
        }

        (int a, PtxType source) = ReadRegister(1, from, relaxed: true);
        int d = Write(0, to, relaxed: true);
        int destination = RegisterType(_instruction.Operands[0]).Bytes();
        return (source.Bytes(), destination) switch
        {
            (2, 2) => new ConvertInteger<ushort, ushort>(d, a, from, to, saturates),
            (2, 4) => new ConvertInteger<ushort, uint>(d, a, from, to, saturates),
            (2, 8) => new ConvertInteger<ushort, ulong>(d, a, from, to, saturates),
            (4, 2) => new ConvertInteger<uint, ushort>(d, a, from, to, saturates),
            (4, 4) => new ConvertInteger<uint, uint>(d, a, from, to, saturates),
            (4, 8) => new ConvertInteger<uint, ulong>(d, a, from, to, saturates),
            (8, 2) => new ConvertInteger<ulong, ushort>(d, a, from, to, saturates),
            (8, 4) => new ConvertInteger<ulong, uint>(d, a, from, to, saturates),
            _ => new ConvertInteger<ulong, ulong>(d, a, from, to, saturates),
        };
    }

    private Operation IntegerToFloat(PtxType to, PtxType from, string? rounding, bool saturates)
    {
        if (rounding != "rn" || saturates)
        {
            throw Error("an integer becomes a floating-point number with .rn; nothing else is modelled");
        }

        (int a, PtxType source) = ReadRegister(1, from, relaxed: true);
        int d = Write(0, to);
        return to switch
        {
            F16 => IntegerToFloat<ushort, ToHalf>(source, d, a, from),
            F32 => IntegerToFloat<float, ToSingle>(source, d, a, from),
            F64 => IntegerToFloat<double, ToDouble>(source, d, a, from),
            _ => throw Error($"there is no conversion from integers to {to.Name()} before sm_90"),
        };
    }

    private static Operation IntegerToFloat<TDestination, TOp>(PtxType source, int d, int a, PtxType from)
        where TDestination : unmanaged
        where TOp : struct, IIntegerToFloat<TDestination> => source.Bytes() switch
        {
            2 => new IntegerToFloat<ushort, TDestination, TOp>(d, a, from),
            4 => new IntegerToFloat<uint, TDestination, TOp>(d, a, from),
            _ => new IntegerToFloat<ulong, TDestination, TOp>(d, a, from),
        };

    private Operation FloatToInteger(PtxType to, PtxType from, string? rounding)
    {
        WholeRounding whole = rounding switch
        {
            "rni" => WholeRounding.Nearest,
            "rzi" => WholeRounding.Zero,
            "rmi" => WholeRounding.Down,
            "rpi" => WholeRounding.Up,
            _ => throw Error("a floating-point number becomes an integer with .rni, .rzi, .rmi or .rpi"),
        };
        int a = Read(1, from);
        int d = Write(0, to, relaxed: true);
        int destination = RegisterType(_instruction.Operands[0]).Bytes();
        return from switch
        {
            F16 => FloatToInteger<ushort, HalfToDouble>(destination, d, a, from, to, whole),
            F32 => FloatToInteger<float, SingleToDouble>(destination, d, a, from, to, whole),
            F64 => FloatToInteger<double, DoubleToDouble>(destination, d, a, from, to, whole),
            _ => throw Error($"there is no conversion from {from.Name()} to integers before sm_90"),
        };
    }

    private static Operation FloatToInteger<TSource, TOp>(int destination, int d, int a, PtxType from, PtxType to, WholeRounding rounding)
        where TSource : unmanaged
        where TOp : struct, IUnary<TSource, double> => destination switch
        {
            2 => new FloatToInteger<TSource, ushort, TOp>(d, a, from, to, rounding),
            4 => new FloatToInteger<TSource, uint, TOp>(d, a, from, to, rounding),
            _ => new FloatToInteger<TSource, ulong, TOp>(d, a, from, to, rounding),
        };

    private Operation ConvertFloats(PtxType to, PtxType from, string? rounding, bool saturates)
    {
        bool narrows = to.Bytes() < from.Bytes() || to is BF16 or TF32;
        string? expected = to == TF32 ? "rna" : narrows ? "rn" : null;
        bool isWhole = rounding is "rni" or "rzi" or "rmi" or "rpi";
        if (isWhole ? to != from || to == F16 : rounding != expected)
        {
            throw Error(expected == null ? "this conversion is exact and takes no rounding" : $"this conversion needs .{expected}");
        }

        if (saturates && (to != F32 || from != F32 || isWhole))
        {
            throw Error(".sat is modelled for cvt.sat.f32.f32 only");
        }

        if (to is BF16 or TF32)
        {
            Require(70, 80, to.Name());
        }

        if (from == BF16)
        {
            Require(71, 80, from.Name());
        }

        int a = Read(1, from);
        int d = Write(0, to);
        return (to, from) switch
        {
            (F32, F32) when isWhole => Whole<float>(rounding!, d, a),
            (F64, F64) when isWhole => Whole<double>(rounding!, d, a),
            (F32, F32) => saturates ? new Unary<float, float, SaturateSingle>(d, a) : new Move<float>(d, a),
            (F64, F64) => new Move<double>(d, a),
            (F64, F32) => new Unary<float, double, SingleToDouble>(d, a),
            (F32, F64) => new Unary<double, float, DoubleToSingle>(d, a),
            (F32, F16) => new Unary<ushort, float, HalfToSingle>(d, a),
            (F64, F16) => new Unary<ushort, double, HalfToDouble>(d, a),
            (F16, F32) => new Unary<float, ushort, SingleToHalf>(d, a),
            (F16, F64) => new Unary<double, ushort, DoubleToHalf>(d, a),
            (F32, BF16) => new Unary<ushort, float, BrainToSingle>(d, a),
            (BF16, F32) => new Unary<float, ushort, SingleToBrain>(d, a),
            (TF32, F32) => new Unary<float, uint, SingleToTensorFloat>(d, a),
            _ => throw Error($"there is no conversion from {from.Name()} to {to.Name()} before sm_90"),
        };
    }

    private static Operation Whole<T>(string rounding, int d, int a)
        where T : unmanaged, INumber<T> => rounding switch
        {
            "rni" => new Unary<T, T, WholeNumber<T, RoundNearest>>(d, a),
            "rzi" => new Unary<T, T, WholeNumber<T, RoundZero>>(d, a),
            "rmi" => new Unary<T, T, WholeNumber<T, RoundDown>>(d, a),
            _ => new Unary<T, T, WholeNumber<T, RoundUp>>(d, a),
        };
}
