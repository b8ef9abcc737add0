namespace Engine.Backends;

/// <summary>The softmax family made of reductions and pointwise programs.</summary>
public abstract partial class Backend
{
    private static readonly ReduceProgram s_sumExp = ReduceProgram.Create(
        MapProgram.Compile(2, Expr.Exp(Expr.Input(0) - Expr.Input(1))), [Combiner.Sum], MapProgram.Compile(1, Expr.Input(0)));

    private static readonly ReduceProgram s_dot = ReduceProgram.Create(
        MapProgram.Compile(2, Expr.Input(0) * Expr.Input(1)), [Combiner.Sum], MapProgram.Compile(1, Expr.Input(0)));

    private static readonly MapProgram s_softmax = MapProgram.Compile(3, Expr.Exp(Expr.Input(0) - Expr.Input(1)) / Expr.Input(2));
    private static readonly MapProgram s_logSoftmax = MapProgram.Compile(3, Expr.Input(0) - Expr.Input(1) - Expr.Log(Expr.Input(2)));
    private static readonly MapProgram s_softmaxBackward = MapProgram.Compile(3, Expr.Input(0) * (Expr.Input(1) - Expr.Input(2)));
    private static readonly MapProgram s_logSoftmaxBackward = MapProgram.Compile(3, Expr.Input(1) - (Expr.Exp(Expr.Input(0)) * Expr.Input(2)));
    private static readonly MapProgram s_logSumExp = MapProgram.Compile(2, Expr.Log(Expr.Input(0)) + Expr.Input(1));

    // Row i, class c: z, lse, target, weight of c, p0 = ignored class, p1 = 1 − s, p2 = s/C; compares class numbers, so Index is not needed.
    private static readonly Expr s_smoothed = Expr.Where(Expr.Equal(Expr.Input(2), Expr.Input(4)), Expr.Parameter(1), 0) + Expr.Parameter(2);
    private static readonly Expr s_kept = Expr.Where(Expr.Equal(Expr.Input(2), Expr.Parameter(0)), 0, 1);

    private static readonly ReduceProgram s_crossEntropy = ReduceProgram.Create(
        MapProgram.Compile(5, Expr.Where(Expr.Equal(s_kept * s_smoothed, 0), 0, s_smoothed * Expr.Input(3) * (Expr.Input(1) - Expr.Input(0)))),
        [Combiner.Sum],
        MapProgram.Compile(1, Expr.Input(0)));

    private static readonly ReduceProgram s_crossEntropyMass = ReduceProgram.Create(
        MapProgram.Compile(5, s_kept * s_smoothed * Expr.Input(3)), [Combiner.Sum], MapProgram.Compile(1, Expr.Input(0)));

    // z, lse, target, weight, class, mass of the row, dy: dz = dy·(mass·softmax − q·w).
    private static readonly MapProgram s_crossEntropyBackward = MapProgram.Compile(
        7,
        Expr.Where(
            Expr.Equal(s_kept, 0),
            0,
            Expr.Input(6) * ((Expr.Input(5) * Expr.Exp(Expr.Input(0) - Expr.Input(1))) - (s_smoothed * Expr.Input(3)))));

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
        Reductions.Into(s_sumExp, axes, [input, max], [sum], []);
        Pointwise.Into(Tensor.Wrap(y), log ? s_logSoftmax : s_softmax, [input, max, sum]);
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
        Reductions.Into(log ? ReduceProgram.Sum : s_dot, axes, log ? [dy] : [output, dy], [sum], []);
        Pointwise.Into(Tensor.Wrap(gradX), log ? s_logSoftmaxBackward : s_softmaxBackward, [output, dy, sum]);
    }

    /// <summary>Writes Losses and LogSumExp.</summary>
    public void CrossEntropyForward(in CrossEntropyForwardArgs args)
    {
        using OperandLease lease = OperandLease.Of(args);
        CrossEntropyForwardCore(args);
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
        Reductions.Into(s_sumExp, axes, [logits, max], [sum], []);
        Tensor lse = PerRow(args.LogSumExp);
        Pointwise.Into(lse, s_logSumExp, [sum, max]);
        Tensor[] inputs = CrossEntropyInputs(logits, lse, args.Targets, args.ClassWeights);
        Reductions.Into(s_crossEntropy, axes, inputs, [PerRow(args.Losses)], CrossEntropyParameters(args.IgnoreIndex, args.LabelSmoothing, logits.Shape[1]));
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
        double[] parameters = CrossEntropyParameters(args.IgnoreIndex, args.LabelSmoothing, logits.Shape[1]);
        Tensor mass = Tensor.Allocate([logits.Shape[0], 1], logits.DType, logits.Device);
        Reductions.Into(s_crossEntropyMass, default(AxisSet).With(1), inputs, [mass], parameters);
        Pointwise.Into(Tensor.Wrap(args.GradLogits), s_crossEntropyBackward, [.. inputs, mass, PerRow(args.GradLosses)], parameters);
    }

    private static Tensor[] CrossEntropyInputs(Tensor logits, Tensor lse, in Operand targets, Operand? classWeights)
    {
        Tensor classNumbers = Tensor.Arange(0, logits.Shape[1], 1, logits.DType, logits.Device).ReshapeOrSelf(1, -1);
        return [logits, lse, PerRow(targets).ToOrSelf(logits.DType), PerColumn(classWeights, logits, 1), classNumbers];
    }

    private static double[] CrossEntropyParameters(long ignoreIndex, double smoothing, int classes) => [ignoreIndex, 1 - smoothing, smoothing / classes];
}
