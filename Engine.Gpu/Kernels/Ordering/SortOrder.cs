namespace Engine.Gpu;

/// <summary>The order of keys in sorting, and where keys go when two runs are merged.</summary>
internal static class SortOrder
{
    /// <summary>Whether a comes before b. NaN counts as larger than everything, and as equal to itself.</summary>
    public static Value IsBefore(Value a, Value b, bool descending) => descending ? IsLess(b, a) : IsLess(a, b);

    /// <summary>Whether neither comes before the other.</summary>
    public static Value IsEqual(Value a, Value b) => a.Type.IsFloat() ? a.Is(b) | (a.IsNot(a) & b.IsNot(b)) : a.Is(b);

    /// <summary>
    /// Where the key at <paramref name="index"/> goes when each two neighbouring sorted runs of <paramref name="width"/> keys become one: as
    /// many keys from where both begin as keys come before it in its own run and, by halving, in the other. Equal keys keep their order.
    /// </summary>
    /// <param name="k">The kernel.</param>
    /// <param name="keyAt">The key at an index, where a condition holds.</param>
    /// <param name="index">An Int32 below the count, where the key exists.</param>
    /// <param name="key">The key there.</param>
    /// <param name="width">Keys of a run; the last may have fewer.</param>
    /// <param name="count">Keys of all runs.</param>
    /// <param name="halvings">One more than log₂ of the width.</param>
    /// <param name="exists">Whether there is a key.</param>
    /// <param name="descending">The largest first.</param>
    public static Value IndexInMerged(
        KernelBuilder k, Func<Value, Value, Value> keyAt, Value index, Value key, Value width, Value count, Value halvings, Value exists, bool descending)
    {
        // Widths are powers of two.
        Value lane = Both(k, index, width - 1), isSecond = Both(k, index, width).IsNot(0), own = index - lane;
        Value start = k.Select(isSecond, own - width, own + width);
        Value low = k.Min(start, count), end = k.Min(start + width, count);
        Variable from = k.Variable(low), to = k.Variable(k.Select(exists, end, low));
        k.For(k.Int32(0), halvings, k.Int32(1), _ =>
        {
            Value first = from.Value, last = to.Value, middle = (first + last) >> 1, isOpen = first < last;
            Value other = keyAt(middle, isOpen);
            Value isBefore = isOpen & ((isSecond & !IsBefore(key, other, descending)) | (!isSecond & IsBefore(other, key, descending)));
            from.Value = k.Select(isBefore, middle + 1, first);
            to.Value = k.Select(isBefore, last, middle);
        });
        return k.Select(isSecond, start, own) + lane + (from.Value - low);
    }

    private static Value Both(KernelBuilder k, Value a, Value b) => k.Binary(Opcode.And, a, b);

    private static Value IsLess(Value a, Value b) => a.Type.IsFloat() ? (a < b) | (a.Is(a) & b.IsNot(b)) : a < b;
}
