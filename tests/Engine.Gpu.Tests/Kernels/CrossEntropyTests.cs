using NUnit.Framework;

namespace Engine.Gpu.Tests;

[TestFixtureSource(typeof(KernelFixture), nameof(GroupLimits))]
internal sealed class CrossEntropyTests(int largestGroup) : KernelFixture(largestGroup)
{
    private const int Ignored = -100;

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(10)]
    [TestCase(127)]
    [TestCase(1025)]
    [TestCase(5000)]
    public void CrossEntropy_AnyNumberOfClasses_MatchesLoops(int classes) => Check(DType.Float32, 9, classes, 0, weighted: false, Placement.Dense);

    [Test]
    public void CrossEntropy_SmoothedOrWeighted_MatchesLoops([Values(0, 0.1, 1)] double smoothing, [Values] bool weighted) =>
        Check(DType.Float32, 70, 10, smoothing, weighted, Placement.Dense);

    [Test]
    public void CrossEntropy_AnyPlacement_MatchesLoops([Values] Placement placement) => Check(DType.Float32, 6, 17, 0.2, weighted: true, placement);

    [TestCase(DType.Float64)]
    [TestCase(DType.Float16)]
    [TestCase(DType.BFloat16)]
    public void CrossEntropy_OtherTypes_MatchLoops(DType dtype) => Check(dtype, 12, 10, 0.1, weighted: true, Placement.Dense);

    [Test]
    public void CrossEntropy_TargetThatIsNoClass_GivesNaNAndReadsNothing([Values(10L, -1, long.MaxValue, long.MinValue, 1L << 32)] long target)
    {
        DeviceArray z = Array(DType.Float32, [2, 10], Noise(1)), dz = Result(DType.Float32, [2, 10]);
        DeviceArray losses = Result(DType.Float32, [2]), lse = Result(DType.Float32, [2]), dy = Array(DType.Float32, [2], static _ => 1);
        DeviceArray targets = Array(DType.Int64, [2], i => i == 0 ? target : 3);
        Run(z, targets, null, 0, lse, losses, dy, dz);
        Assert.That(losses.Read()[0], Is.NaN);
        Assert.That(losses.Read()[1], Is.InRange(0, 10));
        Assert.That(dz.Read()[..10], Is.All.NaN);
        Assert.That(dz.Read()[10..], Has.None.NaN);
    }

    [Test]
    public void CrossEntropy_ImpossibleAndHugeLogits_GiveInfiniteOrExactLosses()
    {
        double[] logits = [double.NegativeInfinity, 0, 0, 30000, 0, 0];
        DeviceArray z = Array(DType.Float32, [2, 3], i => logits[i]), dz = Result(DType.Float32, [2, 3]);
        DeviceArray losses = Result(DType.Float32, [2]), lse = Result(DType.Float32, [2]), dy = Array(DType.Float32, [2], static _ => 1);
        DeviceArray targets = Array(DType.Int64, [2], static _ => 0);
        Run(z, targets, null, 0, lse, losses, dy, dz);
        Assert.That(losses.Read(), Is.EqualTo(new[] { double.PositiveInfinity, 0 }));
        AssertClose("dz", [-1, 0.5, 0.5, 0, 0, 0], dz);
    }

    private void Check(DType dtype, int rows, int classes, double smoothing, bool weighted, Placement placement)
    {
        Func<int, double> noise = Noise(5);
        DeviceArray z = Array(dtype, [rows, classes], i => 3 * noise(i), placement), dz = Result(dtype, [rows, classes], placement);
        DeviceArray targets = Array(DType.Int64, [rows], i => i % 4 == 3 ? Ignored : i * 7 % classes, placement);
        DeviceArray? weights = weighted ? Array(dtype, [classes], i => 0.5 + (i % 3), placement) : null;
        DeviceArray losses = Result(dtype, [rows], placement), lse = Result(dtype, [rows], placement), dy = Array(dtype, [rows], Noise(6), placement);
        Run(z, targets, weights, smoothing, lse, losses, dy, dz);

        double[] expected = new double[rows], sums = new double[rows], gradient = new double[rows * classes], stored = lse.Read();
        for (int i = 0; i < rows; i++)
        {
            double[] row = z.Values[(i * classes)..((i + 1) * classes)];
            sums[i] = row.Max() + Math.Log(row.Sum(value => Math.Exp(value - row.Max())));
            double[] q = [.. row.Select((_, c) => ((c == targets.Values[i] ? 1 - smoothing : 0) + (smoothing / classes)) * (weights?.Values[c] ?? 1))];
            if (targets.Values[i] != Ignored)
            {
                expected[i] = row.Select((value, c) => q[c] * (sums[i] - value)).Sum();
                for (int c = 0; c < classes; c++)
                {
                    // The gradient is that of the sum that the forward pass stored.
                    gradient[(i * classes) + c] = dy.Values[i] * ((Math.Exp(row[c] - stored[i]) * q.Sum()) - q[c]);
                }
            }
        }

        AssertClose("losses", expected, losses, relative: dtype == DType.Float32 ? 1e-5 : 0);
        AssertClose("lse", sums, lse);
        AssertClose("dz", gradient, dz, absolute: dtype == DType.Float32 ? 1e-5 : 0);
    }

    private void Run(
        DeviceArray z, DeviceArray targets, DeviceArray? weights, double smoothing, DeviceArray lse, DeviceArray losses, DeviceArray dy, DeviceArray dz)
    {
        Backend.CrossEntropyForward(new CrossEntropyForwardArgs
        {
            Logits = z,
            Targets = targets,
            ClassWeights = weights?.Operand,
            LabelSmoothing = smoothing,
            IgnoreIndex = Ignored,
            LogSumExp = lse,
            Losses = losses,
        });
        Backend.CrossEntropyBackward(new CrossEntropyBackwardArgs
        {
            Logits = z,
            Targets = targets,
            ClassWeights = weights?.Operand,
            LabelSmoothing = smoothing,
            IgnoreIndex = Ignored,
            LogSumExp = lse,
            GradLosses = dy,
            GradLogits = dz,
        });
    }
}
