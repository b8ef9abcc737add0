namespace Engine.Nn;

/// <summary>The last steps s and changes of the gradient y, an estimate of the inverse Hessian.</summary>
/// <remarks>Nocedal and Wright, Numerical Optimization, 2006, algorithm 7.4.</remarks>
internal sealed class LbfgsHistory<T>(VectorSpace<T> space, int size)
{
    private readonly List<(T Step, T Change, double Curvature)> _pairs = [];

    /// <summary>The pairs, oldest first.</summary>
    public IReadOnlyList<(T Step, T Change, double Curvature)> Pairs => _pairs;

    /// <summary>The estimate of the inverse Hessian before the pairs are applied: sᵀy/yᵀy of the last pair.</summary>
    public double Scale { get; set; } = 1;

    /// <summary>Takes a pair, unless the function does not curve upwards along the step, or rounding hides it; then it is released.</summary>
    public void Add(T step, T change)
    {
        double curvature = space.Dot(step, change), changeSquared = space.Dot(change, change);
        if (!(curvature > space.Epsilon * Math.Sqrt(changeSquared * space.Dot(step, step))))
        {
            space.Release(step);
            space.Release(change);
            return;
        }

        if (_pairs.Count == size)
        {
            Drop(0);
        }

        _pairs.Add((step, change, curvature));
        Scale = curvature / changeSquared;
    }

    /// <summary>Puts a pair back that was saved.</summary>
    public void Restore(T step, T change) => _pairs.Add((step, change, space.Dot(step, change)));

    /// <summary>−H·gradient, as a new vector.</summary>
    public T Direction(T gradient)
    {
        Span<double> alphas = _pairs.Count <= 64 ? stackalloc double[_pairs.Count] : new double[_pairs.Count];
        T q = space.Negate(gradient);
        for (int i = _pairs.Count - 1; i >= 0; i--)
        {
            alphas[i] = space.Dot(_pairs[i].Step, q) / _pairs[i].Curvature;
            space.AddScaled(q, -alphas[i], _pairs[i].Change);
        }

        space.Scale(q, Scale);
        for (int i = 0; i < _pairs.Count; i++)
        {
            double beta = space.Dot(_pairs[i].Change, q) / _pairs[i].Curvature;
            space.AddScaled(q, alphas[i] - beta, _pairs[i].Step);
        }

        return q;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        while (_pairs.Count > 0)
        {
            Drop(_pairs.Count - 1);
        }

        Scale = 1;
    }

    private void Drop(int index)
    {
        space.Release(_pairs[index].Step);
        space.Release(_pairs[index].Change);
        _pairs.RemoveAt(index);
    }
}
