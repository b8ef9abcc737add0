using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

/// <summary>Layer normalisation works on pairs of rows and on tiles of columns; none of it shows in the results.</summary>
[TestFixtureSource(typeof(CpuKernelFixture), nameof(Widths))]
internal sealed class LayerNormRowTests(SimdLevel level, int threads) : CpuKernelFixture(level, threads)
{
    private const double Epsilon = 1e-5;

    [Test]
    public void LayerNorm_OfARow_GivesTheSameBitsAloneAndAmongOthers([Values(1, 7, 16, 33, 250, 4099)] int columns)
    {
        using TensorScope scope = TensorScope.Begin();
        const int Rows = 35;
        double[] x = Normal(Rows * columns, 1), dy = Normal(Rows * columns, 2);
        Results all = Run(Cpu, Rows, columns, x, dy);
        for (int row = 0; row < Rows; row++)
        {
            Range range = (row * columns)..((row + 1) * columns);
            Results one = Run(Cpu, 1, columns, x[range], dy[range]);
            Assert.That(one.Y, Is.EqualTo(all.Y[range]), $"y of row {row}");
            Assert.That(one.GradX, Is.EqualTo(all.GradX[range]), $"dx of row {row}");
        }
    }

    [TestCase(1, 70_001)]
    [TestCase(67, 1030)]
    [TestCase(2_001, 48)]
    public void LayerNorm_AnyNumberOfThreads_GivesTheSameBits(int rows, int columns)
    {
        using TensorScope scope = TensorScope.Begin();
        using CpuDevice other = new("other", 4, Level);
        double[] x = Normal(rows * columns, 1), dy = Normal(rows * columns, 2);
        Results a = Run(Cpu, rows, columns, x, dy), b = Run(other, rows, columns, x, dy);
        Assert.That(b.Y, Is.EqualTo(a.Y));
        Assert.That(b.GradX, Is.EqualTo(a.GradX));
        Assert.That(b.GradScale, Is.EqualTo(a.GradScale));
        Assert.That(b.GradShift, Is.EqualTo(a.GradShift));
    }

    [Test]
    public void LayerNorm_NaNOrInfinity_StaysInItsRow([Values(double.NaN, double.PositiveInfinity, double.NegativeInfinity)] double bad, [Values(1, 9, 40, 64)] int columns)
    {
        using TensorScope scope = TensorScope.Begin();
        for (int row = 0; row < 5; row++)
        {
            double[] x = Normal(5 * columns, 1), dy = Normal(5 * columns, 2);
            Results clean = Run(Cpu, 5, columns, x, dy);
            x[(row * columns) + (columns / 2)] = bad;
            Results result = Run(Cpu, 5, columns, x, dy);
            for (int i = 0; i < x.Length; i++)
            {
                bool isOfRow = i / columns == row;
                Assert.That(result.Y[i], Is.EqualTo(isOfRow ? float.NaN : clean.Y[i]), $"y[{i}]");
                Assert.That(result.GradX[i], Is.EqualTo(isOfRow ? float.NaN : clean.GradX[i]), $"dx[{i}]");
            }

            Assert.That(result.GradScale, Is.All.NaN);
            Assert.That(result.GradShift, Is.EqualTo(clean.GradShift));
        }
    }

    [Test]
    public void LayerNormBackward_OfSomeGradients_GivesTheBitsOfAll([Values(0, 1, 2, 33)] int rows, [Values(5, 16, 70)] int columns)
    {
        using TensorScope scope = TensorScope.Begin();
        double[] x = Normal(rows * columns, 1), dy = Normal(rows * columns, 2);
        Results all = Run(Cpu, rows, columns, x, dy);
        Assert.That(Run(Cpu, rows, columns, x, dy, scale: false, shift: false).GradX, Is.EqualTo(all.GradX));
        Assert.That(Run(Cpu, rows, columns, x, dy, input: false, shift: false).GradScale, Is.EqualTo(all.GradScale));
        Assert.That(Run(Cpu, rows, columns, x, dy, input: false, scale: false).GradShift, Is.EqualTo(all.GradShift));
        if (rows == 0)
        {
            Assert.That(all.GradScale, Is.All.Zero);
            Assert.That(all.GradShift, Is.All.Zero);
        }
    }

    private sealed record Results(float[] Y, float[] GradX, float[] GradScale, float[] GradShift);

    private static Results Run(Device device, int rows, int columns, double[] values, double[] gradient, bool input = true, bool scale = true, bool shift = true)
    {
        // Results start as 7, so that what is not written shows.
        Tensor x = Make<float>(device, [rows, columns], values), dy = Make<float>(device, [rows, columns], gradient);
        Tensor weight = Make<float>(device, [columns], Normal(columns, 3, mean: 1)), bias = Make<float>(device, [columns], Normal(columns, 4));
        Tensor y = Sevens(rows, columns), dx = Sevens(rows, columns), mean = Sevens(rows), inverseStd = Sevens(rows), gradScale = Sevens(columns), gradShift = Sevens(columns);
        device.Backend.LayerNormForward(new LayerNormForwardArgs
        {
            X = x.Operand,
            Y = y.Operand,
            Scale = weight.Operand,
            Shift = bias.Operand,
            Mean = mean.Operand,
            InverseStd = inverseStd.Operand,
            Epsilon = Epsilon,
        });
        device.Backend.LayerNormBackward(new LayerNormBackwardArgs
        {
            X = x.Operand,
            GradY = dy.Operand,
            Scale = weight.Operand,
            Mean = mean.Operand,
            InverseStd = inverseStd.Operand,
            GradX = input ? dx.Operand : null,
            GradScale = scale ? gradScale.Operand : null,
            GradShift = shift ? gradShift.Operand : null,
        });
        return new Results(y.ToArray<float>(), dx.ToArray<float>(), gradScale.ToArray<float>(), gradShift.ToArray<float>());

        Tensor Sevens(params int[] sizes) => Make<float>(device, new Shape(sizes), [.. Enumerable.Repeat(7.0, sizes.Aggregate(1, (a, b) => a * b))]);
    }
}
