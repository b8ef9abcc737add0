namespace Engine.Nn;

/// <summary>
/// Counts the steps whose gradient was longer than allowed, so that <see cref="GradientClipping.ClipGradNorm"/> shortened it. The count stays on the
/// device; only a query waits for it.
/// </summary>
/// <remarks>
/// A few percent mean that clipping guards against outliers, as it is meant to; nearly all that it sets the size of every step, which the
/// learning rate should do. <see cref="Trainer"/> counts by itself: the figure <c>clipped_share</c> of each epoch in <see cref="History"/>.
/// <code>
/// Tensor norm = model.Parameters.ClipGradNorm(1);
/// clipped.Add(norm, maxNorm: 1);
/// </code>
/// </remarks>
public sealed class ClippedSteps
{
    // A norm that is not finite compares as not longer where it is NaN; clipping does nothing good to such a gradient either.
    private static readonly MapProgram s_isLonger = MapProgram.Compile(1, Expr.Where(Expr.Input(0) > Expr.Parameter(0), 1, 0));

    private readonly RunningSum _clipped = new();

    /// <summary>The number of steps.</summary>
    public long Count { get; private set; }

    /// <summary>The share of steps that were clipped, in [0, 1]; NaN before the first. Waits for the device.</summary>
    public double Share => _clipped.Read() / Count;

    /// <summary>Counts a step.</summary>
    /// <param name="norm">The gradient's norm before clipping, as <see cref="GradientClipping.ClipGradNorm"/> gives it.</param>
    /// <param name="maxNorm">The limit of the norm.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxNorm"/> is not positive.</exception>
    /// <exception cref="ShapeMismatchException"><paramref name="norm"/> is not a single number.</exception>
    public void Add(Tensor norm, double maxNorm)
    {
        ArgumentNullException.ThrowIfNull(norm);
        Hyper.Positive(maxNorm);
        using Tensor flag = IsLonger(norm, maxNorm);
        AddFlag(flag);
    }

    /// <summary>Begins anew.</summary>
    public void Reset()
    {
        _clipped.Reset();
        Count = 0;
    }

    /// <summary>1 where a norm is longer than allowed, else 0.</summary>
    internal static Tensor IsLonger(Tensor norm, double maxNorm)
    {
        if (norm.ElementCount != 1)
        {
            throw new ShapeMismatchException($"ClippedSteps: the norm is {norm.Shape}; it must be a single number, as ClipGradNorm gives it.");
        }

        using GradMode.Scope mode = GradMode.Off();
        return Pointwise.Apply(nameof(ClippedSteps), s_isLonger, [norm], [maxNorm]);
    }

    internal void AddFlag(Tensor flag)
    {
        _clipped.Add(flag);
        Count++;
    }

    internal void Save(TrainingState state, string name)
    {
        _clipped.Save(state, name);
        state.Set(name + "_steps", Count);
    }

    internal void Load(TrainingState state, string name)
    {
        long count = state.Count(name + "_steps");
        _clipped.Load(state, name);
        Count = count;
    }
}
