using System.Globalization;

namespace Engine.Nn;

/// <summary>The result of a minimisation, and the points on the way.</summary>
public sealed class MinimizeResult
{
    internal MinimizeResult(Tensor[] tensors, MinimizeRun run, int evaluations, StopReason reason)
    {
        (Tensors, Trajectory, Evaluations, StopReason) = (tensors, run.Trajectory, evaluations, reason);
        (Value, GradientNorm, Iterations) = (run.Trajectory.Values[^1], run.Trajectory.GradientNorms[^1], run.Trajectory.Count - 1);
    }

    /// <summary>The last point, of the start's shape, type and device; the first tensor's part of it where the function has several.</summary>
    public Tensor Point => Tensors[0];

    /// <summary>The last point: one tensor for each that the function takes.</summary>
    public IReadOnlyList<Tensor> Tensors { get; }

    /// <summary>The function's value there; of a function of mini-batches, the last batch's.</summary>
    public double Value { get; }

    /// <summary>The Euclidean norm of the gradient there; with a projection P, ‖x − P(x − ∇f)‖.</summary>
    public double GradientNorm { get; }

    /// <summary>How many steps were made.</summary>
    public int Iterations { get; }

    /// <summary>How many times the function was computed, with its gradient or without.</summary>
    public int Evaluations { get; }

    /// <summary>Why it stopped.</summary>
    public StopReason StopReason { get; }

    /// <summary>Whether one of the tolerances or the target was reached.</summary>
    public bool Converged => StopReason is StopReason.GradientTolerance or StopReason.ValueTolerance or StopReason.StepTolerance or StopReason.TargetValue;

    /// <summary>The way, from the start to the last point, both included.</summary>
    public Trajectory Trajectory { get; }

    /// <summary>The reason in words, with the figures.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{StopReason} after {Iterations} iterations and {Evaluations} evaluations: f = {Value:g6}, |∇f| = {GradientNorm:g3}");
}
