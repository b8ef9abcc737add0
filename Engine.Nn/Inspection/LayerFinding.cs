namespace Engine.Nn;

/// <summary>The kinds of problems of a layer.</summary>
public enum LayerProblem : byte
{
    /// <summary>Its gradient is a thousandth, or less, of the gradient of a later layer.</summary>
    VanishingGradient,

    /// <summary>Its gradient is a thousand times, or more, the gradient of a later layer.</summary>
    ExplodingGradient,

    /// <summary>Units of a ReLU put out 0 for everything, so that no gradient flows through them.</summary>
    DeadUnits,

    /// <summary>A sigmoid or tanh lies for the most part where it is flat.</summary>
    Saturated,

    /// <summary>There are NaN or infinite values.</summary>
    NotFinite,

    /// <summary>A step changes the weights by more than a tenth of their size.</summary>
    LargeUpdate,
}

/// <summary>Something that is wrong with a layer, in words.</summary>
/// <param name="Problem">The kind.</param>
/// <param name="Layer">The layer's name.</param>
/// <param name="Step">The step in which it was seen.</param>
/// <param name="Message">A sentence with the layer, the numbers and a remedy.</param>
public sealed record LayerFinding(LayerProblem Problem, string Layer, long Step, string Message)
{
    /// <summary>The layer's name.</summary>
    public string Layer { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = Layer ?? throw new ArgumentNullException(nameof(Layer));

    /// <summary>A sentence with the layer, the numbers and a remedy.</summary>
    public string Message { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = Message ?? throw new ArgumentNullException(nameof(Message));

    /// <summary>The sentence.</summary>
    public override string ToString() => Message;
}
