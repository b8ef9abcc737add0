namespace Engine.Nn;

/// <summary>The figures of a model on a set of data.</summary>
/// <param name="Loss">The mean loss over all samples.</param>
/// <param name="Metrics">The other figures by name.</param>
public sealed record Evaluation(double Loss, IReadOnlyDictionary<string, double> Metrics)
{
    /// <summary>The other figures by name.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = Metrics ?? throw new ArgumentNullException(nameof(Metrics));

    /// <summary>A figure by name; <c>loss</c> too.</summary>
    /// <exception cref="KeyNotFoundException">There is none of that name.</exception>
    public double this[string name] => name is null ? throw new ArgumentNullException(nameof(name))
        : name == "loss" ? Loss
        : Metrics.TryGetValue(name, out double value) ? value
        : throw new KeyNotFoundException($"Evaluation: {FigureNames.Unknown(name, ["loss", .. Metrics.Keys])}");

    /// <summary>"loss 0.4131, accuracy 0.8725".</summary>
    public override string ToString() => FigureNames.Text([new("loss", Loss), .. Metrics]);

    internal void AddTo(OrderedDictionary<string, double> logs, string prefix)
    {
        logs[prefix + "loss"] = Loss;
        foreach ((string name, double value) in Metrics)
        {
            logs[prefix + name] = value;
        }
    }
}
