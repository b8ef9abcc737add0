using Engine.Tests.Comparison;
using Engine.Tests.Devices;
using Engine.Tests.OpCases;
using NUnit.Framework;

namespace Engine.Tests.SpecialValues;

/// <summary>Pointwise rows at hostile numbers against their definitions in doubles.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class PointwiseFormulaTests(string deviceName) : DeviceFixture(deviceName)
{
    private static readonly double[] s_values =
    [
        double.NaN, double.PositiveInfinity, double.NegativeInfinity, 0, -0.0, 1, -1, 0.5, -0.5, 0.7, 1.5, -1.5, 2.5, -2.5, 3, -3, 6, 20, -20, 20.5, 50, -50, 120, -120, 1000, -1000, 1e-5, -1e-5,
        1e-30, -1e-30, 1e30, -1e30,
    ];

    private static IEnumerable<OpCase> Rows => OpTable.All.Where(static row => PointwiseFormulas.All.ContainsKey(row.Name));

    [Test]
    public void PointwiseRows_AllHaveAFormulaOrAReason()
    {
        string[] pointwise = [.. OpTable.All.Where(PointwiseSpecialTests.IsPointwise).Select(static row => row.Name)];
        Assert.Multiple(() =>
        {
            Assert.That(pointwise.Where(static name => !name.Contains("Loss", StringComparison.Ordinal) && !name.Contains("Bce", StringComparison.Ordinal)).Except(PointwiseFormulas.All.Keys).Except(PointwiseFormulas.Exempt.Keys), Is.Empty, "rows without expectations at special values");
            Assert.That(PointwiseFormulas.All.Keys.Concat(PointwiseFormulas.Exempt.Keys).Except(OpTable.All.Select(static row => row.Name)), Is.Empty, "expectations of no row");
            Assert.That(PointwiseFormulas.All.Keys.Intersect(PointwiseFormulas.Exempt.Keys), Is.Empty, "rows with both");
        });
    }

    [TestCaseSource(nameof(Rows))]
    public void Row_AtSpecialValues_IsItsFormula(OpCase row)
    {
        if (row.Name == "ToFloat64")
        {
            RequireFloat64();
        }

        int operands = row.Inputs(3).Length;
        double[] x = operands == 1 ? s_values : [.. s_values.SelectMany(static a => s_values.Select(_ => a))];
        double[] y = operands == 1 ? s_values : [.. s_values.SelectMany(static _ => s_values)];
        foreach (DType type in FullTypes)
        {
            using TensorScope scope = TensorScope.Begin();
            using GradMode.Scope off = GradMode.Off();
            Tensor[] inputs = [.. new[] { x, y }.Take(operands).Select(v => Rounded(v, [v.Length], type))];
            double[] a = inputs[0].ToArray<double>(), b = inputs[^1].ToArray<double>();
            double[] actual = row.Run(inputs).ToArray<double>();
            double[] expected = [.. a.Zip(b, PointwiseFormulas.All[row.Name])];
            if (type == DType.Float32)
            {
                // What a double holds may be beyond a float, or lie where cards and vectors flush to 0.
                expected = Array.ConvertAll(expected, static v => (double)(float)v);
            }

            (double relative, double absolute) = type == DType.Float32 ? (2e-6, 1e-37) : (1e-12, 1e-300);
            Close.AssertAll($"{row.Name}, {type.ShortName()}", expected, actual, relative, absolute);
        }
    }
}
