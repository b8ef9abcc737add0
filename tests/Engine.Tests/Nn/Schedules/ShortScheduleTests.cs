using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn.Schedules;

/// <summary>Schedules of few steps against PyTorch's own way of computing them, which goes on from rate to rate or looks phases up.</summary>
internal sealed class ShortScheduleTests
{
    private const double Rate = 0.8;

    private static readonly int[] s_lengths = [1, 2, 3, 4, 5, 10, 33];

    [Test]
    public void OneCycle_OfFewSteps_IsPyTorchs(
        [ValueSource(nameof(s_lengths))] int steps, [Values(0, 0.1, 0.25, 0.3, 0.4, 0.5, 0.75, 0.9, 1)] double rise, [Values] bool linear)
    {
        Schedule schedule = Schedule.OneCycle(Rate, steps, rise, linear: linear);
        for (int t = 0; t < steps; t++)
        {
            Assert.That(schedule.At(t), Is.EqualTo(PyTorchOneCycle(Rate, steps, rise, linear, t)).Within(1e-12), $"step {t}");
        }

        Assert.That(schedule.At(steps + 5), Is.EqualTo(schedule.At(steps - 1)), "the last rate stays");
    }

    [TestCase(1, new[] { 4e-6 })]
    [TestCase(2, new[] { 0.811746, 4e-6 })]
    [TestCase(3, new[] { 0.994415, 0.462637, 4e-6 })]
    public void OneCycle_KnownValues(int steps, double[] expected) =>
        Assert.That(Enumerable.Range(0, steps).Select(Schedule.OneCycle(1, steps).At), Is.EqualTo(expected).Within(1e-6));

    [Test]
    public void Cosine_OfFewSteps_IsPyTorchsRecursion([ValueSource(nameof(s_lengths))] int steps, [Values(0, 0.1)] double minimum)
    {
        Schedule schedule = Schedule.Cosine(Rate, steps, minimum);
        double rate = Rate;
        for (int t = 0; t <= steps; t++)
        {
            if (t > 0)
            {
                rate = ((1 + Math.Cos(Math.PI * t / steps)) / (1 + Math.Cos(Math.PI * (t - 1) / steps)) * (rate - minimum)) + minimum;
            }

            Assert.That(schedule.At(t), Is.EqualTo(rate).Within(1e-9), $"step {t}");
        }

        Assert.That(schedule.At(steps + 1), Is.EqualTo(minimum).Within(1e-12), "and does not climb again");
    }

    [Test]
    public void CosineRestarts_OfFewSteps_IsPyTorchs([ValueSource(nameof(s_lengths))] int first, [Values(1, 2, 3)] int growth)
    {
        Schedule schedule = Schedule.CosineRestarts(Rate, first, growth, 0.05);
        (int period, int since) = (first, 0);
        for (int t = 0; t < 60; t++)
        {
            Assert.That(schedule.At(t), Is.EqualTo(0.05 + ((Rate - 0.05) * (1 + Math.Cos(Math.PI * since / period)) / 2)).Within(1e-12), $"step {t}");
            if (++since == period)
            {
                (period, since) = (period * growth, 0);
            }
        }
    }

    [Test]
    public void LinearAndPolynomial_OfFewSteps_ArePyTorchsRecursions([ValueSource(nameof(s_lengths))] int steps)
    {
        const double Start = 0.25, End = 0.75, Power = 1.7;
        Schedule linear = Schedule.Linear(Rate, steps, Start, End), polynomial = Schedule.Polynomial(Rate, steps, Power);
        (double line, double curve) = (Rate * Start, Rate);
        for (int t = 0; t < steps + 3; t++)
        {
            if (t > 0 && t <= steps)
            {
                line *= 1 + ((End - Start) / ((steps * Start) + ((t - 1) * (End - Start))));
                curve *= Math.Pow((1 - ((double)t / steps)) / (1 - ((t - 1.0) / steps)), Power);
            }

            Assert.That(linear.At(t), Is.EqualTo(line).Within(1e-12), $"linear, step {t}");
            Assert.That(polynomial.At(t), Is.EqualTo(curve).Within(1e-12), $"polynomial, step {t}");
        }
    }

