namespace Engine.Nn;

/// <summary>The hyper-parameters to be tried and their ranges.</summary>
/// <example><code>
/// SearchSpace space = new();
/// Dimension&lt;double&gt; rate = space.LogUniform("rate", 1e-4, 1e-1);
/// Dimension&lt;int&gt; width = space.Integer("width", 32, 256);
/// Dimension&lt;string&gt; optimizer = space.Choice("optimizer", "sgd", "adam");
/// Dimension&lt;double&gt; momentum = space.When(optimizer, "sgd").Uniform("momentum", 0, 0.99);
/// Study study = new(space, new TpeSearch(seed: 1));
/// study.Optimize(trial => Train(trial[rate], trial[width], trial.Has(momentum) ? trial[momentum] : 0), trials: 50);
/// double best = study.Best![rate];
/// </code></example>
public sealed class SearchSpace : SearchBranch
{
    private readonly List<Dimension> _dimensions = [];
    private bool _isUsed;

    /// <summary>A space without hyper-parameters yet.</summary>
    public SearchSpace()
        : base(null, [])
    {
    }

    /// <summary>The hyper-parameters in the order in which they were added; a choice is before those of its branches.</summary>
    public IReadOnlyList<Dimension> Dimensions => _dimensions;

    private protected override SearchSpace Root => this;

    /// <summary>The ranges, a line for each hyper-parameter. Spaces of the same lines can share a study.</summary>
    public override string ToString() => string.Join('\n', _dimensions);

    /// <summary>From now on the space does not change: trials have values for its dimensions.</summary>
    internal void Use() => _isUsed = true;

    internal bool Owns(Dimension dimension) => dimension.Index < _dimensions.Count && ReferenceEquals(_dimensions[dimension.Index], dimension);

    internal Dimension<T> Add<T>(Dimension<T> dimension)
        where T : notnull
    {
        if (_isUsed)
        {
            throw new InvalidOperationException($"SearchSpace: a study uses the space, so '{dimension.Name}' cannot be added. Add it before the study is made.");
        }

        if (_dimensions.Exists(d => d.Name == dimension.Name))
        {
            throw new ArgumentException($"SearchSpace: '{dimension.Name}' is there already.", "name");
        }

        _dimensions.Add(dimension);
        return dimension;
    }
}
