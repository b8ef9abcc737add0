using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

/// <summary>Every function against double precision, over the bit patterns of all floats in steps that hit every exponent and sign.</summary>
internal sealed unsafe class VectorMathTests
{
    // 860,000 arguments a function; a prime, so that the low bits of the mantissa vary too.
    private const uint Stride = 4999;
    private const int Block = 4096;

    [TestCaseSource(typeof(SimdWidths), nameof(SimdWidths.All))]
    public void Functions_AllFloats_AreWithinTheirBound(SimdLevel level) => SimdWidths.Run(level, new Sweep());

    [TestCaseSource(typeof(SimdWidths), nameof(SimdWidths.All))]
    public void Pow_MatchesDouble(SimdLevel level) => SimdWidths.Run(level, new PowSweep());

    [TestCaseSource(typeof(SimdWidths), nameof(SimdWidths.All))]
    public void SpecialValues_AreThoseOfMath(SimdLevel level) => SimdWidths.Run(level, new Specials());

    [TestCaseSource(typeof(SimdWidths), nameof(SimdWidths.All))]
    public void MinMax_PropagateNaN(SimdLevel level) => SimdWidths.Run(level, new MinMax());

    private static double UlpError(float actual, double expected)
    {
        float rounded = (float)expected;
        if (float.IsNaN(rounded) || float.IsNaN(actual))
        {
            return float.IsNaN(rounded) == float.IsNaN(actual) ? 0 : double.PositiveInfinity;
        }
        // −0 and 0 are different answers.
        if (rounded == 0 && actual == 0)
        {
            return float.IsNegative(rounded) == float.IsNegative(actual) ? 0 : double.PositiveInfinity;
        }
        if (float.IsInfinity(actual))
        {
            return float.IsInfinity(rounded) && float.IsNegative(rounded) == float.IsNegative(actual) ? 0 : double.PositiveInfinity;
        }
        float magnitude = Math.Min(Math.Abs(rounded), float.MaxValue);
        double ulp = magnitude == float.MaxValue ? magnitude - MathF.BitDecrement(magnitude) : (double)MathF.BitIncrement(magnitude) - magnitude;
        return Math.Abs(actual - expected) / ulp;
    }

    private readonly struct Sweep : ISimdTest
    {
        public void Run<V>() where V : struct, ISimd<V>
        {
            // A second rounding in every step costs up to a unit where there is no fused multiply-add.
            double split = V.HasFusedMultiplyAdd ? 0 : 1;
            Check<V>("exp", 1 + split, &VectorMath.Exp, &Math.Exp);
            Check<V>("expm1", 2 + split, &VectorMath.Expm1, &SpecialFunctions.Expm1);
            Check<V>("log", 1 + split, &VectorMath.Log, &Math.Log);
            Check<V>("log1p", 2 + split, &VectorMath.Log1p, &SpecialFunctions.Log1p);
            Check<V>("tanh", 3 + split, &VectorMath.Tanh, &Math.Tanh);
            Check<V>("sigmoid", 3 + split, &VectorMath.Sigmoid, &SpecialFunctions.Sigmoid);
            Check<V>("erf", 3 + split, &VectorMath.Erf, &SpecialFunctions.Erf);
            Check<V>("sin", 2, &VectorMath.Sin, &Math.Sin);
            Check<V>("cos", 2, &VectorMath.Cos, &Math.Cos);
            Check<V>("tan", 4, &VectorMath.Tan, &Math.Tan);
            Check<V>("sqrt", 0.5, &V.Sqrt, &Math.Sqrt);
            Check<V>("rsqrt", 1.5, &VectorMath.Rsqrt, &ReciprocalRoot);
            Check<V>("reciprocal", 0.5, &VectorMath.Reciprocal, &Inverse);
        }

        private static double ReciprocalRoot(double x) => 1 / Math.Sqrt(x);

        private static double Inverse(double x) => 1 / x;
    }

    private readonly struct PowSweep : ISimdTest
    {
        public void Run<V>() where V : struct, ISimd<V>
        {
            foreach (double exponent in (double[])[-250, -3, -0.5, 0, 0.4375, 2, 2.375, 3, 17, 16777217])
            {
                CheckPow<V>(double.NaN, exponent);
            }
            foreach (double @base in (double[])[-3, 0.998046875, 1.0078125, 1.375, 1e-3, 1e30])
            {
                CheckPow<V>(@base, double.NaN);
            }
        }
    }

    // Whichever is NaN is swept.
    private static void CheckPow<V>(double @base, double exponent) where V : struct, ISimd<V>
    {
        Span<float> x = stackalloc float[16];
        float* actual = stackalloc float[16];
        fixed (float* lanes = x)
        {
            for (ulong bits = 0; bits <= uint.MaxValue; bits += 16 * 7919)
            {
                for (int i = 0; i < V.Count; i++)
                {
                    x[i] = BitConverter.UInt32BitsToSingle((uint)(bits + ((uint)i * 7919)));
                }
                V v = V.Load(lanes);
                V y = double.IsNaN(@base) ? VectorMath.Pow(v, V.Create(exponent)) : VectorMath.Pow(V.Create(@base), v);
                y.Store(actual);
                for (int i = 0; i < V.Count; i++)
                {
                    double expected = double.IsNaN(@base) ? Math.Pow(x[i], (float)exponent) : Math.Pow((float)@base, x[i]);
                    if (UlpError(actual[i], expected) > 1.5)
                    {
                        Assert.Fail($"{typeof(V).Name}: pow({(double.IsNaN(@base) ? x[i] : @base)}, {(double.IsNaN(@base) ? exponent : x[i])}) = {actual[i]:R}, expected {expected:R}");
                    }
                }
            }
        }
    }

