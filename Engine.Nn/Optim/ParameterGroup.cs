namespace Engine.Nn;

/// <summary>Parameters that an optimizer treats alike, with settings of their own.</summary>
/// <example><code>
/// new AdamW([new ParameterGroup(backbone.Parameters) { LearningRateFactor = 0.1 }, new ParameterGroup(head.Parameters)], 1e-3)
/// </code></example>
public sealed class ParameterGroup
{
    private readonly Tensor[] _parameters;
    private readonly string[]? _names;

    /// <summary>Parameters that are known by their place in the list.</summary>
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
