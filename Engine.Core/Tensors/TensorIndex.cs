namespace Engine;

/// <summary>
/// One entry of an index expression <c>x[0, 1..3, ^1, TensorIndex.Ellipsis, TensorIndex.NewAxis, mask, rows]</c>: a number, a range, a mask or a list of
/// numbers.
/// </summary>
/// <remarks>
/// Numbers and ranges give views. A tensor or an array chooses elements, which are copied: a mask (bool) those where it is true, over as many
/// axes as it has; an index (int64 or int32) those that it names, negative numbers counting from the end. Several of them are broadcast with
/// each other and choose together, as in NumPy and PyTorch.
/// </remarks>
public readonly struct TensorIndex
{
    private readonly object? _items;

    private TensorIndex(Kind kind, Index index = default, Range range = default, int step = 1, object? items = null)
    {
        Form = kind;
        Index = index;
        Range = range;
        Step = step;
        _items = items;
    }

    internal enum Kind : byte
    {
        Index,
        Range,
        NewAxis,
        Ellipsis,
        Mask,
        List,
    }

    /// <summary>Inserts an axis of size 1.</summary>
    public static TensorIndex NewAxis => new(Kind.NewAxis);

    /// <summary>Stands for as many full axes as are missing.</summary>
    public static TensorIndex Ellipsis => new(Kind.Ellipsis);

    internal Kind Form { get; }

    internal Index Index { get; }

    internal Range Range { get; }

    internal int Step { get; }

    /// <summary>How many axes of the tensor the entry speaks of.</summary>
    internal int Axes => Form switch
    {
        Kind.NewAxis or Kind.Ellipsis => 0,
        Kind.Mask => (_items as Tensor)?.Rank ?? 1,
        _ => 1,
    };

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

    /// <summary>The elements where a mask is true, or those that an index names.</summary>
    /// <exception cref="DTypeMismatchException">The tensor is neither bool nor int64 or int32.</exception>
    public static implicit operator TensorIndex(Tensor chosen)
    {
        ArgumentNullException.ThrowIfNull(chosen);
        return chosen.DType switch
        {
            DType.Bool => new(Kind.Mask, items: chosen),
            DType.Int64 or DType.Int32 => new(Kind.List, items: chosen),
            _ => throw new DTypeMismatchException(
                $"Index: a {chosen.DType.ShortName()} tensor is neither a mask nor an index. Compare it (x > 0) or convert it with To(DType.Bool) or To(DType.Int64)."),
        };
    }

    /// <summary>The elements that the numbers name; negative ones count from the end.</summary>
    public static implicit operator TensorIndex(int[] indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        return new(Kind.List, items: indices);
    }

    /// <inheritdoc cref="op_Implicit(int[])"/>
    public static implicit operator TensorIndex(long[] indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        return new(Kind.List, items: indices);
    }

    /// <summary>The elements where the mask is true.</summary>
    public static implicit operator TensorIndex(bool[] mask)
    {
        ArgumentNullException.ThrowIfNull(mask);
        return new(Kind.Mask, items: mask);
    }

    /// <summary>The tensor of a mask or an index on the device of the tensor that it indexes; arrays are sent there.</summary>
    internal Tensor On(string op, Tensor x)
    {
        if (_items is Tensor given)
        {
            Guard.SameDevice(op, x, given);
            return given;
        }

        x.Device.Refuse(op, HostAccess.Upload);
        return _items switch
        {
            int[] numbers => Tensor.From<int>(numbers, x.Device),
            long[] numbers => Tensor.From<long>(numbers, x.Device),
            _ => Tensor.From<bool>((bool[])_items!, x.Device),
        };
    }
}
