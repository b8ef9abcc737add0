using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Optimization;

/// <summary>When a minimisation ends, and what it refuses.</summary>
internal sealed class StoppingTests
{
    private static readonly TestFunction s_bowl = TestFunctions.Quadratic(1, 1);

    [Test]
    public void EachRule_StopsAtItsStep()
    {
        // x = 0.5ᵏ, f = ½·0.25ᵏ, ∇f = 0.5ᵏ.
        static MinimizeResult Halving(DescentOptions options) => Minimize.Run(s_bowl.Evaluate, s_bowl.Start(), x => new Sgd(x, 0.5), options);
        Assert.Multiple(() =>
        {
            Assert.That(Outcome(Halving(new DescentOptions { GradientTolerance = 1.001 / 1024 })), Is.EqualTo((StopReason.GradientTolerance, 10, 11)));
            Assert.That(Outcome(Halving(new DescentOptions { GradientTolerance = 0, TargetValue = 0.0079 })), Is.EqualTo((StopReason.TargetValue, 3, 4)));
            Assert.That(Outcome(Halving(new DescentOptions { GradientTolerance = 0, ValueTolerance = 0.0235 })), Is.EqualTo((StopReason.ValueTolerance, 3, 4)));
            Assert.That(Outcome(Halving(new DescentOptions { GradientTolerance = 0, StepTolerance = 0.126 })), Is.EqualTo((StopReason.StepTolerance, 3, 4)));
            Assert.That(Outcome(Halving(new DescentOptions { GradientTolerance = 0, MaxIterations = 7 })), Is.EqualTo((StopReason.MaxIterations, 7, 8)));
            Assert.That(Outcome(Halving(new DescentOptions { GradientTolerance = 0, MaxIterations = 0 })), Is.EqualTo((StopReason.MaxIterations, 0, 1)));
        });

        static (StopReason, int, int) Outcome(MinimizeResult result) => (result.StopReason, result.Iterations, result.Evaluations);
    }

    [Test]
    public void Cancellation_GivesWhatThereIs()
    {
        using CancellationTokenSource source = new();
        int calls = 0;
        Tensor Counted(Tensor x)
        {
            if (++calls == 5)
            {
                source.Cancel();
            }

            return x.Square().Sum();
        }

        MinimizeResult result = Minimize.Run(Counted, s_bowl.Start(), x => new Sgd(x, 0.1), cancellationToken: source.Token);
        Assert.That((result.StopReason, result.Iterations, result.Converged), Is.EqualTo((StopReason.Cancelled, 4, false)));
        Assert.That(result.Point.Item(), Is.EqualTo(Math.Pow(0.8, 4)).Within(1e-12));
        Assert.That(Minimize.Lbfgs(s_bowl.Evaluate, s_bowl.Start(), cancellationToken: source.Token).StopReason, Is.EqualTo(StopReason.Cancelled));
    }

    [Test]
    public void NaNOnTheWay_EndsDescent_AndIsAWallForALineSearch()
    {
        // x − ln x is NaN left of 0; its minimum is at 1.
        static Tensor Function(Tensor x) => (x - x.Log()).Sum();
        MinimizeResult descent = Minimize.Run(Function, Tensor.From<double>([0.01]), x => new Sgd(x, 1, momentum: 0.9));
        Assert.That(descent.StopReason, Is.EqualTo(StopReason.NotFinite));
        Assert.That(descent.Value, Is.Not.NaN);
        MinimizeResult searched = Minimize.Lbfgs(Function, Tensor.From<double>([5.0]));
        Assert.That(searched.Point.Item(), Is.EqualTo(1).Within(1e-6));
        MinimizeResult newton = Minimize.NewtonCg(Function, Tensor.From<double>([5.0]));
        Assert.That(newton.Point.Item(), Is.EqualTo(1).Within(1e-6));
    }

