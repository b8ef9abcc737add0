using System.Globalization;

namespace Engine.Nn;

/// <summary>The shape of a function at a point where its slope is 0: minimum, maximum, saddle or flat.</summary>
/// <remarks>
/// <code>
/// Tensor Saddle(Tensor p) => p[0].Square() - p[1].Square();
/// CriticalPoint at = CriticalPoint.Classify(Saddle, Tensor.From&lt;double&gt;([0, 0]));
/// // at.Kind is CriticalPointKind.Saddle, at.Curvatures are −2 and 2, at.LeastCurved is ±(0, 1)
/// </code>
/// </remarks>
public sealed class CriticalPoint
{
    private CriticalPoint(CriticalPointKind kind, double value, double gradientNorm, double[] curvatures, Tensor leastCurved) =>
        (Kind, Value, GradientNorm, Curvatures, LeastCurved) = (kind, value, gradientNorm, curvatures, leastCurved);

    /// <summary>The kind of the point.</summary>
    public CriticalPointKind Kind { get; }

    /// <summary>The function's value there.</summary>
    public double Value { get; }

    /// <summary>The length of the gradient there.</summary>
    public double GradientNorm { get; }

    /// <summary>The eigenvalues of the Hessian there, ascending: the curvatures along its axes.</summary>
    public IReadOnlyList<double> Curvatures { get; }

    /// <summary>
    /// The direction of the smallest curvature, of length 1 and the shape of the point: at a saddle the function falls along it, both ways.
    /// </summary>
    public Tensor LeastCurved { get; }

    /// <summary>Classifies a point by the gradient and by the eigenvalues of the Hessian.</summary>
    /// <param name="function">f: from a tensor of the point's shape to one number; its operations must be differentiable twice.</param>
    /// <param name="point">The point: any shape with elements, float32 or float64.</param>
    /// <param name="gradientTolerance">A gradient of at most this length counts as 0. By default 1e-6 in float64, 1e-3 in float32.</param>
    /// <param name="curvatureTolerance">
    /// A curvature of at most this times max(1, the largest |curvature|) counts as 0. By default 1e-8 in float64, 1e-5 in float32.
    /// </param>
    /// <remarks>n variables take n backward passes and n³ operations (<see cref="Autograd.Hessian(Func{Tensor, Tensor}, Tensor, bool)"/>, <see cref="LinearAlgebra.Eigh"/>).</remarks>
    /// <exception cref="ArgumentException">The point has no elements, or the value, the gradient or the Hessian is NaN or infinite there.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A tolerance is negative or not finite.</exception>
    /// <exception cref="ShapeMismatchException">The function gives more or less than one number.</exception>
    /// <exception cref="DTypeMismatchException">The point is neither float32 nor float64.</exception>
    public static CriticalPoint Classify(Func<Tensor, Tensor> function, Tensor point, double? gradientTolerance = null, double? curvatureTolerance = null)
    {
        ShapeProbe probe = new("CriticalPoint.Classify", function, point);
        bool isDouble = point.DType == DType.Float64;
        double slope = Tolerance(gradientTolerance ?? (isDouble ? 1e-6 : 1e-3), nameof(gradientTolerance));
        double flat = Tolerance(curvatureTolerance ?? (isDouble ? 1e-8 : 1e-5), nameof(curvatureTolerance));
        using TensorScope scope = TensorScope.Begin();
        (double value, double norm) = probe.ValueAndSlope(point);
        (double[] curvatures, Tensor vectors) = probe.Curvatures(point);
        Tensor least = scope.Keep(vectors.Select(1, 0).Reshape(point.Shape).Clone());
        flat *= Math.Max(1, Math.Max(Math.Abs(curvatures[0]), Math.Abs(curvatures[^1])));
        return new CriticalPoint(norm > slope ? CriticalPointKind.NotCritical : KindOf(curvatures, flat), value, norm, curvatures, least);
    }

    /// <summary>The kind with its figures: "Saddle: f = 0, |∇f| = 0, curvatures from -2 to 2".</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Kind}: f = {Value + 0.0:g6}, |∇f| = {GradientNorm:g3}, curvatures from {Curvatures[0]:g4} to {Curvatures[^1]:g4}");

    private static CriticalPointKind KindOf(double[] ascending, double flat) => (ascending[0], ascending[^1]) switch
    {
        var (least, most) when least < -flat && most > flat => CriticalPointKind.Saddle,
        var (least, _) when least > flat => CriticalPointKind.Minimum,
        var (_, most) when most < -flat => CriticalPointKind.Maximum,
        _ => CriticalPointKind.Flat,
    };

    private static double Tolerance(double value, string name) =>
        value >= 0 && double.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(name, value, "CriticalPoint.Classify: a tolerance must be 0 or more, and finite.");
}
