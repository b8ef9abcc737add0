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
    /// <param name="residual">
    /// Added to the result, before the ReLU, in the same pass: y = relu(batchnorm(x) + residual), the end of a residual block. It is stretched
    /// to the shape of x. One of another element type than x is added by itself, to the type that a sum would have.
    /// </param>
    /// <param name="batchCount">A single int64 that grows by 1 while training.</param>
    /// <remarks>
    /// This: [N, C], [N, C, L] or [N, C, H, W]. Half-precision x is normalised in float32 and gives a result of its own type; weight, bias and
    /// running statistics keep theirs, usually float32, and so do their gradients. (Ioffe and Szegedy 2015.)
    /// </remarks>
    /// <exception cref="ShapeMismatchException">While training a channel has a single value, or the residual does not fit.</exception>
    /// <exception cref="DTypeMismatchException">x is not floating point, or weight, bias or statistics are neither of its type nor float32 beside half precision.</exception>
    public Tensor BatchNorm(
        Tensor? weight,
        Tensor? bias,
        Tensor? runningMean = null,
        Tensor? runningVar = null,
        bool training = true,
        double momentum = 0.1,
        double eps = 1e-5,
        bool relu = false,
        Tensor? residual = null,
        Tensor? batchCount = null)
    {
        const string Op = nameof(BatchNorm);
        this.CheckBatchNorm(weight, bias, runningMean, runningVar, residual, batchCount);
        if (residual is not null && residual.DType != DType)
        {
            Tensor normalized = BatchNorm(weight, bias, runningMean, runningVar, training, momentum, eps, batchCount: batchCount);
            return relu ? normalized.AddRelu(residual) : normalized + residual;
        }

        residual = residual?.ExpandOrSelf(Shape);
        if (!training && runningMean is not null && runningVar is not null)
        {
            return this.NormalizeByRunning(weight, bias, runningMean, runningVar, eps, relu, residual);
        }

        long perChannel = Shape[1] == 0 ? 0 : ElementCount / Shape[1];
        if (perChannel == 1)
        {
            throw new ShapeMismatchException($"{Op}: x is {Shape}: while training each channel needs more than one value. Use a larger batch, or Eval().");
        }

        if (residual is not null && Device.Backend.PrefersChannelsLast && Rank == 4 && Layout.HasInnermostChannels && residual.IsContiguous && !residual.Layout.IsChannelsLast)
        {
            // In one order kernels read both by vectors, and statistics have the same bits with a residual and without.
            residual = residual.Contiguous(MemoryFormat.ChannelsLast);
        }

        int length = ElementCount == 0 ? 0 : -1;
        Tensor x = Reshape(Shape[0], Shape[1], length);
        residual = residual?.ReshapeOrSelf(Shape[0], Shape[1], length);
        Tensor y = AllocateLike(x.Shape, DType, Device, x);
        DType statistics = DType.ComputeType();
        Tensor mean = Allocate([Shape[1]], statistics, Device), inverseStd = Allocate([Shape[1]], statistics, Device);
        if (y.ElementCount > 0)
        {
            Device.Backend.BatchNormForward(new BatchNormForwardArgs
            {
                X = x.Operand,
                Y = y.Operand,
                Residual = residual?.Operand,
                Scale = weight?.Operand,
                Shift = bias?.Operand,
                RunningMean = runningMean?.Operand,
                RunningVariance = runningVar?.Operand,
                BatchCount = training ? batchCount?.Operand : null,
                Mean = mean.Operand,
                InverseStd = inverseStd.Operand,
                Momentum = momentum,
                Epsilon = eps,
                Relu = relu,
            });
            runningMean?.Storage.MarkWritten();
            runningVar?.Storage.MarkWritten();
            batchCount?.Storage.MarkWritten();
        }
        else if (training)
        {
            batchCount?.AddInPlace(1);
        }

        if (ShouldTrack(x, weight, bias, residual))
        {
            y.Record(new BatchNormNode(x, weight, bias, residual, mean, inverseStd, relu ? y : null, eps));
        }

        mean.Dispose();
        inverseStd.Dispose();
        x.Dispose();
        return y.ReshapeOrSelf(shape: Shape).InsteadOf(y);
    }
}

