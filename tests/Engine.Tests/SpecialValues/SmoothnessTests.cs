using Engine.Tests.Devices;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.SpecialValues;

/// <summary>
/// Values and both derivatives of functions of one number: against central differences in float64 near 0, at 0 of both signs and beside their kinks,
/// and against their limits far out. Functions are smooth but for the kinks that their row names.
/// </summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class SmoothnessTests(string deviceName) : DeviceFixture(deviceName)
{
    private const double Inf = double.PositiveInfinity;

    private static readonly double[] s_near =
    [
        0.0, -0.0, 1e-3, -1e-3, 0.25, -0.25, 0.5, -0.5, 0.75, -0.75, 1.25, -1.25, 2, -2, 2.999, -2.999, 3.001, -3.001, 3, -3, 1, -1, 4, -4, 6, -6, 9, -9, 15, -15, 19.9, 20.1, -20, 6.001,
    ];

    private static readonly double[] s_far = [1e4, 2e4, 1e15, 1e30];

    public static IEnumerable<TestCaseData> Rows =>
        ((Row[])
        [
            new("Sigmoid", x => x.Sigmoid()) { Values = (0, 1), Slopes = (0, 0) },
            new("LogSigmoid", x => x.LogSigmoid()) { Values = (-Inf, 0), Slopes = (1, 0) },
            new("Relu", x => x.Relu(), 0) { Values = (0, Inf), Slopes = (0, 1) },
            new("LeakyRelu", x => x.LeakyRelu(0.125), 0) { Values = (-Inf, Inf), Slopes = (0.125, 1) },
            new("Elu", x => x.Elu()) { Values = (-1, Inf), Slopes = (0, 1), BendsAt = [0] },
            new("Selu", x => x.Selu(), 0) { Values = (-1.6732632423543772 * 1.0507009873554805, Inf), Slopes = (0, 1.0507009873554805) },
            new("Gelu", x => x.Gelu()) { Values = (0, Inf), Slopes = (0, 1) },
            new("GeluTanh", x => x.GeluTanh()) { Values = (0, Inf), Slopes = (0, 1) },
            new("Silu", x => x.Silu()) { Values = (0, Inf), Slopes = (0, 1) },
            new("Mish", x => x.Mish()) { Values = (0, Inf), Slopes = (0, 1) },
            new("Softplus", x => x.Softplus()) { Values = (0, Inf), Slopes = (0, 1) },
            new("HardSwish", x => x.HardSwish(), -3, 3) { Values = (0, Inf), Slopes = (0, 1) },
            new("HardSigmoid", x => x.HardSigmoid(), -3, 3) { Values = (0, 1), Slopes = (0, 0) },
            new("Softsign", x => Fuse.Map(Expr.Softsign).Apply(x)) { Values = (-1, 1), Slopes = (0, 0), BendsAt = [0] },
            new("Tanh", x => x.Tanh()) { Values = (-1, 1), Slopes = (0, 0) },
            new("Erf", x => x.Erf()) { Values = (-1, 1), Slopes = (0, 0) },
            new("Abs", x => x.Abs(), 0) { Values = (Inf, Inf), Slopes = (-1, 1) },
            new("Clamp", x => x.Clamp(-1, 2), -1, 2) { Values = (-1, 2), Slopes = (0, 0) },
            new("Neg", x => -x) { Values = (Inf, -Inf), Slopes = (-1, -1) },
            new("BceWithLogits of 0", x => x.BceWithLogits(x.ZerosLike(), Reduction.None)) { Values = (null, Inf), Slopes = (0, 1) },
            new("BceWithLogits of 0.25", x => x.BceWithLogits(x.OnesLike() * 0.25, Reduction.None)) { Values = (Inf, Inf), Slopes = (-0.25, 0.75) },
            new("BceWithLogits of 1", x => x.BceWithLogits(x.OnesLike(), Reduction.None)) { Values = (Inf, null), Slopes = (-1, 0) },
            new("SmoothL1Loss", x => x.SmoothL1Loss(x.ZerosLike(), 1, Reduction.None)) { Values = (Inf, Inf), Slopes = (-1, 1), BendsAt = [-1, 1] },
            new("HuberLoss", x => x.HuberLoss(x.ZerosLike(), 3, Reduction.None)) { Values = (Inf, Inf), Slopes = (-3, 3), BendsAt = [-3, 3] },
            new("L1Loss", x => x.L1Loss(x.ZerosLike(), Reduction.None), 0) { Values = (Inf, Inf), Slopes = (-1, 1) },
            new("KlDiv of 0", x => x.KlDiv(x.ZerosLike(), Reduction.None)) { Values = (0, 0), Slopes = (0, 0) },
            new("KlDiv of ln 0", x => x.KlDiv(x.ZerosLike() - Inf, Reduction.None, logTarget: true)) { Values = (0, 0), Slopes = (0, 0) },
            new("KlDiv of 0.5", x => x.KlDiv(x.OnesLike() * 0.5, Reduction.None)) { Values = (Inf, -Inf), Slopes = (-0.5, -0.5) },
            new("MseLoss", x => x.MseLoss(x.OnesLike(), Reduction.None)) { Values = (Inf, Inf), Slopes = (-Inf, Inf), IsFlatFarOut = false },
            new("Square", x => x.Square()) { Values = (Inf, Inf), Slopes = (-Inf, Inf), IsFlatFarOut = false },
            new("Sin", x => x.Sin()) { IsFlatFarOut = false },
            new("Cos", x => x.Cos()) { IsFlatFarOut = false },
            new("Exp", x => (x * 0.25).Exp()) { IsFlatFarOut = false },
            new("Expm1", x => (x * 0.25).Expm1()) { IsFlatFarOut = false },
            new("Cube", x => x.Pow(3)) { IsFlatFarOut = false },
        ]).Select(row => new TestCaseData(row).SetArgDisplayNames(row.Name));

    [TestCaseSource(nameof(Rows))]
    public void Derivatives_NearZeroAndBesideKinks_AreThoseOfCentralDifferences(Row row)
    {
        const double Step = 1e-5;
        double[] points = [.. s_near.Where(x => !row.Kinks.Any(kink => Math.Abs(x - kink) <= 2 * Step))];
        (double[] value, double[] first, double[] second) = Derivatives(row, points, DType.Float64);
        double[] above = Derivatives(row, [.. points.Select(x => x + Step)], DType.Float64).Value, below = Derivatives(row, [.. points.Select(x => x - Step)], DType.Float64).Value;
        double[] firstAbove = Derivatives(row, [.. points.Select(x => x + Step)], DType.Float64).First, firstBelow = Derivatives(row, [.. points.Select(x => x - Step)], DType.Float64).First;
        (_, double[] single, double[] secondSingle) = Derivatives(row, points, DType.Float32);
        for (int i = 0; i < points.Length; i++)
        {
            string where = $"{row.Name} at {points[i]:R}";
            double slope = (above[i] - below[i]) / (2 * Step), bend = (firstAbove[i] - firstBelow[i]) / (2 * Step), scale = Math.Max(1, Math.Abs(value[i]));
            bool bends = row.BendsAt.Any(kink => Math.Abs(points[i] - kink) <= 2 * Step);
            // At a bend a central difference is the mean of two slopes that differ by about a step.
            Assert.That(first[i], Is.EqualTo(slope).Within((bends ? 2 * Step : 1e-8) * scale), $"slope of {where}");
            Assert.That(single[i], Is.EqualTo(slope).Within((bends ? 2 * Step : 2e-6) * scale), $"slope of {where}, float32");
            if (!bends)
            {
                Assert.That(second[i], Is.EqualTo(bend).Within(1e-7 * scale), $"bend of {where}");
                Assert.That(secondSingle[i], Is.EqualTo(bend).Within(5e-6 * scale), $"bend of {where}, float32");
            }
        }
    }

    [TestCaseSource(nameof(Rows))]
    public void FarOut_ValuesAndSlopes_AreTheLimits(Row row)
    {
        foreach (DType dtype in FullTypes)
        {
            foreach (int sign in (int[])[-1, 1])
            {
                (double? value, double? slope) = sign < 0 ? (row.Values.Low, row.Slopes.Low) : (row.Values.High, row.Slopes.High);
                double[] points = [.. s_far.Append(Inf).Select(x => sign * x)];
                (double[] values, double[] slopes, double[] bends) = Derivatives(row, points, dtype);
                if (value is { } limit)
                {
                    Assert.That(values[^1], Is.EqualTo(limit).Within(1e-6), $"{row.Name} at {points[^1]}, {dtype}");
                }
                if (slope is not { } rise)
                {
                    continue;
                }
                Assert.That(slopes[^1], Is.EqualTo(rise).Within(1e-6), $"slope of {row.Name} at {points[^1]}, {dtype}");
                for (int i = 0; row.IsFlatFarOut && i < points.Length - 1; i++)
                {
                    Assert.That(slopes[i], Is.EqualTo(rise).Within(1e-6), $"slope of {row.Name} at {points[i]}, {dtype}");
                    Assert.That(bends[i], Is.Zero.Within(1e-6), $"bend of {row.Name} at {points[i]}, {dtype}");
                }
            }
        }
    }

    [TestCaseSource(nameof(Rows))]
    public void NaN_Stays(Row row)
    {
        if (!row.Name.StartsWith("KlDiv of 0", StringComparison.Ordinal) && !row.Name.StartsWith("KlDiv of ln 0", StringComparison.Ordinal))
        {
            Assert.That(Derivatives(row, [double.NaN], DType.Float32).Value[0], Is.NaN);
        }
    }

    /// <summary>Where the kinks are real, the conventional gradients are PyTorch's.</summary>
    [Test]
    public void Kinks_HaveTheGradientsOfPyTorch()
    {
        Assert.That(Slopes(x => x.HardSwish(), -3, 3), Is.EqualTo(new double[] { 0, 1 }));
        Assert.That(Slopes(x => x.HardSigmoid(), -3, 3), Is.EqualTo(new double[] { 0, 0 }));
        Assert.That(Slopes(x => x.Relu(), 0, -0.0), Is.EqualTo(new double[] { 0, 0 }));
        Assert.That(Slopes(x => x.Abs(), 0, -0.0), Is.EqualTo(new double[] { 0, 0 }));
        Assert.That(Slopes(x => x.L1Loss(x.ZerosLike(), Reduction.Sum), 0, -0.0), Is.EqualTo(new double[] { 0, 0 }));
        Assert.That(Slopes(x => x.Clamp(-1, 2), -1, 2), Is.EqualTo(new double[] { 1, 1 }));
        Assert.That(Slopes(x => x.LeakyRelu(0.125), 0, -0.0), Is.EqualTo(new[] { 0.125, 0.125 }));
        Assert.That(Slopes(x => x.Elu(2), 0, -0.0), Is.EqualTo(new double[] { 2, 2 }));
    }

    [Test]
    public void BceWithLogits_LogitsOfZero_LearnFromBothTargets()
    {
        Tensor z = Tensor.From<float>([0, -0f, 0, -0f], Device).WithGrad(), t = Tensor.From<float>([0, 0, 1, 1], Device).WithGrad();
        z.BceWithLogits(t, Reduction.Sum).Backward();
        Assert.That(z.Grad!.ToArray<float>(), Is.EqualTo(new[] { 0.5f, 0.5f, -0.5f, -0.5f }));
        Assert.That(t.Grad!.ToArray<float>(), Is.EqualTo(new float[] { 0, 0, 0, 0 }));
    }

    [Test]
    public void BceLoss_CertainAndWrong_StillLearns()
    {
        Tensor p = Tensor.From<float>([0, 1, 0, 1, 0.25f, 1e-20f], Device).WithGrad(), t = Tensor.From<float>([1, 0, 0, 1, 1, 1], Device).WithGrad();
        Tensor loss = p.BceLoss(t, Reduction.None);
        Assert.That(loss.ToArray<float>(), Is.EqualTo(new[] { 100, 100, 0, 0, -MathF.Log(0.25f), -MathF.Log(1e-20f) }).Within(1e-5));
        loss.Sum().Backward();
        float[] expected = [-1e12f, 1e12f, 0, 0, -4, -1e12f];
        float[] gradient = p.Grad!.ToArray<float>();
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.That(gradient[i], Is.EqualTo(expected[i]).Within(Math.Abs(expected[i]) * 1e-5), $"element {i}");
        }
        Assert.That(t.Grad!.ToArray<float>()[0], Is.EqualTo(100).Within(1e-4), "by the target");
    }

    private double[] Slopes(Func<Tensor, Tensor> f, params double[] points)
    {
        Tensor x = MostPrecise(points, [points.Length]).WithGrad();
        f(x).Sum().Backward();
        return x.Grad!.ToArray<double>();
    }

    private (double[] Value, double[] First, double[] Second) Derivatives(Row row, double[] points, DType dtype)
    {
        using TensorScope scope = TensorScope.Begin();
        // Differences need float64; the reference has it for those without.
        Tensor x = (dtype == DType.Float64 && !Device.HasFloat64 ? Tensor.From<double>(points, ReferenceDevice.Shared) : Rounded(points, [points.Length], dtype)).WithGrad();
        Tensor y = row.Function(x);
        Tensor first = Autograd.Grad(y.Sum(), x, retainGraph: true, createGraph: true);
        Tensor? second = first.RequiresGrad ? Autograd.Grad([first.Sum()], [x])[0] : null;
        return (y.ToArray<double>(), first.ToArray<double>(), second?.ToArray<double>() ?? new double[points.Length]);
    }

    /// <summary>A function of one number.</summary>
    internal sealed record Row(string Name, Func<Tensor, Tensor> Function, params double[] Kinks)
    {
        /// <summary>The values at −∞ and ∞; null where there is none.</summary>
        public (double? Low, double? High) Values { get; init; }

        /// <summary>The slopes there.</summary>
        public (double? Low, double? High) Slopes { get; init; }

        /// <summary>Whether the slope far out is the one at infinity.</summary>
        public bool IsFlatFarOut { get; init; } = true;

        /// <summary>Where the slope has kinks of its own.</summary>
        public double[] BendsAt { get; init; } = [];
    }
}
