using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Properties;

/// <summary>The element type of results: the whole table, spelt out.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class PromotionTests(string deviceName) : DeviceFixture(deviceName)
{
    private static readonly string[] s_order = ["bool", "u8", "i32", "i64", "f16", "bf16", "f32", "f64"];

    /// <summary>torch.promote_types, row with column.</summary>
    private static readonly string[] s_table =
    [
        "bool u8   i32  i64  f16  bf16 f32  f64",
        "u8   u8   i32  i64  f16  bf16 f32  f64",
        "i32  i32  i32  i64  f16  bf16 f32  f64",
        "i64  i64  i64  i64  f16  bf16 f32  f64",
        "f16  f16  f16  f16  f16  f32  f32  f64",
        "bf16 bf16 bf16 bf16 f32  bf16 f32  f64",
        "f32  f32  f32  f32  f32  f32  f32  f64",
        "f64  f64  f64  f64  f64  f64  f64  f64",
    ];

    private IEnumerable<DType> Types => s_order.Select(Parse).Where(type => type != DType.Float64 || Device.HasFloat64);

    [Test]
    public void Binary_EveryPairOfTypes_FollowsTheTable()
    {
        foreach (DType a in Types)
        {
            foreach (DType b in Types)
            {
                DType expected = Parse(s_table[(int)a].Split(' ', StringSplitOptions.RemoveEmptyEntries)[(int)b]);
                Tensor x = Tensor.Ones([3], a, Device), y = Tensor.Ones([3], b, Device);
                Assert.That((x * y).DType, Is.EqualTo(expected), $"{a} * {b}");
                Assert.That((x * y).ToArray<double>(), Is.All.EqualTo(1), $"{a} * {b}");
                Assert.That(Tensor.Concat([x, y]).DType, Is.EqualTo(expected), $"Concat {a}, {b}");
                Assert.That(x.EqualTo(y).DType, Is.EqualTo(DType.Bool), $"{a} == {b}");
                Assert.That((x / y).DType, Is.EqualTo(expected.IsFloatingPoint() ? expected : DType.Float32), $"{a} / {b}");
            }
        }
    }

    [Test]
    public void Scalar_EveryType_NeverWidensAFloatingTensor()
    {
        foreach (DType type in Types)
        {
            Tensor x = Tensor.Ones([3], type, Device);
            DType whole = type == DType.Bool ? DType.Int64 : type;
            Assert.That((x + 1).DType, Is.EqualTo(whole), $"{type} + 1");
            Assert.That((x + 1).ToArray<double>(), Is.All.EqualTo(2), $"{type} + 1");
            Assert.That((x + 0.5).DType, Is.EqualTo(type.IsFloatingPoint() ? type : DType.Float32), $"{type} + 0.5");
            Assert.That((x + 0.5).ToArray<double>(), Is.All.EqualTo(1.5), $"{type} + 0.5");
        }
    }

    /// <summary>A tensor without axes takes part only where it is of a higher kind: torch.result_type.</summary>
    [Test]
    public void TensorsWithoutAxes_EveryPairOfTypes_AreWeak()
    {
        foreach (DType a in Types)
        {
            foreach (DType b in Types)
            {
                DType promoted = Parse(s_table[(int)a].Split(' ', StringSplitOptions.RemoveEmptyEntries)[(int)b]);
                DType expected = Kind(b) > Kind(a) ? promoted : a;
                Tensor x = Tensor.Ones([3], a, Device), y = Tensor.Scalar(1, b, Device);
                foreach (Tensor z in (Tensor[])[x * y, y * x, x + y.Expand(Shape.Scalar), Tensor.Maximum(x, y), Tensor.Where(x.EqualTo(1), y, x)])
                {
                    Assert.That((z.DType, z.ToArray<double>().Max()), Is.EqualTo((expected, z.ToArray<double>()[0])), $"{a} [3] with {b} []");
                }
                Assert.That((x / y).DType, Is.EqualTo(expected.IsFloatingPoint() ? expected : DType.Float32), $"{a} [3] / {b} []");
                Assert.That((Tensor.Scalar(1, a, Device) * y).DType, Is.EqualTo(promoted), $"{a} [] with {b} []");
                Assert.That((x * Tensor.Ones([1], b, Device)).DType, Is.EqualTo(promoted), $"{a} [3] with {b} [1]");
            }
        }

        static int Kind(DType dtype) => dtype.IsFloatingPoint() ? 2 : dtype == DType.Bool ? 0 : 1;
    }

    [Test]
    public void TensorsWithoutAxes_ThatRequireGradients_GetThemInTheirOwnType()
    {
        Tensor x = Tensor.From<float>([1, 2, 3], Device).To(DType.Float16).WithGrad(), scale = Tensor.Scalar(2, DType.Float32, Device).WithGrad();
        Tensor y = x * scale;
        Assert.That((y.DType, y.ToArray<float>().Sum()), Is.EqualTo((DType.Float16, 12f)));
        y.Sum().Backward();
        Assert.That((x.Grad!.DType, scale.Grad!.DType, scale.Grad.Item()), Is.EqualTo((DType.Float16, DType.Float32, 6.0)));
    }

    [Test]
    public void Reductions_EveryType_WidenIntegers()
    {
        foreach (DType type in Types)
        {
            Tensor x = Tensor.Ones([300], type, Device);
            DType sum = type.IsFloatingPoint() ? type : DType.Int64;
            Assert.That((x.Sum().DType, x.Sum().Item()), Is.EqualTo((sum, 300.0)), $"sum of {type}");
            Assert.That(x.Mean().DType, Is.EqualTo(type.IsFloatingPoint() ? type : DType.Float32), $"mean of {type}");
            Assert.That(x.Max().DType, Is.EqualTo(type), $"max of {type}");
            Assert.That(x.Exp().DType, Is.EqualTo(type.IsFloatingPoint() ? type : DType.Float32), $"exp of {type}");
            Assert.That(x.ArgMax().DType, Is.EqualTo(DType.Int64), $"argmax of {type}");
        }
    }

    [Test]
    public void To_EveryPairOfTypes_KeepsSmallWholeNumbers()
    {
        foreach (DType from in Types)
        {
            foreach (DType to in Types)
            {
                Tensor x = Tensor.From<float>([0, 1, 1, 0], Device).To(from);
                Assert.That(x.To(to).DType, Is.EqualTo(to), $"{from} to {to}");
                Assert.That(x.To(to).ToArray<double>(), Is.EqualTo(new double[] { 0, 1, 1, 0 }), $"{from} to {to}");
            }
        }
    }

    [Test]
    public void To_Integers_CutsOffTowardsZero()
    {
        Tensor x = Tensor.From<float>([-2.7f, -0.5f, 0.5f, 2.7f, 200.9f], Device);
        Assert.That(x.To(DType.Int32).ToArray<int>(), Is.EqualTo(new[] { -2, 0, 0, 2, 200 }));
        Assert.That(x.To(DType.Int64).ToArray<long>(), Is.EqualTo(new long[] { -2, 0, 0, 2, 200 }));
        Assert.That(x.Abs().To(DType.UInt8).ToArray<byte>(), Is.EqualTo(new byte[] { 2, 0, 0, 2, 200 }));
        Assert.That(x.To(DType.Bool).ToArray<bool>(), Is.All.True);
    }

    [Test]
    public void To_Halves_RoundsToNearestEven()
    {
        // 1 + 2⁻¹¹ lies half-way in float16, 1 + 2⁻⁸ in bfloat16.
        Tensor x = Tensor.From<float>([1 + (1f / 2048), 1 + (3f / 2048), 70000, 1e-8f, float.NaN], Device);
        Assert.That(x.To(DType.Float16).ToArray<float>(), Is.EqualTo(new[] { 1, 1 + (4f / 2048), float.PositiveInfinity, 0, float.NaN }));
        Tensor y = Tensor.From<float>([1 + (1f / 256), 1 + (3f / 256), 3e38f, float.NaN], Device);
        Assert.That(y.To(DType.BFloat16).ToArray<float>(), Is.EqualTo(new[] { 1, 1 + (4f / 256), (float)(BFloat16)3e38f, float.NaN }));
    }

    [Test]
    public void Integers_LargeValues_StayExact()
    {
        long big = (1L << 53) + 1;
        Tensor x = Tensor.From<long>([big, -big], Device);
        Assert.That((x + 1).ToArray<long>(), Is.EqualTo(new[] { big + 1, -big + 1 }));
        Assert.That((x * x.Sign()).ToArray<long>(), Is.EqualTo(new[] { big, big }));
        Assert.That(Tensor.Maximum(x, x.Flip()).ToArray<long>(), Is.EqualTo(new[] { big, big }));
        Assert.That(x.Flip().Clone().ToArray<long>(), Is.EqualTo(new[] { -big, big }));
        Assert.That(x.Gather(0, Tensor.From<long>([1, 0], Device)).ToArray<long>(), Is.EqualTo(new[] { -big, big }));
    }

    [Test]
    public void Int32_Overflow_Wraps()
    {
        Tensor x = Tensor.From<int>([int.MaxValue, int.MinValue], Device);
        Assert.That((x + Tensor.From<int>([1, -1], Device)).ToArray<int>(), Is.EqualTo(new[] { int.MinValue, int.MaxValue }));
        Assert.That(x.Sum().ToArray<long>(), Is.EqualTo(new[] { -1L }));
        Assert.That(Tensor.From<int>([int.MaxValue, int.MaxValue], Device).Sum().Item(), Is.EqualTo(2.0 * int.MaxValue));
    }

    [Test]
    public void DivisionByZero_OfIntegers_DoesNotThrow()
    {
        Tensor x = Tensor.From<long>([7, -7, 0], Device), zero = Tensor.Zeros([3], DType.Int64, Device);
        Assert.That(x.FloorDiv(zero).ToArray<long>(), Is.EqualTo(new long[] { 0, 0, 0 }));
        Assert.That((x % zero).ToArray<long>(), Is.EqualTo(new long[] { 0, 0, 0 }));
        Assert.That((x / zero).ToArray<float>(), Is.EqualTo(new[] { float.PositiveInfinity, float.NegativeInfinity, float.NaN }));
        Tensor seven = Tensor.From<long>([7, -7, 6], Device), three = Tensor.From<long>([-3, 3, 3], Device);
        Assert.That(seven.FloorDiv(three).ToArray<long>(), Is.EqualTo(new long[] { -3, -3, 2 }));
        Assert.That((seven % three).ToArray<long>(), Is.EqualTo(new long[] { -2, 2, 0 }));
    }

    private static DType Parse(string name) => Enum.GetValues<DType>().Single(type => type.ShortName() == name);
}