/// <summary>Checks and programs of batch normalisation.</summary>
internal static class BatchNormOps
{
    public static readonly MapProgram ByRunning = MapProgram.Compile(
        5, ((Expr.Input(0) - Expr.Input(1)) * Expr.Rsqrt(Expr.Input(2) + Expr.Parameter(0)) * Expr.Input(3)) + Expr.Input(4));

    public static Tensor NormalizeByRunning(this Tensor x, Tensor? weight, Tensor? bias, Tensor runningMean, Tensor runningVar, double eps, bool relu, Tensor? residual)
    {
        Span<int> channel = stackalloc int[x.Rank];
        channel.Fill(1);
        channel[1] = x.Shape[1];
        DType compute = x.DType.ComputeType();
        Tensor gamma = weight ?? Tensor.Ones([x.Shape[1]], compute, x.Device), beta = bias ?? Tensor.Zeros([x.Shape[1]], compute, x.Device);
        if (Tensor.ShouldTrack(x, weight, bias, residual))
        {
            Tensor y = Pointwise.Apply(
                nameof(Tensor.BatchNorm),
                ByRunning,
                [x, runningMean.ReshapeOrSelf(channel), runningVar.ReshapeOrSelf(channel), gamma.ReshapeOrSelf(channel), beta.ReshapeOrSelf(channel)],
                [eps]);
            y = residual is null ? relu ? y.Relu() : y : relu ? y.AddRelu(residual) : y + residual;
            return y.ToOrSelf(x.DType);
        }

        // Four numbers per channel become two, so that the pass over the image is one multiplication and one addition.
        Tensor scale = Tensor.Allocate([x.Shape[1]], compute, x.Device), shift = scale.EmptyLike();
        Pointwise.Into([scale, shift], BatchNormPrograms.Fold, [gamma, runningVar, beta, runningMean], [eps]);
        scale = scale.ReshapeOrSelf(channel);
        shift = shift.ReshapeOrSelf(channel);
        return residual is null
            ? Pointwise.Apply(nameof(Tensor.BatchNorm), relu ? BatchNormPrograms.ScaleShiftRelu : BatchNormPrograms.ScaleShift, [x, scale, shift], resultAs: x.DType)
            : Pointwise.Apply(nameof(Tensor.BatchNorm), relu ? BatchNormPrograms.ScaleShiftAddRelu : BatchNormPrograms.ScaleShiftAdd, [x, scale, shift, residual], resultAs: x.DType);
    }

    public static void CheckBatchNorm(this Tensor x, Tensor? weight, Tensor? bias, Tensor? runningMean, Tensor? runningVar, Tensor? residual, Tensor? batchCount)
    {
        const string Op = nameof(Tensor.BatchNorm);
        Guard.FloatingPoint(Op, x, "x");
        if (x.Rank < 2)
        {
            throw new ShapeMismatchException($"{Op}: x is {x.Shape}; it must be [N, C] or [N, C, …].");
        }

        x.CheckPerChannel(Op, weight, nameof(weight));
        x.CheckPerChannel(Op, bias, nameof(bias));
        x.CheckPerChannel(Op, runningMean, nameof(runningMean));
        x.CheckPerChannel(Op, runningVar, nameof(runningVar));
        if (residual is not null)
        {
            Guard.SameDevice(Op, x, residual);
            Guard.FloatingPoint(Op, residual, nameof(residual));
            if (!Shape.TryBroadcast(x.Shape, residual.Shape, out Shape result) || result != x.Shape)
            {
                throw new ShapeMismatchException($"{Op}: x is {x.Shape}, the residual is {residual.Shape}; it must be equal or stretch to x.");
            }
        }

        if (batchCount is not null)
        {
            Guard.SameDevice(Op, x, batchCount);
            if (batchCount.DType != DType.Int64 || batchCount.ElementCount != 1)
            {
                throw new DTypeMismatchException($"{Op}: batchCount is {batchCount.DType.ShortName()} {batchCount.Shape}; it must be a single i64.");
            }
        }
    }

