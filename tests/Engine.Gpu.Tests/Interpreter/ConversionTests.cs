using NUnit.Framework;
using static Engine.Gpu.Tests.InstructionCase;
using static Engine.Gpu.Tests.Samples;

namespace Engine.Gpu.Tests;

/// <summary>cvt of the interpreter against C#: saturation, NaN, rounding to half, bfloat16 and tf32, narrow types in wide registers.</summary>
[TestFixture]
internal sealed class ConversionTests
{
    [Test]
    public void FloatToInteger_SaturatesAndMakesNanZeroOrHighestBit()
    {
        Check("cvt.rzi.s32.f32 %d, %a;", Singles, x => (int)Saturated(Math.Truncate((double)x), int.MinValue, int.MaxValue));
        Check("cvt.rzi.u32.f32 %d, %a;", Singles, x => (uint)Saturated(Math.Truncate((double)x), 0, uint.MaxValue));
        Check("cvt.rni.s32.f32 %d, %a;", Singles, x => (int)Saturated(Math.Round((double)x, MidpointRounding.ToEven), int.MinValue, int.MaxValue));
        Check("cvt.rmi.s32.f32 %d, %a;", Singles, x => (int)Saturated(Math.Floor((double)x), int.MinValue, int.MaxValue));
        Check("cvt.rpi.s32.f64 %d, %a;", Doubles, x => double.IsNaN(x) ? int.MinValue : (int)Saturated(Math.Ceiling(x), int.MinValue, int.MaxValue));
        Check("cvt.rzi.u32.f64 %d, %a;", Doubles, x => double.IsNaN(x) ? 0x80000000 : (uint)Saturated(Math.Truncate(x), 0, uint.MaxValue));
        Check("cvt.rzi.s64.f32 %d, %a;", Singles, x => float.IsNaN(x) ? long.MinValue : x >= 9.223372e18f ? long.MaxValue : x <= -9.223372e18f ? long.MinValue : (long)x);
        Check("cvt.rzi.s64.f64 %d, %a;", Doubles, x => double.IsNaN(x) ? long.MinValue : x >= 9.223372036854775807e18 ? long.MaxValue : x <= -9.223372036854775808e18 ? long.MinValue : (long)x);
        Check("cvt.rzi.u64.f64 %d, %a;", Doubles, x => double.IsNaN(x) ? 1UL << 63 : x <= 0 ? 0 : x >= 18446744073709551615.0 ? ulong.MaxValue : (ulong)x);
        Check("cvt.rzi.s8.f32 %d, %a;", Singles, x => (int)(sbyte)Saturated(Math.Truncate((double)x), -128, 127));
        Check("cvt.rzi.u8.f32 %d, %a;", Singles, x => (uint)(byte)Saturated(Math.Truncate((double)x), 0, 255));
    }

    [Test]
    public void IntegerToFloat_RoundsToNearest()
    {
        Check("cvt.rn.f32.s32 %d, %a;", Ints, x => (float)x);
        Check("cvt.rn.f32.u32 %d, %a;", Uints, x => (float)x);
        Check("cvt.rn.f32.s64 %d, %a;", Longs, x => (float)x);
        Check("cvt.rn.f32.u64 %d, %a;", Ulongs, x => float.Parse(x.ToString(), System.Globalization.CultureInfo.InvariantCulture));
        Check("cvt.rn.f64.s32 %d, %a;", Ints, x => (double)x);
        Check("cvt.rn.f64.s64 %d, %a;", Longs, x => (double)x);
        Check("cvt.rn.f64.u64 %d, %a;", Ulongs, x => double.Parse(x.ToString(), System.Globalization.CultureInfo.InvariantCulture));
        Check("cvt.rn.f32.u8 %d, %a;", Uints, x => (float)(byte)x);
        Check("cvt.rn.f32.s8 %d, %a;", Ints, x => (float)(sbyte)x);
        Check("cvt.rn.f16.s32 %d, %a;", Ints, x => (Half)(double)x);
    }

