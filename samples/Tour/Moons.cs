using Engine;
using Engine.Nn;

namespace TourSample;

/// <summary>Two half moons that reach into each other, with noise: a problem in the plane, where a network's whole answer can be drawn.</summary>
internal static class Moons
{
    private const int Side = 61;

    /// <summary>What the pictures show.</summary>
    public static readonly (double Min, double Max) X = (-2, 3), Y = (-1.75, 2.25);

    /// <summary>Points [N, 2] with their moons, 0 or 1, in turn.</summary>
    public static TensorDataset Make(int count, double noise, int seed)
    {
        Random random = new(seed);
        float[] points = new float[2 * count];
        long[] moons = new long[count];
        for (int i = 0; i < count; i++)
        {
            double angle = Math.PI * random.NextDouble();
            moons[i] = i % 2;
            (double x, double y) = i % 2 == 0 ? (Math.Cos(angle), Math.Sin(angle)) : (1 - Math.Cos(angle), 0.5 - Math.Sin(angle));
            points[2 * i] = (float)(x + (noise * Normal(random)));
            points[(2 * i) + 1] = (float)(y + (noise * Normal(random)));
        }

        return new TensorDataset(Tensor.From<float>(points, [count, 2]), Tensor.From<long>(moons));
    }

    /// <summary>The points of each moon, to be drawn over a picture.</summary>
    public static IReadOnlyList<ReportSeries> Dots(IDataset data)
    {
        using Batch all = data.GetBatch(new BatchRequest([.. Enumerable.Range(0, data.Count)], Device.Default));
        float[] points = all.Inputs.ToArray<float>();
        long[] moons = all.Targets.ToArray<long>();
        return [.. Enumerable.Range(0, 2).Select(moon =>
        {
            int[] own = [.. Enumerable.Range(0, moons.Length).Where(i => moons[i] == moon)];
            return new ReportSeries($"moon {moon}", [.. own.Select(i => (double)points[2 * i])], [.. own.Select(i => (double)points[(2 * i) + 1])]) { IsPoints = true };
        })];
    }

    /// <summary>The probability of moon 1.</summary>
    public static Func<double, double, double> Probability(Layer model) => Over(points => model.Predict(points).Softmax(1).Select(1, 1));

    /// <summary>A function of points [N, 2] everywhere in the picture, computed at once and looked up between.</summary>
    public static Func<double, double, double> Over(Func<Tensor, Tensor> function)
    {
        float[] p = function(Points()).ToArray<float>();
        return (x, y) =>
        {
            double column = (x - X.Min) / (X.Max - X.Min) * (Side - 1), row = (y - Y.Min) / (Y.Max - Y.Min) * (Side - 1);
            int c = Math.Clamp((int)column, 0, Side - 2), r = Math.Clamp((int)row, 0, Side - 2);
            double Along(int at) => double.Lerp(p[(at * Side) + c], p[(at * Side) + c + 1], column - c);
            return double.Lerp(Along(r), Along(r + 1), row - r);
        };
    }

    /// <summary>How much the probability changes over the picture: the mean slope. A smooth boundary has little of it.</summary>
    public static double Slope(Layer model)
    {
        float[] p = model.Predict(Points()).Softmax(1).Select(1, 1).ToArray<float>();
        double dx = (X.Max - X.Min) / (Side - 1), dy = (Y.Max - Y.Min) / (Side - 1), sum = 0;
        for (int r = 0; r < Side - 1; r++)
        {
            for (int c = 0; c < Side - 1; c++)
            {
                int at = (r * Side) + c;
                sum += double.Hypot((p[at + 1] - p[at]) / dx, (p[at + Side] - p[at]) / dy);
            }
        }

        return sum / ((Side - 1) * (Side - 1));
    }

    private static Tensor Points() => Tensor.From<float>(
        [.. Enumerable.Range(0, Side * Side).SelectMany(static i => (float[])[
            (float)double.Lerp(X.Min, X.Max, i % Side / (Side - 1.0)), (float)double.Lerp(Y.Min, Y.Max, i / Side / (Side - 1.0))])],
        [Side * Side, 2]);

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
