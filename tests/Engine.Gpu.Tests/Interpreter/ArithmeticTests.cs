using NUnit.Framework;
using static Engine.Gpu.Tests.InstructionCase;
using static Engine.Gpu.Tests.Samples;

namespace Engine.Gpu.Tests;

/// <summary>Arithmetic of the interpreter against that of C#, special values included.</summary>
[TestFixture]
internal sealed class ArithmeticTests
{
    [Test]
    public void Singles_Arithmetic_IsIeee()
    {
        Check("add.f32 %d, %a, %b;", Singles, Singles, (x, y) => x + y);
        Check("add.rn.f32 %d, %a, %b;", Singles, Singles, (x, y) => x + y);
        Check("sub.f32 %d, %a, %b;", Singles, Singles, (x, y) => x - y);
        Check("mul.f32 %d, %a, %b;", Singles, Singles, (x, y) => x * y);
        Check("div.rn.f32 %d, %a, %b;", Singles, Singles, (x, y) => x / y);
        Check("fma.rn.f32 %d, %a, %b, %a;", Singles, Singles, (x, y) => MathF.FusedMultiplyAdd(x, y, x));
        Check("neg.f32 %d, %a;", Singles, x => -x);
        Check("abs.f32 %d, %a;", Singles, MathF.Abs);
        Check("sqrt.rn.f32 %d, %a;", Singles, MathF.Sqrt);
        Check("rcp.rn.f32 %d, %a;", Singles, x => 1 / x);
        Check("copysign.f32 %d, %a, %b;", Singles, Singles, (x, y) => MathF.CopySign(y, x));
    }

    [Test]
    public void Doubles_Arithmetic_IsIeee()
    {
        Check("add.f64 %d, %a, %b;", Doubles, Doubles, (x, y) => x + y);
        Check("sub.f64 %d, %a, %b;", Doubles, Doubles, (x, y) => x - y);
        Check("mul.f64 %d, %a, %b;", Doubles, Doubles, (x, y) => x * y);
        Check("div.rn.f64 %d, %a, %b;", Doubles, Doubles, (x, y) => x / y);
        Check("fma.rn.f64 %d, %a, %b, %b;", Doubles, Doubles, (x, y) => Math.FusedMultiplyAdd(x, y, y));
        Check("neg.f64 %d, %a;", Doubles, x => -x);
        Check("abs.f64 %d, %a;", Doubles, Math.Abs);
        Check("sqrt.rn.f64 %d, %a;", Doubles, Math.Sqrt);
        Check("rcp.rn.f64 %d, %a;", Doubles, x => 1 / x);
        Check("copysign.f64 %d, %a, %b;", Doubles, Doubles, (x, y) => Math.CopySign(y, x));
    }

    [Test]
    public void Extremes_OfFloats_OrderZerosAndTreatNan()
    {
        Check("max.f32 %d, %a, %b;", Singles, Singles, float.MaxNumber);
        Check("min.f32 %d, %a, %b;", Singles, Singles, float.MinNumber);
        Check("max.NaN.f32 %d, %a, %b;", Singles, Singles, MathF.Max);
        Check("min.NaN.f32 %d, %a, %b;", Singles, Singles, MathF.Min);
        Check("max.f64 %d, %a, %b;", Doubles, Doubles, double.MaxNumber);
        Check("min.f64 %d, %a, %b;", Doubles, Doubles, double.MinNumber);
    }

