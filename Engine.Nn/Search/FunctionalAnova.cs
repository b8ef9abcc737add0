namespace Engine.Nn;

/// <summary>Splits the variance of a forest's prediction over a unit cube among its axes.</summary>
internal static class FunctionalAnova
{
    // Where a trial does not have a hyper-parameter. Choices and steps lie in the middles of equal shares of the range, which their domain gives.
    private const double Middle = 0.5;

    public static IReadOnlyList<HyperparameterImportance> Importance(SearchSpace space, Trial[] trials, int trees, long seed)
    {
        double[] values = [.. trials.Select(static t => t.Value)];
        if (values.Distinct().Count() < 2)
        {
            throw new InvalidOperationException($"Importance: {values.Length} completed trials with {values.Distinct().Count()} different values; there must be at least two. Try more.");
        }

        double[][] points = [.. trials.Select(t => space.Dimensions.Select(d => double.IsNaN(t.Coordinate(d)) ? Middle : d.ToUnit(t.Coordinate(d))).ToArray())];
        double[] shares = Shares(points, values, trees, seed);
        return [.. space.Dimensions.Select((d, i) => new HyperparameterImportance(d, shares[i])).OrderByDescending(static i => i.Share)];
    }

    /// <summary>The mean over trees of each axis' share, then divided so that they sum to 1.</summary>
    internal static double[] Shares(double[][] points, double[] values, int trees, long seed)
    {
        double[] shares = new double[points[0].Length];
        for (int t = 0; t < trees; t++)
        {
            List<RegressionTree.Leaf> leaves = RegressionTree.Fit(points, values, new SearchRandom(seed, t, 0, 2));
            double mean = leaves.Sum(static leaf => leaf.Volume * leaf.Value);
            double variance = leaves.Sum(leaf => leaf.Volume * (leaf.Value - mean) * (leaf.Value - mean));
            if (variance > 0)
            {
                for (int axis = 0; axis < shares.Length; axis++)
                {
                    shares[axis] += MarginalVariance(leaves, axis, mean) / variance;
                }
            }
        }

        double sum = shares.Sum();
        return sum > 0 ? Array.ConvertAll(shares, s => s / sum) : shares;
    }

    // Along an axis, the tree's prediction, averaged over all other axes, is a step function: each leaf adds its value times the area of its side.
    private static double MarginalVariance(List<RegressionTree.Leaf> leaves, int axis, double mean)
    {
        (double Coordinate, double Change)[] changes = [.. leaves.SelectMany(leaf =>
        {
            (double low, double high) = (leaf.Low[axis], leaf.High[axis]);
            double height = leaf.Volume / (high - low) * leaf.Value;
            return ((double Coordinate, double Change)[])[(low, height), (high, -height)];
        }).OrderBy(static c => c.Coordinate)];
        double variance = 0, height = 0, from = 0;
        foreach ((double coordinate, double change) in changes)
        {
            variance += (coordinate - from) * (height - mean) * (height - mean);
            height += change;
            from = coordinate;
        }

        return variance;
    }
}
