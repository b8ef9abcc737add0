namespace Engine.Nn;

/// <summary>
/// Keys and values that one layer of attention has computed, for generation: each call computes those of new positions only
/// (<see cref="MultiheadAttention.Forward(Tensor, Tensor, Tensor, Tensor?, Tensor?, bool, KeyValueCache?)"/>). Dispose it when the sequence is done.
/// </summary>
/// <remarks>
/// Memory doubles as the sequence grows, so that a position is copied about twice in all. One cache belongs to one layer and one batch of sequences, and
/// to one thread at a time.
/// </remarks>
public sealed class KeyValueCache : IDisposable
{
    private const int FirstLength = 16;

    private Tensor? _keys;
    private Tensor? _values;

    /// <summary>How many positions are kept.</summary>
    public int Length { get; private set; }

    /// <summary>Forgets all positions and keeps the memory, for the next sequences of the same batch size.</summary>
    public void Clear() => Length = 0;

    /// <summary>Gives the memory back; the cache is then empty and can be used again.</summary>
    public void Dispose()
    {
        _keys?.Dispose();
        _values?.Dispose();
        (_keys, _values, Length) = (null, null, 0);
    }

    /// <summary>Appends [N, heads, L, …] of new positions; returns views of all.</summary>
    internal (Tensor Keys, Tensor Values) Append(Tensor keys, Tensor values)
    {
        if (GradMode.IsEnabled && (keys.RequiresGrad || values.RequiresGrad))
        {
            throw new InvalidOperationException("KeyValueCache: keys in a cache have no gradients; use it in Predict or within using (GradMode.Off()).");
        }

        int added = keys.Shape[2], length = checked(Length + added);
        _keys = Room(_keys, keys, length);
        _values = Room(_values, values, length);
        _keys.Narrow(2, Length, added).CopyFrom(keys);
        _values.Narrow(2, Length, added).CopyFrom(values);
        Length = length;
        return (_keys.Narrow(2, 0, length), _values.Narrow(2, 0, length));
    }

    private Tensor Room(Tensor? memory, Tensor added, int length)
    {
        if (memory is not null && (memory.Shape[0] != added.Shape[0] || memory.Shape[1] != added.Shape[1] || memory.Shape[3] != added.Shape[3]
            || memory.DType != added.DType || memory.Device != added.Device))
        {
            if (Length > 0)
            {
                throw new ShapeMismatchException(
                    $"KeyValueCache: it holds {memory.Shape} (N, heads, positions, size) of {memory.DType.ShortName()} on {memory.Device}, and {added.Shape} of {added.DType.ShortName()} on {added.Device} came; a cache belongs to one layer and one batch. Dispose() it before another.");
            }

            memory.Dispose();
            memory = null;
        }

        if (memory is not null && memory.Shape[2] >= length)
        {
            return memory;
        }

        int room = (int)Math.Min(int.MaxValue, Math.Max(length, Math.Max(FirstLength, 2L * (memory?.Shape[2] ?? 0))));
        Tensor larger = Tensor.Empty([added.Shape[0], added.Shape[1], room, added.Shape[3]], added.DType, added.Device).Keep();
        if (memory is not null)
        {
            larger.Narrow(2, 0, Length).CopyFrom(memory.Narrow(2, 0, Length));
            memory.Dispose();
        }

        return larger;
    }
}