    [Test]
    public void Integers_Arithmetic_WrapsAround()
    {
        Check("add.s32 %d, %a, %b;", Ints, Ints, (x, y) => x + y);
        Check("sub.u32 %d, %a, %b;", Uints, Uints, (x, y) => x - y);
        Check("add.s64 %d, %a, %b;", Longs, Longs, (x, y) => x + y);
        Check("sub.s64 %d, %a, %b;", Longs, Longs, (x, y) => x - y);
        Check("add.s16 %d, %a, %b;", Shorts, Shorts, (x, y) => (short)(x + y));
        Check("mul.lo.s32 %d, %a, %b;", Ints, Ints, (x, y) => x * y);
        Check("mul.lo.u64 %d, %a, %b;", Ulongs, Ulongs, (x, y) => x * y);
        Check("mul.lo.u16 %d, %a, %b;", Ushorts, Ushorts, (x, y) => (ushort)(x * y));
        Check("mul.hi.s32 %d, %a, %b;", Ints, Ints, (x, y) => (int)(((long)x * y) >> 32));
        Check("mul.hi.u32 %d, %a, %b;", Uints, Uints, (x, y) => (uint)(((ulong)x * y) >> 32));
        Check("mul.hi.s64 %d, %a, %b;", Longs, Longs, (x, y) => (long)(((Int128)x * y) >> 64));
        Check("mul.hi.u64 %d, %a, %b;", Ulongs, Ulongs, (x, y) => (ulong)(((UInt128)x * y) >> 64));
        Check("mul.wide.s32 %d, %a, %b;", Ints, Ints, (x, y) => (long)x * y);
        Check("mul.wide.u32 %d, %a, %b;", Uints, Uints, (x, y) => (ulong)x * y);
        Check("mul.wide.s16 %d, %a, %b;", Shorts, Shorts, (x, y) => x * y);
        Check("mul.wide.u16 %d, %a, %b;", Ushorts, Ushorts, (x, y) => (uint)x * y);
        Check("mad.lo.s32 %d, %a, %b, 7;", Ints, Ints, (x, y) => (x * y) + 7);
        Check("mad.lo.s64 %d, %a, 4, %b;", Longs, Longs, (x, y) => (x * 4) + y);
        Check("mad.wide.s32 %d, %a, 12, %b;", Ints, Longs, (x, y) => (x * 12L) + y);
        Check("mad.wide.u32 %d, %a, 12, %b;", Uints, Ulongs, (x, y) => (x * 12UL) + y);
        Check("neg.s32 %d, %a;", Ints, x => -x);
        Check("neg.s64 %d, %a;", Longs, x => -x);
        Check("abs.s32 %d, %a;", Ints, x => x < 0 ? -x : x);
        Check("abs.s64 %d, %a;", Longs, x => x < 0 ? -x : x);
        Check("max.s32 %d, %a, %b;", Ints, Ints, Math.Max);
        Check("min.u32 %d, %a, %b;", Uints, Uints, Math.Min);
        Check("max.u64 %d, %a, %b;", Ulongs, Ulongs, Math.Max);
        Check("min.s64 %d, %a, %b;", Longs, Longs, Math.Min);
    }

    [Test]
    public void Integers_Division_TruncatesAndDoesNotTrap()
    {
        Check("div.s32 %d, %a, %b;", Ints, Ints, (x, y) => y == 0 ? -1 : (int)((long)x / y));
        Check("rem.s32 %d, %a, %b;", Ints, Ints, (x, y) => y == 0 ? -1 : (int)((long)x % y));
        Check("div.u32 %d, %a, %b;", Uints, Uints, (x, y) => y == 0 ? uint.MaxValue : x / y);
        Check("rem.u32 %d, %a, %b;", Uints, Uints, (x, y) => y == 0 ? uint.MaxValue : x % y);
        Check("div.s64 %d, %a, %b;", Longs, Longs, (x, y) => y == 0 ? -1 : (long)((Int128)x / y));
        Check("rem.s64 %d, %a, %b;", Longs, Longs, (x, y) => y == 0 ? -1 : (long)((Int128)x % y));
        Check("div.u64 %d, %a, %b;", Ulongs, Ulongs, (x, y) => y == 0 ? ulong.MaxValue : x / y);
        Check("rem.u64 %d, %a, %b;", Ulongs, Ulongs, (x, y) => y == 0 ? ulong.MaxValue : x % y);
        Check("div.s16 %d, %a, %b;", Shorts, Shorts, (x, y) => y == 0 ? (short)-1 : (short)(x / y));
        Check("rem.u16 %d, %a, %b;", Ushorts, Ushorts, (x, y) => y == 0 ? ushort.MaxValue : (ushort)(x % y));
    }

