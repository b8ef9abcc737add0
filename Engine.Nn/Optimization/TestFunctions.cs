namespace Engine.Nn;

/// <summary>The functions on which methods of optimisation are tried.</summary>
/// <remarks>Jamil and Yang, A literature survey of benchmark functions for global optimization problems, 2013; Moré, Garbow and Hillstrom, 1981.</remarks>
public static class TestFunctions
{
    /// <summary>Their points are arrays on the host.</summary>
    private const int MostDimensions = 10_000_000;

    /// <summary>Σ 100·(xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)²: a curved narrow valley, flat along its floor. Minimum 0 at (1, …, 1).</summary>
    /// <param name="dimensions">The number of variables, at least 2.</param>
    /// <remarks>Starts at (−1.2, 1, −1.2, 1, …). From 4 variables on there is a local minimum near (−1, 1, …, 1) too.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than 2 variables, or more than ten million.</exception>
    public static TestFunction Rosenbrock(int dimensions = 2)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dimensions, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(dimensions, MostDimensions);
        double[] start = [.. Enumerable.Range(0, dimensions).Select(static i => i % 2 == 0 ? -1.2 : 1)];
        return new TestFunction("Rosenbrock", Function, start, 0, Repeat(1, dimensions));

        Tensor Function(Tensor x)
        {
            Tensor left = x.Narrow(0, 0, dimensions - 1), right = x.Narrow(0, 1, dimensions - 1);
            return ((100 * (right - left.Square()).Square()) + (1 - left).Square()).Sum();
        }
    }

    /// <summary>(1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)²: steep walls around a flat floor. Minimum 0 at (3, 0.5). Starts at (1, 1).</summary>
    public static TestFunction Beale { get; } = OfTwo(
        "Beale",
        static (x, y) => (1.5 - x + (x * y)).Square() + (2.25 - x + (x * y.Square())).Square() + (2.625 - x + (x * y.Square() * y)).Square(),
        [1, 1],
        [3, 0.5]);

    /// <summary>(x + 2y − 7)² + (2x + y − 5)²: a convex quadratic bowl of condition number 9. Minimum 0 at (1, 3). Starts at (−5, 5).</summary>
    public static TestFunction Booth { get; } = OfTwo("Booth", static (x, y) => (x + (2 * y) - 7).Square() + ((2 * x) + y - 5).Square(), [-5, 5], [1, 3]);

    /// <summary>(x² + y − 11)² + (x + y² − 7)²: four minima, all of value 0, with a maximum and saddles between them. Starts at (0, 0).</summary>
    public static TestFunction Himmelblau { get; } = OfTwo(
        "Himmelblau",
        static (x, y) => (x.Square() + y - 11).Square() + (x + y.Square() - 7).Square(),
        [0, 0],
        [3, 2],
        [-2.805118086952745, 3.131312518250573],
        [-3.779310253377747, -3.283185991286170],
        [3.584428340330492, -1.848126526964404]);

    /// <summary>10·n + Σ xᵢ² − 10·cos 2πxᵢ: a bowl full of local minima, one near every integer point. Minimum 0 at the origin. Starts at (2.2, …).</summary>
    /// <param name="dimensions">The number of variables.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no variables, or more than ten million.</exception>
    public static TestFunction Rastrigin(int dimensions = 2)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dimensions, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(dimensions, MostDimensions);
        return new TestFunction(
            "Rastrigin", x => (x.Square() - (10 * (x * (2 * Math.PI)).Cos())).Sum() + (10 * dimensions), Repeat(2.2, dimensions), 0, Repeat(0, dimensions));
    }

    /// <summary>½·Σ λᵢxᵢ² with λ from 1 to the condition number, evenly spaced on a log scale: a valley, the narrower the higher the number. Minimum 0 at the origin.</summary>
    /// <param name="conditionNumber">κ: the largest curvature over the smallest, which is 1. At least 1.</param>
    /// <param name="dimensions">The number of variables; with one its curvature is κ.</param>
    /// <remarks>
    /// Starts at (1, …, 1). Gradient descent with its best rate 2/(1 + κ) shrinks the distance by (κ − 1)/(κ + 1) a step; with momentum
    /// ((√κ − 1)/(√κ + 1))² and rate 4/(√κ + 1)² by (√κ − 1)/(√κ + 1) in the long run (Polyak, 1964).
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The condition number is below 1 or not finite, or there are no variables or more than ten million.</exception>
    public static TestFunction Quadratic(double conditionNumber, int dimensions = 2)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dimensions, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(dimensions, MostDimensions);
        if (!(conditionNumber >= 1 && double.IsFinite(conditionNumber)))
        {
            throw new ArgumentOutOfRangeException(nameof(conditionNumber), conditionNumber, "TestFunctions.Quadratic: the condition number must be finite and at least 1.");
        }

        double[] curvatures = [.. Enumerable.Range(0, dimensions).Select(i => dimensions == 1 ? conditionNumber : Math.Pow(conditionNumber, i / (dimensions - 1.0)))];
        return new TestFunction("Quadratic", Function, Repeat(1, dimensions), 0, Repeat(0, dimensions));

        Tensor Function(Tensor x) => 0.5 * (Tensor.From<double>(curvatures, Device.Cpu).To(x.DType).To(x.Device) * x.Square()).Sum();
    }

    /// <summary>x² − y²: a saddle at the origin, where the gradient is 0; without a minimum. Starts at (1, 0), from where plain descent runs into the saddle.</summary>
    public static TestFunction Saddle { get; } = new(
        "Saddle", static x => x.Select(0, 0).Square() - x.Select(0, 1).Square(), [1, 0], double.NegativeInfinity);

    private static TestFunction OfTwo(string name, Func<Tensor, Tensor, Tensor> function, double[] start, params double[][] minima) =>
        new(name, x => function(x.Select(0, 0), x.Select(0, 1)), start, 0, minima);

    private static double[] Repeat(double value, int count) => [.. Enumerable.Repeat(value, count)];
}
