using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn.Schedules;

internal sealed class ScheduleTests
{
    [Test]
    public void Step_FallsAtEachMultipleOfItsSize() =>
        Assert.That(Rates(Schedule.Step(1, size: 2, gamma: 0.5), 5), Is.EqualTo(new[] { 1, 1, 0.5, 0.5, 0.25 }));

    [Test]
    public void MultiStep_FallsAtItsMilestones() =>
        Assert.That(Rates(Schedule.MultiStep(1, [1, 3], gamma: 0.5), 5), Is.EqualTo(new[] { 1, 0.5, 0.5, 0.25, 0.25 }));

    [Test]
    public void Cosine_AfterItsEnd_StaysAtTheMinimum()
    {
        Schedule schedule = Schedule.Cosine(1, steps: 4, minimum: 0.2);
        Assert.That(schedule.At(2), Is.EqualTo(0.6).Within(1e-12));
        Assert.That(schedule.At(4), Is.EqualTo(0.2).Within(1e-12));
        Assert.That(schedule.At(1000), Is.EqualTo(0.2).Within(1e-12));
    }

    [Test]
    public void CosineRestarts_StartsAgainAfterGrowingPeriods()
    {
        Schedule schedule = Schedule.CosineRestarts(1, first: 2, growth: 3);
        Assert.That(new[] { 0, 2, 8, 26 }.Select(schedule.At), Is.All.EqualTo(1));
        Assert.That(schedule.At(1), Is.EqualTo(0.5).Within(1e-12));
        Assert.That(schedule.At(5), Is.EqualTo(0.5).Within(1e-12));
        Assert.That(Schedule.CosineRestarts(1, first: 7).At(int.MaxValue), Is.InRange(0, 1));
    }

    [Test]
    public void OneCycle_GoesThroughStartTopAndEnd()
    {
        Schedule schedule = Schedule.OneCycle(1, steps: 10, rise: 0.4, divisor: 10, finalDivisor: 100, linear: true);
        Assert.That(schedule.At(0), Is.EqualTo(0.1).Within(1e-12));
        Assert.That(schedule.At(3), Is.EqualTo(1).Within(1e-12));
        Assert.That(schedule.At(6), Is.EqualTo(0.5005).Within(1e-12));
        Assert.That(schedule.At(9), Is.EqualTo(0.001).Within(1e-12));
        Assert.That(schedule.At(50), Is.EqualTo(0.001).Within(1e-12));
    }

    [TestCase(0, 0, 0.904509)]
    [TestCase(0, 4, 1e-4)]
    [TestCase(1, 0, 0.04)]
    [TestCase(1, 4, 1)]
    public void OneCycle_AllDownOrAllUp_IsFinite(double rise, int t, double expected) =>
        Assert.That(Schedule.OneCycle(1, steps: 5, rise: rise).At(t), Is.EqualTo(expected).Within(1e-3));

    [Test]
    public void Polynomial_AfterItsEnd_IsZero() => Assert.That(Schedule.Polynomial(1, 3, power: 2).At(9), Is.Zero);

    [Test]
    public void InverseSqrt_CountsFromOne() =>
        Assert.That(Rates(Schedule.InverseSqrt(1, factor: 2), 4)[3], Is.EqualTo(1));

    [Test]
    public void WithWarmUp_ClimbsAndThenBeginsAtTimeZero()
    {
        Schedule schedule = Schedule.Exponential(1, 0.5).WithWarmUp(4);
        Assert.That(Rates(schedule, 6), Is.EqualTo(new[] { 0.25, 0.4375, 0.625, 0.8125, 1, 0.5 }));
        Assert.That(Schedule.Constant(2).WithWarmUp(2, startFactor: 0).At(0), Is.Zero);
    }

    [Test]
    public void Sequential_EachPartHasItsOwnTime()
    {
        Schedule schedule = Schedule.Constant(3).Then(2, Schedule.Exponential(1, 0.5).Then(2, Schedule.Lambda(t => 10 + t)));
        Assert.That(Rates(schedule, 6), Is.EqualTo(new[] { 3, 3, 1, 0.5, 10, 11 }));
        Assert.That(Rates(schedule.Scale(2), 2), Is.EqualTo(new double[] { 6, 6 }));
    }

    [Test]
    public void BadArguments_Throw()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => Schedule.Step(1, 0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => Schedule.Cosine(-1, 5), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => Schedule.Linear(1, 5, startFactor: double.NaN), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => Schedule.OneCycle(1, 5, rise: 1.5), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => Schedule.Constant(1).WithWarmUp(0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => Schedule.Constant(1).At(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
        });
    }

    [Test]
    public void Scheduler_SetsTheRateOfItsTime()
    {
        Optimizer optimizer = AnOptimizer(7);
        Scheduler scheduler = new(optimizer, Schedule.Exponential(1, 0.5));
        Assert.That(optimizer.LearningRate, Is.EqualTo(1));
        scheduler.Step();
        scheduler.Step();
        Assert.That(optimizer.LearningRate, Is.EqualTo(0.25));
        scheduler.Time = 1;
        Assert.That(optimizer.LearningRate, Is.EqualTo(0.5));
    }

    [Test]
    public void ReduceOnPlateau_AfterMoreThanItsPatience_LowersTheRate()
    {
        Optimizer optimizer = AnOptimizer(1);
        ReduceOnPlateau plateau = new(optimizer, factor: 0.5, patience: 1, minimumRate: 0.2);
        bool[] lowered = [.. new[] { 3, 2, 2, double.NaN, 1, 1, 1, 1, 1, 1, 1 }.Select(plateau.Step)];
        Assert.That(lowered, Is.EqualTo(new[] { false, false, false, true, false, false, true, false, true, false, false }));
        Assert.That(optimizer.LearningRate, Is.EqualTo(0.2));
        Assert.That(plateau.Best, Is.EqualTo(1));
    }

    [Test]
    public void ReduceOnPlateau_MaxModeAndCooldown_CountAsPyTorch()
    {
        Optimizer optimizer = AnOptimizer(1);
        ReduceOnPlateau plateau = new(optimizer, MonitorMode.Max, factor: 0.1, patience: 0, cooldown: 2);
        Assert.That(new[] { 0.5, 0.6, 0.6, 0.6, 0.6, 0.6 }.Select(plateau.Step), Is.EqualTo(new[] { false, false, true, false, false, true }));
    }

    [Test]
    public void ReduceOnPlateau_SavedAndLoaded_GoesOnCounting()
    {
        ReduceOnPlateau first = new(AnOptimizer(1), patience: 1);
        first.Step(1);
        first.Step(1);
        TrainingState state = new();
        first.Save(state);
        ReduceOnPlateau second = new(AnOptimizer(1), patience: 1);
        second.Load(state);
        Assert.That(second.Step(1), Is.True);
        TrainingState fresh = new();
        new ReduceOnPlateau(AnOptimizer(1)).Save(fresh);
        second.Load(fresh);
        Assert.That(second.Best, Is.EqualTo(double.PositiveInfinity));
    }

    private static Sgd AnOptimizer(double rate) => new([Tensor.Ones([1], device: ReferenceDevice.Shared).WithGrad()], rate);

    private static double[] Rates(Schedule schedule, int count) => [.. Enumerable.Range(0, count).Select(schedule.At)];
}
