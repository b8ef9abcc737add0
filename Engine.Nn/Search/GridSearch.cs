namespace Engine.Nn;

/// <summary>Every combination of so many values of each hyper-parameter; the last one changes fastest. A branch is combined with its own choice only.</summary>
public sealed class GridSearch : SearchAlgorithm
{
    private readonly int _points;

    /// <summary>A grid with <paramref name="points"/> values of each hyper-parameter, the ends of ranges included; of choices all.</summary>
    public GridSearch(int points)
    {
        _points = Hyper.Count(points);
    }

    /// <summary>The number of combinations.</summary>
    /// <exception cref="ArgumentException">There are more than 2³¹ − 1.</exception>
    public int Count(SearchSpace space)
    {
        ArgumentNullException.ThrowIfNull(space);
        try
        {
            return checked((int)Product(Roots(space), space));
        }
        catch (OverflowException)
        {
            throw new ArgumentException($"GridSearch: {space.Dimensions.Count} hyper-parameters would give more than {int.MaxValue:N0} combinations. Use fewer points, or RandomSearch.", nameof(space));
        }
    }

    internal override int? Limit(SearchSpace space) => Count(space);

    internal override double[] Sample(SearchSpace space, int number, Func<IReadOnlyList<Trial>> trials, MonitorMode mode)
    {
        double[] coordinates = new double[space.Dimensions.Count];
        Array.Fill(coordinates, double.NaN);
        Fill(Roots(space), number, space, coordinates);
        return coordinates;
    }

    private static Dimension[] Roots(SearchSpace space) => [.. space.Dimensions.Where(static d => d.Parent is null)];

    private static Dimension[] Children(SearchSpace space, Dimension parent, int choice) =>
        [.. space.Dimensions.Where(d => ReferenceEquals(d.Parent, parent) && d.ParentChoices.Contains(choice))];

    private long Product(Dimension[] dimensions, SearchSpace space)
    {
        long count = 1;
        foreach (Dimension dimension in dimensions)
        {
            count = checked(count * Combinations(dimension, space));
        }

        return count;
    }

    // For a choice with branches: the sum of the combinations of its values' branches.
    private long Combinations(Dimension dimension, SearchSpace space)
    {
        int size = dimension.GridSize(_points);
        if (!space.Dimensions.Any(d => ReferenceEquals(d.Parent, dimension)))
        {
            return size;
        }

        long count = 0;
        for (int i = 0; i < size; i++)
        {
            count = checked(count + Product(Children(space, dimension, i), space));
        }

        return count;
    }

    private void Fill(Dimension[] dimensions, long number, SearchSpace space, double[] coordinates)
    {
        for (int d = dimensions.Length - 1; d >= 0; d--)
        {
            Dimension dimension = dimensions[d];
            long combinations = Combinations(dimension, space), digit = number % combinations;
            number /= combinations;
            int size = dimension.GridSize(_points);
            if (combinations == size && !space.Dimensions.Any(c => ReferenceEquals(c.Parent, dimension)))
            {
                coordinates[dimension.Index] = dimension.GridCoordinate((int)digit, size);
                continue;
            }

            int choice = 0;
            Dimension[] children = Children(space, dimension, 0);
            for (long inside = Product(children, space); digit >= inside; inside = Product(children, space))
            {
                digit -= inside;
                children = Children(space, dimension, ++choice);
            }

            coordinates[dimension.Index] = choice;
            Fill(children, digit, space, coordinates);
        }
    }
}
