namespace Engine.Backends;

/// <summary>Attention made of products, a reduction and pointwise programs.</summary>
public abstract partial class Backend
{
    /// <summary>
    /// Whether <see cref="AttentionForward"/> and <see cref="AttentionBackward"/> need no memory for the weights with operands of these shapes and types. Where they
    /// do not, <see cref="Tensor.ScaledDotProductAttention"/> is made of its parts, whose gradients need not compute the weights again.
    /// </summary>
    /// <param name="query">[N, H, L, d].</param>
    /// <param name="key">[N, H, S, d].</param>
    /// <param name="value">[N, H, S, e].</param>
    /// <param name="mask">[N, H, L, S] or null.</param>
    public bool FusesAttention(in Operand query, in Operand key, in Operand value, in Operand? mask) => FusesAttentionCore(query, key, value, mask);

    /// <summary>Answers <see cref="FusesAttention"/>; it reads no memory.</summary>
    protected virtual bool FusesAttentionCore(in Operand query, in Operand key, in Operand value, in Operand? mask) => false;

    /// <summary>Writes Output and LogSumExp.</summary>
    public void AttentionForward(in AttentionForwardArgs args)
    {
        SameType(nameof(AttentionForward), args.Query, args.Key, args.Value);
        SameType(nameof(AttentionForward), args.Query, args.Output, args.Output);
        using OperandLease lease = OperandLease.Of(args);
        AttentionForwardCore(args);
    }

    /// <summary>Carries <see cref="AttentionForward"/> out, while something holds the memory of all operands.</summary>
    protected virtual void AttentionForwardCore(in AttentionForwardArgs args)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor scores = AttentionScores(args.Query, args.Key, args.Mask, args.Causal, args.Scale);
        AxisSet keys = default(AxisSet).With(3);
        Tensor max = scores.Reduce(ReduceProgram.Max, keys, scores.DType, []);
        Tensor sum = max.EmptyLike(), lse = Tensor.Wrap(args.LogSumExp).Unsqueeze(3);
        Reductions.Into(AttentionPrograms.SumExp, keys, [scores, max], [sum], []);
        Pointwise.Into(lse, AttentionPrograms.LogSumExp, [sum, max]);
        Pointwise.Into(scores, AttentionPrograms.Weights, [scores, lse]);
        Pointwise.Into(Tensor.Wrap(args.Output), Programs.Copy, [scores.MatMul(Tensor.Wrap(args.Value).ToOrSelf(scores.DType))]);
    }

    /// <summary>Writes GradQuery, GradKey and GradValue, as far as they are wanted.</summary>
    public void AttentionBackward(in AttentionBackwardArgs args)
    {
        SameType(nameof(AttentionBackward), args.Query, args.Key, args.Value);
        SameType(nameof(AttentionBackward), args.Query, args.Output, args.GradOutput);
        SameType(nameof(AttentionBackward), args.Query, args.GradQuery ?? args.Query, args.GradKey ?? args.Query);
        SameType(nameof(AttentionBackward), args.Query, args.Query, args.GradValue ?? args.Query);
        using OperandLease lease = OperandLease.Of(args);
        AttentionBackwardCore(args);
    }

    /// <summary>Carries <see cref="AttentionBackward"/> out, while something holds the memory of all operands.</summary>
    protected virtual void AttentionBackwardCore(in AttentionBackwardArgs args)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor weights = AttentionScores(args.Query, args.Key, args.Mask, args.Causal, args.Scale);
        DType compute = weights.DType;
        Pointwise.Into(weights, AttentionPrograms.Weights, [weights, Tensor.Wrap(args.LogSumExp).Unsqueeze(3)]);
        Tensor output = Tensor.Wrap(args.Output), gradient = Tensor.Wrap(args.GradOutput);
        Tensor dy = gradient.ToOrSelf(compute);
        if (args.GradValue is { } gradValue)
        {
            Pointwise.Into(Tensor.Wrap(gradValue), Programs.Copy, [weights.T.MatMul(dy)]);
        }

        if (args.GradQuery is null && args.GradKey is null)
        {
            return;
        }

        Tensor delta = Tensor.Allocate(output.Shape.With(-1, 1), compute, output.Device);
        Reductions.Into(SoftmaxPrograms.Dot, default(AxisSet).With(3), [output, gradient], [delta], []);
        Tensor gradScores = dy.MatMul(Tensor.Wrap(args.Value).ToOrSelf(compute).T);
        Pointwise.Into(gradScores, AttentionPrograms.GradScores, [weights, gradScores, delta], [args.Scale]);
        if (args.GradQuery is { } gradQuery)
        {
            Pointwise.Into(Tensor.Wrap(gradQuery), Programs.Copy, [gradScores.MatMul(Tensor.Wrap(args.Key).ToOrSelf(compute))]);
        }

        if (args.GradKey is { } gradKey)
        {
            Pointwise.Into(Tensor.Wrap(gradKey), Programs.Copy, [gradScores.T.MatMul(Tensor.Wrap(args.Query).ToOrSelf(compute))]);
        }
    }

    /// <summary>scale·Q·Kᵀ in the compute type, with −∞ where a key is hidden and a floating mask added.</summary>
    private static Tensor AttentionScores(in Operand query, in Operand key, in Operand? mask, bool causal, double scale)
    {
        DType compute = query.DType.ComputeType();
        Tensor scores = (Tensor.Wrap(query).ToOrSelf(compute) * scale).MatMul(Tensor.Wrap(key).ToOrSelf(compute).T);
        if (causal)
        {
            Tensor visible = Tensor.Ones([scores.Shape[2], scores.Shape[3]], DType.Bool, scores.Device).Tril();
            scores = scores.MaskedFill(visible.Not(), double.NegativeInfinity);
        }

        if (mask is { } given)
        {
            Tensor m = Tensor.Wrap(given);
            scores = m.DType == DType.Bool ? scores.MaskedFill(m.Not(), double.NegativeInfinity) : scores + m.ToOrSelf(compute);
        }

        return scores;
    }
}
