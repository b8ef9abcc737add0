namespace Engine.Nn;

/// <summary>
/// Layer normalisation (Ba et al. 2016): over the last axes together <c>y = (x − mean)/√(var + eps)·γ + β</c>, the same in training and
/// prediction.
/// </summary>
/// <remarks>
/// Shapes: x […, *normalized] → the same; <see cref="Weight"/> and <see cref="Bias"/> have the normalised shape and start at 1 and 0.
/// </remarks>
public sealed partial class LayerNorm : OperationLayer
{
    private readonly Shape _normalized;
    private readonly double _eps;

    /// <summary>A layer over the last axis.</summary>
    /// <param name="normalizedShape">The last size of x.</param>
    /// <param name="eps">Keeps the root away from 0.</param>
    /// <param name="elementwiseAffine">Whether γ and β are learned.</param>
    /// <param name="bias">Whether β is.</param>
    public LayerNorm(int normalizedShape, double eps = 1e-5, bool elementwiseAffine = true, bool bias = true)
        : this([normalizedShape], eps, elementwiseAffine, bias)
    {
    }

    /// <summary>A layer over several trailing axes.</summary>
    /// <param name="normalizedShape">The last sizes of x.</param>
    /// <param name="eps">Keeps the root away from 0.</param>
    /// <param name="elementwiseAffine">Whether γ and β are learned.</param>
    /// <param name="bias">Whether β is.</param>
    public LayerNorm(Shape normalizedShape, double eps = 1e-5, bool elementwiseAffine = true, bool bias = true)
    {
        if (normalizedShape.Rank == 0 || normalizedShape.ElementCount == 0)
        {
            throw new ArgumentException($"LayerNorm: {normalizedShape} has nothing to normalise; give the last sizes of x.", nameof(normalizedShape));
        }

        (_normalized, _eps) = (normalizedShape, eps);
        Weight = elementwiseAffine ? Weights.Constant(normalizedShape, 1) : null;
        Bias = elementwiseAffine && bias ? Weights.Constant(normalizedShape, 0) : null;
    }

    /// <summary>γ; null if not affine.</summary>
    public Tensor? Weight { get; }

    /// <summary>β; null if there is none.</summary>
    public Tensor? Bias { get; }

    private protected override Tensor Apply(Tensor x)
    {
        if (x.Rank < _normalized.Rank || !x.Shape.AsSpan()[^_normalized.Rank..].SequenceEqual(_normalized.AsSpan()))
        {
            throw new ShapeMismatchException($"LayerNorm: x is {x.Shape}; its last sizes must be {_normalized} (the normalised shape).");
        }

        return x.LayerNorm(Weight, Bias, _normalized.Rank, _eps);
    }

    /// <inheritdoc/>
    public override string ToString() => $"LayerNorm({string.Join("×", _normalized.ToArray())})";
}

/// <summary>
/// Group normalisation (Wu and He 2018): each group of channels of each sample is normalised together, then
/// <c>y = x̂·γ + β</c> per channel. It does not depend on the batch size.
/// </summary>
/// <remarks>Shapes: x [N, C, …] → the same; <see cref="Weight"/> and <see cref="Bias"/> [C] start at 1 and 0.</remarks>
public sealed partial class GroupNorm : OperationLayer
{
    private readonly int _groups;
    private readonly int _channels;
    private readonly double _eps;

    /// <summary>A layer with start values.</summary>
    /// <param name="numGroups">The number of groups; 1 normalises a whole sample, C each channel alone.</param>
    /// <param name="numChannels">C, a multiple of numGroups.</param>
    /// <param name="eps">Keeps the root away from 0.</param>
    /// <param name="affine">Whether γ and β are learned.</param>
    public GroupNorm(int numGroups, int numChannels, double eps = 1e-5, bool affine = true)
    {
        LayerArguments.Channels(nameof(GroupNorm), numChannels, numChannels, numGroups);
        (_groups, _channels, _eps) = (numGroups, numChannels, eps);
        Weight = affine ? Weights.Constant([numChannels], 1) : null;
        Bias = affine ? Weights.Constant([numChannels], 0) : null;
    }

    /// <summary>γ, [C]; null if not affine.</summary>
    public Tensor? Weight { get; }

    /// <summary>β, [C]; null if not affine.</summary>
    public Tensor? Bias { get; }

    private protected override Tensor Apply(Tensor x) => x.Rank >= 2 && x.Shape[1] == _channels
        ? x.GroupNorm(_groups, Weight, Bias, _eps)
        : throw new ShapeMismatchException($"GroupNorm: x is {x.Shape}; it must be [N, C, …] with C = {_channels} (the channels of this layer).");

    /// <inheritdoc/>
    public override string ToString() => $"GroupNorm({_groups} groups of {_channels})";
}
