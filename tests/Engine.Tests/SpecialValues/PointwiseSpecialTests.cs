using Engine.Tests.Comparison;
using Engine.Tests.Devices;
using Engine.Tests.OpCases;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.SpecialValues;

/// <summary>NaN, infinities, zeros, subnormal and huge numbers, in the body and in the tail of a vector loop.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.Others))]
internal sealed class PointwiseSpecialTests(string deviceName) : DeviceFixture(deviceName)
{
    /// <summary>Not a multiple of any vector width; every value comes at several places modulo the width.</summary>
    private const int Length = 79;

    private static readonly double[] s_values =
    [
        double.NaN, double.PositiveInfinity, double.NegativeInfinity, 0, -0.0, 1, -1, 0.5, -0.5, 3, -3, 6, 20, -20, 50, -50, 120, -120, 1000, -1000, 1e-5, -1e-5, 1e-30, -1e-30,
        1e-40, 1e30, -1e30, 2.5, -2.5, 1.5,
    ];

    /// <summary>Conversions of NaN and infinities to integers are not specified.</summary>
    private static IEnumerable<TestCaseData> UnaryRows => OpTable.Rows.Where(data => data.Arguments[0] is OpCase row && row.Name != "ToInt64" && IsPointwise(row, 1));

    private static IEnumerable<TestCaseData> BinaryRows => OpTable.Rows.Where(data => data.Arguments[0] is OpCase row && IsPointwise(row, 2) && !row.Name.Contains("Loss", StringComparison.Ordinal));

    [TestCaseSource(nameof(UnaryRows))]
    public void Unary_SpecialValues_MatchReference(OpCase row) => Compare(row, [.. Enumerable.Range(0, Length).Select(i => s_values[i * 7 % s_values.Length])]);

    [TestCaseSource(nameof(BinaryRows))]
    public void Binary_EveryPairOfSpecialValues_MatchesReference(OpCase row) => Compare(
        row,
        [.. s_values.SelectMany(a => s_values.Select(_ => a))],
        [.. s_values.SelectMany(_ => s_values)]);

    [Test]
    public void Where_NaNOnTheOtherSide_DoesNotShow()
    {
        Tensor condition = Tensor.From<bool>([true, false, true], Device);
        Tensor x = Tensor.From<float>([1, float.NaN, 3], Device).WithGrad(), y = Tensor.From<float>([float.NaN, 5, float.NaN], Device).WithGrad();
        Tensor z = Tensor.Where(condition, x, y);
        Assert.That(z.ToArray<float>(), Is.EqualTo(new float[] { 1, 5, 3 }));
        z.Sum().Backward();
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(new float[] { 1, 0, 1 }));
        Assert.That(y.Grad!.ToArray<float>(), Is.EqualTo(new float[] { 0, 1, 0 }));
    }

    [Test]
    public void Maximum_Ties_ShareTheGradient()
    {
        Tensor x = Tensor.From<float>([1, 2, 3], Device).WithGrad(), y = Tensor.From<float>([1, 5, 3], Device).WithGrad();
        Tensor.Maximum(x, y).Sum().Backward();
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(new[] { 0.5f, 0, 0.5f }));
        Assert.That(y.Grad!.ToArray<float>(), Is.EqualTo(new[] { 0.5f, 1, 0.5f }));
    }

    [Test]
    public void Kinks_AtTheBend_HaveTheDocumentedGradient()
    {
        Assert.That(Slope(x => x.Relu(), 0), Is.Zero);
        Assert.That(Slope(x => x.Abs(), 0), Is.Zero);
        Assert.That(Slope(x => x.Clamp(-1, 1), 1), Is.EqualTo(1));
        Assert.That(Slope(x => x.Clamp(-1, 1), -1), Is.EqualTo(1));
        Assert.That(Slope(x => x.LeakyRelu(0.1), 0), Is.EqualTo(0.1).Within(1e-7));
        Assert.That(Slope(x => x.Pow(3), 0), Is.Zero);
        Assert.That(Slope(x => x.Sqrt(), 0), Is.EqualTo(double.PositiveInfinity));
    }

    private double Slope(Func<Tensor, Tensor> f, double at)
    {
        Tensor x = Tensor.Scalar(at, device: Device).WithGrad();
        f(x).Backward();
        return x.Grad!.Item();
    }

    private void Compare(OpCase row, params double[][] values)
    {
        if (row.Name == "ToFloat64")
        {
            RequireFloat64();
        }
        foreach (DType dtype in FullTypes)
        {
            using TensorScope scope = TensorScope.Begin();
            using GradMode.Scope off = GradMode.Off();
            Tensor actual = row.Run(Array.ConvertAll(values, v => Tensor.From<double>(v, ReferenceDevice.Shared).To(dtype).To(Device)));
            Tensor expected = row.Run(Array.ConvertAll(values, v => Tensor.From<double>(v, ReferenceDevice.Shared).To(dtype)));
            (double relative, double absolute) = dtype == DType.Float32 ? (SingleBound(row.Name), 1e-37) : (1e-12, 1e-300);
            Close.AssertAll($"{row.Name}, {dtype.ShortName()}", expected, actual, relative, absolute);
        }
    }

    /// <summary>
    /// 1 + tanh u loses the digits that both sides share: at x = −3, u is −3.36 and 1 + tanh u is 0.0024, so that half a unit in the last place of tanh
    /// grows to 400 times that, 1.2e-5 to 2.4e-5 of the result. No other row subtracts nearly equal numbers.
    /// </summary>
    private static double SingleBound(string row) => row == "GeluTanh" ? 3e-5 : 1e-5;

    /// <summary>Whether a row takes one or two operands of numbers, all of the shape [n], and gives one of that shape.</summary>
    public static bool IsPointwise(OpCase row) => IsPointwise(row, 1) || IsPointwise(row, 2);

    /// <summary>Rows whose operands all have the shape [n] and whose result has it too.</summary>
    private static bool IsPointwise(OpCase row, int operands)
    {
        OpInput[] inputs = row.Inputs(3);
        if (inputs.Length != operands || inputs.Any(input => input.Kind != OpInputKind.Real || input.Shape != new Shape(3)))
        {
            return false;
        }
        using TensorScope scope = TensorScope.Begin();
        return row.Run(OpArguments.Make(row, 3, _ => LayoutKind.Contiguous, DType.Float32, ReferenceDevice.Shared)).Shape == new Shape(3);
    }
}