    [Test]
    public void EverySchedule_OfFewSteps_IsFinite()
    {
        foreach (int n in s_lengths)
        {
            Schedule[] schedules =
            [
                Schedule.Constant(Rate), Schedule.Step(Rate, n), Schedule.MultiStep(Rate, [n]), Schedule.Exponential(Rate, 0), Schedule.Cosine(Rate, n),
                Schedule.CosineRestarts(Rate, n), Schedule.Linear(Rate, n, 0, 0), Schedule.Polynomial(Rate, n, 0.1), Schedule.OneCycle(Rate, n),
                Schedule.InverseTime(Rate, 0), Schedule.InverseSqrt(Rate), Schedule.Cosine(Rate, n).WithWarmUp(n), Schedule.OneCycle(Rate, n).WithWarmUp(n, 0),
                Schedule.Constant(Rate).Then(n, Schedule.OneCycle(Rate, n)),
            ];
            foreach (Schedule schedule in schedules)
            {
                foreach (int t in (int[])[0, 1, 2, 3, n - 1, n, n + 1, 2 * n, 1_000_000, int.MaxValue])
                {
                    Assert.That(schedule.At(t), Is.InRange(0, Rate * 1.0000001), $"{schedule} of {n} at {t}");
                }
            }
        }
    }

    [Test]
    public void WithWarmUp_OfFewSteps_ReachesTheRateAtItsEnd([ValueSource(nameof(s_lengths))] int steps)
    {
        Schedule schedule = Schedule.Exponential(Rate, 0.5).WithWarmUp(steps);
        for (int t = 0; t <= steps; t++)
        {
            Assert.That(schedule.At(t), Is.EqualTo(Rate * Math.Min(1, (1.0 / steps) + ((1 - (1.0 / steps)) * t / steps))).Within(1e-12), $"step {t}");
        }
    }

    [TestCase(1e-7, 0.5, 1e-8, new[] { 5e-8, 2.5e-8, 1.25e-8, 1.25e-8 })]
    [TestCase(1e-8, 0.1, 1e-8, new[] { 1e-8, 1e-8 })]
    [TestCase(1e-8, 0.1, 0, new[] { 1e-9, 1e-10 })]
    [TestCase(1, 0.5, 0.3, new[] { 0.5, 0.5, 0.5 })]
    public void ReduceOnPlateau_ReductionsThatAreTooSmall_AreNotMade(double start, double factor, double epsilon, double[] expected)
    {
        Sgd optimizer = new([Tensor.Ones([1], device: ReferenceDevice.Shared).WithGrad()], start);
        ReduceOnPlateau plateau = epsilon == 1e-8 ? new(optimizer, factor: factor, patience: 0) : new(optimizer, factor: factor, patience: 0, eps: epsilon);
        plateau.Step(1);
        double before = start;
        foreach (double rate in expected)
        {
            Assert.That(plateau.Step(1), Is.EqualTo(rate < before));
            Assert.That(optimizer.LearningRate, Is.EqualTo(rate).Within(1e-14));
            before = rate;
        }
    }

    /// <summary>OneCycleLR.get_lr: the phases are looked up; a phase of no length, where it would divide by 0, is at its end.</summary>
    private static double PyTorchOneCycle(double maximum, int steps, double rise, bool linear, int step)
    {
        double initial = maximum / 25, minimum = initial / 1e4;
        (double End, double From, double To)[] phases = [((rise * steps) - 1, initial, maximum), (steps - 1, maximum, minimum)];
        double start = 0;
        for (int i = 0; ; i++)
        {
            (double end, double from, double to) = phases[i];
            if (step <= end || i == phases.Length - 1)
            {
                double part = end == start ? 1 : (step - start) / (end - start);
                return linear ? ((to - from) * part) + from : to + ((from - to) / 2 * (Math.Cos(Math.PI * part) + 1));
            }

            start = end;
        }
    }
}