    private static void Check<V>(string name, double bound, delegate*<V, V> function, delegate*<double, double> reference) where V : struct, ISimd<V>
    {
        float[] x = new float[Block], y = new float[Block];
        double worst = 0;
        float at = 0;
        fixed (float* source = x, destination = y)
        {
            for (ulong bits = 0; bits <= uint.MaxValue;)
            {
                for (int i = 0; i < Block; i++, bits += Stride)
                {
                    x[i] = BitConverter.UInt32BitsToSingle((uint)Math.Min(bits, uint.MaxValue));
                }
                for (int i = 0; i < Block; i += V.Count)
                {
                    function(V.Load(source + i)).Store(destination + i);
                }
                for (int i = 0; i < Block; i++)
                {
                    double error = UlpError(y[i], reference(x[i]));
                    if (error > worst)
                    {
                        (worst, at) = (error, x[i]);
                    }
                }
            }
        }

        Assert.That(worst, Is.LessThanOrEqualTo(bound), $"{typeof(V).Name} {name}({at:R})");
    }

    private readonly struct Specials : ISimdTest
    {
        public void Run<V>() where V : struct, ISimd<V>
        {
            float[] values =
            [
                0, -0f, float.Epsilon, -float.Epsilon, 1e-40f, -1e-40f, float.MaxValue, float.MinValue, float.PositiveInfinity, float.NegativeInfinity,
                float.NaN, 1, -1, 0.5f, -0.5f, 1.5f, 2.5f, -2.5f, 88.7f, 88.73f, -87.4f, -103.9f, -104.1f, 1e30f, 123456.7f, MathF.BitDecrement(1), MathF.BitIncrement(-1),
            ];
            foreach (float value in values)
            {
                Same<V>("exp", value, &VectorMath.Exp, &Math.Exp, 1);
                Same<V>("expm1", value, &VectorMath.Expm1, &SpecialFunctions.Expm1, 2);
                Same<V>("log", value, &VectorMath.Log, &Math.Log, 1);
                Same<V>("log1p", value, &VectorMath.Log1p, &SpecialFunctions.Log1p, 2);
                Same<V>("tanh", value, &VectorMath.Tanh, &Math.Tanh, 3);
                Same<V>("sigmoid", value, &VectorMath.Sigmoid, &SpecialFunctions.Sigmoid, 3);
                Same<V>("erf", value, &VectorMath.Erf, &SpecialFunctions.Erf, 3);
                Same<V>("sin", value, &VectorMath.Sin, &Math.Sin, 2);
                Same<V>("cos", value, &VectorMath.Cos, &Math.Cos, 2);
                Same<V>("tan", value, &VectorMath.Tan, &Math.Tan, 4);
                Same<V>("floor", value, &V.Floor, &Math.Floor, 0);
                Same<V>("ceiling", value, &V.Ceiling, &Math.Ceiling, 0);
                Same<V>("round", value, &V.Round, &Math.Round, 0);
                Same<V>("truncate", value, &V.Truncate, &Math.Truncate, 0);
                Same<V>("abs", value, &V.Abs, &Math.Abs, 0);
                Same<V>("sign", value, &VectorMath.Sign, &SignOf, 0);
                foreach (float exponent in values)
                {
                    double expected = Math.Pow(value, exponent);
                    Assert.That(UlpError(Lane(VectorMath.Pow(V.Create(value), V.Create(exponent))), expected), Is.LessThanOrEqualTo(1),
                        $"{typeof(V).Name}: pow({value:R}, {exponent:R}), expected {expected:R}");
                }
            }
        }

        private static double SignOf(double x) => x > 0 ? 1 : x < 0 ? -1 : 0;

        private static void Same<V>(string name, float x, delegate*<V, V> function, delegate*<double, double> reference, double bound) where V : struct, ISimd<V>
        {
            float actual = Lane(function(V.Create(x)));
            Assert.That(UlpError(actual, reference(x)), Is.LessThanOrEqualTo(bound), $"{typeof(V).Name}: {name}({x:R}) = {actual:R}, expected {reference(x):R}");
        }
    }

    private readonly struct MinMax : ISimdTest
    {
        public void Run<V>() where V : struct, ISimd<V>
        {
            V nan = V.Create(double.NaN), one = V.Create(1), two = V.Create(2);
            Assert.Multiple(() =>
            {
                Assert.That(Lane(VectorMath.Max(nan, one)), Is.NaN);
                Assert.That(Lane(VectorMath.Max(one, nan)), Is.NaN);
                Assert.That(Lane(VectorMath.Min(nan, one)), Is.NaN);
                Assert.That(Lane(VectorMath.Min(one, nan)), Is.NaN);
                Assert.That(Lane(VectorMath.Relu(nan)), Is.NaN);
                Assert.That(Lane(VectorMath.Max(one, two)), Is.EqualTo(2));
                Assert.That(Lane(VectorMath.Min(two, one)), Is.EqualTo(1));
            });
        }
    }

    private static float Lane<V>(V vector) where V : struct, ISimd<V>
    {
        float* lanes = stackalloc float[16];
        vector.Store(lanes);
        return lanes[V.Count - 1];
    }
}
