using NUnit.Framework;

namespace Engine.Gpu.Tests;

[TestFixtureSource(typeof(KernelFixture), nameof(GroupLimits))]
internal sealed class LayerNormTests(int largestGroup) : KernelFixture(largestGroup)
{
    private const double Epsilon = 1e-5;

    [TestCase(3, 1)]
    [TestCase(9, 17)]
    [TestCase(1, 127)]
    [TestCase(1025, 3)]
    [TestCase(5, 1025)]
    [TestCase(2, 5000)]
    public void LayerNorm_AnySize_MatchesLoops(int rows, int columns) => Check(DType.Float32, rows, columns, Placement.Dense);

    [Test]
    public void LayerNorm_AnyPlacement_MatchesLoops([Values] Placement placement) => Check(DType.Float32, 7, 19, placement);

    [TestCase(DType.Float64)]
    [TestCase(DType.Float16)]
    [TestCase(DType.BFloat16)]
    public void LayerNorm_OtherTypes_MatchLoops(DType dtype) => Check(dtype, 6, 40, Placement.Dense);

    [Test]
    public void LayerNorm_LargeMean_DoesNotCancel() => Check(DType.Float32, 3, 600, Placement.Dense, offset: 1e5);

    [Test]
    public void LayerNorm_WithoutScaleAndShift_OnlyNormalizes()
    {
        DeviceArray x = Array(DType.Float32, [2, 4], i => i), y = Result(DType.Float32, [2, 4]), mean = Result(DType.Float32, [2]), inverse = Result(DType.Float32, [2]);
        Backend.LayerNormForward(new LayerNormForwardArgs { X = x, Y = y, Mean = mean, InverseStd = inverse, Epsilon = 0 });
        double unit = 1 / Math.Sqrt(1.25);
        AssertClose("y", [-1.5 * unit, -0.5 * unit, 0.5 * unit, 1.5 * unit, -1.5 * unit, -0.5 * unit, 0.5 * unit, 1.5 * unit], y);
        DeviceArray dx = Result(DType.Float32, [2, 4]), dy = Array(DType.Float32, [2, 4], static _ => 1);
        Backend.LayerNormBackward(new LayerNormBackwardArgs { X = x, GradY = dy, Mean = mean, InverseStd = inverse, GradX = dx.Operand });
        AssertClose("dx", new double[8], dx);
    }

    private void Check(DType dtype, int rows, int columns, Placement placement, double offset = 0)
    {
        Func<int, double> noise = Noise(9);
        bool exact = dtype == DType.Float64;
        DType affine = exact ? dtype : DType.Float32;
        DeviceArray x = Array(dtype, [rows, columns], i => offset + (2 * noise(i)), placement), y = Result(dtype, [rows, columns], placement);
        DeviceArray scale = Array(affine, [columns], i => 0.5 + (i % 3), placement), shift = Array(affine, [columns], i => 0.25 * (i % 4));
        DType statistics = dtype.ComputeType();
        DeviceArray mean = Result(statistics, [rows]), inverse = Result(statistics, [rows]);
        Backend.LayerNormForward(new LayerNormForwardArgs { X = x, Y = y, Scale = scale.Operand, Shift = shift.Operand, Mean = mean, InverseStd = inverse, Epsilon = Epsilon });
        double[] means = new double[rows], inverses = new double[rows], expected = new double[rows * columns];
        for (int i = 0; i < rows; i++)
        {
            double[] row = x.Values[(i * columns)..((i + 1) * columns)];
            means[i] = row.Average();
            inverses[i] = 1 / Math.Sqrt(row.Average(value => Math.Pow(value - means[i], 2)) + Epsilon);
            for (int c = 0; c < columns; c++)
            {
                expected[(i * columns) + c] = ((row[c] - means[i]) * inverses[i] * scale.Values[c]) + shift.Values[c];
            }
        }

        AssertClose("mean", means, mean);
        AssertClose("inverse", inverses, inverse, relative: exact ? 0 : 1e-5);
        AssertClose("y", expected, y, absolute: exact ? 0 : 2e-5);
        if (offset == 0)
        {
            CheckBackward(x, scale, mean, inverse, placement);
        }
    }

    private void CheckBackward(DeviceArray x, DeviceArray scale, DeviceArray mean, DeviceArray inverse, Placement placement)
    {
        (int rows, int columns) = (x.Layout.Shape[0], x.Layout.Shape[1]);
        DType dtype = x.DType;
        DeviceArray dy = Array(dtype, [rows, columns], Noise(10), placement), dx = Result(dtype, [rows, columns], placement);
        DeviceArray gradScale = Result(mean.DType, [columns], placement), gradShift = Result(mean.DType, [columns]);
        Backend.LayerNormBackward(new LayerNormBackwardArgs
        {
            X = x,
            GradY = dy,
            Scale = scale.Operand,
            Mean = mean,
            InverseStd = inverse,
            GradX = dx.Operand,
            GradScale = gradScale.Operand,
            GradShift = gradShift.Operand,
        });
        double[] means = mean.Read(), inverses = inverse.Read(), expected = new double[rows * columns], scales = new double[columns], shifts = new double[columns];
        for (int i = 0; i < rows; i++)
        {
            double Gradient(int c) => dy.Values[(i * columns) + c] * scale.Values[c];
            double Normalized(int c) => (x.Values[(i * columns) + c] - means[i]) * inverses[i];
            double sum = Enumerable.Range(0, columns).Sum(Gradient), product = Enumerable.Range(0, columns).Sum(c => Gradient(c) * Normalized(c));
            for (int c = 0; c < columns; c++)
            {
                expected[(i * columns) + c] = inverses[i] * (Gradient(c) - ((sum + (Normalized(c) * product)) / columns));
                scales[c] += dy.Values[(i * columns) + c] * Normalized(c);
                shifts[c] += dy.Values[(i * columns) + c];
            }
        }

        double loose = dtype == DType.Float32 ? 2e-6 * Math.Sqrt(rows) : 0;
        AssertClose("dx", expected, dx, absolute: dtype == DType.Float32 ? 2e-5 : 0);
        AssertClose("dscale", scales, gradScale, absolute: loose);
        AssertClose("dshift", shifts, gradShift, absolute: loose);
    }
}
