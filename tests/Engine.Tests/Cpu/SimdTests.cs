using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

/// <summary>The members of the vector types against scalar arithmetic, lane by lane.</summary>
internal sealed unsafe class SimdTests
{
    [TestCaseSource(typeof(SimdWidths), nameof(SimdWidths.All))]
    public void PartialLoadsAndStores_TouchOnlyTheFirstLanes(SimdLevel level)
    {
        SimdWidths.Run(level, new Partial());
        SimdWidths.RunFloat64(level, new Partial());
    }

    [TestCaseSource(typeof(SimdWidths), nameof(SimdWidths.All))]
    public void Arithmetic_MatchesScalars(SimdLevel level)
    {
        SimdWidths.Run(level, new Arithmetic());
        SimdWidths.RunFloat64(level, new Arithmetic());
    }

    [TestCaseSource(typeof(SimdWidths), nameof(SimdWidths.All))]
    public void Scale_CoversSubnormalsAndOverflow(SimdLevel level)
    {
        SimdWidths.Run(level, new Scaling());
        SimdWidths.RunFloat64(level, new Scaling());
    }

    [TestCaseSource(typeof(SimdWidths), nameof(SimdWidths.All))]
    public void HorizontalReductions_SeeEveryLane(SimdLevel level)
    {
        SimdWidths.Run(level, new Horizontal());
        SimdWidths.RunFloat64(level, new Horizontal());
    }

    [TestCaseSource(typeof(SimdWidths), nameof(SimdWidths.All))]
    public void EvenAndOdd_PartTwoVectorsByPlace(SimdLevel level)
    {
        SimdWidths.Run(level, new Parting());
        SimdWidths.RunFloat64(level, new Parting());
    }

    private static double[] Values<V>(V vector) where V : struct, ISimd<V>
    {
        byte* bytes = stackalloc byte[64];
        vector.Store(bytes);
        var values = new double[V.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = V.IsFloat64 ? ((double*)bytes)[i] : ((float*)bytes)[i];
        }
        return values;
    }

    private readonly struct Partial : ISimdTest
    {
        public void Run<V>() where V : struct, ISimd<V>
        {
            int size = V.IsFloat64 ? 8 : 4;
            byte* source = stackalloc byte[128], destination = stackalloc byte[128];
            (V.Indices + V.Create(1)).Store(source);
            double[] all = Values(V.Load(source));
            for (int count = 0; count <= V.Count; count++)
            {
                double[] loaded = Values(V.LoadFirst(source, count));
                for (int i = 0; i < V.Count; i++)
                {
                    Assert.That(loaded[i], Is.EqualTo(i < count ? all[i] : 0), $"{typeof(V).Name}, lane {i} of {count}");
                }

                new Span<byte>(destination, 128).Fill(0xAB);
                V.Create(3).StoreFirst(destination, count);
                Assert.That(new Span<byte>(destination + (count * size), 128 - (count * size)).IndexOfAnyExcept((byte)0xAB), Is.EqualTo(-1));
                if (count > 0)
                {
                    Assert.That(Values(V.Load(destination))[count - 1], Is.EqualTo(3));
                }
            }
        }
    }

    private readonly struct Parting : ISimdTest
    {
        public void Run<V>() where V : struct, ISimd<V>
        {
            double[] even = Values(V.Even(V.Indices, V.Indices + V.Create(V.Count))), odd = Values(V.Odd(V.Indices, V.Indices + V.Create(V.Count)));
            for (int i = 0; i < V.Count; i++)
            {
                Assert.That(even[i], Is.EqualTo(2 * i), typeof(V).Name);
                Assert.That(odd[i], Is.EqualTo((2 * i) + 1), typeof(V).Name);
            }
        }
    }

    private readonly struct Arithmetic : ISimdTest
    {
        public void Run<V>() where V : struct, ISimd<V>
        {
            foreach ((double a, double b) in new[] { (1.5, 2.25), (-3.0, 0.5), (0.0, -0.0), (7.0, 7.0), (-1.25, -8.0) })
            {
                V x = V.Create(a), y = V.Create(b);
                Same(x + y, a + b);
                Same(x - y, a - b);
                Same(x * y, a * b);
                if (b != 0)
                {
                    Same(x / y, a / b, 1e-7);
                }
                Same(-x, -a);
                Same(V.MultiplyAdd(x, y, x), (a * b) + a);
                Same(V.MinNative(x, y), Math.Min(a, b));
                Same(V.MaxNative(x, y), Math.Max(a, b));
                Same(V.Select(V.Less(x, y), x, y), a < b ? a : b);
                Same(V.Select(V.LessOrEqual(x, y), x, y), a <= b ? a : b);
                Same(V.Select(V.Equal(x, y), V.Create(1), V.Zero), a == b ? 1 : 0);
                Same(V.Select(~V.Equal(x, y), V.Create(1), V.Zero), a != b ? 1 : 0);
                Same(VectorMath.CopySign(x, y), Math.CopySign(a, b));
                Same(VectorMath.Mod(x, y), SpecialFunctions.Mod(a, b));
                Same(VectorMath.FloorDiv(x, y), SpecialFunctions.FloorDiv(a, b));
                Assert.That(V.MaskBits(V.Less(x, y)), Is.EqualTo(a < b ? (uint)((1ul << V.Count) - 1) : 0u));
            }

            V five = V.CreateBits(5), minusThree = V.CreateBits(-3);
            Same(V.BitsToValue(V.AddBits(five, minusThree)), 2);
            Same(V.BitsToValue(V.SubtractBits(minusThree, five)), -8);
            Same(V.BitsToValue(V.ShiftLeftBits(minusThree, 2)), -12);
            Same(V.BitsToValue(V.ShiftRightBits(minusThree, 1)), -2);
        }

        private static void Same<V>(V actual, double expected, double relative = 0) where V : struct, ISimd<V>
            => Assert.That(Values(actual), relative == 0 ? Is.All.EqualTo(expected) : Is.All.EqualTo(expected).Within(Math.Abs(expected) * relative), typeof(V).Name);
    }

    private readonly struct Scaling : ISimdTest
    {
        public void Run<V>() where V : struct, ISimd<V>
        {
            int[] exponents = V.IsFloat64 ? [-1100, -1074, -1023, -1, 0, 1, 1023, 1024] : [-160, -149, -127, -126, -1, 0, 1, 127, 128];
            foreach (int n in exponents)
            {
                double expected = V.IsFloat64 ? Math.ScaleB(1.25, n) : MathF.ScaleB(1.25f, n);
                Assert.That(Values(V.Scale(V.Create(1.25), V.Create(n))), Is.All.EqualTo(expected), $"{typeof(V).Name}, 2^{n}");
            }
        }
    }

    private readonly struct Horizontal : ISimdTest
    {
        public void Run<V>() where V : struct, ISimd<V>
        {
            byte* lanes = stackalloc byte[64];
            for (int spot = 0; spot < V.Count; spot++)
            {
                V ramp = V.Indices + V.Create(1);
                V marked = V.Select(V.Equal(V.Indices, V.Create(spot)), V.Create(100), ramp);
                Assert.That(V.Sum(ramp), Is.EqualTo(V.Count * (V.Count + 1) / 2));
                Assert.That(V.Max(marked), Is.EqualTo(100));
                Assert.That(V.Min(-marked), Is.EqualTo(-100));
                V poisoned = V.Select(V.Equal(V.Indices, V.Create(spot)), V.Create(double.NaN), ramp);
                Assert.That(V.Max(poisoned), Is.NaN);
                Assert.That(V.Min(poisoned), Is.NaN);
            }
        }
    }
}
