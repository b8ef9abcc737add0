namespace Engine.Nn;

/// <summary>Affine map <c>y = x·Wᵀ + b</c>.</summary>
/// <remarks>
/// Shapes: x [..., in] → y [..., out]; <see cref="Weight"/> [out, in]; <see cref="Bias"/> [out]. Both start uniform in ±1/√in, PyTorch's
/// default (Kaiming-uniform with a = √5; He et al. 2015).
/// </remarks>
public sealed partial class Linear : Layer, IFusesRelu, IAbsorbsNorm
{
    /// <summary>A layer with random start values.</summary>
    /// <param name="inFeatures">The last size of x.</param>
    /// <param name="outFeatures">The last size of y.</param>
    /// <param name="bias">Whether b is added.</param>
    /// <param name="generator">The source of the start values.</param>
    public Linear(int inFeatures, int outFeatures, bool bias = true, Generator? generator = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inFeatures);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outFeatures);
        Weight = Weights.FanIn([outFeatures, inFeatures], generator);
        Bias = bias ? Weights.Bias(outFeatures, Weight, generator) : null;
    }

    /// <summary>W, [out, in].</summary>
    public Tensor Weight { get; }

    /// <summary>b, [out]; null if there is none.</summary>
    public Tensor? Bias { get; }

    /// <inheritdoc/>
    /// <exception cref="ShapeMismatchException">The last size of x is not inFeatures.</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Forward(x, relu: false);
    }

    /// <summary>The output, with negative results set to 0 in the same pass if <paramref name="relu"/>.</summary>
    public Tensor Forward(Tensor x, bool relu)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (Intercepts)
        {
            Tensor y = Call(x);
            return relu ? y.Relu() : y;
        }

        return ForwardTrace.Record(this, x, x.Linear(Weight, Bias, relu));
    }

    /// <inheritdoc/>
    Tensor IAbsorbsNorm.Compute(Tensor x, Tensor weight, Tensor? bias, bool relu) => x.Rank == 2
        ? x.Linear(weight, bias, relu)
        : throw new ShapeMismatchException($"Linear, with a batch normalisation in it: x is {x.Shape}; it must be [N, in], where features are what is normalised. Predict with the model as it is.");

    /// <inheritdoc/>
    public override string ToString() => $"Linear({Weight.Shape[1]} → {Weight.Shape[0]}{(Bias is null ? ", no bias" : string.Empty)})";

    /// <inheritdoc/>
    protected internal override long MultiplyAdds(Shape input, Shape output) => output.ElementCount * Weight.Shape[1];
}
