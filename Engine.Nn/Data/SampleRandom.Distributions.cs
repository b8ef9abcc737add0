namespace Engine.Nn;

public partial struct SampleRandom
{
    /// <summary>Normal with mean 0 and standard deviation 1 (Box and Muller).</summary>
    public double NextNormal()
    {
        // 1 − u lies in (0, 1], where the logarithm is finite.
        double radius = Math.Sqrt(-2 * Math.Log(1 - NextDouble()));
        return radius * Math.Cos(2 * Math.PI * NextDouble());
    }

    /// <summary>From the distribution Beta(a, b) on [0, 1]: mean a/(a + b); Beta(1, 1) is uniform, small a = b lie near the ends.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is not positive and finite.</exception>
    public double NextBeta(double a, double b)
    {
        Hyper.Positive(a);
        Hyper.Positive(b);

        // G/(G + H) of two gamma variates, by their logarithms: for small parameters both are 0 as numbers.
        double first = NextLogGamma(a), second = NextLogGamma(b);
        return first == second ? 0.5 : 1 / (1 + Math.Exp(second - first));
    }

    /// <summary>The logarithm of a gamma variate (Marsaglia and Tsang 2000).</summary>
    private double NextLogGamma(double shape)
    {
        double boost = 0;
        if (shape < 1)
        {
            boost = Math.Log(1 - NextDouble()) / shape;
            shape++;
        }

        double d = shape - (1.0 / 3), c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double x = NextNormal(), root = 1 + (c * x);
            if (root <= 0)
            {
                continue;
            }

            double logCube = 3 * Math.Log(root), cube = root * root * root;
            if (Math.Log(1 - NextDouble()) < (0.5 * x * x) + (d * (1 - cube + logCube)))
            {
                return Math.Log(d) + logCube + boost;
            }
        }
    }
}
