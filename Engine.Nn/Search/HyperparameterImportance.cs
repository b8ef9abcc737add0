namespace Engine.Nn;

/// <summary>How much a hyper-parameter matters.</summary>
/// <param name="Dimension">The hyper-parameter.</param>
/// <param name="Share">Its share of the variance that hyper-parameters explain one by one, in [0, 1].</param>
public sealed record HyperparameterImportance(Dimension Dimension, double Share)
{
    /// <summary>The hyper-parameter.</summary>
    public Dimension Dimension { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = Dimension ?? throw new ArgumentNullException(nameof(Dimension));

    /// <summary>As a line of a table.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Dimension.Name}: {Share:F3}");
}
