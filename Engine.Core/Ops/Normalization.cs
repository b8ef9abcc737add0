namespace Engine;

public sealed partial class Tensor
{
    /// <summary>
    /// Batch normalisation: per channel y = (x − mean)/√(var + eps)·γ + β. While training, mean and variance are those of the batch (over
    /// all axes but the channel's) and the running ones are updated; at prediction the running ones are used.
    /// </summary>
    /// <param name="weight">γ [C], or null for 1.</param>
    /// <param name="bias">β [C], or null for 0.</param>
    /// <param name="runningMean">[C], updated in place while training: r ← (1 − momentum)·r + momentum·mean.</param>
    /// <param name="runningVar">[C], likewise with the unbiased variance.</param>
    /// <param name="training">Whether the batch's statistics are used. Without running statistics they always are.</param>
    /// <param name="momentum">The weight of a new batch in the running statistics.</param>
    /// <param name="eps">Keeps the root away from 0.</param>
    /// <param name="relu">Whether negative results become 0, in the same pass.</param>
    /// <remarks>This: [N, C], [N, C, L] or [N, C, H, W]. (Ioffe and Szegedy 2015.)</remarks>
    /// <exception cref="ShapeMismatchException">While training a channel has a single value.</exception>
    public Tensor BatchNorm(
        Tensor? weight, Tensor? bias, Tensor? runningMean = null, Tensor? runningVar = null, bool training = true, double momentum = 0.1, double eps = 1e-5, bool relu = false)
    {
        const string Op = nameof(BatchNorm);
        Guard.FloatingPoint(Op, this, "x");
        if (Rank < 2)
        {
            throw new ShapeMismatchException($"{Op}: x is {Shape}; it must be [N, C] or [N, C, …].");
        }

        CheckPerChannel(Op, weight, nameof(weight));
        CheckPerChannel(Op, bias, nameof(bias));
        CheckPerChannel(Op, runningMean, nameof(runningMean));
        CheckPerChannel(Op, runningVar, nameof(runningVar));
        if (!training && runningMean is not null && runningVar is not null)
        {
            return NormalizeByRunning(weight, bias, runningMean, runningVar, eps, relu);
        }

        long perChannel = Shape[1] == 0 ? 0 : ElementCount / Shape[1];
        if (perChannel == 1)
        {
            throw new ShapeMismatchException($"{Op}: x is {Shape}: while training each channel needs more than one value. Use a larger batch, or Eval().");
        }

        Tensor x = Reshape(Shape[0], Shape[1], ElementCount == 0 ? 0 : -1);
        Tensor y = x.EmptyLike();
        Tensor mean = Allocate([Shape[1]], DType, Device), inverseStd = Allocate([Shape[1]], DType, Device);
        if (y.ElementCount > 0)
        {
            Device.Backend.BatchNormForward(new BatchNormForwardArgs
            {
                X = x.Operand,
                Y = y.Operand,
                Scale = weight?.Operand,
                Shift = bias?.Operand,
                RunningMean = runningMean?.Operand,
                RunningVariance = runningVar?.Operand,
                Mean = mean.Operand,
                InverseStd = inverseStd.Operand,
                Momentum = momentum,
                Epsilon = eps,
                Relu = relu,
            });
            runningMean?.Storage.MarkWritten();
            runningVar?.Storage.MarkWritten();
        }

        if (ShouldTrack(x, weight, bias))
        {
            y.Record(new BatchNormNode(x, weight, bias, mean, inverseStd, relu ? y : null, eps));
        }

        return y.Reshape(shape: Shape);
    }

    /// <summary>
    /// Layer normalisation: over the last <paramref name="axes"/> axes together y = (x − mean)/√(var + eps)·γ + β.
    /// </summary>
    /// <param name="weight">γ with the shape of those axes, or null for 1.</param>
    /// <param name="bias">β likewise, or null for 0.</param>
    /// <param name="axes">How many trailing axes are normalised together.</param>
    /// <param name="eps">Keeps the root away from 0.</param>
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

        int columns = checked((int)normalized.ElementCount);
        if (ElementCount == 0)
        {
            return Clone();
        }

        Tensor x = Reshape(-1, columns);
        Tensor? w = weight?.Reshape(columns), b = bias?.Reshape(columns);
        Tensor y = x.EmptyLike();
        Tensor mean = Allocate([x.Shape[0]], DType, Device), inverseStd = Allocate([x.Shape[0]], DType, Device);
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

