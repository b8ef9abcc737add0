namespace Engine.Nn;

/// <summary>Sequences of several lengths, padded or packed, as in <c>torch.nn.utils.rnn</c>.</summary>
/// <remarks>Which step stands where follows from the lengths, on the host: packing and unpacking cannot be part of a captured step.</remarks>
public static class Sequences
{
    /// <summary>Sequences below or beside each other, with padding behind those that are shorter.</summary>
    /// <param name="sequences">Each [L, …], the same sizes after the first; at least one.</param>
    /// <param name="batchFirst">Whether the result is [N, L, …] instead of [L, N, …], with the longest L.</param>
    /// <param name="paddingValue">What stands behind the end.</param>
    /// <exception cref="ShapeMismatchException">Sizes after the first differ.</exception>
    public static Tensor PadSequence(IReadOnlyList<Tensor> sequences, bool batchFirst = false, double paddingValue = 0)
    {
        Check(nameof(PadSequence), sequences);
        int longest = sequences.Max(static s => s.Shape[0]);
        Tensor[] padded = [.. sequences.Select(s => s.Shape[0] == longest ? s : s.Pad([(0, longest - s.Shape[0]), .. Enumerable.Repeat((0, 0), s.Rank - 1)], paddingValue))];
        return Tensor.Stack(padded, batchFirst ? 0 : 1);
    }

    /// <summary>Sequences as one packed sequence.</summary>
    /// <param name="sequences">Each [L, …] with L at least 1, the same sizes after the first; at least one.</param>
    /// <param name="enforceSorted">Whether lengths that rise are an error; otherwise the sequences are sorted, and what comes out of a network is in the order from before.</param>
    /// <exception cref="ShapeMismatchException">Sizes after the first differ.</exception>
    /// <exception cref="ArgumentException">A sequence is empty, or the lengths rise though enforceSorted.</exception>
    public static PackedSequence PackSequence(IReadOnlyList<Tensor> sequences, bool enforceSorted = true)
    {
        Check(nameof(PackSequence), sequences);
        return PackPaddedSequence(PadSequence(sequences), [.. sequences.Select(static s => s.Shape[0])], batchFirst: false, enforceSorted);
    }

    /// <summary>Padded sequences as one packed sequence; the padding is left out.</summary>
    /// <param name="input">[L, N, …], or [N, L, …] with batchFirst.</param>
    /// <param name="lengths">How long each of the N sequences is, at least 1 and at most L.</param>
    /// <param name="batchFirst">Whether the batch is the first axis instead of the second.</param>
    /// <param name="enforceSorted">Whether lengths that rise are an error; otherwise the sequences are sorted, and what comes out of a network is in the order from before.</param>
    /// <exception cref="ArgumentException">There are not N lengths, one is out of range, or they rise though enforceSorted.</exception>
    public static PackedSequence PackPaddedSequence(Tensor input, ReadOnlySpan<int> lengths, bool batchFirst = false, bool enforceSorted = true)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (input.Rank < 2)
        {
            throw new ShapeMismatchException($"PackPaddedSequence: input is {input.Shape}; it must be {(batchFirst ? "[N, L" : "[L, N")}, …].");
        }

        int steps = input.Shape[batchFirst ? 1 : 0], samples = input.Shape[batchFirst ? 0 : 1];
        if (lengths.Length != samples || samples == 0)
        {
            throw new ArgumentException($"PackPaddedSequence: input is {input.Shape} with {samples} sequences, and there are {lengths.Length} lengths; there must be one for each, and at least one.", nameof(lengths));
        }

        int[] order = [.. Enumerable.Range(0, samples)], sorted = lengths.ToArray();
        for (int i = 0; i < samples; i++)
        {
            if (sorted[i] < 1 || sorted[i] > steps)
            {
                throw new ArgumentException($"PackPaddedSequence: length {i} is {sorted[i]}; it must lie between 1 and the {steps} steps of input {input.Shape}.", nameof(lengths));
            }

            if (enforceSorted && i > 0 && sorted[i] > sorted[i - 1])
            {
                throw new ArgumentException($"PackPaddedSequence: length {i} is {sorted[i]}, the one before {sorted[i - 1]}; sort the sequences from long to short, or give enforceSorted: false.", nameof(lengths));
            }
        }

        int[] given = [.. sorted];
        order = [.. order.OrderByDescending(i => given[i])];
        sorted = [.. order.Select(i => given[i])];
        int[] batchSizes = [.. Enumerable.Range(0, sorted[0]).Select(t => sorted.Count(length => length > t))];

        // Row t·N + i of the sequences laid out with time first.
        Tensor timeFirst = batchFirst ? input.Transpose(0, 1) : input;
        Tensor rows = timeFirst.Reshape(shape: new Shape([steps * samples, .. timeFirst.Shape.AsSpan()[2..]]));
        long[] picked = [.. batchSizes.SelectMany((size, t) => order.Take(size).Select(i => ((long)t * samples) + i))];
        Tensor data = rows.IndexSelect(0, Tensor.From<long>(picked, input.Device));
        if (enforceSorted)
        {
            return new PackedSequence(data, batchSizes, null, null);
        }

        long[] back = new long[samples];
        for (int place = 0; place < samples; place++)
        {
            back[order[place]] = place;
        }

        return new PackedSequence(data, batchSizes, Tensor.From<long>([.. order.Select(static i => (long)i)], input.Device), Tensor.From<long>(back, input.Device));
    }

    /// <summary>A packed sequence with padding, in the order from before it was packed, and the length of each sequence.</summary>
    /// <param name="sequence">What <see cref="PackPaddedSequence"/> or a recurrent layer gave.</param>
    /// <param name="batchFirst">Whether the result is [N, L, …] instead of [L, N, …].</param>
    /// <param name="paddingValue">What stands behind the end.</param>
    /// <param name="totalLength">L; the longest length if left out.</param>
    /// <exception cref="ArgumentOutOfRangeException">totalLength is less than the longest length.</exception>
    public static (Tensor Output, int[] Lengths) PadPackedSequence(PackedSequence sequence, bool batchFirst = false, double paddingValue = 0, int? totalLength = null)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        IReadOnlyList<int> sizes = sequence.BatchSizes;
        int samples = sizes[0], steps = totalLength ?? sizes.Count;
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, sizes.Count, nameof(totalLength));
        int[] places = sequence.UnsortedIndices is { } back ? [.. back.ToArray<long>().Select(static i => (int)i)] : [.. Enumerable.Range(0, samples)];
        int[] lengths = [.. places.Select(place => sizes.Count(size => size > place))];
        int[] starts = new int[sizes.Count];
        for (int t = 1; t < starts.Length; t++)
        {
            starts[t] = starts[t - 1] + sizes[t - 1];
        }

