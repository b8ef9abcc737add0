namespace Engine.Nn;

/// <summary>The points that a minimisation went through, with the values and the lengths of the gradients there.</summary>
public sealed class Trajectory
{
    private readonly List<double[]> _points = [];
    private readonly List<double> _values = [];
    private readonly List<double> _gradientNorms = [];

    internal Trajectory()
    {
    }

    /// <summary>How many points there are: one more than steps.</summary>
    public int Count => _values.Count;

    /// <summary>The points, all variables in a row; empty if they were not to be kept.</summary>
    public IReadOnlyList<double[]> Points => _points;

    /// <summary>The function's values.</summary>
    public IReadOnlyList<double> Values => _values;

    /// <summary>The Euclidean norms of the gradient.</summary>
    public IReadOnlyList<double> GradientNorms => _gradientNorms;

    /// <summary>One variable at all points, for a picture of the way.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such variable.</exception>
    /// <exception cref="InvalidOperationException">The points were not kept.</exception>
    public IReadOnlyList<double> Coordinate(int index)
    {
        if (_points.Count == 0)
        {
            throw new InvalidOperationException("Trajectory: the points were not kept; set KeepPoints in the options.");
        }

        return index >= 0 && index < _points[0].Length
            ? [.. _points.Select(point => point[index])]
            : throw new ArgumentOutOfRangeException(nameof(index), index, $"Trajectory: the points have {_points[0].Length} coordinates.");
    }

    internal void Add(double[]? point, double value, double gradientNorm)
    {
        if (point is not null)
        {
            _points.Add([.. point]);
        }

        _values.Add(value);
        _gradientNorms.Add(gradientNorm);
    }
}
