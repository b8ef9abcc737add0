using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.SpecialValues;

/// <summary>Operations on bits are those of C#, in every integer type, at the ends of its range too; shifts are NumPy's.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class BitwiseTests(string deviceName) : DeviceFixture(deviceName)
{
    private static readonly DType[] s_types = [DType.Int64, DType.Int32, DType.UInt8];

    private static readonly long[] s_values =
        [0, 1, -1, 2, -2, 7, -7, 85, 170, 255, 256, -256, int.MaxValue, int.MinValue, (1L << 53) + 1, -(1L << 53) - 1, long.MaxValue, long.MinValue];

    private static readonly long[] s_counts = [0, 1, 2, 7, 8, 9, 31, 32, 33, 62, 63, 64, 65, 200, 1L << 40, (1L << 32) + 1, -1, -8, -64, long.MinValue];

    [Test]
    public void Bitwise_EveryPairAndType_IsThatOfCSharp()
    {
        foreach (DType type in s_types)
        {
            using TensorScope scope = TensorScope.Begin();
            Tensor x = Numbers(s_values, type).Unsqueeze(1), y = Numbers(s_values, type);
            long[] a = x.ToArray<long>(), b = y.ToArray<long>();
            AssertPairs(type, "&", x & y, a, b, static (p, q) => p & q);
            AssertPairs(type, "|", x | y, a, b, static (p, q) => p | q);
            AssertPairs(type, "^", x ^ y, a, b, static (p, q) => p ^ q);
            Assert.That((~y).DType, Is.EqualTo(type));
            Assert.That((~y).ToArray<long>(), Is.EqualTo(b.Select(v => Wrapped(~v, type))), $"~, {type}");
        }
    }

    [Test]
    public void Shifts_EveryCount_AreNumPys()
    {
        foreach (DType type in s_types)
        {
            using TensorScope scope = TensorScope.Begin();
            int width = 8 * type.SizeInBytes();
            Tensor x = Numbers(s_values, type);
            long[] a = x.ToArray<long>();
            foreach (long count in s_counts)
            {
                long[] left = [.. a.Select(v => count >= 0 && count < width ? Wrapped(v << (int)count, type) : 0)];
                long[] right = [.. a.Select(v => v >> (count >= 0 && count < width ? (int)count : 63))];
                string what = $"{type} by {count}";
                Assert.That((x << count).ToArray<long>(), Is.EqualTo(left), $"{what}, left");
                Assert.That((x >> count).ToArray<long>(), Is.EqualTo(right), $"{what}, right");
                Assert.That((x << count).DType, Is.EqualTo(type), what);
                if (Wrapped(count, type) == count)
                {
                    Tensor counts = Numbers([count], type);
                    Assert.That((x << counts).ToArray<long>(), Is.EqualTo(left), $"{what}, left by a tensor");
                    Assert.That((x >> counts).ToArray<long>(), Is.EqualTo(right), $"{what}, right by a tensor");
                }
            }
        }
    }

    [Test]
    public void Numbers_OnEitherSide_AreExactOverInt64()
    {
        Tensor x = Numbers(s_values, DType.Int64);
        foreach (long number in s_values)
        {
            Assert.That((x & number).ToArray<long>(), Is.EqualTo(s_values.Select(v => v & number)), $"& {number}");
            Assert.That((number & x).ToArray<long>(), Is.EqualTo(s_values.Select(v => v & number)), $"{number} &");
            Assert.That((x | number).ToArray<long>(), Is.EqualTo(s_values.Select(v => v | number)), $"| {number}");
            Assert.That((number | x).ToArray<long>(), Is.EqualTo(s_values.Select(v => v | number)), $"{number} |");
            Assert.That((x ^ number).ToArray<long>(), Is.EqualTo(s_values.Select(v => v ^ number)), $"^ {number}");
            Assert.That((number ^ x).ToArray<long>(), Is.EqualTo(s_values.Select(v => v ^ number)), $"{number} ^");
        }

        // Numbers are weak: 300 has 44 as its lower byte, one that int32 does not hold makes int64.
        Tensor bytes = Tensor.From<byte>([0, 44, 255], Device), ints = Tensor.From<int>([-1, 5], Device);
        Assert.That(((bytes & 300).DType, string.Join(' ', (bytes & 300).ToArray<long>())), Is.EqualTo((DType.UInt8, "0 44 44")));
        Assert.That(((ints & (1L << 40)).DType, string.Join(' ', (ints & (1L << 40)).ToArray<long>())), Is.EqualTo((DType.Int64, $"{1L << 40} 0")));
    }

    [Test]
    public void TruthValues_AreLogical_AndNumbersBesideIntegers()
    {
        Tensor a = Tensor.From<bool>([false, false, true, true], Device), b = Tensor.From<bool>([false, true, false, true], Device);
        Assert.Multiple(() =>
        {
            Assert.That((a & b).ToArray<bool>(), Is.EqualTo(new[] { false, false, false, true }));
            Assert.That((a | b).ToArray<bool>(), Is.EqualTo(new[] { false, true, true, true }));
            Assert.That((a ^ b).ToArray<bool>(), Is.EqualTo(new[] { false, true, true, false }));
            Assert.That((~a).ToArray<bool>(), Is.EqualTo(new[] { true, true, false, false }));
            Assert.That(((a & b).DType, (~a).DType), Is.EqualTo((DType.Bool, DType.Bool)));
            Assert.That((a << b).ToArray<long>(), Is.EqualTo(new long[] { 0, 0, 1, 2 }));
            Assert.That(((a << b).DType, (a >> 1).DType, (a & 1).DType), Is.EqualTo((DType.Int64, DType.Int64, DType.Int64)));
            Tensor mixed = a ^ Tensor.From<int>([5, 5, 5, 4], Device);
            Assert.That((mixed.DType, string.Join(' ', mixed.ToArray<int>())), Is.EqualTo((DType.Int32, "5 5 4 5")));
            Assert.That((Tensor.From<byte>([200], Device) | Tensor.From<long>([1000], Device)).Item<long>(), Is.EqualTo(1000 | 200));
        });
    }

    [Test]
    public void Operands_OfOtherLayouts_ReadWhatTheyShow()
    {
        Tensor x = Tensor.Arange(0, 24, 1, DType.Int32, Device).Reshape(4, 6), wide = x[.., 1..^1];
        int[,] plain = new int[4, 4];
        int[] column = [19, 13, 7, 1];
        for (int i = 0; i < 4; i++)
        {
            for (int j = 0; j < 4; j++)
            {
                plain[i, j] = ((i * 6) + j + 1) ^ column[j];
            }
        }

        Tensor turned = x[.., 1].Flip();
        Assert.That((wide ^ turned).ToArray<int>(), Is.EqualTo(plain.Cast<int>()));
        Assert.That((x & x).ToArray<int>(), Is.EqualTo(x.ToArray<int>()), "one operand twice");
        Assert.That((x ^ x).ToArray<int>(), Is.All.Zero);
        Assert.That((Tensor.Zeros([0, 3], DType.Int64, Device) | Tensor.Zeros([3], DType.Int64, Device)).Shape, Is.EqualTo(new Shape(0, 3)));
        Assert.That(() => x & wide, Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("BitwiseAnd"));
    }

    [Test]
    public void FloatingOperands_AreRefused()
    {
        Tensor x = Tensor.Ones([2], device: Device), n = Tensor.Ones([2], DType.Int64, Device);
        FusedMap bits = Fuse.Map(static v => Expr.BitwiseNot(v));
        Assert.Multiple(() =>
        {
            foreach (Func<Tensor> use in (Func<Tensor>[])[() => x & n, () => n & x, () => x & 1, () => ~x, () => n << x, () => x >> n, () => x >> 1, () => n | Tensor.Scalar(1.5f, device: Device)])
            {
                Assert.That(use, Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("To(DType.Int64)"));
            }

            Assert.That(() => bits.Apply(x), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("To(DType.Int64)"));
            Assert.That(bits.Apply(n).ToArray<long>(), Is.EqualTo(new long[] { -2, -2 }));
            Assert.That(bits.Apply(n.To(DType.Bool)).ToArray<long>(), Is.EqualTo(new long[] { -2, -2 }));
            Assert.That(() => (Tensor)null! & n, Throws.ArgumentNullException.With.Property("ParamName").EqualTo("x"));
            Assert.That(() => n << null!, Throws.ArgumentNullException.With.Property("ParamName").EqualTo("y"));
            Assert.That(() => 1 | (Tensor)null!, Throws.ArgumentNullException.With.Property("ParamName").EqualTo("y"));
        });
    }

    private Tensor Numbers(long[] values, DType type) => Tensor.From<long>(values, Device).To(type);

    private static long Wrapped(long value, DType type) => type switch { DType.Int64 => value, DType.Int32 => unchecked((int)value), _ => unchecked((byte)value) };

    private static void AssertPairs(DType type, string op, Tensor actual, long[] a, long[] b, Func<long, long, long> f)
    {
        Assert.That(actual.DType, Is.EqualTo(type), op);
        Assert.That(actual.ToArray<long>(), Is.EqualTo(a.SelectMany(p => b.Select(q => Wrapped(f(p, q), type)))), $"{op}, {type}");
    }
}
