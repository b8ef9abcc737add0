using System.Numerics;

namespace Engine.Gpu.Tests;

/// <summary>Every operation on every type that it takes.</summary>
internal static class OpcodeCases
{
    private static readonly RegisterType[] s_numbers = [RegisterType.Int32, RegisterType.UInt32, RegisterType.Int64, RegisterType.Float32, RegisterType.Float64];

    /// <summary>All of them, but shuffles, which have no meaning for one work-item.</summary>
    public static IEnumerable<OpcodeCase> All() =>
    [
        .. Integers<int>(RegisterType.Int32),
        .. Integers<uint>(RegisterType.UInt32),
        .. Integers<long>(RegisterType.Int64),
        .. Signed<int>(RegisterType.Int32),
        .. Signed<long>(RegisterType.Int64),
        .. Floats<float>(RegisterType.Float32),
        .. Floats<double>(RegisterType.Float64),
        .. Truths(),
        .. Selections(),
        .. Conversions(),
        .. Bitcasts(),
        Binary(Opcode.MulHigh, RegisterType.UInt32, (a, b) => (long)((ulong)a * (ulong)b >> 32)) with { Build = (k, v) => k.MulHigh(v[0], v[1]) },
    ];

    private static IEnumerable<OpcodeCase> Integers<T>(RegisterType type)
        where T : IBinaryInteger<T>, IMinMaxValue<T>
    {
        int width = type == RegisterType.Int64 ? 64 : 32;
        return
        [
            Of<T>(Opcode.Add, type, (a, b) => a + b),
            Of<T>(Opcode.Sub, type, (a, b) => a - b),
            Of<T>(Opcode.Mul, type, (a, b) => a * b),
            Of<T>(Opcode.Div, type, (a, b) => a / b) with { IsDefined = IsDivision },
            Of<T>(Opcode.Rem, type, (a, b) => a % b) with { IsDefined = IsDivision },
            Of<T>(Opcode.Min, type, T.Min),
            Of<T>(Opcode.Max, type, T.Max),
            Of<T>(Opcode.And, type, (a, b) => a & b),
            Of<T>(Opcode.Or, type, (a, b) => a | b),
            Of<T>(Opcode.Xor, type, (a, b) => a ^ b),
            Unary(Opcode.Not, type, a => Bits(~Number<T>(a))),
            Shift(Opcode.ShiftLeft, (a, b) => a << b),
            Shift(Opcode.ShiftRight, (a, b) => a >> b),
            .. Comparisons<T>(type),
        ];

        bool IsDivision(long[] v) => v[1] != 0 && !(v[1] == -1 && Number<T>(v[0]) == T.MinValue);

        OpcodeCase Shift(Opcode op, Func<T, int, T> reference) =>
            new(op, [type, RegisterType.Int32], type, (k, v) => k.Binary(op, v[0], v[1]), v => Bits(reference(Number<T>(v[0]), (int)v[1])))
            {
                IsDefined = v => v[1] >= 0 && v[1] < width,
            };
    }

    private static IEnumerable<OpcodeCase> Signed<T>(RegisterType type)
        where T : IBinaryInteger<T>, IMinMaxValue<T> =>
    [
        Unary(Opcode.Neg, type, a => Bits(-Number<T>(a))),
        Unary(Opcode.Abs, type, a => Bits(T.Abs(Number<T>(a)))) with { IsDefined = v => Number<T>(v[0]) != T.MinValue },
    ];

    private static IEnumerable<OpcodeCase> Floats<T>(RegisterType type)
        where T : IFloatingPointIeee754<T> =>
    [
        Of<T>(Opcode.Add, type, (a, b) => a + b),
        Of<T>(Opcode.Sub, type, (a, b) => a - b),
        Of<T>(Opcode.Mul, type, (a, b) => a * b),
        Of<T>(Opcode.Div, type, (a, b) => a / b),
        Of<T>(Opcode.Min, type, T.Min),
        Of<T>(Opcode.Max, type, T.Max),
        Of<T>(Opcode.CopySign, type, T.CopySign),
        Unary(Opcode.Neg, type, a => Bits(-Number<T>(a))),
        Unary(Opcode.Abs, type, a => Bits(T.Abs(Number<T>(a)))),
        Unary(Opcode.Floor, type, a => Bits(T.Floor(Number<T>(a)))),
        Unary(Opcode.Ceil, type, a => Bits(T.Ceiling(Number<T>(a)))),
        Unary(Opcode.Round, type, a => Bits(T.Round(Number<T>(a), MidpointRounding.ToEven))),
        Unary(Opcode.Trunc, type, a => Bits(T.Truncate(Number<T>(a)))),
        Unary(Opcode.Sqrt, type, a => Bits(T.Sqrt(Number<T>(a)))),
        new(Opcode.Fma, [type, type, type], type, (k, v) => k.Fma(v[0], v[1], v[2]), v => Bits(T.FusedMultiplyAdd(Number<T>(v[0]), Number<T>(v[1]), Number<T>(v[2])))),
        .. Comparisons<T>(type),
    ];

