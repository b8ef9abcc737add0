using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>
/// Runs instructions on values of the types of C# and compares every result with a function of C#: each thread loads %a, %b and %c, carries
/// the instructions out and stores %d.
/// </summary>
internal static class InstructionCase
{
    public static void Check<TA, TD>(string instructions, TA[] a, Func<TA, TD> expected)
        where TA : unmanaged
        where TD : unmanaged => Check<TA, TA, TA, TD>(instructions, [.. a.Select(x => (x, x, x))], (x, _, _) => expected(x));

    /// <summary>Over all pairs.</summary>
    public static void Check<TA, TB, TD>(string instructions, TA[] a, TB[] b, Func<TA, TB, TD> expected)
        where TA : unmanaged
        where TB : unmanaged
        where TD : unmanaged => Check<TA, TB, TB, TD>(instructions, [.. a.SelectMany(x => b.Select(y => (x, y, y)))], (x, y, _) => expected(x, y));

    /// <summary>Over given triples.</summary>
    public static void Check<TA, TB, TC, TD>(string instructions, (TA A, TB B, TC C)[] values, Func<TA, TB, TC, TD> expected)
        where TA : unmanaged
        where TB : unmanaged
        where TC : unmanaged
        where TD : unmanaged
    {
        const int GroupSize = 64;
        int groups = (values.Length + GroupSize - 1) / GroupSize;
        TA[] a = new TA[groups * GroupSize];
        TB[] b = new TB[groups * GroupSize];
        TC[] c = new TC[groups * GroupSize];
        TD[] d = new TD[groups * GroupSize];
        for (int i = 0; i < a.Length; i++)
        {
            (a[i], b[i], c[i]) = values[i % values.Length];
        }

        string text = PtxText.Module($"""
            .reg {Register<TA>()} %a;
            .reg {Register<TB>()} %b;
            .reg {Register<TC>()} %c;
            .reg {Register<TD>()} %d;
            mov.u32 %r0, %tid.x;
            mov.u32 %r1, %ctaid.x;
            mad.lo.u32 %r0, %r1, {GroupSize}, %r0;
            {Element<TA>(1, "a")}
            {Element<TB>(2, "b")}
            {Element<TC>(3, "c")}
            {Element<TD>(4, "d")}
            ld.global{Memory<TA>()} %a, [%rd1];
            ld.global{Memory<TB>()} %b, [%rd2];
            ld.global{Memory<TC>()} %c, [%rd3];
            {instructions}
            st.global{Memory<TD>()} [%rd4], %d;
            """, ".param .u64 pa, .param .u64 pb, .param .u64 pc, .param .u64 pd", GroupSize);
        Machine.Run(text, new LaunchGrid(groups), a, b, c, d);
        using (Assert.EnterMultipleScope())
        {
            for (int i = 0; i < values.Length; i++)
            {
                TD wanted = expected(a[i], b[i], c[i]);
                if (!Same(d[i], wanted))
                {
                    Assert.Fail($"{instructions} of {a[i]:R}, {b[i]:R}, {c[i]:R} is {d[i]:R}, not {wanted:R}");
                }
            }
        }
    }

    /// <summary>Equal in every bit, −0 unlike +0; any NaN equals any other.</summary>
    private static bool Same<T>(T actual, T expected)
        where T : unmanaged => (actual, expected) switch
        {
            (float x, float y) => BitConverter.SingleToInt32Bits(x) == BitConverter.SingleToInt32Bits(y) || (float.IsNaN(x) && float.IsNaN(y)),
            (double x, double y) => BitConverter.DoubleToInt64Bits(x) == BitConverter.DoubleToInt64Bits(y) || (double.IsNaN(x) && double.IsNaN(y)),
            (Half x, Half y) => BitConverter.HalfToInt16Bits(x) == BitConverter.HalfToInt16Bits(y) || (Half.IsNaN(x) && Half.IsNaN(y)),
            _ => actual.Equals(expected),
        };

    private static unsafe string Element<T>(int register, string name)
        where T : unmanaged => $"ld.param.u64 %rd{register}, [p{name}]; mad.wide.u32 %rd{register}, %r0, {sizeof(T)}, %rd{register};";

    private static string Register<T>() => default(T) switch
    {
        float => ".f32",
        double => ".f64",
        int => ".s32",
        uint => ".u32",
        long => ".s64",
        ulong => ".u64",
        short => ".s16",
        ushort => ".u16",
        sbyte => ".s32",
        byte => ".u32",
        Half => ".b16",
        _ => throw new ArgumentException(typeof(T).Name),
    };

    private static string Memory<T>() => default(T) switch
    {
        sbyte => ".s8",
        byte => ".u8",
        _ => Register<T>(),
    };
}
