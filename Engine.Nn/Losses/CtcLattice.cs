namespace Engine.Nn;

/// <summary>
/// The states of CTC: the labels of each sequence with blanks before, between and behind, 2·S + 1 of them. A way through time stays in its
/// state, goes to the next, or jumps over a blank between two labels that differ.
/// </summary>
internal sealed class CtcLattice
{
    private CtcLattice(Tensor states, Tensor jumps, Tensor last, Tensor inputLengths)
    {
        (States, Jumps, Last, InputLengths) = (states, jumps, last, inputLengths);
    }

    /// <summary>The class of each state, [N, 2·S + 1].</summary>
    public Tensor States { get; }

    /// <summary>0 where a way may come from two states before, −∞ elsewhere; [N, 2·S + 1].</summary>
    public Tensor Jumps { get; }

    /// <summary>The number of the last state of each sequence, [N, 1]: the blank behind its last label.</summary>
    public Tensor Last { get; }

    /// <summary>[N, 1], of the type of the logarithms.</summary>
    public Tensor InputLengths { get; }

    public static CtcLattice Of(Tensor labels, Tensor lengths, Tensor inputLengths, int classes, int blank, DType type)
    {
        (int samples, int most) = (labels.Shape[0], labels.Shape[1]);
        int count = (2 * most) + 1;

        // What pads the labels may be no class at all.
        Tensor inside = labels.Clamp(0, classes - 1);
        Tensor blanks = Tensor.Full([samples, most, 1], (long)blank, DType.Int64, labels.Device);
        Tensor pairs = Tensor.Concat([blanks, inside.Unsqueeze(2)], 2).Reshape(samples, 2 * most);
        Tensor states = Tensor.Concat([pairs, Tensor.Full([samples, 1], (long)blank, DType.Int64, labels.Device)], 1);

        // A way jumps into a label that differs from the label before.
        Tensor before = Tensor.Concat([Tensor.Full([samples, Math.Min(2, count)], (long)blank, DType.Int64, labels.Device), states.Narrow(1, 0, Math.Max(0, count - 2))], 1);
        Tensor may = states.NotEqualTo((long)blank).And(states.NotEqualTo(before));
        Tensor jumps = Tensor.Zeros(states.Shape, type, labels.Device).MaskedFill(may.Not(), double.NegativeInfinity);
        return new CtcLattice(states, jumps, (lengths * 2).Unsqueeze(1), inputLengths.To(type).Unsqueeze(1));
    }

    /// <summary>Sequences one after another as rows; waits for the lengths.</summary>
    public static Tensor Padded(Tensor labels, Tensor lengths, string name)
    {
        long[] counts = lengths.ToArray<long>();
        if (counts.Any(static c => c < 0) || counts.Sum() != labels.Shape[0])
        {
            throw new ShapeMismatchException($"Ctc: {name} is {labels.Shape}; the target lengths add up to {counts.Sum()}.");
        }

        int most = (int)counts.DefaultIfEmpty(0).Max();
        Tensor rows = Tensor.Zeros([counts.Length, most], DType.Int64, labels.Device);
        int start = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            rows.Select(0, i).Narrow(0, 0, (int)counts[i]).CopyFrom(labels.Narrow(0, start, (int)counts[i]));
            start += (int)counts[i];
        }

        return rows;
    }

    /// <summary>Refuses lengths that do not fit, where looking at them needs no wait for a device.</summary>
    public static void Check(Tensor lengths, int most, string name)
    {
        if (Readable(lengths) is not { } numbers)
        {
            return;
        }

        foreach (long length in numbers)
        {
            if (length < 0 || length > most)
            {
                throw new ArgumentOutOfRangeException(name, length, $"Ctc: lengths must lie in [0, {most}].");
            }
        }
    }

    public static void CheckLabels(Tensor labels, Tensor lengths, int classes, int blank)
    {
        if (Readable(labels) is not { } numbers || Readable(lengths) is not { } counts)
        {
            return;
        }

        for (int i = 0; i < counts.Length; i++)
        {
            foreach (long label in numbers.AsSpan(i * labels.Shape[1], (int)counts[i]))
            {
                if (label < 0 || label >= classes || label == blank)
                {
                    throw new ArgumentOutOfRangeException("targets", label, $"Ctc: labels must lie in [0, {classes}) and not be the blank, {blank}.");
                }
            }
        }
    }

    private static long[]? Readable(Tensor numbers) => numbers.Device is HostDevice && CapturePass.RecordingOn(numbers.Device) is null ? numbers.ToArray<long>() : null;
}
