namespace Engine.Nn;

/// <summary>How a line-search method chooses where to go.</summary>
internal abstract class DescentDirection
{
    /// <summary>c₂ of the Wolfe conditions.</summary>
    public virtual double Curvature => WolfeLineSearch.Curvature;

    /// <summary>The step that is made without a search; null to search.</summary>
    public virtual double? FixedStep => null;

    /// <summary>The direction; null where it does not exist.</summary>
    public abstract double[]? Find(Objective objective, double[] point, double[] gradient);

    /// <summary>The first trial step.</summary>
    public virtual double FirstStep(double[] direction, double slope) => 1;

    /// <summary>Learns from a step.</summary>
    public virtual void Moved(double[] step, double[] gradientChange)
    {
    }

    /// <summary>Drops its memory of past steps; false if there was none.</summary>
    public virtual bool Reset() => false;
}

/// <summary>Along the steepest slope.</summary>
internal sealed class SteepestDirection : DescentDirection
{
    private double _decrease;
    private double _slope;

    // A direction without memory is dear to leave: a search that is more exact pays.
    public override double Curvature => 0.1;

    public override double[] Find(Objective objective, double[] point, double[] gradient) => Vectors.Scale(-1, gradient);

    // The first-order change is taken to be that of the last step (Nocedal and Wright, page 59).
    public override double FirstStep(double[] direction, double slope)
    {
        _slope = slope;
        return _decrease > 0 ? _decrease / -slope : Math.Min(1, 1 / Vectors.Norm(direction));
    }

    // The direction is −gradient, so that its squared length is −slope.
    public override void Moved(double[] step, double[] gradientChange) => _decrease = Vectors.Norm(step) * Math.Sqrt(-_slope);
}

/// <summary>By the last steps and changes of the gradient.</summary>
internal sealed class LbfgsDirection(int historySize) : DescentDirection
{
    private readonly LbfgsHistory<double[]> _history = new(new HostVectorSpace(), historySize);

    public override double[] Find(Objective objective, double[] point, double[] gradient) => _history.Direction(gradient);

    // Before any step is known a gradient says nothing of lengths.
    public override double FirstStep(double[] direction, double slope) => _history.Pairs.Count > 0 ? 1 : Math.Min(1, 1 / Vectors.Norm(direction));

    public override void Moved(double[] step, double[] gradientChange) => _history.Add(step, gradientChange);

    public override bool Reset()
    {
        bool hadPairs = _history.Pairs.Count > 0;
        _history.Clear();
        return hadPairs;
    }
}
