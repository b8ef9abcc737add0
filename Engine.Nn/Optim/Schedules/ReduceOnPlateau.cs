namespace Engine.Nn;

/// <summary>
/// Lowers the learning rate when a value has stopped improving: rate ← max(rate·factor, minimum) after more than
/// <c>patience</c> observations in a row that were not better than the best by the threshold.
/// </summary>
/// <remarks>
/// PyTorch's <c>ReduceLROnPlateau</c> with its relative threshold: better is value &lt; best − |best|·threshold, or value &gt; best + |best|·threshold.
/// (For a negative best PyTorch takes the threshold off the wrong side, so that there equal values count as better for ever.)
/// </remarks>
public sealed class ReduceOnPlateau
{
    private readonly Optimizer _optimizer;
    private readonly double _factor;
    private readonly int _patience;
    private readonly double _threshold;
    private readonly int _cooldown;
    private readonly double _minimumRate;
    private readonly double _epsilon;
    private long _bad;
    private long _cooling;

    /// <summary>Watches for a plateau.</summary>
    /// <param name="optimizer">Whose rate is lowered.</param>
    /// <param name="mode">Which way is better.</param>
    /// <param name="factor">The factor of the rate.</param>
    /// <param name="patience">How many observations without improvement are borne.</param>
    /// <param name="threshold">How much better, relatively, counts.</param>
    /// <param name="cooldown">How many observations after a reduction are not counted.</param>
    /// <param name="minimumRate">The rate does not fall below it.</param>
    /// <param name="eps">A reduction by no more than this is not made.</param>
    public ReduceOnPlateau(
        Optimizer optimizer,
        MonitorMode mode = MonitorMode.Min,
        double factor = 0.1,
        int patience = 10,
        double threshold = 1e-4,
        int cooldown = 0,
        double minimumRate = 0,
        double eps = 1e-8)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentOutOfRangeException.ThrowIfNegative(patience);
        ArgumentOutOfRangeException.ThrowIfNegative(cooldown);
        _optimizer = optimizer;
        Mode = mode;
        _factor = Hyper.Decay(factor);
        _patience = patience;
        _threshold = Hyper.NotNegative(threshold);
        _cooldown = cooldown;
        _minimumRate = Hyper.NotNegative(minimumRate);
        _epsilon = Hyper.NotNegative(eps);
        Best = mode == MonitorMode.Min ? double.PositiveInfinity : double.NegativeInfinity;
    }

    /// <summary>Which way is better.</summary>
    public MonitorMode Mode { get; }

    /// <summary>Whose rate is lowered.</summary>
    public Optimizer Optimizer => _optimizer;

    /// <summary>The best value so far.</summary>
    public double Best { get; private set; }

    /// <summary>Takes one observation; NaN is never an improvement.</summary>
    /// <returns>Whether the rate was lowered.</returns>
    public bool Step(double value)
    {
        if (IsBetter(value))
        {
            Best = value;
            _bad = 0;
        }
        else
        {
            _bad++;
        }

        if (_cooling > 0)
        {
            _cooling--;
            _bad = 0;
        }

        if (_bad <= _patience)
        {
            return false;
        }

        _bad = 0;
        _cooling = _cooldown;
        double before = _optimizer.LearningRate;
        double after = Math.Max(before * _factor, _minimumRate);
        if (before - after <= _epsilon)
        {
            return false;
        }

        _optimizer.LearningRate = after;
        return true;
    }

    /// <summary>Writes the best value and the counts; the rate itself belongs to the optimizer's state.</summary>
    public void Save(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.Set("best", Best);
        state.Set("bad", _bad);
        state.Set("cooling", _cooling);
    }

    /// <summary>Goes to a saved state.</summary>
    public void Load(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        (Best, _bad, _cooling) = (state.Number("best"), state.Count("bad"), state.Count("cooling"));
    }

    private bool IsBetter(double value) => Mode == MonitorMode.Min
        ? value < (double.IsInfinity(Best) ? Best : Best - (Math.Abs(Best) * _threshold))
        : value > (double.IsInfinity(Best) ? Best : Best + (Math.Abs(Best) * _threshold));
}
