namespace Engine.Nn;

/// <summary>Root-mean-square normalisation (Zhang and Sennrich 2019): over the last axes together <c>y = x/√(mean(x²) + eps)·γ</c>.</summary>
/// <remarks>Shapes: x […, *normalizedShape] → the same; <see cref="Weight"/> has the normalised shape and starts at 1.</remarks>
public sealed partial class RmsNorm : OperationLayer
{
    private readonly Shape _normalized;
    private readonly double? _eps;

    /// <summary>A layer over the last axis.</summary>
    /// <param name="normalizedShape">The last size of x.</param>
    /// <param name="eps">Keeps the root away from 0; that of the element type if left out (<see cref="Tensor.RmsNorm"/>). Many language models have 1e-6 or 1e-5.</param>
    /// <param name="elementwiseAffine">Whether γ is learned.</param>
    public RmsNorm(int normalizedShape, double? eps = null, bool elementwiseAffine = true)
        : this([normalizedShape], eps, elementwiseAffine)
    {
    }

    /// <summary>A layer over several trailing axes.</summary>
    /// <param name="normalizedShape">The last sizes of x.</param>
    /// <param name="eps">Keeps the root away from 0; that of the element type if left out.</param>
    /// <param name="elementwiseAffine">Whether γ is learned.</param>
    public RmsNorm(Shape normalizedShape, double? eps = null, bool elementwiseAffine = true)
    {
        if (normalizedShape.Rank == 0 || normalizedShape.ElementCount == 0)
        {
            throw new ArgumentException($"RmsNorm: {normalizedShape} has nothing to normalise; give the last sizes of x.", nameof(normalizedShape));
        }

        (_normalized, _eps) = (normalizedShape, eps);
        Weight = elementwiseAffine ? Weights.Constant(normalizedShape, 1) : null;
    }

    /// <summary>γ; null if it is not learned.</summary>
    public Tensor? Weight { get; }

    private protected override Tensor Apply(Tensor x)
    {
        if (x.Rank < _normalized.Rank || !x.Shape.AsSpan()[^_normalized.Rank..].SequenceEqual(_normalized.AsSpan()))
        {
            throw new ShapeMismatchException($"RmsNorm: x is {x.Shape}; its last sizes must be {_normalized} (the normalised shape).");
        }

        return x.RmsNorm(Weight, _normalized.Rank, _eps);
    }

    /// <inheritdoc/>
    public override string ToString() => $"RmsNorm({string.Join("×", _normalized.ToArray())})";
}