        return y.Reshape(shape: Shape);
    }

    /// <summary>Group normalisation: each group of channels of each sample is normalised together, then γ and β act per channel.</summary>
    /// <param name="groups">A divisor of the number of channels.</param>
    /// <param name="weight">γ [C], or null for 1.</param>
    /// <param name="bias">β [C], or null for 0.</param>
    /// <param name="eps">Keeps the root away from 0.</param>
    /// <remarks>This: [N, C, …]. (Wu and He 2018.)</remarks>
    public Tensor GroupNorm(int groups, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5)
    {
        const string Op = nameof(GroupNorm);
        Guard.FloatingPoint(Op, this, "x");
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groups);
        if (Rank < 2 || Shape[1] % groups != 0)
        {
            throw new ShapeMismatchException($"{Op}: x is {Shape}; its channels (axis 1) must be a multiple of {groups} groups.");
        }

        CheckPerChannel(Op, weight, nameof(weight));
        CheckPerChannel(Op, bias, nameof(bias));
        if (ElementCount == 0)
        {
            return Clone();
        }

        Tensor y = Reshape(Shape[0] * groups, -1).LayerNorm(eps: eps).Reshape(shape: Shape);
        Span<int> channel = stackalloc int[Rank];
        channel.Fill(1);
        channel[1] = Shape[1];
        y = weight is null ? y : y * weight.Reshape(channel);
        return bias is null ? y : y + bias.Reshape(channel);
    }

    private static readonly MapProgram s_byRunning = MapProgram.Compile(
        5, ((Expr.Input(0) - Expr.Input(1)) * Expr.Rsqrt(Expr.Input(2) + Expr.Parameter(0)) * Expr.Input(3)) + Expr.Input(4));

    private static readonly MapProgram s_foldScale = MapProgram.Compile(2, Expr.Input(0) * Expr.Rsqrt(Expr.Input(1) + Expr.Parameter(0)));
    private static readonly MapProgram s_foldShift = MapProgram.Compile(3, Expr.Input(0) - (Expr.Input(1) * Expr.Input(2)));
    private static readonly MapProgram s_scaleShift = MapProgram.Compile(3, (Expr.Input(0) * Expr.Input(1)) + Expr.Input(2));
    private static readonly MapProgram s_scaleShiftRelu = MapProgram.Compile(3, Expr.Relu((Expr.Input(0) * Expr.Input(1)) + Expr.Input(2)));

    private Tensor NormalizeByRunning(Tensor? weight, Tensor? bias, Tensor runningMean, Tensor runningVar, double eps, bool relu)
    {
        Span<int> channel = stackalloc int[Rank];
        channel.Fill(1);
        channel[1] = Shape[1];
        Tensor gamma = weight ?? Ones([Shape[1]], DType, Device), beta = bias ?? Zeros([Shape[1]], DType, Device);
        if (ShouldTrack(this, weight, bias))
        {
            Tensor y = Pointwise.Apply(
                nameof(BatchNorm),
                s_byRunning,
                [this, runningMean.Reshape(channel), runningVar.Reshape(channel), gamma.Reshape(channel), beta.Reshape(channel)],
                [eps]);
            return relu ? y.Relu() : y;
        }

        // Four numbers per channel become two, so that the pass over the image is one multiplication and one addition.
        Tensor scale = Pointwise.Apply(nameof(BatchNorm), s_foldScale, [gamma, runningVar], [eps]);
        Tensor shift = Pointwise.Apply(nameof(BatchNorm), s_foldShift, [beta, runningMean, scale]);
        return Pointwise.Apply(nameof(BatchNorm), relu ? s_scaleShiftRelu : s_scaleShift, [this, scale.Reshape(channel), shift.Reshape(channel)], resultAs: DType);
    }

    private void CheckPerChannel(string op, Tensor? tensor, string name)
    {
        if (tensor is not null && (tensor.Rank != 1 || tensor.Shape[0] != Shape[1]))
        {
            throw new ShapeMismatchException($"{op}: x is {Shape}, {name} is {tensor.Shape}; it must be [{Shape[1]}] (the channels).");
        }
    }

    /// <summary>
    /// With x̂ = (x − mean)·invStd: dβ = Σ dy, dγ = Σ dy·x̂, dx = γ·invStd·(dy − (dβ + x̂·dγ)/count).
    /// </summary>
    private sealed class BatchNormNode(Tensor x, Tensor? weight, Tensor? bias, Tensor mean, Tensor inverseStd, Tensor? relu, double eps)
        : GradNode(x, weight, bias)
    {
        private readonly SavedTensor _x = new("BatchNorm", x);
        private readonly SavedTensor? _weight = SavedTensor.Of("BatchNorm", weight);
        private readonly SavedTensor _mean = new("BatchNorm", mean);
        private readonly SavedTensor _inverseStd = new("BatchNorm", inverseStd);
        private readonly SavedTensor? _y = SavedTensor.Of("BatchNorm", relu);

        public override string Name => "BatchNorm";

        protected internal override void Backward(Tensor dy, GradSink sink)
        {
            if (GradMode.IsEnabled)
            {
                NormalizationRules.Differentiable(dy, _y?.Value, _x.Value, _weight?.Value.Reshape(1, -1, 1), [0, 2], eps, sink, shape: [-1]);
                return;
            }

            Tensor x = _x.Value;
            Tensor? dx = sink.Needs(0) ? x.EmptyLike() : null;
            Tensor gradScale = _mean.Value.EmptyLike(), gradShift = _mean.Value.EmptyLike();
            if (x.ElementCount > 0)
            {
                x.Device.Backend.BatchNormBackward(new BatchNormBackwardArgs
                {
                    X = x.Operand,
                    GradY = dy.Operand,
                    Y = _y?.Value.Operand,
                    Scale = _weight?.Value.Operand,
                    Mean = _mean.Value.Operand,
                    InverseStd = _inverseStd.Value.Operand,
                    GradX = dx?.Operand,
                    GradScale = gradScale.Operand,
                    GradShift = gradShift.Operand,
                });
            }
            else
            {
                gradScale.ZeroInPlace();
                gradShift.ZeroInPlace();
            }

            if (dx is not null)
            {
                sink.Add(0, dx);
            }

            sink.Add(1, gradScale);
            sink.Add(2, gradShift);
        }

        protected override void ReleaseSaved()
        {
            _x.Release();
            _weight?.Release();
            _mean.Release();
            _inverseStd.Release();
            _y?.Release();
        }
    }

    private sealed class LayerNormNode(Tensor x, Tensor? weight, Tensor? bias, Tensor mean, Tensor inverseStd, double eps) : GradNode(x, weight, bias)
    {
        private readonly SavedTensor _x = new("LayerNorm", x);
        private readonly SavedTensor? _weight = SavedTensor.Of("LayerNorm", weight);
        private readonly SavedTensor _mean = new("LayerNorm", mean);
        private readonly SavedTensor _inverseStd = new("LayerNorm", inverseStd);

        public override string Name => "LayerNorm";

        protected internal override void Backward(Tensor dy, GradSink sink)
        {
            if (GradMode.IsEnabled)
            {
                NormalizationRules.Differentiable(dy, null, _x.Value, _weight?.Value.Reshape(1, -1), [1], eps, sink, shape: [-1]);
                return;
            }

            Tensor x = _x.Value;
            Tensor? dx = sink.Needs(0) ? x.EmptyLike() : null;
            Tensor? gradScale = sink.Needs(1) ? Allocate([x.Shape[1]], x.DType, x.Device) : null;
            Tensor? gradShift = sink.Needs(2) ? Allocate([x.Shape[1]], x.DType, x.Device) : null;
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

        protected override void ReleaseSaved()
        {
            _x.Release();
            _weight?.Release();
            _mean.Release();
            _inverseStd.Release();
        }
    }
}