        // One row more than there are steps, for what is padding.
        Tensor data = sequence.Data;
        Tensor padding = Tensor.Full(data.Shape.With(0, 1), paddingValue, data.DType, data.Device);
        long last = data.Shape[0];
        int outer = batchFirst ? samples : steps, inner = batchFirst ? steps : samples;
        Guard.HostArray(nameof(PadPackedSequence), (long)outer * inner, sizeof(long));

        // What the device has no room for is said before the host works for it.
        Tensor.Empty([outer, inner, .. data.Shape.AsSpan()[1..]], data.DType, data.Device).Dispose();
        Tensor.Empty([outer, inner], DType.Int64, data.Device).Dispose();
        long[] picked = new long[(long)outer * inner];
        for (int i = 0; i < picked.Length; i++)
        {
            (int a, int b) = (i / inner, i % inner);
            (int t, int sample) = batchFirst ? (b, a) : (a, b);
            picked[i] = t < lengths[sample] ? starts[t] + places[sample] : last;
        }

        Tensor rows = Tensor.Concat([data, padding]).IndexSelect(0, Tensor.From<long>(picked, data.Device));
        return (rows.Reshape(shape: new Shape([outer, inner, .. data.Shape.AsSpan()[1..]])), lengths);
    }

    /// <summary>The sequences of a packed one, each with its own length, in the order from before they were packed.</summary>
    public static Tensor[] UnpackSequence(PackedSequence sequence)
    {
        (Tensor padded, int[] lengths) = PadPackedSequence(sequence, batchFirst: true);
        return [.. lengths.Select((length, i) => padded.Select(0, i).Narrow(0, 0, length))];
    }

    private static void Check(string op, IReadOnlyList<Tensor> sequences)
    {
        ArgumentNullException.ThrowIfNull(sequences);
        if (sequences.Count == 0)
        {
            throw new ArgumentException($"{op}: there are no sequences.", nameof(sequences));
        }

        for (int i = 0; i < sequences.Count; i++)
        {
            ArgumentNullException.ThrowIfNull(sequences[i], nameof(sequences));
            if (sequences[i].Rank == 0 || !sequences[i].Shape.AsSpan()[1..].SequenceEqual(sequences[0].Shape.AsSpan()[1..]))
            {
                throw new ShapeMismatchException($"{op}: sequence 0 is {sequences[0].Shape}, sequence {i} is {sequences[i].Shape}; they must be [L, …] with equal sizes after the first.");
            }
        }
    }
}