    public static void CheckPerChannel(this Tensor x, string op, Tensor? tensor, string name)
    {
        if (tensor is null)
        {
            return;
        }

        if (tensor.Rank != 1 || tensor.Shape[0] != x.Shape[1])
        {
            throw new ShapeMismatchException($"{op}: x is {x.Shape}, {name} is {tensor.Shape}; it must be [{x.Shape[1]}] (the channels).");
        }

        Guard.SameDevice(op, x, tensor);
        Guard.ParameterType(op, x, tensor, name);
    }
}

/// <summary>
/// With x̂ = (x − mean)·invStd and dy as the ReLU lets it through: dβ = Σ dy, dγ = Σ dy·x̂, dx = γ·invStd·(dy − (dβ + x̂·dγ)/count); the
/// residual gets dy.
/// </summary>
file sealed class BatchNormNode(Tensor x, Tensor? weight, Tensor? bias, Tensor? residual, Tensor mean, Tensor inverseStd, Tensor? relu, double eps)
    : GradNode(x, weight, bias, residual)
{
    private readonly SavedTensor _x = new("BatchNorm", x);
    private readonly SavedTensor? _weight = SavedTensor.Of("BatchNorm", weight);
    private readonly SavedTensor _mean = new("BatchNorm", mean);
    private readonly SavedTensor _inverseStd = new("BatchNorm", inverseStd);
    private readonly SavedTensor? _y = SavedTensor.Of("BatchNorm", relu);
    private readonly DType _weightType = (weight ?? mean).DType, _biasType = (bias ?? mean).DType;

    public override string Name => "BatchNorm";

    // The end of a residual block has two users: the next block's first layer and its shortcut.
    internal override bool TakesParts => _y is not null;

    internal override void BackwardOfSum(Tensor first, Tensor second, GradSink sink) => Backward(first, second, sink);

    internal override void Backward(Tensor dy, GradSink sink) => Backward(dy, null, sink);

    private void Backward(Tensor dy, Tensor? more, GradSink sink)
    {
        if (GradMode.IsEnabled)
        {
            Tensor passed = _y is null ? dy : dy.ReluBackward(_y.Value);
            sink.Add(3, passed);
            NormalizationRules.Differentiable(passed, _x.Value, _weight?.Value.ReshapeOrSelf(1, -1, 1), [0, 2], eps, sink, _weightType, _biasType);
            return;
        }

        Tensor x = _x.Value;
        Tensor? sum = x.Device.Backend.ComputesOnParts ? sink.SumSoFar(0, x.Shape, x.DType) : null, gradResidual = null;
        Tensor? dx = sum ?? (sink.Needs(0) ? Tensor.AllocateLike(x.Shape, x.DType, x.Device, x) : null);
        if (sink.Needs(3))
        {
            gradResidual = _y is null ? dy : Tensor.AllocateLike(x.Shape, x.DType, x.Device, x);
        }

        Tensor gradScale = Tensor.Allocate(_mean.Value.Shape, _weightType, x.Device), gradShift = Tensor.Allocate(_mean.Value.Shape, _biasType, x.Device);
        if (x.ElementCount > 0)
        {
            x.Device.Backend.BatchNormBackward(new BatchNormBackwardArgs
            {
                X = x.Operand,
                GradY = dy.Operand,
                GradYMore = more?.Operand,
                Y = _y?.Value.Operand,
                Scale = _weight?.Value.Operand,
                Mean = _mean.Value.Operand,
                InverseStd = _inverseStd.Value.Operand,
                GradX = dx?.Operand,
                AddsToGradX = sum is not null,
                GradResidual = _y is null ? null : gradResidual?.Operand,
                GradScale = gradScale.Operand,
                GradShift = gradShift.Operand,
            });
        }
        else
        {
            gradScale.ZeroInPlace();
            gradShift.ZeroInPlace();
        }

        if (sum is not null)
        {
            sum.Storage.MarkWritten();
        }
        else if (dx is not null)
        {
            sink.Add(0, dx);
        }

        if (gradResidual is not null)
        {
            sink.Add(3, gradResidual);
        }

        sink.Add(1, gradScale);
        sink.Add(2, gradShift);
    }

    private protected override bool SavesValues => true;

    private protected override void ReleaseSaved()
    {
        _x.Release();
        _weight?.Release();
        _mean.Release();
        _inverseStd.Release();
        _y?.Release();
    }
}
