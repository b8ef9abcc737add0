using System.Numerics;
using NUnit.Framework;
using static Engine.Gpu.Tests.InstructionCase;
using static Engine.Gpu.Tests.Samples;

namespace Engine.Gpu.Tests;

/// <summary>Bits, shifts, comparisons and selection of the interpreter against C#.</summary>
[TestFixture]
internal sealed class LogicTests
{
    private static readonly uint[] s_amounts = [0, 1, 7, 15, 16, 31, 32, 33, 63, 64, 65, 1000, uint.MaxValue];

    [Test]
    public void Bits_And_Or_Xor_Not()
    {
        Check("and.b32 %d, %a, %b;", Uints, Uints, (x, y) => x & y);
        Check("or.b64 %d, %a, %b;", Ulongs, Ulongs, (x, y) => x | y);
        Check("xor.b16 %d, %a, %b;", Ushorts, Ushorts, (x, y) => (ushort)(x ^ y));
        Check("not.b32 %d, %a;", Uints, x => ~x);
        Check("not.b64 %d, %a;", Ulongs, x => ~x);
        Check("popc.b32 %d, %a;", Uints, x => (uint)BitOperations.PopCount(x));
        Check("popc.b64 %d, %a;", Ulongs, x => (uint)BitOperations.PopCount(x));
        Check("clz.b32 %d, %a;", Uints, x => (uint)BitOperations.LeadingZeroCount(x));
        Check("clz.b64 %d, %a;", Ulongs, x => (uint)BitOperations.LeadingZeroCount(x));
        Check("brev.b32 %d, %a;", Uints, x => (uint)Enumerable.Range(0, 32).Sum(i => (long)(x >> i & 1) << (31 - i)));
        Check("prmt.b32 %d, %a, %b, 0x3715;", Uints, Uints, (x, y) => ((x >> 24) << 24) | ((y >> 24) << 16) | ((x >> 8 & 0xFF) << 8) | (y >> 8 & 0xFF));
        Check("bfe.u32 %d, %a, 4, 12;", Uints, x => x >> 4 & 0xFFF);
        Check("shf.l.wrap.b32 %d, %a, %b, 7;", Uints, Uints, (x, y) => (y << 7) | (x >> 25));
        Check("shf.r.wrap.b32 %d, %a, %b, 7;", Uints, Uints, (x, y) => (x >> 7) | (y << 25));
    }

    [Test]
    public void Shifts_LargeAmounts_ShiftEverythingOut()
    {
        Check("shl.b32 %d, %a, %b;", Uints, s_amounts, (x, n) => n >= 32 ? 0 : x << (int)n);
        Check("shl.b64 %d, %a, %b;", Ulongs, s_amounts, (x, n) => n >= 64 ? 0 : x << (int)n);
        Check("shr.u32 %d, %a, %b;", Uints, s_amounts, (x, n) => n >= 32 ? 0 : x >> (int)n);
        Check("shr.s32 %d, %a, %b;", Ints, s_amounts, (x, n) => x >> (int)Math.Min(n, 31));
        Check("shr.s64 %d, %a, %b;", Longs, s_amounts, (x, n) => x >> (int)Math.Min(n, 63));
        Check("shr.u64 %d, %a, %b;", Ulongs, s_amounts, (x, n) => n >= 64 ? 0 : x >> (int)n);
        Check("shr.s16 %d, %a, %b;", Shorts, s_amounts, (x, n) => (short)(x >> (int)Math.Min(n, 15)));
        Check("shl.b16 %d, %a, %b;", Ushorts, s_amounts, (x, n) => n >= 16 ? (ushort)0 : (ushort)(x << (int)n));
    }

    [TestCase("eq", "==")]
    [TestCase("ne", "!=")]
    [TestCase("lt", "<")]
    [TestCase("le", "<=")]
    [TestCase("gt", ">")]
    [TestCase("ge", ">=")]
    public void Comparisons_OrderedAndUnordered_TreatNan(string relation, string meaning)
    {
        Check($"setp.{relation}.f32 %p0, %a, %b; selp.u32 %d, 1, 0, %p0;", Singles, Singles, (x, y) => !(float.IsNaN(x) || float.IsNaN(y)) && Holds(meaning, x, y) ? 1u : 0);
        Check($"setp.{relation}u.f32 %p0, %a, %b; selp.u32 %d, 1, 0, %p0;", Singles, Singles, (x, y) => float.IsNaN(x) || float.IsNaN(y) || Holds(meaning, x, y) ? 1u : 0);
        Check($"setp.{relation}.f64 %p0, %a, %b; selp.u32 %d, 1, 0, %p0;", Doubles, Doubles, (x, y) => !(double.IsNaN(x) || double.IsNaN(y)) && Holds(meaning, x, y) ? 1u : 0);
        Check($"setp.{relation}.s32 %p0, %a, %b; selp.u32 %d, 1, 0, %p0;", Ints, Ints, (x, y) => Holds(meaning, x, y) ? 1u : 0);
        Check($"setp.{relation}.u32 %p0, %a, %b; selp.u32 %d, 1, 0, %p0;", Uints, Uints, (x, y) => Holds(meaning, x, y) ? 1u : 0);
        Check($"setp.{relation}.s64 %p0, %a, %b; selp.u32 %d, 1, 0, %p0;", Longs, Longs, (x, y) => Holds(meaning, x, y) ? 1u : 0);
        Check($"setp.{relation}.u64 %p0, %a, %b; selp.u32 %d, 1, 0, %p0;", Ulongs, Ulongs, (x, y) => Holds(meaning, x, y) ? 1u : 0);
        Check($"setp.{relation}.s16 %p0, %a, %b; selp.u32 %d, 1, 0, %p0;", Shorts, Shorts, (x, y) => Holds(meaning, x, y) ? 1u : 0);
    }

