namespace Engine;

public sealed partial class Tensor
{
    /// <summary>
    /// Layer normalisation: over the last <paramref name="axes"/> axes together y = (x − mean)/√(var + eps)·γ + β.
    /// </summary>
    /// <param name="weight">γ with the shape of those axes, or null for 1.</param>
    /// <param name="bias">β likewise, or null for 0.</param>
    /// <param name="axes">How many trailing axes are normalised together.</param>
    /// <param name="eps">Keeps the root away from 0.</param>
    /// <remarks>Half-precision x is normalised in float32 and gives a result of its own type; weight and bias keep theirs.</remarks>
    public Tensor LayerNorm(Tensor? weight = null, Tensor? bias = null, int axes = 1, double eps = 1e-5)
    {
        const string Op = nameof(LayerNorm);
        Guard.FloatingPoint(Op, this, "x");
        if (axes < 1 || axes > Rank)
        {
            throw new ArgumentOutOfRangeException(nameof(axes), axes, $"{Op}: x is {Shape}; between 1 and {Rank} trailing axes can be normalised.");
        }

        Shape normalized = new(Shape.AsSpan()[^axes..]);
        foreach (Tensor? affine in (ReadOnlySpan<Tensor?>)[weight, bias])
        {
            if (affine is not null && affine.Shape != normalized)
            {
                throw new ShapeMismatchException($"{Op}: x is {Shape}, weight or bias is {affine.Shape}; it must be {normalized} (the normalised axes).");
            }
        }

        Guard.ParameterType(Op, this, weight);
        Guard.ParameterType(Op, this, bias);
        int columns = Guard.Size(Op, normalized.ElementCount);
        Tensor wide = Autocast.Widen(this);
        if (ElementCount == 0)
        {
            return wide.Clone();
        }

        Tensor x = wide.ReshapeOrSelf(-1, columns);
        Tensor? w = weight?.ReshapeOrSelf(columns), b = bias?.ReshapeOrSelf(columns);
        Tensor y = x.EmptyLike();
        DType statistics = x.DType.ComputeType();
        Tensor mean = Allocate([x.Shape[0]], statistics, Device), inverseStd = Allocate([x.Shape[0]], statistics, Device);
        Device.Backend.LayerNormForward(new LayerNormForwardArgs
        {
            X = x.Operand,
            Y = y.Operand,
            Scale = w?.Operand,
            Shift = b?.Operand,
            Mean = mean.Operand,
            InverseStd = inverseStd.Operand,
            Epsilon = eps,
        });
        if (ShouldTrack(x, w, b))
        {
            y.Record(new LayerNormNode(x, w, b, mean, inverseStd, eps));
        }

        mean.Dispose();
        inverseStd.Dispose();
        return y.ReshapeOrSelf(shape: Shape).InsteadOf(y);
    }

    /// <summary>Group normalisation: each group of channels of each sample is normalised together, then γ and β act per channel.</summary>
    /// <param name="numGroups">A divisor of the number of channels.</param>
    /// <param name="weight">γ [C], or null for 1.</param>
    /// <param name="bias">β [C], or null for 0.</param>
    /// <param name="eps">Keeps the root away from 0.</param>
    /// <remarks>This: [N, C, …]; half-precision x is treated as by <see cref="LayerNorm"/>. (Wu and He 2018.)</remarks>
    public Tensor GroupNorm(int numGroups, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5)
    {
        const string Op = nameof(GroupNorm);
        Guard.FloatingPoint(Op, this, "x");
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(numGroups);
        if (Rank < 2 || Shape[1] % numGroups != 0)
        {
            throw new ShapeMismatchException($"{Op}: x is {Shape}; its channels (axis 1) must be a multiple of {numGroups} groups.");
        }

        this.CheckPerChannel(Op, weight, nameof(weight));
        this.CheckPerChannel(Op, bias, nameof(bias));
        if (ElementCount == 0)
        {
            return Autocast.Widen(this).Clone();
        }

        DType compute = DType.ComputeType();
        if (compute != DType)
        {
            return ToOrSelf(compute).GroupNorm(numGroups, weight?.ToOrSelf(compute), bias?.ToOrSelf(compute), eps).ToOrSelf(Autocast.Wide(DType));
        }

        Tensor y = ReshapeOrSelf(Shape[0] * numGroups, -1).LayerNorm(eps: eps).ReshapeOrSelf(shape: Shape);
        Span<int> channel = stackalloc int[Rank];
        channel.Fill(1);
        channel[1] = Shape[1];
        y = weight is null ? y : y * weight.ReshapeOrSelf(channel);
        return bias is null ? y : y + bias.ReshapeOrSelf(channel);
    }
}

