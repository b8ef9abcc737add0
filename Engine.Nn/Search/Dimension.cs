namespace Engine.Nn;

/// <summary>One hyper-parameter of a <see cref="SearchSpace"/>.</summary>
public abstract class Dimension
{
    private protected Dimension(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
    }

    /// <summary>Its name in tables.</summary>
    public string Name { get; }

    /// <summary>Its place in the space.</summary>
    internal int Index { get; init; }

    /// <summary>The value at a place u in [0, 1) of the range.</summary>
    internal abstract object ValueAt(double u);

    /// <summary>How many values a grid of so many points has; fewer where there are fewer.</summary>
    internal abstract int GridSize(int points);

    /// <summary>Where in [0, 1) the i-th of so many values lies.</summary>
    internal abstract double GridPlace(int i, int size);
}

/// <summary>One hyper-parameter of type T; the key to its value in a <see cref="Trial"/>.</summary>
public sealed class Dimension<T> : Dimension
    where T : notnull
{
    private readonly Func<double, T> _value;
    private readonly int? _count;

    internal Dimension(string name, int index, Func<double, T> value, int? count = null)
        : base(name)
    {
        Index = index;
        _value = value;
        _count = count;
    }

    internal override object ValueAt(double u) => _value(u);

    internal override int GridSize(int points) => Math.Min(points, _count ?? points);

    // Single values lie in the middles of their shares; a range is taken with both its ends.
    internal override double GridPlace(int i, int size) =>
        _count is not null && size == _count ? (i + 0.5) / size : size == 1 ? 0.5 : i / (size - 1.0);
}
