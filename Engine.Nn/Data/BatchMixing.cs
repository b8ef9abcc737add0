namespace Engine.Nn;

/// <summary>The common part of the transforms that mix samples of a batch.</summary>
internal static class BatchMixing
{
    // λ·x + (1 − λ)·y
    private static readonly MapProgram s_blend = MapProgram.Compile(2, (Expr.Parameter(0) * Expr.Input(0)) + (Expr.Parameter(1) * Expr.Input(1)));

    /// <summary>Refuses inputs that have no samples along axis 0 or cannot be mixed.</summary>
    public static void CheckInputs(string op, Batch batch)
    {
        if (batch.AllInputs.Count == 0 || batch.AllInputs.Any(static x => x.Rank == 0))
        {
            throw new ShapeMismatchException($"{op}: the batch has no samples along axis 0.");
        }

        if (batch.AllInputs.FirstOrDefault(static x => !x.DType.IsFloatingPoint()) is { } inputs)
        {
            throw new DTypeMismatchException($"{op}: inputs are {inputs.DType.ShortName()} {inputs.Shape}; only floating-point numbers can be mixed. Convert them with To(DType.Float32), or mix what an embedding makes of them.");
        }
    }

    /// <summary>With whom each sample is mixed: the batch in random order.</summary>
    public static Tensor Partners(Batch batch, ref SampleRandom random)
    {
        int[] order = [.. Enumerable.Range(0, batch.Count)];
        random.Shuffle(order);
        return Tensor.From<long>(Array.ConvertAll(order, static i => (long)i), batch.AllInputs[0].Device);
    }

    /// <summary>All targets of a batch as they can be mixed.</summary>
    public static Tensors Soft(string op, Batch batch, int? classes)
    {
        if (classes is not null && batch.AllTargets.Count(static t => !t.DType.IsFloatingPoint()) > 1)
        {
            throw new ArgumentException($"{op}: of targets {batch.AllTargets} more than one are class numbers, and {classes} is the number of classes of one. Make them floating-point rows beforehand, with OneHot.", nameof(classes));
        }

        return batch.AllTargets.Select(t => Soft(op, t, classes));
    }

    /// <summary>The weights of the samples, mixed like these.</summary>
    public static Tensor? Weights(string op, Batch batch, Tensor partners, double lambda) =>
        batch.Weights is { } weights ? Blend(op, weights.DType.IsFloatingPoint() ? weights : weights.To(DType.Float32), partners, lambda) : null;

    /// <summary>λ·x + (1 − λ)·x[partners].</summary>
    public static Tensor Blend(string op, Tensor x, Tensor partners, double lambda) =>
        x.ElementCount == 0 ? x.Clone() : Pointwise.Apply(op, s_blend, [x, x.IndexSelect(0, partners)], [lambda, 1 - lambda]);

    /// <summary>Targets that can be mixed: probabilities and numbers as they are, class numbers as rows with a 1.</summary>
    public static Tensor Soft(string op, Tensor targets, int? classes)
    {
        if (targets.DType.IsFloatingPoint())
        {
            return targets;
        }

        if (classes is not { } count)
        {
            throw new DTypeMismatchException($"{op}: targets are {targets.DType.ShortName()} {targets.Shape}, class numbers that cannot be mixed; pass the number of classes, and they become rows of probabilities.");
        }

        if (targets.Rank != 1)
        {
            throw new ShapeMismatchException($"{op}: class numbers are {targets.Shape}; they must be [N], one for each sample.");
        }

        try
        {
            return targets.OneHot(count);
        }
        catch (ArgumentOutOfRangeException outside)
        {
            throw new ArgumentOutOfRangeException(nameof(classes), outside.ActualValue, $"{op}: the targets have a class outside of [0, {count}); classes is how many there are.");
        }
    }
}
