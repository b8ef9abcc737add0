namespace Engine.Nn;

/// <summary>The cosine of the angle between vectors: <c>y = x1·x2/(max(‖x1‖, eps)·max(‖x2‖, eps))</c>.</summary>
/// <remarks>Shapes: x1 and x2 broadcast to one shape; y has it without the axis.</remarks>
/// <param name="axis">The axis along which the vectors lie.</param>
/// <param name="eps">What shorter vectors are taken for.</param>
public sealed class CosineSimilarity(int axis = 1, double eps = 1e-8) : Module
{
    /// <summary>The similarity of each pair.</summary>
    /// <exception cref="ShapeMismatchException">The shapes do not broadcast.</exception>
    /// <exception cref="DTypeMismatchException">x1 or x2 is not floating-point.</exception>
    public Tensor Forward(Tensor x1, Tensor x2)
    {
        ArgumentNullException.ThrowIfNull(x1);
        ArgumentNullException.ThrowIfNull(x2);
        Guard.FloatingPoint(nameof(CosineSimilarity), x1, nameof(x1));
        Guard.FloatingPoint(nameof(CosineSimilarity), x2, nameof(x2));

        // Each by its own length first: the product of two lengths could overflow.
        return (x1 / x1.Norm(axis, keepDims: true).Clamp(min: eps) * (x2 / x2.Norm(axis, keepDims: true).Clamp(min: eps))).Sum(axis);
    }

    /// <inheritdoc/>
    public override string ToString() => $"CosineSimilarity(axis {axis})";
}