/// <summary>The gradients of normalisation in tensor operations, for second derivatives: slower than the kernels, but differentiable.</summary>
internal static class NormalizationRules
{
    /// <summary>Adds dx, dγ and dβ. <paramref name="scale"/> is γ broadcastable to x; statistics run over <paramref name="axes"/>.</summary>
    public static void Differentiable(Tensor dy, Tensor? relu, Tensor x, Tensor? scale, int[] axes, double eps, GradSink sink, int[] shape)
    {
        dy = relu is null ? dy : dy.ReluBackward(relu);
        Tensor centered = x - x.Mean(axes, keepDims: true);
        Tensor inverseStd = (centered.Square().Mean(axes, keepDims: true) + eps).Rsqrt();
        Tensor normalized = centered * inverseStd;
        Tensor weighted = scale is null ? dy : dy * scale;
        if (sink.Needs(0))
        {
            Tensor mean = weighted.Mean(axes, keepDims: true), slope = (weighted * normalized).Mean(axes, keepDims: true);
            sink.Add(0, inverseStd * (weighted - mean - (normalized * slope)));
        }

        // γ and β lie along the axes that the statistics leave (batch norm) or along those they run over (layer norm).
        int[] summed = axes is [1] ? [0] : axes;
        if (sink.Needs(1))
        {
            sink.Add(1, (dy * normalized).Sum(summed).Reshape(shape));
        }

        if (sink.Needs(2))
        {
            sink.Add(2, dy.Sum(summed).Reshape(shape));
        }
    }
}
