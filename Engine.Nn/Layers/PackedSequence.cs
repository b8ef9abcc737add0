namespace Engine.Nn;

/// <summary>
/// Sequences of several lengths without padding: the first steps of all, then the second steps of those that have one, and so on, the longest sequence
/// first. <see cref="Sequences"/> makes them; <see cref="Rnn"/>, <see cref="Lstm"/> and <see cref="Gru"/> take and give them.
/// </summary>
public sealed class PackedSequence
{
    internal PackedSequence(Tensor data, IReadOnlyList<int> batchSizes, Tensor? sortedIndices, Tensor? unsortedIndices) =>
        (Data, BatchSizes, SortedIndices, UnsortedIndices) = (data, batchSizes, sortedIndices, unsortedIndices);

    /// <summary>All steps, [sum of lengths, …].</summary>
    public Tensor Data { get; }

    /// <summary>How many sequences have a step at each time; never rising.</summary>
    public IReadOnlyList<int> BatchSizes { get; }

    /// <summary>Which sequence stands at each place, [N] of int64; null if they came sorted.</summary>
    public Tensor? SortedIndices { get; }

    /// <summary>At which place each sequence stands, [N] of int64; null if they came sorted.</summary>
    public Tensor? UnsortedIndices { get; }

    /// <summary>Other data at the same steps: for layers that treat each step alone, as <c>packed.With(linear.Forward(packed.Data))</c>.</summary>
    /// <exception cref="ShapeMismatchException">The data has another number of steps.</exception>
    public PackedSequence With(Tensor data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return data.Rank > 0 && data.Shape[0] == Data.Shape[0]
            ? new PackedSequence(data, BatchSizes, SortedIndices, UnsortedIndices)
            : throw new ShapeMismatchException($"PackedSequence: the data is {data.Shape}; it must have {Data.Shape[0]} steps, as before.");
    }

    /// <inheritdoc/>
    public override string ToString() => $"PackedSequence({Data.Shape}, {BatchSizes[0]} sequences of up to {BatchSizes.Count} steps)";
}