    [Test]
    public void IntegerToInteger_ExtendsCutsAndSaturates()
    {
        Check("cvt.s64.s32 %d, %a;", Ints, x => (long)x);
        Check("cvt.u64.u32 %d, %a;", Uints, x => (ulong)x);
        Check("cvt.u32.u64 %d, %a;", Ulongs, x => (uint)x);
        Check("cvt.s32.s8 %d, %a;", Ints, x => (int)(sbyte)x);
        Check("cvt.u32.u8 %d, %a;", Uints, x => (uint)(byte)x);
        Check("cvt.s8.s32 %d, %a;", Ints, x => (int)(sbyte)x);
        Check("cvt.u16.u32 %d, %a;", Uints, x => (ushort)x);
        Check("cvt.s32.s16 %d, %a;", Shorts, x => (int)x);
        Check("cvt.sat.u8.s32 %d, %a;", Ints, x => (uint)Math.Clamp(x, 0, 255));
        Check("cvt.sat.s32.s64 %d, %a;", Longs, x => (int)Math.Clamp(x, int.MinValue, int.MaxValue));
        Check("cvt.sat.u32.s32 %d, %a;", Ints, x => (uint)Math.Max(x, 0));
        Check("cvt.sat.s32.u32 %d, %a;", Uints, x => (int)Math.Min(x, int.MaxValue));
    }

    [Test]
    public void FloatToFloat_RoundsToNearestEven()
    {
        Check("cvt.f64.f32 %d, %a;", Singles, x => (double)x);
        Check("cvt.rn.f32.f64 %d, %a;", Doubles, x => (float)x);
        Check("cvt.rn.f16.f32 %d, %a;", Singles, x => (Half)x);
        Check("cvt.rn.f16.f64 %d, %a;", Doubles, x => (Half)x);
        Check("cvt.rni.f32.f32 %d, %a;", Singles, x => MathF.Round(x, MidpointRounding.ToEven));
        Check("cvt.rzi.f32.f32 %d, %a;", Singles, MathF.Truncate);
        Check("cvt.rmi.f32.f32 %d, %a;", Singles, MathF.Floor);
        Check("cvt.rpi.f64.f64 %d, %a;", Doubles, Math.Ceiling);
        Check("cvt.sat.f32.f32 %d, %a;", Singles, x => x > 0 ? MathF.Min(x, 1) : 0);
    }

    [Test]
    public void Half_AllBitPatterns_GoThroughSingleUnchanged()
    {
        Half[] all = [.. Enumerable.Range(0, 65536).Select(bits => BitConverter.UInt16BitsToHalf((ushort)bits))];
        Check("cvt.f32.f16 %d, %a;", all, x => (float)x);
        Check("cvt.f32.f16 %f0, %a; cvt.rn.f16.f32 %d, %f0;", all, x => x);
    }

    [Test]
    public void BFloat16_TiesToEvenAndKeepsNan()
    {
        uint[] bits = [0x3F800000, 0x3F808000, 0x3F818000, 0x3F808001, 0x3F807FFF, 0x7F7FFFFF, 0x7F800000, 0xFF800000, 0x7F800001, 0x00000001, 0x80000000, 0x00008000, 0x00008001];
        Check("mov.b32 %f0, %a; cvt.rn.bf16.f32 %h0, %f0; mov.b32 %d, {%h0, %h0};", bits, x =>
        {
            uint kept = x >> 16;
            uint rest = x & 0xFFFF;
            kept = (x & 0x7FFFFFFF) > 0x7F800000 ? 0x7FFF : rest > 0x8000 || (rest == 0x8000 && (kept & 1) == 1) ? kept + 1 : kept;
            return kept | (kept << 16);
        });
        Check("cvt.rn.bf16x2.f32 %r4, %a, %b; mov.b32 %d, %r4;", [1f, -2f, 0.1f], [3f, 0.2f], (x, y) => ((uint)(BFloat16Bits(x) << 16)) | BFloat16Bits(y));
        Check("cvt.rn.f16x2.f32 %r4, %a, %b; mov.b32 %d, %r4;", [1f, -2f, 0.1f, 1e9f], [3f, 0.2f], (x, y) => ((uint)BitConverter.HalfToUInt16Bits((Half)x) << 16) | BitConverter.HalfToUInt16Bits((Half)y));
    }

    [Test]
    public void Tf32_KeepsTenBitsAndRoundsTiesAway()
    {
        uint[] bits = [0x3F800000, 0x3F801000, 0x3F800FFF, 0x3F803000, 0xBF801000, 0x7F800000, 0x00000FFF, 0x00001000];
        Check("mov.b32 %f0, %a; cvt.rna.tf32.f32 %r4, %f0; mov.b32 %d, %r4;", bits, x => (x & 0x7FFFFFFF) == 0x7F800000 ? x : (x + 0x1000) & 0xFFFFE000);
    }

    private static ushort BFloat16Bits(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
    }

    private static double Saturated(double value, double low, double high) => double.IsNaN(value) ? 0 : Math.Clamp(value, low, high);
}
