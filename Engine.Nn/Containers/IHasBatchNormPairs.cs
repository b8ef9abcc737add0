namespace Engine.Nn;

/// <summary>A module that passes the output of a layer to a batch normalisation and to nothing else.</summary>
internal interface IHasBatchNormPairs
{
    /// <summary>The pairs among its direct parts.</summary>
    IEnumerable<BatchNormPair> BatchNormPairs { get; }
}

/// <summary>A layer that can take a batch normalisation of its output into its weights.</summary>
internal interface IAbsorbsNorm
{
    /// <summary>[out, …].</summary>
    Tensor Weight { get; }

    /// <summary>[out].</summary>
    Tensor? Bias { get; }

    /// <summary>The function of the layer, with other weights.</summary>
    Tensor Compute(Tensor x, Tensor weight, Tensor? bias, bool relu);
}

/// <summary>A layer and the batch normalisation of its output.</summary>
/// <param name="Before">The layer.</param>
/// <param name="Norm">The batch normalisation.</param>
/// <param name="ThenRelu">Whether a ReLU follows at once, always.</param>
/// <param name="Relu">The module that computes it; null where the normalisation is asked to.</param>
internal readonly record struct BatchNormPair(Layer Before, BatchNorm Norm, bool ThenRelu, Relu? Relu = null);
