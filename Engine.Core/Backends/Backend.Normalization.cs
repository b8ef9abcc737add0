namespace Engine.Backends;

/// <summary>Normalisation made of reductions and pointwise programs.</summary>
public abstract partial class Backend
{
    /// <summary>Batch normalisation in training mode.</summary>
    public void BatchNormForward(in BatchNormForwardArgs args)
    {
        using OperandLease lease = OperandLease.Of(args);
        BatchNormForwardCore(args);
    }

    /// <summary>Carries <see cref="BatchNormForward"/> out, while something holds the memory of all operands.</summary>
    protected virtual void BatchNormForwardCore(in BatchNormForwardArgs args)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor x = Tensor.Wrap(args.X), y = Tensor.Wrap(args.Y);
        Tensor mean = PerChannel(args.Mean), inverseStd = PerChannel(args.InverseStd);
        double count = (double)x.Shape[0] * x.Shape[2];
        AxisSet axes = default(AxisSet).With(0).With(2);
        Tensor first = x.SliceOrSelf(0, 0, 1, 1).SliceOrSelf(2, 0, 1, 1), offset = mean.EmptyLike(), variance = mean.EmptyLike();
        Reductions.Into(NormalizationPrograms.ShiftedMean, axes, [x, first], [offset], [1 / count]);
        Reductions.Into(NormalizationPrograms.Variance, axes, [x, first, offset], [variance], [1 / count]);
        Pointwise.Into(mean, Programs.Add, [first, offset]);
        Pointwise.Into(inverseStd, NormalizationPrograms.InverseStd, [variance], [args.Epsilon]);
        if (args.RunningMean is { } runningMean)
        {
            Tensor running = PerChannel(runningMean);
            Pointwise.Into(running, Programs.Blend, [running, mean], [1 - args.Momentum, args.Momentum]);
        }

        if (args.RunningVariance is { } runningVariance)
        {
            Tensor running = PerChannel(runningVariance);
            Pointwise.Into(running, Programs.Blend, [running, variance], [1 - args.Momentum, args.Momentum * count / (count - 1)]);
        }

        if (args.BatchCount is { } batchCount)
        {
            Tensor batches = Tensor.Wrap(batchCount);
            Pointwise.Into(batches, Programs.AddScalar, [batches], [1]);
        }