    [Test]
    public void Start_IsNotChanged_AndPointsNeedNotBeKept()
    {
        Tensor start = TestFunctions.Booth.Start();
        MinimizeResult result = Minimize.Run(TestFunctions.Booth.Evaluate, start, x => new Adam(x, 0.1), new DescentOptions { MaxIterations = 5, KeepPoints = false });
        Assert.That(start.ToArray<double>(), Is.EqualTo(new[] { -5.0, 5 }));
        Assert.That(start.RequiresGrad, Is.False);
        Assert.That(result.Trajectory.Points, Is.Empty);
        Assert.That(result.Trajectory.Values, Has.Count.EqualTo(6));
        Assert.That(() => result.Trajectory.Coordinate(0), Throws.InvalidOperationException.With.Message.Contains("KeepPoints"));
        Assert.That(() => Minimize.Lbfgs(TestFunctions.Booth.Evaluate, start).Trajectory.Coordinate(2), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void InsideOfGradModeOff_ItDifferentiatesAllTheSame()
    {
        using GradMode.Scope mode = GradMode.Off();
        Assert.That(Minimize.Run(s_bowl.Evaluate, s_bowl.Start(), x => new Sgd(x, 0.5)).Converged, Is.True);
        Assert.That(Minimize.Lbfgs(s_bowl.Evaluate, s_bowl.Start()).Converged, Is.True);
        Assert.That(Minimize.NewtonCg(s_bowl.Evaluate, s_bowl.Start()).Converged, Is.True);
    }

    [Test]
    public void BadInput_IsRefusedBeforeTheFirstStep()
    {
        Tensor start = Tensor.From<double>([1.0, 2]);
        Func<IReadOnlyList<Tensor>, Optimizer> sgd = static x => new Sgd(x, 0.1);
        Tensor other = Tensor.From<double>([1.0]).WithGrad();
        Assert.Multiple(() =>
        {
            Assert.That(() => Minimize.Run(static x => x.Square(), start, sgd), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("gives [2]; it must give one number"));
            Assert.That(() => Minimize.Lbfgs(static x => x.Square(), start), Throws.TypeOf<ShapeMismatchException>().With.Message.StartsWith("Minimize.Lbfgs"));
            Assert.That(() => Minimize.Run(static x => x.Detach().Sum(), start, sgd), Throws.TypeOf<GradientException>().With.Message.Contains("does not depend"));
            Assert.That(() => Minimize.Run(static x => (x.Sum() * double.NaN), start, sgd), Throws.ArgumentException.With.Message.Contains("at the start the value is NaN"));
            Assert.That(() => Minimize.Lbfgs(static x => (x - 5).Log().Sum(), start), Throws.ArgumentException.With.Message.Contains("Start elsewhere"));
            Assert.That(() => Minimize.Run(static x => null!, start, sgd), Throws.ArgumentException.With.Message.Contains("returned null"));
            Assert.That(() => Minimize.Run(static x => x.Sum(), Tensor.From<long>([1L]), sgd), Throws.TypeOf<DTypeMismatchException>());
            Assert.That(() => Minimize.Run(static x => x.Sum(), Tensor.Zeros([0], DType.Float64), sgd), Throws.ArgumentException.With.Message.Contains("no elements"));
            Assert.That(() => Minimize.Lbfgs(static x => x[0].Sum(), Array.Empty<Tensor>()), Throws.ArgumentException.With.Message.Contains("no elements"));
            Assert.That(() => Minimize.Run(static x => x.Sum(), start, _ => new Sgd([other])), Throws.ArgumentException.With.Message.Contains("moves other tensors"));
            Assert.That(() => Minimize.Run(static x => x.Sum(), start, static x => new Sgd(x, -1)), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => Minimize.Run(static x => x.Sum(), start, static x => new Sgd(x, double.NaN)), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new MinimizeOptions { MaxIterations = -1 }, Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new MinimizeOptions { GradientTolerance = -1 }, Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new MinimizeOptions { ValueTolerance = double.NaN }, Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new MinimizeOptions { StepTolerance = double.PositiveInfinity }, Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new MinimizeOptions { TargetValue = double.NaN }, Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new LbfgsOptions { HistorySize = 0 }, Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new NewtonOptions { Damping = 0 }, Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new NewtonOptions { MaxProducts = 0 }, Throws.TypeOf<ArgumentOutOfRangeException>());
        });
    }
}
