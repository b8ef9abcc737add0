namespace Engine;

/// <summary>One entry of an index expression <c>x[0, 1..3, ^1, TensorIndex.Ellipsis, TensorIndex.NewAxis]</c>.</summary>
public readonly struct TensorIndex
{
    private TensorIndex(Kind kind, Index index = default, Range range = default, int step = 1)
    {
        Form = kind;
        Index = index;
        Range = range;
        Step = step;
    }

    internal enum Kind : byte
    {
        Index,
        Range,
        NewAxis,
        Ellipsis,
    }

    /// <summary>Inserts an axis of size 1.</summary>
    public static TensorIndex NewAxis => new(Kind.NewAxis);

    /// <summary>Stands for as many full axes as are missing.</summary>
    public static TensorIndex Ellipsis => new(Kind.Ellipsis);

    internal Kind Form { get; }

    internal Index Index { get; }

    internal Range Range { get; }

    internal int Step { get; }

    /// <summary>Every <paramref name="step"/>-th element of a range.</summary>
    public static TensorIndex Every(int step, Range? range = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(step);
        return new TensorIndex(Kind.Range, range: range ?? Range.All, step: step);
    }

    /// <summary>One element; negative numbers count from the end.</summary>
    public static implicit operator TensorIndex(int index) => new(Kind.Index, index < 0 ? new Index(-Math.Max(index, -int.MaxValue), fromEnd: true) : new Index(index));

    /// <summary>One element.</summary>
    public static implicit operator TensorIndex(Index index) => new(Kind.Index, index);

    /// <summary>A stretch of elements.</summary>
    public static implicit operator TensorIndex(Range range) => new(Kind.Range, range: range);
}