    [Test]
    public void Comparisons_NumAndNan_AndUnsignedNames()
    {
        Check("setp.num.f32 %p0, %a, %b; selp.u32 %d, 1, 0, %p0;", Singles, Singles, (x, y) => float.IsNaN(x) || float.IsNaN(y) ? 0 : 1u);
        Check("setp.nan.f64 %p0, %a, %b; selp.u32 %d, 1, 0, %p0;", Doubles, Doubles, (x, y) => double.IsNaN(x) || double.IsNaN(y) ? 1u : 0);
        Check("setp.hi.u32 %p0, %a, %b; selp.u32 %d, 1, 0, %p0;", Uints, Uints, (x, y) => x > y ? 1u : 0);
        Check("setp.ls.u64 %p0, %a, %b; selp.u32 %d, 1, 0, %p0;", Ulongs, Ulongs, (x, y) => x <= y ? 1u : 0);
    }

    [Test]
    public void Comparisons_WithFurtherPredicate_GiveBothResults()
    {
        const string Test = "setp.lt.s32 %p0, %b, 0;";
        Check($"{Test} setp.gt.and.s32 %p1|%p2, %a, %b, !%p0; selp.u32 %r4, 1, 0, %p1; selp.u32 %r5, 2, 0, %p2; add.u32 %d, %r4, %r5;",
            Ints, Ints, (x, y) => (x > y && y >= 0 ? 1u : 0) + (x <= y && y >= 0 ? 2u : 0));
        Check($"{Test} setp.gt.or.s32 %p1, %a, %b, %p0; selp.u32 %d, 1, 0, %p1;", Ints, Ints, (x, y) => x > y || y < 0 ? 1u : 0);
        Check($"{Test} setp.gt.xor.s32 _|%p1, %a, %b, %p0; selp.u32 %d, 1, 0, %p1;", Ints, Ints, (x, y) => x <= y ^ y < 0 ? 1u : 0);
    }

    [Test]
    public void Predicates_AreCombined()
    {
        const string Tests = "setp.gt.s32 %p0, %a, 0; setp.gt.s32 %p1, %b, 0;";
        Check($"{Tests} and.pred %p2, %p0, %p1; selp.u32 %d, 1, 0, %p2;", Ints, Ints, (x, y) => x > 0 && y > 0 ? 1u : 0);
        Check($"{Tests} or.pred %p2, %p0, %p1; selp.u32 %d, 1, 0, %p2;", Ints, Ints, (x, y) => x > 0 || y > 0 ? 1u : 0);
        Check($"{Tests} xor.pred %p2, %p0, %p1; not.pred %p2, %p2; selp.u32 %d, 1, 0, %p2;", Ints, Ints, (x, y) => x > 0 == y > 0 ? 1u : 0);
        Check("mov.pred %p0, -1; setp.gt.and.s32 %p1, %a, 0, %p0; selp.u32 %d, 1, 0, %p1;", Ints, x => x > 0 ? 1u : 0);
    }

    [Test]
    public void Select_And_Guards_ChoosePerThread()
    {
        Check("setp.lt.f32 %p0, %a, %b; selp.f32 %d, %a, %b, %p0;", Singles, Singles, (x, y) => x < y ? x : y);
        Check("setp.lt.s64 %p0, %a, 0; selp.b64 %d, 5, %a, %p0;", Longs, x => x < 0 ? 5 : x);
        Check("setp.lt.s32 %p0, %a, 0; mov.b32 %d, 1; @%p0 mov.b32 %d, 2; @!%p0 add.s32 %d, %d, 10;", Ints, x => x < 0 ? 2 : 11);
    }

    [Test]
    public void Move_PacksAndUnpacks()
    {
        Check("mov.b64 %d, {%a, %b};", Uints, Uints, (x, y) => ((ulong)y << 32) | x);
        Check("mov.b64 {%r4, %d}, %a;", Ulongs, x => (uint)(x >> 32));
        Check("mov.b32 {%h0, %h1}, %a; mov.b32 %d, {%h1, %h0};", Uints, x => BitOperations.RotateLeft(x, 16));
        Check("mov.b64 {%h0, %h1, _, %h3}, %a; mov.b64 %d, {%h3, %h1, %h1, %h0};", Ulongs, x => (x >> 48) | (x & 0xFFFF0000) | ((x >> 16 & 0xFFFF) << 32) | (x << 48));
        Check("mov.b32 %d, %a;", Singles, BitConverter.SingleToUInt32Bits);
    }

    private static bool Holds<T>(string meaning, T x, T y)
        where T : INumber<T> => meaning switch
        {
            "==" => x == y,
            "!=" => x != y,
            "<" => x < y,
            "<=" => x <= y,
            ">" => x > y,
            _ => x >= y,
        };
}
