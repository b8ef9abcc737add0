namespace Engine.Nn;

/// <summary>Newton's direction as far as conjugate gradients need it: products of the Hessian with vectors, no matrix.</summary>
/// <remarks>
/// The equations H·p = −g are solved until the remainder is below min(½, √‖g‖)·‖g‖, which makes the method converge superlinearly, or until a direction
/// along which the function does not curve upwards turns up. Nocedal and Wright, Numerical Optimization, 2006, algorithm 7.1.
/// </remarks>
internal sealed class NewtonCgDirection(NewtonOptions options) : DescentDirection
{
    public override double? FixedStep => options.LineSearch ? null : options.Damping;

    public override double[] Find(Objective objective, double[] point, double[] gradient) =>
        objective.WithHessian(point, product => Solve(product, gradient, options.MaxProducts ?? Math.Max(10, 2 * gradient.Length)));

    private static double[] Solve(Func<double[], double[]> product, double[] gradient, int maxProducts)
    {
        double norm = Vectors.Norm(gradient), tolerance = Math.Min(0.5, Math.Sqrt(norm)) * norm;
        double[] p = new double[gradient.Length], rest = [.. gradient], direction = Vectors.Scale(-1, rest);
        double restSquared = Vectors.Dot(rest, rest);
        for (int i = 0; i < maxProducts; i++)
        {
            double[] bent = product(direction);
            double curvature = Vectors.Dot(direction, bent);
            if (!(curvature > 0))
            {
                // Negative curvature: the direction so far descends; in the first iteration the gradient does.
                return i == 0 ? direction : p;
            }

            double length = restSquared / curvature;
            p = Vectors.AddScaled(p, length, direction);
            rest = Vectors.AddScaled(rest, length, bent);
            double before = restSquared;
            restSquared = Vectors.Dot(rest, rest);
            if (Math.Sqrt(restSquared) < tolerance)
            {
                break;
            }

            direction = Vectors.AddScaled(Vectors.Scale(-1, rest), restSquared / before, direction);
        }

        return p;
    }
}
