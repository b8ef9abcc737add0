namespace Engine.Nn;

/// <summary>A tree over the unit cube that predicts a mean in each of its leaves, grown until a leaf has one value (CART, squared error).</summary>
internal static class RegressionTree
{
    private const int Deepest = 64;

    /// <summary>A box of the cube with one prediction.</summary>
    public sealed record Leaf(double[] Low, double[] High, double Value)
    {
        public double Volume
        {
            get
            {
                double volume = 1;
                for (int i = 0; i < Low.Length; i++)
                {
                    volume *= High[i] - Low[i];
                }

                return volume;
            }
        }
    }

    /// <summary>The leaves of a tree over as many points as there are, drawn with replacement.</summary>
    public static List<Leaf> Fit(double[][] points, double[] values, SearchRandom random)
    {
        int[] drawn = [.. Enumerable.Range(0, points.Length).Select(_ => random.Next(points.Length))];
        double[] low = new double[points[0].Length], high = new double[points[0].Length];
        Array.Fill(high, 1.0);
        List<Leaf> leaves = [];
        Grow(points, values, drawn, low, high, Deepest, random, leaves);
        return leaves;
    }

    private static void Grow(double[][] points, double[] values, int[] rows, double[] low, double[] high, int depth, SearchRandom random, List<Leaf> leaves)
    {
        (int axis, double threshold) = depth > 0 ? BestSplit(points, values, rows, random) : (-1, 0);
        if (axis < 0)
        {
            leaves.Add(new Leaf(low, high, rows.Average(row => values[row])));
            return;
        }

        double[] middleHigh = [.. high], middleLow = [.. low];
        (middleHigh[axis], middleLow[axis]) = (threshold, threshold);
        Grow(points, values, [.. rows.Where(row => points[row][axis] <= threshold)], low, middleHigh, depth - 1, random, leaves);
        Grow(points, values, [.. rows.Where(row => points[row][axis] > threshold)], middleLow, high, depth - 1, random, leaves);
    }

    // The split that leaves the least squared error, which is the one with the largest sum of (sum of a side)²/(size of the side).
    private static (int Axis, double Threshold) BestSplit(double[][] points, double[] values, int[] rows, SearchRandom random)
    {
        if (rows.All(row => values[row] == values[rows[0]]))
        {
            return (-1, 0);
        }

        double mean = rows.Average(row => values[row]), best = double.NegativeInfinity, threshold = 0;
        int chosen = -1, axes = points[0].Length, first = random.Next(axes);
        double[] coordinates = new double[rows.Length];
        int[] order = new int[rows.Length];
        for (int a = 0; a < axes; a++)
        {
            // Begins at another axis each time, so that none wins all ties.
            int axis = (first + a) % axes;
            for (int i = 0; i < rows.Length; i++)
            {
                (coordinates[i], order[i]) = (points[rows[i]][axis], rows[i]);
            }

            Array.Sort(coordinates, order);
            double left = 0;
            for (int i = 0; i < order.Length - 1; i++)
            {
                left += values[order[i]] - mean;
                double middle = 0.5 * (coordinates[i] + coordinates[i + 1]), gain = left * left * ((1.0 / (i + 1)) + (1.0 / (order.Length - i - 1)));
                if (coordinates[i] < middle && gain > best)
                {
                    (best, chosen, threshold) = (gain, axis, middle);
                }
            }
        }

        return (chosen, threshold);
    }
}
