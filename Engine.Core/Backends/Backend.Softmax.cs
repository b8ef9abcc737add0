namespace Engine.Backends;

/// <summary>The softmax family made of reductions and pointwise programs.</summary>
public abstract partial class Backend
{
    /// <summary>y = softmax x along one axis, or its logarithm. Both have one shape.</summary>
    public void Softmax(in Operand x, in Operand y, int axis, bool log)
    {
        using OperandLease lease = OperandLease.Of(x, y);
        SoftmaxCore(x, y, axis, log);
    }

    /// <summary>Carries <see cref="Softmax"/> out, while something holds the memory of all operands.</summary>
    protected virtual void SoftmaxCore(in Operand x, in Operand y, int axis, bool log)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor input = Tensor.Wrap(x);
        AxisSet axes = default(AxisSet).With(axis);
        Tensor max = input.Reduce(ReduceProgram.Max, axes, input.DType, []);
        Tensor sum = max.EmptyLike();
        Reductions.Into(SoftmaxPrograms.SumExp, axes, [input, max], [sum], []);
        Pointwise.Into(Tensor.Wrap(y), log ? SoftmaxPrograms.LogSoftmax : SoftmaxPrograms.Softmax, [input, max, sum]);
    }

    /// <summary>dx from y = (log) softmax x and dy: y·(dy − Σ y·dy), or dy − eʸ·Σ dy.</summary>
    public void SoftmaxBackward(in Operand y, in Operand gradY, in Operand gradX, int axis, bool log)
    {
        using OperandLease lease = OperandLease.Of(y, gradY, gradX);
        SoftmaxBackwardCore(y, gradY, gradX, axis, log);
    }

    /// <summary>Carries <see cref="SoftmaxBackward"/> out, while something holds the memory of all operands.</summary>
    protected virtual void SoftmaxBackwardCore(in Operand y, in Operand gradY, in Operand gradX, int axis, bool log)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor output = Tensor.Wrap(y), dy = Tensor.Wrap(gradY);
        AxisSet axes = default(AxisSet).With(axis);
        Tensor sum = Tensor.Allocate(output.ReducedShape(axes, keepDims: true), output.DType, output.Device);
        Reductions.Into(log ? ReduceProgram.Sum : SoftmaxPrograms.Dot, axes, log ? [dy] : [output, dy], [sum], []);
        Pointwise.Into(Tensor.Wrap(gradX), log ? SoftmaxPrograms.LogSoftmaxBackward : SoftmaxPrograms.SoftmaxBackward, [output, dy, sum]);
    }

    /// <summary>Writes Losses and LogSumExp, and the mean of the losses where it is asked for.</summary>
    public void CrossEntropyForward(in CrossEntropyForwardArgs args)
    {
        using OperandLease lease = OperandLease.Of(args);
        if (args.Mean is null)
        {
            CrossEntropyForwardCore(args);
        }
        else
        {
            CrossEntropyMeanCore(args);
        }
    }

    /// <summary>Carries <see cref="CrossEntropyForward"/> out where the mean is asked for: by default after <see cref="CrossEntropyForwardCore"/>.</summary>
    protected virtual void CrossEntropyMeanCore(in CrossEntropyForwardArgs args)
    {
        CrossEntropyForwardCore(args);
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Reductions.Into(
            SoftmaxPrograms.MeanOfCounted, AxisSet.All(1), [Tensor.Wrap(args.Losses), Tensor.Wrap(args.Targets)], [Tensor.Wrap(args.Mean!.Value), Tensor.Wrap(args.Share!.Value)], [args.IgnoreIndex]);
    }

    /// <summary>Carries <see cref="CrossEntropyForward"/> out, while something holds the memory of all operands.</summary>
    protected virtual void CrossEntropyForwardCore(in CrossEntropyForwardArgs args)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor logits = Tensor.Wrap(args.Logits);
        AxisSet axes = default(AxisSet).With(1);
        Tensor max = logits.Reduce(ReduceProgram.Max, axes, logits.DType, []);
        Tensor sum = max.EmptyLike();
        Reductions.Into(SoftmaxPrograms.SumExp, axes, [logits, max], [sum], []);
        Tensor lse = PerRow(args.LogSumExp);
        Pointwise.Into(lse, SoftmaxPrograms.LogSumExp, [sum, max]);
        Tensor[] inputs = CrossEntropyInputs(logits, lse, args.Targets, args.ClassWeights);
        Reductions.Into(SoftmaxPrograms.CrossEntropy, axes, inputs, [PerRow(args.Losses)], CrossEntropyParameters.Of(args.IgnoreIndex, args.LabelSmoothing, logits.Shape[1]));
    }

    /// <summary>Writes GradLogits from GradLosses and LogSumExp.</summary>
    public void CrossEntropyBackward(in CrossEntropyBackwardArgs args)
    {
        using OperandLease lease = OperandLease.Of(args);
        CrossEntropyBackwardCore(args);
    }

    /// <summary>Carries <see cref="CrossEntropyBackward"/> out, while something holds the memory of all operands.</summary>
    protected virtual void CrossEntropyBackwardCore(in CrossEntropyBackwardArgs args)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor logits = Tensor.Wrap(args.Logits);
        Tensor[] inputs = CrossEntropyInputs(logits, PerRow(args.LogSumExp), args.Targets, args.ClassWeights);
        double[] parameters = CrossEntropyParameters.Of(args.IgnoreIndex, args.LabelSmoothing, logits.Shape[1]);
        Tensor mass = Tensor.Allocate([logits.Shape[0], 1], logits.DType, logits.Device);
        Reductions.Into(SoftmaxPrograms.CrossEntropyMass, default(AxisSet).With(1), inputs, [mass], parameters);
        Pointwise.Into(Tensor.Wrap(args.GradLogits), SoftmaxPrograms.CrossEntropyBackward, [.. inputs, mass, PerRow(args.GradLosses)], parameters);
    }

    private static Tensor[] CrossEntropyInputs(Tensor logits, Tensor lse, in Operand targets, Operand? classWeights)
    {
        Tensor classNumbers = Tensor.Arange(0, logits.Shape[1], 1, logits.DType, logits.Device).ReshapeOrSelf(1, -1);
        return [logits, lse, PerRow(targets).ToOrSelf(logits.DType), PerColumn(classWeights, logits, 1), classNumbers];
    }
}
