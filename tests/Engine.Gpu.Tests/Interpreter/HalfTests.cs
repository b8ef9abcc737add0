using Engine.PtxInterpreter;
using NUnit.Framework;
using static Engine.Gpu.Tests.InstructionCase;

namespace Engine.Gpu.Tests;

/// <summary>Arithmetic of half precision against that of System.Half, and .ftz of halves and singles.</summary>
[TestFixture]
internal sealed class HalfTests
{
    private static readonly Half[] s_halves =
        [.. Samples.Singles.Select(static x => (Half)x).Concat([Half.Epsilon, -Half.Epsilon, (Half)6e-5f, (Half)2047f, (Half)0.1f, (Half)(-7.25f)]).Distinct()];

    [Test]
    public void Halves_Arithmetic_IsIeee()
    {
        Check("add.f16 %d, %a, %b;", s_halves, s_halves, static (x, y) => x + y);
        Check("add.rn.f16 %d, %a, %b;", s_halves, s_halves, static (x, y) => x + y);
        Check("sub.f16 %d, %a, %b;", s_halves, s_halves, static (x, y) => x - y);
        Check("mul.f16 %d, %a, %b;", s_halves, s_halves, static (x, y) => x * y);
        Check("neg.f16 %d, %a;", s_halves, static x => -x);
        Check("abs.f16 %d, %a;", s_halves, Half.Abs);
        Check("min.f16 %d, %a, %b;", s_halves, s_halves, Half.MinNumber);
        Check("max.f16 %d, %a, %b;", s_halves, s_halves, Half.MaxNumber);
        Check("ex2.approx.f16 %d, %a;", s_halves, static x => (Half)Math.Pow(2, (double)x));
        Check("tanh.approx.f16 %d, %a;", s_halves, static x => (Half)Math.Tanh((double)x));
    }

    [Test]
    public void Halves_FusedMultiplyAdd_IsRoundedOnce()
    {
        Check("fma.rn.f16 %d, %a, %b, %a;", s_halves, s_halves, static (x, y) => Exact(x, y, x));

        // 1025·1025 lies half a unit and a hair above a half; the hair must not be lost on the way.
        Half odd = (Half)1.0009766f, hair = Half.Epsilon;
        Check<Half, Half, Half, Half>("fma.rn.f16 %d, %a, %b, %c;", [(odd, (Half)1.5f, hair), (odd, (Half)1.5f, -hair), (odd, (Half)1.5f, (Half)0f)], Exact);
    }

    [Test]
    public void Halves_Comparisons_OrderedAndUnordered()
    {
        Check("setp.lt.f16 %p0, %a, %b; selp.u32 %d, 1, 0, %p0;", s_halves, s_halves, static (x, y) => x < y ? 1u : 0);
        Check("setp.geu.f16 %p0, %a, %b; selp.u32 %d, 1, 0, %p0;", s_halves, s_halves, static (x, y) => x < y ? 0 : 1u);
        Check("setp.eq.f16 %p0, %a, %b; selp.u32 %d, 1, 0, %p0;", s_halves, s_halves, static (x, y) => x == y ? 1u : 0);
        Check("setp.neu.f16 %p0, %a, %b; selp.u32 %d, 1, 0, %p0;", s_halves, s_halves, static (x, y) => x == y ? 0 : 1u);
    }

    [Test]
    public void Flushing_MakesSubnormalNumbersZeros()
    {
        float[] x = Samples.Singles;
        Check("add.ftz.f32 %d, %a, %b;", x, x, static (a, b) => Flush(Flush(a) + Flush(b)));
        Check("sub.rn.ftz.f32 %d, %a, %b;", x, x, static (a, b) => Flush(Flush(a) - Flush(b)));
        Check("mul.ftz.f32 %d, %a, %b;", x, x, static (a, b) => Flush(Flush(a) * Flush(b)));
        Check("div.approx.ftz.f32 %d, %a, %b;", x, x, static (a, b) => Flush(Flush(a) / Flush(b)));
        Check("min.ftz.f32 %d, %a, %b;", x, x, static (a, b) => float.MinNumber(Flush(a), Flush(b)));
        Check("max.ftz.f32 %d, %a, %b;", x, x, static (a, b) => float.MaxNumber(Flush(a), Flush(b)));
        Check("sqrt.approx.ftz.f32 %d, %a;", x, static a => MathF.Sqrt(Flush(a)));
        Check("rcp.approx.ftz.f64 %d, %a;", Samples.Doubles, static a => double.IsSubnormal(a) ? 1 / double.CopySign(0, a) : double.IsSubnormal(1 / a) ? 0 : 1 / a);
        Check("rsqrt.approx.ftz.f64 %d, %a;", Samples.Doubles, static a => 1 / Math.Sqrt(double.IsSubnormal(a) ? double.CopySign(0, a) : a));
        Check("add.ftz.f16 %d, %a, %b;", s_halves, s_halves, static (a, b) => Flush(Flush(a) + Flush(b)));
    }

    [TestCase("add.f16 %h0, %h1, %h2;", "6.0", "sm_50", "needs sm_53")]
    [TestCase("min.f16 %h0, %h1, %h2;", "7.0", "sm_75", "needs sm_80")]
    [TestCase("tanh.approx.f16 %h0, %h1;", "7.0", "sm_70", "needs sm_75")]
    [TestCase("tanh.approx.ftz.f32 %f0, %f1;", "7.0", "sm_80", "expected a type")]
    [TestCase("atom.add.global.f16 %h0, [%rd0], %h1;", "7.0", "sm_80", "expected a type")]
    public void Instruction_NotOnThatCard_IsRefused(string instruction, string version, string target, string message)
    {
        PtxException error = Assert.Throws<PtxException>(() => Machine.Compile(PtxText.Module(instruction, version: version, target: target)))!;
        Assert.That(error.Message, Does.Contain(message));
    }

    /// <summary>By a number format that holds the product and the sum of any halves: 2⁻⁴⁸ to 2³² are 81 bits.</summary>
    private static Half Exact(Half a, Half b, Half c)
    {
        double product = (double)a * (double)b;
        if (!double.IsFinite(product) || !Half.IsFinite(c))
        {
            return (Half)(product + (double)c);
        }

        Int128 sum = Scaled(product) + Scaled((double)c);
        return sum == 0 ? (Half)(product + (double)c) : Rounded(sum);
    }

    private static Int128 Scaled(double value) => (Int128)(value * Math.Pow(2, 24)) * (Int128.One << 24) + (Int128)((value * Math.Pow(2, 24) - Math.Truncate(value * Math.Pow(2, 24))) * Math.Pow(2, 24));

    /// <summary>To nearest, ties to even, of a number times 2⁴⁸.</summary>
    private static Half Rounded(Int128 value)
    {
        Int128 magnitude = Int128.Abs(value);
        int bits = 128 - (int)Int128.LeadingZeroCount(magnitude);
        int drop = Math.Max(bits - 11, 24);
        Int128 kept = magnitude >> drop, rest = magnitude - (kept << drop), tie = Int128.One << (drop - 1);
        kept += rest > tie || (rest == tie && (kept & 1) != 0) ? 1 : 0;
        double result = (double)kept * Math.Pow(2, drop - 48);
        return (Half)(value < 0 ? -result : result);
    }

    private static float Flush(float a) => float.IsSubnormal(a) ? MathF.CopySign(0, a) : a;

    private static Half Flush(Half a) => Half.IsSubnormal(a) ? Half.CopySign(Half.Zero, a) : a;
}
