namespace Engine.Nn;

/// <summary>Values at random: of n trials every hyper-parameter sees n different values, where a grid shows each few of them. The usual choice.</summary>
public sealed class RandomSearch : HyperparameterSearch
{
    private readonly ulong _seed;

    /// <summary>A search whose numbers follow from a seed.</summary>
    public RandomSearch(SearchSpace space, long seed = 0, MonitorMode mode = MonitorMode.Min)
        : base(space, mode)
    {
        _seed = (ulong)seed;
    }

    private protected override object[] Values(int number)
    {
        object[] values = new object[Space.Dimensions.Count];
        for (int d = 0; d < values.Length; d++)
        {
            (uint high, uint low, _, _) = Philox.Block((uint)_seed, (uint)(_seed >> 32), (uint)number, (uint)d, 0, 0);
            values[d] = Space.Dimensions[d].ValueAt((((ulong)high << 21) | (low >> 11)) * (1.0 / (1L << 53)));
        }

        return values;
    }
}
