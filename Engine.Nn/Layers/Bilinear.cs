namespace Engine.Nn;

/// <summary>A map that is linear in each of two inputs: <c>y[k] = Σ x1[i]·W[k, i, j]·x2[j] + b[k]</c>.</summary>
/// <remarks>Shapes: x1 […, in1], x2 […, in2] → y […, out]; <see cref="Weight"/> [out, in1, in2], <see cref="Bias"/> [out]. Both start uniform in ±1/√in1.</remarks>
public sealed partial class Bilinear : Module
{
    /// <summary>A module with random start values.</summary>
    /// <param name="in1Features">The last size of x1.</param>
    /// <param name="in2Features">The last size of x2.</param>
    /// <param name="outFeatures">The last size of y.</param>
    /// <param name="bias">Whether b is added.</param>
    /// <param name="generator">The source of the start values.</param>
    public Bilinear(int in1Features, int in2Features, int outFeatures, bool bias = true, Generator? generator = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(in1Features);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(in2Features);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outFeatures);
        double bound = 1 / Math.Sqrt(in1Features);
        Weight = Weights.Uniform([outFeatures, in1Features, in2Features], bound, generator);
        Bias = bias ? Weights.Uniform([outFeatures], bound, generator) : null;
    }

    /// <summary>W, [out, in1, in2].</summary>
    public Tensor Weight { get; }

    /// <summary>b, [out]; null if there is none.</summary>
    public Tensor? Bias { get; }

    /// <summary>The map of a batch of pairs.</summary>
    /// <param name="x1">[…, in1].</param>
    /// <param name="x2">[…, in2], the other sizes as those of x1.</param>
    /// <exception cref="ShapeMismatchException">The last sizes are others, or the sizes before differ.</exception>
    public Tensor Forward(Tensor x1, Tensor x2)
    {
        ArgumentNullException.ThrowIfNull(x1);
        ArgumentNullException.ThrowIfNull(x2);
        int outFeatures = Weight.Shape[0], in1 = Weight.Shape[1], in2 = Weight.Shape[2];
        if (x1.Rank == 0 || x1.Rank != x2.Rank || x1.Shape[-1] != in1 || x2.Shape[-1] != in2 || !x1.Shape.AsSpan()[..^1].SequenceEqual(x2.Shape.AsSpan()[..^1]))
        {
            throw new ShapeMismatchException($"Bilinear: x1 is {x1.Shape}, x2 is {x2.Shape}; they must be […, {in1}] and […, {in2}] with equal sizes before.");
        }

        Guard.ProductTypes(nameof(Bilinear), x1, Weight, "weight", nameof(x1));
        Guard.ProductTypes(nameof(Bilinear), x2, Weight, "weight", nameof(x2));
        int rows = (int)(x1.ElementCount / in1);
        Tensor half = x1.Reshape(rows, in1).MatMul(Weight.Permute(1, 0, 2).Reshape(in1, outFeatures * in2)).Reshape(rows, outFeatures, in2);
        Tensor y = half.MatMul(x2.Reshape(rows, in2, 1)).Reshape(shape: new Shape([.. x1.Shape.AsSpan()[..^1], outFeatures]));
        return Bias is null ? y : y + Bias;
    }

    /// <inheritdoc/>
    public override string ToString() => $"Bilinear({Weight.Shape[1]} × {Weight.Shape[2]} → {Weight.Shape[0]}{(Bias is null ? ", no bias" : string.Empty)})";
}
