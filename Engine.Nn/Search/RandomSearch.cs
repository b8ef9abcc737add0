namespace Engine.Nn;

/// <summary>Values at random: of n trials every hyper-parameter sees n different values, where a grid shows each few of them.</summary>
/// <remarks>The values of trial number n follow from the space and the seed alone, not from the worker or the time.</remarks>
public sealed class RandomSearch : SearchAlgorithm
{
    private readonly long _seed;

    /// <summary>A search whose numbers follow from a seed.</summary>
    public RandomSearch(long seed = 0)
    {
        _seed = seed;
    }

    internal override double[] Sample(SearchSpace space, int number, Func<IReadOnlyList<Trial>> trials, MonitorMode mode)
    {
        double[] coordinates = new double[space.Dimensions.Count];
        foreach (Dimension dimension in space.Dimensions)
        {
            coordinates[dimension.Index] = dimension.IsActive(coordinates) ? dimension.FromUnit(new SearchRandom(_seed, number, dimension.Index, 0).NextDouble()) : double.NaN;
        }

        return coordinates;
    }
}