file sealed class LayerNormNode(Tensor x, Tensor? weight, Tensor? bias, Tensor mean, Tensor inverseStd, double eps) : GradNode(x, weight, bias)
{
    private readonly SavedTensor _x = new("LayerNorm", x);
    private readonly SavedTensor? _weight = SavedTensor.Of("LayerNorm", weight);
    private readonly SavedTensor _mean = new("LayerNorm", mean);
    private readonly SavedTensor _inverseStd = new("LayerNorm", inverseStd);
    private readonly DType _weightType = (weight ?? mean).DType, _biasType = (bias ?? mean).DType;

    public override string Name => "LayerNorm";

    internal override void Backward(Tensor dy, GradSink sink)
    {
        if (GradMode.IsEnabled)
        {
            NormalizationRules.Differentiable(dy, _x.Value, _weight?.Value.ReshapeOrSelf(1, -1), [1], eps, sink, _weightType, _biasType);
            return;
        }

        Tensor x = _x.Value;
        Tensor? dx = sink.Needs(0) ? x.EmptyLike() : null;
        Tensor? gradScale = sink.Needs(1) ? Tensor.Allocate([x.Shape[1]], _weightType, x.Device) : null;
        Tensor? gradShift = sink.Needs(2) ? Tensor.Allocate([x.Shape[1]], _biasType, x.Device) : null;
        x.Device.Backend.LayerNormBackward(new LayerNormBackwardArgs
        {
            X = x.Operand,
            GradY = dy.Operand,
            Scale = _weight?.Value.Operand,
            Mean = _mean.Value.Operand,
            InverseStd = _inverseStd.Value.Operand,
            GradX = dx?.Operand,
            GradScale = gradScale?.Operand,
            GradShift = gradShift?.Operand,
        });
        foreach ((int i, Tensor? gradient) in (ReadOnlySpan<(int, Tensor?)>)[(0, dx), (1, gradScale), (2, gradShift)])
        {
            if (gradient is not null)
            {
                sink.Add(i, gradient);
            }
        }
    }

    private protected override bool SavesValues => true;

    private protected override void ReleaseSaved()
    {
        _x.Release();
        _weight?.Release();
        _mean.Release();
        _inverseStd.Release();
    }
}

/// <summary>The gradients of normalisation in tensor operations, for second derivatives: slower than the kernels, but differentiable.</summary>
internal static class NormalizationRules
{
    /// <summary>Adds dx, dγ and dβ. <paramref name="scale"/> is γ broadcastable to x; statistics run over <paramref name="axes"/>.</summary>
    public static void Differentiable(Tensor dy, Tensor x, Tensor? scale, int[] axes, double eps, GradSink sink, DType weightType, DType biasType)
    {
        DType type = x.DType, compute = type.ComputeType();
        (x, dy) = (x.ToOrSelf(compute), dy.ToOrSelf(compute));
        Tensor centered = x - x.Mean(axes, keepDims: true);
        Tensor inverseStd = (centered.Square().Mean(axes, keepDims: true) + eps).Rsqrt();
        Tensor normalized = centered * inverseStd;
        Tensor weighted = scale is null ? dy : dy * scale;
        if (sink.Needs(0))
        {
            Tensor mean = weighted.Mean(axes, keepDims: true), slope = (weighted * normalized).Mean(axes, keepDims: true);
            sink.Add(0, (inverseStd * (weighted - mean - (normalized * slope))).ToOrSelf(type));
        }

        // γ and β lie along the axes that the statistics leave (batch norm) or along those they run over (layer norm).
        int[] summed = axes is [1] ? [0] : axes;
        if (sink.Needs(1))
        {
            sink.Add(1, (dy * normalized).Sum(summed).ReshapeOrSelf(-1).ToOrSelf(weightType));
        }

        if (sink.Needs(2))
        {
            sink.Add(2, dy.Sum(summed).ReshapeOrSelf(-1).ToOrSelf(biasType));
        }
    }
}
