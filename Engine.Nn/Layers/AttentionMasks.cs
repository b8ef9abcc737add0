namespace Engine.Nn;

/// <summary>Masks of attention in the sense of PyTorch's modules (true hides), brought together to one for the scores (true shows).</summary>
/// <param name="batch">N.</param>
/// <param name="heads">The number of heads.</param>
/// <param name="queries">L.</param>
/// <param name="keys">S, without keys that the layer itself appends.</param>
/// <param name="like">Has the type and device of the scores.</param>
internal sealed class AttentionMasks(int batch, int heads, int queries, int keys, Tensor like)
{
    private const string Op = nameof(MultiheadAttention);

    private Tensor? _visible;
    private Tensor? _added;

    /// <summary>Hides from query i the keys behind position i + <paramref name="before"/>.</summary>
    public void HideFuture(int before)
    {
        if (queries == 1 && before + 1 >= keys)
        {
            return;
        }

        Show(Tensor.Ones([queries, keys], DType.Bool, like.Device).Tril(before));
    }

    /// <summary>Adds a mask that was given: of keys [N, S], or of queries and keys [L, S], [N·heads, L, S] or [N, heads, L, S].</summary>
    public void Hide(string name, Tensor? mask)
    {
        if (mask is null)
        {
            return;
        }

        Guard.SameDevice(Op, like, mask);
        bool isBool = mask.DType == DType.Bool;
        if (!isBool && !mask.DType.IsFloatingPoint())
        {
            throw new DTypeMismatchException($"{Op}: {name} is {mask.DType.ShortName()}; a mask is bool, where true hides a key, or floating and added to the scores. Use {name}.To(DType.Bool).");
        }

        Tensor wide = Widen(name, mask);
        if (isBool)
        {
            Show(wide.Not());
        }
        else
        {
            wide = wide.DType == DType.Float32 ? wide : wide.To(like.DType);
            _added = _added is null ? wide : _added + wide;
        }
    }

    /// <summary>The mask for <see cref="Tensor.ScaledDotProductAttention"/>, with <paramref name="extra"/> columns more that all see; null if nothing is hidden.</summary>
    public Tensor? ForScores(int extra)
    {
        if (_added is { } added)
        {
            added = _visible is null ? added : added.MaskedFill(_visible.Not(), double.NegativeInfinity);
            return extra == 0 ? added : Tensor.Concat([added, Tensor.Zeros(Columns(added, extra), added.DType, added.Device)], added.Rank - 1);
        }

        return _visible is null || extra == 0 ? _visible : Tensor.Concat([_visible, Tensor.Ones(Columns(_visible, extra), DType.Bool, _visible.Device)], _visible.Rank - 1);
    }

    private static Shape Columns(Tensor mask, int columns) => mask.Shape.Remove(mask.Rank - 1).Insert(mask.Rank - 1, columns);

    private void Show(Tensor visible) => _visible = _visible is null ? visible : _visible.And(visible);

    private Tensor Widen(string name, Tensor mask)
    {
        bool fits = name == "keyPaddingMask"
            ? mask.Shape == new Shape(batch, keys)
            : mask.Rank switch
            {
                2 => mask.Shape == new Shape(queries, keys),
                3 => mask.Shape == new Shape(batch * heads, queries, keys),
                4 => Shape.TryBroadcast(mask.Shape, new Shape(batch, heads, queries, keys), out Shape all) && all == new Shape(batch, heads, queries, keys),
                _ => false,
            };
        if (!fits)
        {
            string expected = name == "keyPaddingMask"
                ? $"[{batch}, {keys}] (N, S)"
                : $"[{queries}, {keys}] (L, S), [{(long)batch * heads}, {queries}, {keys}] (N·heads, L, S) or [{batch}, {heads}, {queries}, {keys}]";
            throw new ShapeMismatchException($"{Op}: {name} is {mask.Shape}; it must be {expected}.");
        }

        return name == "keyPaddingMask" ? mask.Reshape(batch, 1, 1, keys) : mask.Rank == 3 ? mask.Reshape(batch, heads, queries, keys) : mask;
    }
}