        Tensor scale = PerChannel(args.Scale, x, 1), shift = PerChannel(args.Shift, x, 0);
        if (args.Residual is { } residual)
        {
            Pointwise.Into(y, args.Relu ? NormalizationPrograms.NormalizeAddRelu : NormalizationPrograms.NormalizeAdd, [x, first, offset, inverseStd, scale, shift, Tensor.Wrap(residual)]);
        }
        else
        {
            Pointwise.Into(y, args.Relu ? NormalizationPrograms.NormalizeRelu : NormalizationPrograms.Normalize, [x, first, offset, inverseStd, scale, shift]);
        }
    }

    /// <summary>Gradients of batch normalisation in training mode.</summary>
    public void BatchNormBackward(in BatchNormBackwardArgs args)
    {
        using OperandLease lease = OperandLease.Of(args);
        BatchNormBackwardCore(args);
    }

    /// <summary>Carries <see cref="BatchNormBackward"/> out, while something holds the memory of all operands.</summary>
    protected virtual void BatchNormBackwardCore(in BatchNormBackwardArgs args)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor x = Tensor.Wrap(args.X), dy = Tensor.Wrap(args.GradY);
        if (args.GradYMore is { } more)
        {
            dy += Tensor.Wrap(more);
        }

        if (args.Y is { } y)
        {
            Tensor passed = args.GradResidual is { } gradResidual ? Tensor.Wrap(gradResidual) : dy.EmptyLike();
            Pointwise.Into(passed, Programs.ReluBackward, [dy, Tensor.Wrap(y)]);
            dy = passed;
        }

        Tensor mean = PerChannel(args.Mean), inverseStd = PerChannel(args.InverseStd);
        Tensor gradShift = PerChannel(args.GradShift), gradScale = PerChannel(args.GradScale);
        Reductions.Into(NormalizationPrograms.GradientSums, default(AxisSet).With(0).With(2), [x, mean, inverseStd, dy], [gradShift, gradScale], []);
        if (args.GradX is { } gradX)
        {
            double count = (double)x.Shape[0] * x.Shape[2];
            Tensor dx = Tensor.Wrap(gradX), scale = PerChannel(args.Scale, x, 1);
            if (args.AddsToGradX)
            {
                Pointwise.Into(dx, NormalizationPrograms.BatchNormBackwardAdd, [x, mean, inverseStd, scale, dy, gradShift, gradScale, dx], [1 / count]);
            }
            else
            {
                Pointwise.Into(dx, NormalizationPrograms.BatchNormBackward, [x, mean, inverseStd, scale, dy, gradShift, gradScale], [1 / count]);
            }
        }
    }

    /// <summary>Layer normalisation of rows.</summary>
    public void LayerNormForward(in LayerNormForwardArgs args)
    {
        using OperandLease lease = OperandLease.Of(args);
        LayerNormForwardCore(args);
    }

    /// <summary>Carries <see cref="LayerNormForward"/> out, while something holds the memory of all operands.</summary>
    protected virtual void LayerNormForwardCore(in LayerNormForwardArgs args)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor x = Tensor.Wrap(args.X), mean = PerRow(args.Mean), inverseStd = PerRow(args.InverseStd);
        double count = x.Shape[1];
        AxisSet axes = default(AxisSet).With(1);
        Tensor first = x.SliceOrSelf(1, 0, 1, 1), offset = mean.EmptyLike(), variance = mean.EmptyLike();
        Reductions.Into(NormalizationPrograms.ShiftedMean, axes, [x, first], [offset], [1 / count]);
        Reductions.Into(NormalizationPrograms.Variance, axes, [x, first, offset], [variance], [1 / count]);
        Pointwise.Into(mean, Programs.Add, [first, offset]);
        Pointwise.Into(inverseStd, NormalizationPrograms.InverseStd, [variance], [args.Epsilon]);
        Pointwise.Into(Tensor.Wrap(args.Y), NormalizationPrograms.Normalize, [x, first, offset, inverseStd, PerColumn(args.Scale, x, 1), PerColumn(args.Shift, x, 0)]);
    }

    /// <summary>Gradients of layer normalisation.</summary>
    public void LayerNormBackward(in LayerNormBackwardArgs args)
    {
        using OperandLease lease = OperandLease.Of(args);
        LayerNormBackwardCore(args);
    }

    /// <summary>Carries <see cref="LayerNormBackward"/> out, while something holds the memory of all operands.</summary>
    protected virtual void LayerNormBackwardCore(in LayerNormBackwardArgs args)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor x = Tensor.Wrap(args.X), dy = Tensor.Wrap(args.GradY);
        Tensor mean = PerRow(args.Mean), inverseStd = PerRow(args.InverseStd), scale = PerColumn(args.Scale, x, 1);
        if (args.GradX is { } gradX)
        {
            Tensor sum = mean.EmptyLike(), product = mean.EmptyLike();
            Reductions.Into(NormalizationPrograms.WeightedGradientSums, default(AxisSet).With(1), [x, mean, inverseStd, dy, scale], [sum, product], []);
            Pointwise.Into(Tensor.Wrap(gradX), NormalizationPrograms.LayerNormBackward, [x, mean, inverseStd, scale, dy, sum, product], [1.0 / x.Shape[1]]);
        }

        if (args.GradScale is not null || args.GradShift is not null)
        {
            Tensor gradScale = args.GradScale is { } gs ? PerColumn(gs) : Tensor.Empty([1, x.Shape[1]], x.DType, x.Device);
            Tensor gradShift = args.GradShift is { } gh ? PerColumn(gh) : Tensor.Empty([1, x.Shape[1]], x.DType, x.Device);
            Reductions.Into(NormalizationPrograms.GradientSums, default(AxisSet).With(0), [x, mean, inverseStd, dy], [gradShift, gradScale], []);
        }
    }

    private static Tensor PerChannel(in Operand operand) => Tensor.Wrap(operand).ReshapeOrSelf(1, -1, 1);

    private static Tensor PerChannel(Operand? operand, Tensor like, double otherwise) =>
        operand is { } given ? PerChannel(given) : Tensor.Full([1, 1, 1], otherwise, like.DType, like.Device);

    private static Tensor PerRow(in Operand operand) => Tensor.Wrap(operand).ReshapeOrSelf(-1, 1);

    private static Tensor PerColumn(in Operand operand) => Tensor.Wrap(operand).ReshapeOrSelf(1, -1);

    private static Tensor PerColumn(Operand? operand, Tensor like, double otherwise) =>
        operand is { } given ? PerColumn(given) : Tensor.Full([1, 1], otherwise, like.DType, like.Device);
}
