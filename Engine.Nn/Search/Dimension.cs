using System.Globalization;

namespace Engine.Nn;

/// <summary>The kind of values of a <see cref="Dimension"/>.</summary>
public enum DimensionKind : byte
{
    /// <summary>Any number of a range, or every so many of it.</summary>
    Real,

    /// <summary>Whole numbers.</summary>
    Integer,

    /// <summary>One of a list.</summary>
    Choice,
}

/// <summary>One hyper-parameter of a <see cref="SearchSpace"/>.</summary>
/// <remarks>Searches and studies handle a value as its coordinate: the number itself, or the index of a choice in its list.</remarks>
public abstract class Dimension
{
    private protected Dimension(string name, DimensionKind kind, double low, double high)
    {
        (Name, Kind, Low, High) = (name, kind, low, high);
    }

    /// <summary>Its name in tables.</summary>
    public string Name { get; }

    /// <summary>The kind of its values.</summary>
    public DimensionKind Kind { get; }

    /// <summary>The smallest coordinate.</summary>
    public double Low { get; }

    /// <summary>The largest coordinate.</summary>
    public double High { get; }

    /// <summary>The distance of neighbouring coordinates; 0 where any number of the range will do.</summary>
    public double Step { get; internal init; }

    /// <summary>Whether each order of magnitude is as likely as the others.</summary>
    public bool IsLog { get; internal init; }

    /// <summary>The choices as text, by their indices; empty if it is a number.</summary>
    public IReadOnlyList<string> Choices { get; internal init; } = [];

    /// <summary>The choice that decides whether a trial has this hyper-parameter; null if every trial has it.</summary>
    public Dimension? Parent { get; internal init; }

    /// <summary>The indices of those choices of <see cref="Parent"/> at which a trial has it.</summary>
    public IReadOnlyList<int> ParentChoices { get; internal init; } = [];

    /// <summary>Its index in the space.</summary>
    internal int Index { get; init; }

    /// <summary>Whether there is only one value.</summary>
    internal bool IsSingle => Low == High;

    /// <summary>How many values there are; null if they cannot be counted.</summary>
    internal long? Count => Step > 0 ? (long)Math.Round((High - Low) / Step) + 1 : null;

    /// <summary>The range as densities see it: of logarithms where it is logarithmic, with half a step more at each end where there are steps.</summary>
    internal (double Low, double High) Domain => (ToDomain(Low - (Step / 2)), ToDomain(High + (Step / 2)));

    /// <summary>A coordinate as densities see it.</summary>
    internal double ToDomain(double coordinate) => IsLog ? Math.Log(coordinate) : coordinate;

    /// <summary>The coordinate nearest to a position in <see cref="Domain"/>.</summary>
    internal double FromDomain(double position)
    {
        double coordinate = IsLog ? Math.Exp(position) : position;
        return Math.Clamp(Step > 0 ? Low + (Math.Round((coordinate - Low) / Step) * Step) : coordinate, Low, High);
    }

    /// <summary>The coordinate at a share u in [0, 1) of the range, uniform if u is.</summary>
    internal double FromUnit(double u)
    {
        if (Count is { } count && !IsLog)
        {
            return Math.Min(High, Low + (Math.Min(count - 1, Math.Floor(u * count)) * Step));
        }

        (double low, double high) = Domain;
        return FromDomain(low + (u * (high - low)));
    }

    /// <summary>The share of the range at which a coordinate lies.</summary>
    internal double ToUnit(double coordinate)
    {
        (double low, double high) = Domain;
        return high > low ? (ToDomain(coordinate) - low) / (high - low) : 0.5;
    }

    /// <summary>How many values a grid of so many points has; fewer where there are fewer.</summary>
    internal int GridSize(int points) => IsSingle ? 1 : Kind == DimensionKind.Choice ? Choices.Count : (int)Math.Min(points, Count ?? points);

    /// <summary>The i-th of so many values: all of them, or evenly over the range with both its ends.</summary>
    internal double GridCoordinate(int i, int size)
    {
        if (size == Count)
        {
            return Math.Min(High, Low + (i * Step));
        }

        double share = size == 1 ? 0.5 : i / (size - 1.0);
        (double low, double high) = (ToDomain(Low), ToDomain(High));
        return i == size - 1 && size > 1 ? High : FromDomain(low + (share * (high - low)));
    }

    /// <summary>Whether a coordinate is one of its own; a little beside a step will do.</summary>
    internal bool Contains(double coordinate) =>
        coordinate >= Low && coordinate <= High && (Step == 0 || Math.Abs(((coordinate - Low) / Step) - Math.Round((coordinate - Low) / Step)) < 1e-6);

    /// <summary>Whether a trial with these coordinates of the dimensions before this one has it.</summary>
    internal bool IsActive(ReadOnlySpan<double> coordinates) =>
        Parent is null || (!double.IsNaN(coordinates[Parent.Index]) && ParentChoices.Contains((int)coordinates[Parent.Index]));

    /// <summary>The value as an object.</summary>
    internal abstract object ObjectAt(double coordinate);

    /// <summary>Name and range as one line; dimensions of the same line are the same.</summary>
    public override string ToString()
    {
        string range = Kind == DimensionKind.Choice
            ? $"one of {string.Join(", ", Choices)}"
            : string.Create(CultureInfo.InvariantCulture, $"{(Kind == DimensionKind.Real ? "real" : "integer")} [{Low}, {High}]{(Step > 0 && (Kind == DimensionKind.Real || Step > 1) ? $" step {Step}" : string.Empty)}{(IsLog ? " log" : string.Empty)}");
        return $"{Name}: {range}{(Parent is null ? string.Empty : $" if {Condition}")}";
    }

    /// <summary>When a trial has it: "optimizer = sgd".</summary>
    internal string Condition => Parent is null ? "always" : $"{Parent.Name} = {string.Join(" or ", ParentChoices.Select(i => Parent.Choices[i]))}";
}

/// <summary>One hyper-parameter of type T; the key to its value in a <see cref="Trial"/>.</summary>
public sealed class Dimension<T> : Dimension
    where T : notnull
{
    private readonly Func<double, T> _value;

    internal Dimension(string name, DimensionKind kind, double low, double high, Func<double, T> value)
        : base(name, kind, low, high)
    {
        _value = value;
    }

    internal T ValueAt(double coordinate) => _value(coordinate);

    internal override object ObjectAt(double coordinate) => _value(coordinate);
}
