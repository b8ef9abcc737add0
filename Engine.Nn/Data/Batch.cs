namespace Engine.Nn;

/// <summary>One mini-batch: the samples lie along axis 0 of its tensors. The consumer disposes it.</summary>
/// <remarks>
/// Most batches have one tensor of inputs and one of targets: <see cref="Inputs"/> and <see cref="Targets"/>. Those of models with several of either are in
/// <see cref="AllInputs"/> and <see cref="AllTargets"/>, by place or by name, and by name in the batch itself: <c>batch["image"]</c>. A batch without
/// targets is for models that learn from inputs alone.
/// <code>
/// new Batch(x, y)
/// new Batch([image, table], y)
/// new Batch(new Tensors(("image", image), ("table", table)), new Tensors(("price", price), ("sold", sold)), weights)
/// new Batch(x)
/// </code>
/// </remarks>
public readonly record struct Batch : IDisposable
{
    /// <summary>A batch.</summary>
    /// <param name="inputs">The inputs of the model, [N, …] each.</param>
    /// <param name="targets">The correct outputs, [N, …] each; none where there are none.</param>
    /// <param name="weights">How much each sample counts, [N]; null where all count alike.</param>
    /// <exception cref="ShapeMismatchException">The weights are not one for each sample.</exception>
    public Batch(Tensors inputs, Tensors targets = default, Tensor? weights = null)
    {
        (AllInputs, AllTargets, Weights) = (inputs, targets, weights);
        if (weights is not null && (weights.Rank != 1 || weights.Shape[0] != Count))
        {
            throw new ShapeMismatchException($"Batch: weights are {weights.Shape} for {Count} samples; they must be [{Count}], one for each sample.");
        }
    }

    /// <summary>The input, [N, …], of a batch with one.</summary>
    /// <exception cref="InvalidOperationException">There are several, or none.</exception>
    public Tensor Inputs
    {
        get => AllInputs.SingleFor("Batch.Inputs", "input");
        init => AllInputs = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>The targets, [N, …], of a batch with one tensor of them.</summary>
    /// <exception cref="InvalidOperationException">There are several, or none.</exception>
    public Tensor Targets
    {
        get => AllTargets.SingleFor("Batch.Targets", "target");
        init => AllTargets = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>The inputs, one or several.</summary>
    public Tensors AllInputs { get; init; }

    /// <summary>The targets: one, several or none.</summary>
    public Tensors AllTargets { get; init; }

    /// <summary>How much each sample counts in the loss, [N]; null where all count alike.</summary>
    public Tensor? Weights { get; init; }

    /// <summary>N.</summary>
    public int Count => AllInputs.Count == 0 ? 0 : AllInputs[0].Shape[0];

    /// <summary>The input or target of a name.</summary>
    /// <exception cref="KeyNotFoundException">None has it; the message lists the names.</exception>
    /// <exception cref="InvalidOperationException">An input and a target have it.</exception>
    public Tensor this[string name]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(name);
            return (AllInputs.Contains(name), AllTargets.Contains(name)) switch
            {
                (true, false) => AllInputs[name],
                (false, true) => AllTargets[name],
                (true, true) => throw new InvalidOperationException($"Batch: '{name}' is an input and a target. Take it from AllInputs or AllTargets."),
                _ => throw new KeyNotFoundException($"Batch: nothing is named '{name}'. Inputs: {AllInputs}; targets: {AllTargets}."),
            };
        }
    }

    /// <summary>The input and the targets of an ordinary batch: <c>(Tensor x, Tensor y) = batch;</c>.</summary>
    /// <exception cref="InvalidOperationException">There are several of one kind, or none.</exception>
    public void Deconstruct(out Tensor inputs, out Tensor targets) => (inputs, targets) = (Inputs, Targets);

    /// <summary>Gives the memory of all tensors back.</summary>
    public void Dispose()
    {
        foreach (Tensor tensor in Tensors())
        {
            tensor.Dispose();
        }
    }

    /// <summary>Types and shapes: "Batch(inputs f32 [32, 4]; targets i64 [32])".</summary>
    public override string ToString() =>
        $"Batch(inputs {AllInputs}; targets {AllTargets}{(Weights is null ? string.Empty : $"; weights {Weights.DType.ShortName()} {Weights.Shape}")})";

    /// <summary>All tensors: inputs, targets, weights.</summary>
    internal Tensor[] Tensors() => [.. AllInputs, .. AllTargets, .. Weights is null ? (ReadOnlySpan<Tensor>)[] : [Weights]];

    /// <summary>A batch with the results of a function of each tensor, under the same names.</summary>
    internal Batch Select(Func<Tensor, Tensor> function) => new(AllInputs.Select(function), AllTargets.Select(function), Weights is null ? null : function(Weights));
}
