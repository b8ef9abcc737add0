namespace Engine.Nn;

/// <summary>Every combination of so many values of each hyper-parameter; the last one changes fastest.</summary>
public sealed class GridSearch : HyperparameterSearch
{
    private readonly int[] _sizes;

    /// <summary>A grid with <paramref name="points"/> values of each hyper-parameter, the ends of ranges included; of choices all, if they are no more.</summary>
    public GridSearch(SearchSpace space, int points, MonitorMode mode = MonitorMode.Min)
        : base(space, mode)
    {
        Hyper.Count(points);
        _sizes = [.. space.Dimensions.Select(d => d.GridSize(points))];
        long count = 1;
        foreach (int size in _sizes)
        {
            count *= size;
            if (count > int.MaxValue)
            {
                throw new ArgumentOutOfRangeException(nameof(points), points, $"GridSearch: {_sizes.Length} hyper-parameters would give more than {int.MaxValue:N0} combinations. Use fewer points, or RandomSearch.");
            }
        }

        Count = (int)count;
    }

    /// <summary>The number of combinations.</summary>
    public int Count { get; }

    /// <summary>Tries all combinations.</summary>
    /// <inheritdoc cref="HyperparameterSearch.Run"/>
    public SearchResult Run(Func<Trial, double> objective, IProgress<Trial>? progress = null, CancellationToken cancellationToken = default) =>
        Run(Count, objective, progress, cancellationToken);

    private protected override object[] Values(int number)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(number, Count);
        object[] values = new object[_sizes.Length];
        for (int d = _sizes.Length - 1; d >= 0; d--)
        {
            values[d] = Space.Dimensions[d].ValueAt(Space.Dimensions[d].GridPlace(number % _sizes[d], _sizes[d]));
            number /= _sizes[d];
        }

        return values;
    }
}
