using System.Numerics;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.SpecialValues;

/// <summary>Integers are exact over all of their range and wrap around at its ends, whatever a double or a float32 could hold.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class IntegerTests(string deviceName) : DeviceFixture(deviceName)
{
    private const long Big = (1L << 53) + 1;

    private static readonly long[] s_values = [Big, -Big, Big + 2, long.MaxValue, long.MinValue, long.MaxValue - 1, 0, 1, -1, 7, -7, 16777217, 1L << 40];

    [Test]
    public void MatMul_EveryIntegerType_WrapsAroundExactly()
    {
        Random random = new(5);
        foreach (DType dtype in (DType[])[DType.Int64, DType.Int32, DType.UInt8])
        {
            foreach ((int batch, int m, int k, int n) in ((int, int, int, int)[])[(1, 1, 1, 1), (1, 3, 5, 4), (2, 9, 17, 33), (3, 1, 7, 10), (1, 12, 2, 1), (2, 4, 0, 3)])
            {
                long[] a = Numbers(random, batch * m * k, dtype), b = Numbers(random, batch * k * n, dtype);
                Tensor x = Tensor.From<long>(a, [batch, m, k], Device).To(dtype), y = Tensor.From<long>(b, [batch, k, n], Device).To(dtype);
                long[] expected = new long[batch * m * n];
                for (int i = 0; i < expected.Length; i++)
                {
                    (int p, int row, int column) = (i / (m * n), i / n % m, i % n);
                    BigInteger sum = 0;
                    for (int d = 0; d < k; d++)
                    {
                        sum += (BigInteger)a[(((p * m) + row) * k) + d] * b[(((p * k) + d) * n) + column];
                    }
                    expected[i] = Wrap(sum, dtype);
                }

                string where = $"{dtype} {batch}x{m}x{k}x{n}";
                Assert.That(x.MatMul(y).ToArray<long>(), Is.EqualTo(expected), where);
                Assert.That(x.MatMul(y).DType, Is.EqualTo(dtype), where);
                Tensor xt = x.Transpose(1, 2).Contiguous().Transpose(1, 2), yt = y.Transpose(1, 2).Contiguous().Transpose(1, 2);
                Assert.That(xt.MatMul(yt).ToArray<long>(), Is.EqualTo(expected), $"{where}, transposed");
                Assert.That(y.Transpose(1, 2).MatMul(x.Transpose(1, 2)).Transpose(1, 2).ToArray<long>(), Is.EqualTo(expected), $"{where}, exchanged");
                Assert.That(x[0].MatMul(y[0]).ToArray<long>(), Is.EqualTo(expected[..(m * n)]), $"{where}, the first");
            }
        }
    }

    [Test]
    public void MatMul_KnownCases_AreThoseOfCSharp()
    {
        Tensor ones = Tensor.From<long>([1, 1], [2, 1], Device);
        Assert.That(Tensor.From<long>([Big, 0], [1, 2], Device).MatMul(ones).Item<long>(), Is.EqualTo(Big));
        Assert.That(Tensor.From<int>([65536], [1, 1], Device).MatMul(Tensor.From<int>([65536], [1, 1], Device)).Item<long>(), Is.Zero);
        Assert.That(Tensor.From<bool>([true, true], [1, 2], Device).MatMul(Tensor.From<bool>([true, true], [2, 1], Device)).Item(), Is.EqualTo(1));
        Tensor x = Tensor.From<long>([Big, 2], [1, 2], Device), w = Tensor.From<long>([1, 3, 5, -7], [2, 2], Device), bias = Tensor.From<long>([1, -9], Device);
        Assert.That(x.Linear(w, bias).ToArray<long>(), Is.EqualTo(new[] { Big + 7, (5 * Big) - 14 - 9 }));
        Assert.That(Tensor.Einsum("ij,kj->ik", x, w).ToArray<long>(), Is.EqualTo(new[] { Big + 6, (5 * Big) - 14 }));
    }

    [Test]
    public void Pow_Integers_AreProducts()
    {
        foreach (DType dtype in (DType[])[DType.Int64, DType.Int32, DType.UInt8])
        {
            long[] bases = dtype == DType.UInt8 ? [0, 1, 2, 3, 5, 255] : [0, 1, -1, 2, -2, 3, -3, 7, 4097, -46341];
            Tensor x = Tensor.From<long>(bases, Device).To(dtype);
            foreach (int exponent in (int[])[0, 1, 2, 3, 5, 20, 31, 33, 63, 64, 100])
            {
                long[] expected = [.. bases.Select(b => Wrap(BigInteger.Pow(b, exponent), dtype))];
                Tensor y = x.Pow(exponent);
                Assert.That((y.DType, string.Join(' ', y.ToArray<long>())), Is.EqualTo((dtype, string.Join(' ', expected))), $"{dtype} to {exponent}");
                Tensor z = x.Pow(Tensor.From<long>([exponent], Device).To(dtype));
                Assert.That((z.DType, string.Join(' ', z.ToArray<long>())), Is.EqualTo((dtype, string.Join(' ', expected))), $"{dtype} to tensor {exponent}");
            }

            Assert.That(x.Square().ToArray<long>(), Is.EqualTo(x.Pow(2).ToArray<long>()));
            Assert.That(() => x.Pow(-1), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("To(DType.Float32)"));
            Assert.That(x.Pow(0.5).DType, Is.EqualTo(DType.Float32));
        }

        Assert.That(Tensor.From<long>([3], Device).Pow(20).Item<long>(), Is.EqualTo(3486784401));
        Assert.That(Tensor.From<long>([1, -1, -1, 2, 0, -3], Device).Pow(Tensor.From<long>([-5, -5, -4, -1, -2, -1], Device)).ToArray<long>(), Is.EqualTo(new long[] { 1, -1, 1, 0, 0, 0 }));
        Tensor truth = Tensor.From<bool>([false, true], Device);
        Assert.That((truth.Square().DType, truth.Pow(2).DType, truth.Pow(truth).DType), Is.EqualTo((DType.Int64, DType.Int64, DType.Int64)));
        Assert.That(truth.Pow(0).ToArray<long>(), Is.EqualTo(new long[] { 1, 1 }));
        Assert.That(Tensor.From<long>([2], Device).Pow(Tensor.From<float>([0.5f], Device)).Item(), Is.EqualTo(Math.Sqrt(2)).Within(1e-6));
    }

    [Test]
    public void Clamp_Bounds_AreKeptAsTheyAre()
    {
        Tensor x = Tensor.From<int>([-5, 0, 5], Device);
        Tensor y = x.Clamp(-1.5, 1.5);
        Assert.That((y.DType, string.Join(' ', y.ToArray<float>())), Is.EqualTo((DType.Float32, "-1.5 0 1.5")));
        Assert.That((x.Clamp(-1, 2).DType, string.Join(' ', x.Clamp(-1, 2).ToArray<int>())), Is.EqualTo((DType.Int32, "-1 0 2")));
        Assert.That((x.Clamp(max: 2.5).DType, string.Join(' ', x.Clamp(max: 2.5).ToArray<float>())), Is.EqualTo((DType.Float32, "-5 0 2.5")));
        Assert.That(x.Clamp(min: -1).ToArray<int>(), Is.EqualTo(new[] { -1, 0, 5 }));
        Assert.That(() => x.Clone().ClampInPlace(-1.5, 1.5), Throws.InstanceOf<DTypeMismatchException>().With.Message.Contains("-1.5"));
        Assert.That(() => x.Clone().ClampInPlace(-1, double.NaN), Throws.InstanceOf<DTypeMismatchException>());
        Assert.That(x.Clone().ClampInPlace(-1, 2).ToArray<int>(), Is.EqualTo(new[] { -1, 0, 2 }));
        Tensor wide = Tensor.From<long>(s_values, Device);
        Assert.That(wide.Clamp().ToArray<long>(), Is.EqualTo(s_values));
        Assert.That(wide.Clamp(-Big, Big).ToArray<long>(), Is.EqualTo(s_values.Select(v => Math.Clamp(v, -Big, Big)).ToArray()));
        Assert.That(wide.Clone().ClampInPlace(-Big, Big + 1).ToArray<long>(), Is.EqualTo(s_values.Select(v => Math.Clamp(v, -Big, Big + 1)).ToArray()));
        Assert.That(Tensor.From<bool>([false, true], Device).Clamp(0, 1).DType, Is.EqualTo(DType.Int64));
        Assert.That(Tensor.From<byte>([0, 100, 255], Device).Clamp(-3, 200).ToArray<byte>(), Is.EqualTo(new byte[] { 0, 100, 200 }));
    }

    [Test]
    public void Rounding_Integers_ReturnsThemAsTheyAre()
    {
        Tensor x = Tensor.From<long>(s_values, Device);
        foreach (Func<Tensor, Tensor> round in (Func<Tensor, Tensor>[])[t => t.Floor(), t => t.Ceil(), t => t.Round(), t => t.Truncate()])
        {
            Assert.That((round(x).DType, string.Join(' ', round(x).ToArray<long>())), Is.EqualTo((DType.Int64, string.Join(' ', s_values))));
            Assert.That(round(x.To(DType.Int32)).DType, Is.EqualTo(DType.Int32));
            Assert.That(round(x.To(DType.UInt8)).DType, Is.EqualTo(DType.UInt8));
        }
    }

    [Test]
    public void Scalars_PastTheDoubles_AreExact()
    {
        Tensor x = Tensor.From<long>(s_values, Device);
        unchecked
        {
            foreach (long y in s_values)
            {
                Equal(x + y, v => v + y, $"x + {y}");
                Equal(y + x, v => v + y, $"{y} + x");
                Equal(x - y, v => v - y, $"x - {y}");
                Equal(y - x, v => y - v, $"{y} - x");
                Equal(x * y, v => v * y, $"x * {y}");
                Equal(y * x, v => v * y, $"{y} * x");
                Equal(x % y, v => SpecialFunctions.Mod(v, y), $"x % {y}");
                Equal(x.FloorDiv(Tensor.Scalar(y, DType.Int64, Device)), v => SpecialFunctions.FloorDiv(v, y), $"x // {y}");
                Equal(x < y, v => v < y ? 1 : 0, $"x < {y}");
                Equal(x > y, v => v > y ? 1 : 0, $"x > {y}");
                Equal(x <= y, v => v <= y ? 1 : 0, $"x <= {y}");
                Equal(x >= y, v => v >= y ? 1 : 0, $"x >= {y}");
                Equal(x.EqualTo(y), v => v == y ? 1 : 0, $"x == {y}");
                Equal(x.NotEqualTo(y), v => v != y ? 1 : 0, $"x != {y}");
                Equal(x.Clone().AddInPlace(y), v => v + y, $"x += {y}");
                Equal(x.Clone().MulInPlace(y), v => v * y, $"x *= {y}");
                Equal(x.Clone().FillInPlace(y), _ => y, $"x = {y}");
                Equal(Tensor.Full([s_values.Length], y, DType.Int64, Device), _ => y, $"Full {y}");
                Equal(x.MaskedFill(x > 0, y), v => v > 0 ? y : v, $"MaskedFill {y}");
                Assert.That(Tensor.Scalar(y, DType.Int64, Device).Item<long>(), Is.EqualTo(y));
            }
        }

        static void Equal(Tensor actual, Func<long, long> expected, string what) =>
            Assert.That(actual.ToArray<long>(), Is.EqualTo(s_values.Select(expected).ToArray()), what);
    }

    [Test]
    public void Comparisons_WithFractionsAndPastTheEnds_AreExact()
    {
        foreach (DType dtype in (DType[])[DType.Int64, DType.Int32])
        {
            long[] values = dtype == DType.Int64 ? s_values : [int.MaxValue, int.MinValue, 16777217, 0, -1, 5];
            Tensor x = Tensor.From<long>(values, Device).To(dtype);
            foreach (double y in (double[])[16777216.5, 16777217, -0.5, 0.5, 3e9, -3e9, 9223372036854775808.0, -9223372036854775808.0, 1e30, -1e30, double.PositiveInfinity, double.NegativeInfinity, double.NaN])
            {
                Check(x < y, v => Order(v, y) == -1, $"{dtype} < {y}");
                Check(x > y, v => Order(v, y) == 1, $"{dtype} > {y}");
                Check(x <= y, v => Order(v, y) is -1 or 0, $"{dtype} <= {y}");
                Check(x >= y, v => Order(v, y) is 1 or 0, $"{dtype} >= {y}");
                Check(x.EqualTo(y), v => Order(v, y) == 0, $"{dtype} == {y}");
                Check(x.NotEqualTo(y), v => Order(v, y) != 0, $"{dtype} != {y}");
            }

            void Check(Tensor actual, Func<long, bool> expected, string what) => Assert.That(actual.ToArray<bool>(), Is.EqualTo(values.Select(expected).ToArray()), what);
        }

        static int? Order(long x, double y) =>
            double.IsNaN(y) ? null : double.IsInfinity(y) ? (y > 0 ? -1 : 1) : ((BigInteger)x * 2).CompareTo(new BigInteger(y * 2));
    }

    [Test]
    public void Scalars_ThatDoNotFit_WidenTheTensor()
    {
        Tensor x = Tensor.From<int>([1, -2], Device);
        Assert.That(((x + 3_000_000_000).DType, string.Join(' ', (x + 3_000_000_000).ToArray<long>())), Is.EqualTo((DType.Int64, "3000000001 2999999998")));
        Assert.That((x * Big).ToArray<long>(), Is.EqualTo(new[] { Big, -2 * Big }));
        Assert.That((x + 3e9).DType, Is.EqualTo(DType.Int64));
        Assert.That((x + 1).DType, Is.EqualTo(DType.Int32));
    }

    [Test]
    public void Reductions_OfLargeIntegers_AreExact()
    {
        Tensor x = Tensor.From<long>([Big, 2, Big + 4, -1], [2, 2], Device);
        Assert.That(x.Sum().Item<long>(), Is.EqualTo((2 * Big) + 5));
        Assert.That(x.Sum(0).ToArray<long>(), Is.EqualTo(new[] { (2 * Big) + 4, 1 }));
        Assert.That((x.Max().Item<long>(), x.Min().Item<long>(), x.ArgMax().Item<long>()), Is.EqualTo((Big + 4, -1L, 2L)));
        Assert.That(x.CumSum(1).ToArray<long>(), Is.EqualTo(new[] { Big, Big + 2, Big + 4, Big + 3 }));
        Assert.That(x.Select(1, 0).Prod().Item<long>(), Is.EqualTo(unchecked(Big * (Big + 4))));
        Assert.That(x.Flatten().ArgSort().ToArray<long>(), Is.EqualTo(new long[] { 3, 1, 0, 2 }));
        Assert.That(Tensor.From<long>([16777217, -16777216], Device).Mean().Item(), Is.EqualTo(0.5));
        Assert.That(Tensor.From<int>([int.MaxValue, int.MaxValue, 1 - int.MaxValue, 2 - int.MaxValue], Device).Mean().Item(), Is.EqualTo(0.75));
        Assert.That(Tensor.Zeros([0], DType.Int64, Device).Mean().Item(), Is.NaN);
    }

    [Test]
    public void Arange_LargeIntegers_AreExact()
    {
        Assert.That(Tensor.Arange(Big, Big + 7, 2, DType.Int64, Device).ToArray<long>(), Is.EqualTo(new[] { Big, Big + 2, Big + 4, Big + 6 }));
        Assert.That(Tensor.Arange(long.MaxValue, long.MaxValue - 3, -1, DType.Int64, Device).ToArray<long>(), Is.EqualTo(new[] { long.MaxValue, long.MaxValue - 1, long.MaxValue - 2 }));
        Assert.That(Tensor.Arange(long.MinValue, long.MaxValue, long.MaxValue, DType.Int64, Device).ToArray<long>(), Is.EqualTo(new[] { long.MinValue, -1, long.MaxValue - 1 }));
        Assert.That(Tensor.Arange(5, 5, 1, DType.Int64, Device).ElementCount + Tensor.Arange(5, 3, 1, DType.Int64, Device).ElementCount, Is.Zero);
        Assert.That(Tensor.Arange(0, 3, device: Device).DType, Is.EqualTo(DType.Float32));
    }

    [Test]
    public void ReadingAndPrinting_LargeIntegers_AreExact()
    {
        foreach (long value in s_values)
        {
            Tensor x = Tensor.From<long>([value], Device);
            Assert.That(x.Item<long>(), Is.EqualTo(value));
            Assert.That(x.ToString(), Does.Contain($"[{value}]"));
            Assert.That(x.Item(), Is.EqualTo((double)value));
        }

        Assert.That(Tensor.From<long>([9007199254740993, -1], Device).ToString(), Does.StartWith("[9007199254740993,               -1]"));
        Assert.That(Tensor.From<float>([2.5f], Device).Item<int>(), Is.EqualTo(2));
        Assert.That(Tensor.From<bool>([true], Device).Item<bool>(), Is.True);
        Assert.That(() => Tensor.From<long>([1, 2], Device).Item<long>(), Throws.InstanceOf<ShapeMismatchException>());
    }

    private static long[] Numbers(Random random, int count, DType dtype) => [.. Enumerable.Range(0, count).Select(i => dtype switch
    {
        DType.Int64 => i % 3 == 0 ? random.NextInt64() - (long.MaxValue / 2) : random.Next(-9, 9),
        DType.Int32 => i % 3 == 0 ? random.Next(int.MinValue, int.MaxValue) : random.Next(-9, 9),
        _ => random.Next(0, 256),
    })];

    private static long Wrap(BigInteger value, DType dtype)
    {
        int bits = dtype switch { DType.Int64 => 64, DType.Int32 => 32, _ => 8 };
        BigInteger modulus = BigInteger.One << bits, rest = ((value % modulus) + modulus) % modulus;
        return (long)(dtype != DType.UInt8 && rest >= modulus / 2 ? rest - modulus : rest);
    }
}
