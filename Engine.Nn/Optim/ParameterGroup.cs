namespace Engine.Nn;

/// <summary>Parameters that an optimizer treats alike, with settings of their own.</summary>
/// <example><code>
/// new AdamW([new ParameterGroup(backbone.Parameters) { LearningRateFactor = 0.1 }, new ParameterGroup(head.Parameters)], 1e-3)
/// </code></example>
public sealed class ParameterGroup
{
    private readonly Tensor[] _parameters;
    private readonly string[]? _names;

    /// <summary>Parameters that are known by their index in the list.</summary>
    /// <exception cref="ArgumentException">One was computed: only leaves can be trained.</exception>
    public ParameterGroup(IEnumerable<Tensor> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        _parameters = [.. parameters];
        Check();
    }

    /// <summary>Parameters that are known by name, as <c>NamedParameters()</c> of a module gives them, so that saved state finds them again even if their order has changed.</summary>
    /// <exception cref="ArgumentException">One was computed: only leaves can be trained.</exception>
    public ParameterGroup(IEnumerable<(string Name, Tensor Tensor)> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        (string Name, Tensor Tensor)[] pairs = [.. parameters];
        _names = Array.ConvertAll(pairs, static p => p.Name);
        _parameters = Array.ConvertAll(pairs, static p => p.Tensor);
        Check();
    }

    /// <summary>
    /// Two groups of a model's parameters. The first has its weights, with the given decay. The second has a decay of 0: biases and all other
    /// vectors and scalars, and all parameters of normalisation layers.
    /// </summary>
    /// <remarks>
    /// A weight multiplies an input: its size decides how strongly the function bends. A bias only shifts the function, and a small scale of a
    /// normalisation does not make it simpler. Parameters go by name, so that saved state of the optimizer fits.
    /// </remarks>
    /// <param name="model">The model.</param>
    /// <param name="weightDecay">Of the first group; null for the optimizer's.</param>
    /// <returns>The weights, then the others; either may be empty.</returns>
    /// <example><code>
    /// new AdamW(ParameterGroup.WithoutDecayOnBiasAndNorm(model), 1e-3, weightDecay: 0.05)
    /// </code></example>
    /// <exception cref="ArgumentOutOfRangeException">The decay is negative or not finite.</exception>
    public static IReadOnlyList<ParameterGroup> WithoutDecayOnBiasAndNorm(Module model, double? weightDecay = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        HashSet<Tensor> ofNorms = new(
            new ModuleTree(model).Nodes.Where(static n => n.Module is BatchNorm or LayerNorm or GroupNorm or RmsNorm).SelectMany(static n => n.Members.ParameterList.Select(static p => p.Tensor)),
            ReferenceEqualityComparer.Instance);
        ILookup<bool, (string Name, Tensor Tensor)> kinds = model.NamedParameters().ToLookup(p => p.Tensor.Rank > 1 && !ofNorms.Contains(p.Tensor));
        return [new ParameterGroup(kinds[true]) { WeightDecay = weightDecay }, new ParameterGroup(kinds[false]) { WeightDecay = 0 }];
    }

    /// <summary>The parameters.</summary>
    public IReadOnlyList<Tensor> Parameters => _parameters;

    /// <summary>The group's learning rate is this times the optimizer's, which schedules change.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative or not finite.</exception>
    public double LearningRateFactor
    {
        get;
        set => field = Hyper.NotNegative(value, nameof(LearningRateFactor));
    }

    = 1;

    /// <summary>The group's weight decay; null for the optimizer's.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative or not finite.</exception>
    public double? WeightDecay
    {
        get;
        set => field = value is { } decay ? Hyper.NotNegative(decay, nameof(WeightDecay)) : null;
    }

    internal string? NameOf(int index) => _names?[index];

    private void Check()
    {
        foreach (Tensor parameter in _parameters)
        {
            ArgumentNullException.ThrowIfNull(parameter, "parameters");
            if (parameter.Node is { } node)
            {
                throw new ArgumentException(
                    $"ParameterGroup: a tensor {parameter.Shape} was computed by {node.Name}; only leaves can be trained. Pass the tensor it was computed from.", "parameters");
            }
        }
    }
}