    private static IEnumerable<OpcodeCase> Comparisons<T>(RegisterType type)
        where T : INumber<T>
    {
        return
        [
            Of(Opcode.Less, (a, b) => a < b),
            Of(Opcode.LessEqual, (a, b) => a <= b),
            Of(Opcode.Equal, (a, b) => a == b),
            Of(Opcode.NotEqual, (a, b) => a != b),
        ];

        OpcodeCase Of(Opcode op, Func<T, T, bool> reference) =>
            new(op, [type, type], RegisterType.Bool, (k, v) => k.Compare(op, v[0], v[1]), v => reference(Number<T>(v[0]), Number<T>(v[1])) ? 1 : 0);
    }

    private static IEnumerable<OpcodeCase> Truths() =>
    [
        Binary(Opcode.And, RegisterType.Bool, (a, b) => a & b),
        Binary(Opcode.Or, RegisterType.Bool, (a, b) => a | b),
        Binary(Opcode.Xor, RegisterType.Bool, (a, b) => a ^ b),
        Unary(Opcode.Not, RegisterType.Bool, a => 1 - a),
    ];

    private static IEnumerable<OpcodeCase> Selections() =>
        from type in (RegisterType[])[RegisterType.Bool, .. s_numbers]
        select new OpcodeCase(Opcode.Select, [RegisterType.Bool, type, type], type, (k, v) => k.Select(v[0], v[1], v[2]), v => v[0] != 0 ? v[1] : v[2]);

    private static IEnumerable<OpcodeCase> Conversions() =>
        from source in (RegisterType[])[RegisterType.Bool, .. s_numbers]
        from target in s_numbers
        where source != target
        select new OpcodeCase(Opcode.Convert, [source], target, (k, v) => v[0].To(target), v => Converted(source, target, v[0]));

    private static IEnumerable<OpcodeCase> Bitcasts()
    {
        RegisterType[] narrow = [RegisterType.Int32, RegisterType.UInt32, RegisterType.Float32];
        RegisterType[] wide = [RegisterType.Int64, RegisterType.Float64];
        return
            from pair in (from a in narrow from b in narrow select (a, b)).Concat(from a in wide from b in wide select (a, b))
            where pair.a != pair.b
            select new OpcodeCase(Opcode.Bitcast, [pair.a], pair.b, (k, v) => v[0].As(pair.b), v => pair.b switch
            {
                RegisterType.Int32 => (int)v[0],
                RegisterType.UInt32 or RegisterType.Float32 => (uint)v[0],
                _ => v[0],
            });
    }

    private static long Converted(RegisterType source, RegisterType target, long bits) => source switch
    {
        RegisterType.Float32 => FromFloat(Number<float>(bits), target),
        RegisterType.Float64 => FromFloat(Number<double>(bits), target),
        _ => FromInteger(bits, target),
    };

    private static long FromInteger(long number, RegisterType target) => target switch
    {
        RegisterType.Int32 => (int)number,
        RegisterType.UInt32 => (uint)number,
        RegisterType.Int64 => number,
        RegisterType.Float32 => Bits((float)number),
        _ => Bits((double)number),
    };

    // C#'s own conversions to integers saturate and make NaN 0.
    private static long FromFloat(double number, RegisterType target) => target switch
    {
        RegisterType.Int32 => (int)number,
        RegisterType.UInt32 => (uint)number,
        RegisterType.Int64 => (long)number,
        RegisterType.Float32 => Bits((float)number),
        _ => Bits(number),
    };

    private static OpcodeCase Unary(Opcode op, RegisterType type, Func<long, long> reference) =>
        new(op, [type], type, (k, v) => k.Unary(op, v[0]), v => reference(v[0]));

    private static OpcodeCase Binary(Opcode op, RegisterType type, Func<long, long, long> reference) =>
        new(op, [type, type], type, (k, v) => k.Binary(op, v[0], v[1]), v => reference(v[0], v[1]));

    private static OpcodeCase Of<T>(Opcode op, RegisterType type, Func<T, T, T> reference)
        where T : INumberBase<T> =>
        Binary(op, type, (a, b) => Bits(reference(Number<T>(a), Number<T>(b))));

    private static T Number<T>(long bits)
        where T : INumberBase<T> =>
        typeof(T) == typeof(float) ? (T)(object)BitConverter.UInt32BitsToSingle((uint)bits)
        : typeof(T) == typeof(double) ? (T)(object)BitConverter.Int64BitsToDouble(bits)
        : T.CreateTruncating(bits);

    private static long Bits<T>(T number)
        where T : INumberBase<T> => number switch
        {
            float single => BitConverter.SingleToUInt32Bits(single),
            double wide => BitConverter.DoubleToInt64Bits(wide),
            _ => long.CreateTruncating(number),
        };
}