    [Test]
    public void ApproximateFunctions_AreCloseAndFlushOnDemand()
    {
        float[] moderate = [.. Singles.Where(x => MathF.Abs(x) < 100 || !float.IsFinite(x))];
        Check("ex2.approx.f32 %d, %a;", moderate, x => (float)Math.Pow(2, x));
        Check("ex2.approx.ftz.f32 %d, %a;", [-140f, -127f, 1e-40f, 3f], x => x < -126 ? 0 : (float)Math.Pow(2, x));
        Check("lg2.approx.f32 %d, %a;", Singles, x => (float)Math.Log2(x));
        Check("rsqrt.approx.f32 %d, %a;", Singles, x => (float)(1 / Math.Sqrt(x)));
        Check("rsqrt.approx.f64 %d, %a;", Doubles, x => 1 / Math.Sqrt(x));
        Check("rcp.approx.ftz.f32 %d, %a;", [2f, 1e-40f, -1e-40f, 3e38f], x => x switch
        {
            2f => 0.5f,
            1e-40f => float.PositiveInfinity,
            -1e-40f => float.NegativeInfinity,
            _ => 0,
        });
        Check("tanh.approx.f32 %d, %a;", Singles, MathF.Tanh);
        Check("sin.approx.f32 %f0, %a; sub.f32 %f0, %f0, %b; abs.f32 %f0, %f0; setp.lt.f32 %p0, %f0, 0f358637BD; selp.u32 %d, 1, 0, %p0;",
            Enumerable.Range(-30, 61).Select(i => (i / 10f, MathF.Sin(i / 10f), 0f)).ToArray(), (_, _, _) => 1u);
        Check("cos.approx.f32 %f0, %a; sub.f32 %f0, %f0, %b; abs.f32 %f0, %f0; setp.lt.f32 %p0, %f0, 0f358637BD; selp.u32 %d, 1, 0, %p0;",
            Enumerable.Range(-30, 61).Select(i => (i / 10f, MathF.Cos(i / 10f), 0f)).ToArray(), (_, _, _) => 1u);
    }

    [Test]
    public void ApproximateSine_OfLargeAngle_IsAsWorthlessAsOnCards() =>
        Check("sin.approx.f32 %f0, %a; sub.f32 %f0, %f0, %b; abs.f32 %f0, %f0; setp.gt.f32 %p0, %f0, 0f38D1B717; selp.u32 %d, 1, 0, %p0;",
            [(100_000f, MathF.Sin(100_000f), 0f)], (_, _, _) => 1u);

    [Test]
    public void TestProperty_SpecialValues_AreTold()
    {
        Check("testp.finite.f32 %p0, %a; selp.u32 %d, 1, 0, %p0;", Singles, x => float.IsFinite(x) ? 1u : 0);
        Check("testp.infinite.f32 %p0, %a; selp.u32 %d, 1, 0, %p0;", Singles, x => float.IsInfinity(x) ? 1u : 0);
        Check("testp.number.f64 %p0, %a; selp.u32 %d, 1, 0, %p0;", Doubles, x => double.IsNaN(x) ? 0 : 1u);
        Check("testp.notanumber.f32 %p0, %a; selp.u32 %d, 1, 0, %p0;", Singles, x => float.IsNaN(x) ? 1u : 0);
        Check("testp.normal.f32 %p0, %a; selp.u32 %d, 1, 0, %p0;", Singles, x => float.IsNormal(x) || x == 0 ? 1u : 0);
        Check("testp.subnormal.f64 %p0, %a; selp.u32 %d, 1, 0, %p0;", Doubles, x => double.IsSubnormal(x) ? 1u : 0);
    }
}
