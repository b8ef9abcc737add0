namespace Engine.Nn;

/// <summary>One step as a <see cref="LayerMonitor"/> saw it.</summary>
/// <param name="Step">How many steps were made, this one included.</param>
/// <param name="Layers">The layers in the order in which they computed.</param>
public sealed record LayerObservation(long Step, IReadOnlyList<LayerFigures> Layers)
{
    /// <summary>The layers in the order in which they computed.</summary>
    public IReadOnlyList<LayerFigures> Layers { get; init => field = Guard.NoNulls(value, nameof(value)); } = Guard.NoNulls(Layers, nameof(Layers));

    /// <summary>The figures of the layer of that name.</summary>
    /// <exception cref="KeyNotFoundException">No layer of that name computed anything in this step.</exception>
    public LayerFigures this[string name]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(name);
            return Layers.FirstOrDefault(layer => layer.Name == name)
                ?? throw new KeyNotFoundException($"LayerObservation: no layer '{name}' computed in step {Step}; there are {string.Join(", ", Layers.Select(static layer => $"'{layer.Name}'"))}.");
        }
    }

    /// <summary>The same without samples, which take most of the memory.</summary>
    internal LayerObservation WithoutSamples() => this with
    {
        Layers = [.. Layers.Select(static layer => layer with
        {
            Activation = layer.Activation.WithoutSample(),
            Gradient = layer.Gradient?.WithoutSample(),
            Weight = layer.Weight?.WithoutSample(),
            WeightGradient = layer.WeightGradient?.WithoutSample(),
        })],
    };
}

/// <summary>One layer in one step.</summary>
/// <param name="Name">Its name in the model.</param>
/// <param name="Kind">The name of its type.</param>
/// <param name="Activation">Its output.</param>
/// <param name="Gradient">The gradient of the loss with respect to that; null if none flowed.</param>
/// <param name="Weight">Its largest parameter, before the step; null for a layer without.</param>
/// <param name="WeightGradient">That parameter's gradient, as the optimizer saw it; null if there was none.</param>
/// <param name="UpdateRatio">‖w′ − w‖/‖w‖ of that parameter; NaN without one. Some 1e-3 is usual, 0.1 is much, 1e-6 hardly learns.</param>
/// <param name="Units">The number of units (features or channels) of the output.</param>
/// <param name="ZeroUnits">How many of them were 0 for every sample of the batch, and every pixel.</param>
/// <param name="SaturatedShare">The share of a sigmoid's or tanh's values where its slope is below 6 % of the steepest; 0 for other layers.</param>
public sealed record LayerFigures(
    string Name,
    string Kind,
    TensorStatistics Activation,
    TensorStatistics? Gradient,
    TensorStatistics? Weight,
    TensorStatistics? WeightGradient,
    double UpdateRatio,
    int Units,
    int ZeroUnits,
    double SaturatedShare)
{
    /// <summary>Its name in the model.</summary>
    public string Name { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = Name ?? throw new ArgumentNullException(nameof(Name));

    /// <summary>The name of its type.</summary>
    public string Kind { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = Kind ?? throw new ArgumentNullException(nameof(Kind));

    /// <summary>Its output.</summary>
    public TensorStatistics Activation { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = Activation ?? throw new ArgumentNullException(nameof(Activation));
}
