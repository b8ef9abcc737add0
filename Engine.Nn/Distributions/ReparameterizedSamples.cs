namespace Engine.Nn.Distributions;

/// <summary>Samples that were drawn already, as functions of the parameters: once differentiable.</summary>
internal abstract class DrawnSample : CustomFunction
{
    /// <inheritdoc/>
    protected sealed override Tensor?[] Backward(Tensor dy)
    {
        if (GradMode.IsEnabled)
        {
            throw new OperationNotSupportedException($"{Name}: samples have first derivatives alone. Leave createGraph out, or differentiate LogProb (the score function).");
        }

        return Slopes(dy);
    }

    /// <summary>The gradients of the parameters; nothing is recorded.</summary>
    protected abstract Tensor?[] Slopes(Tensor dy);
}

/// <summary>Logarithms of gamma numbers.</summary>
internal sealed class LogGammaSample(Tensor log) : DrawnSample
{
    /// <inheritdoc/>
    protected override string Name => "GammaSample";

    /// <inheritdoc/>
    protected override Tensor Forward(ReadOnlySpan<Tensor> inputs)
    {
        Save(log, inputs[0]);
        return log;
    }

    /// <inheritdoc/>
    protected override Tensor?[] Slopes(Tensor dy) => [dy * SampleSlopes.OfLogGamma(Saved(0), Saved(1))];
}

/// <summary>Logits of beta numbers.</summary>
internal sealed class BetaLogitSample(Tensor logit) : DrawnSample
{
    /// <inheritdoc/>
    protected override string Name => "BetaSample";

    /// <inheritdoc/>
    protected override Tensor Forward(ReadOnlySpan<Tensor> inputs)
    {
        Save(logit, inputs[0], inputs[1]);
        return logit;
    }

    /// <inheritdoc/>
    protected override Tensor?[] Slopes(Tensor dy)
    {
        (Tensor y, Tensor a, Tensor b) = (Saved(0), Saved(1), Saved(2));
        return [dy * SampleSlopes.OfBetaLogit(y, a, b), -dy * SampleSlopes.OfBetaLogit(-y, b, a)];
    }
}

/// <summary>
/// Dirichlet numbers from the logarithms of gamma numbers. With aᵢ, xᵢ moves as the beta number that it is by itself, and the others keep their shares of the rest: its
/// expectation is that of the gamma numbers' own movement, with less noise.
/// </summary>
internal sealed class DirichletSample(Tensor logs) : DrawnSample
{
    // The largest numbers below 1, whose logits are finite.
    private const double BelowOneSingle = 0.99999994, BelowOneDouble = 0.99999999999999989;

    private static readonly MapProgram s_logit = MapProgram.Compile(1, Expr.Input(0) - Expr.Log1p(-Expr.Min(Expr.Exp(Expr.Input(0)), Expr.Parameter(0))));

    // What the other parameters add up to is positive, whatever is left of it by rounding; a single class has no others, and no gradient.
    private static readonly MapProgram s_others = MapProgram.Compile(2, Expr.Max(Expr.Input(0) - Expr.Input(1), Expr.Input(0) * 1e-7));

    /// <inheritdoc/>
    protected override string Name => nameof(DirichletSample);

    /// <inheritdoc/>
    protected override Tensor Forward(ReadOnlySpan<Tensor> inputs)
    {
        Tensor logX = logs.LogSoftmax(-1);
        Save(logX, inputs[0]);
        return logX.Exp();
    }

    /// <inheritdoc/>
    protected override Tensor?[] Slopes(Tensor dy)
    {
        (Tensor logX, Tensor a) = (Saved(0), Saved(1));
        Tensor logit = Pointwise.Apply(Name, s_logit, [logX], [logX.DType == DType.Float64 ? BelowOneDouble : BelowOneSingle]);
        Tensor slope = SampleSlopes.OfBetaLogit(logit, a, Pointwise.Apply(Name, s_others, [a.Sum(-1, keepDims: true), a]));
        Tensor x = logX.Exp();
        return [x * (dy - (x * dy).Sum(-1, keepDims: true)) * slope];
    }
}
