namespace Engine.Nn;

/// <summary>
/// Terms that hold weights small, whatever the optimizer: as a part of the loss (<see cref="Trainer.Regularizer"/>, or added by hand), where
/// their gradient goes through the optimizer as that of the loss does.
/// </summary>
/// <remarks>
/// <para>Ways to make weights smaller, and their effects: <see cref="L2"/> and the <c>weightDecay</c> of <see cref="Sgd"/> and <see cref="Adam"/> add λ·w
/// to the gradient (coupled: an adaptive optimizer divides it by the size of the gradients); <see cref="AdamW"/> multiplies w by 1 − α·λ beside the
/// update (decoupled). <see cref="L1"/> adds λ·sign(w), which pulls every weight towards 0 at the same speed but only hovers about it;
/// <see cref="ProximalL1"/> sets weights to 0 exactly.</para>
/// <para>Biases and normalisation are usually left alone: give weights only, as <see cref="ParameterGroup.WithoutDecayOnBiasAndNorm"/> sorts them.</para>
/// </remarks>
/// <example><code>
/// new Trainer(model, optimizer, Losses.CrossEntropy) { Regularizer = () => Regularizers.L1(weights, 1e-4) }
/// </code></example>
public static class Regularizers
{
    // x − clamp(x, −t, t): 0 within t of 0, else t nearer to it. NaN stays.
    private static readonly MapProgram s_softThreshold = MapProgram.Compile(
        1, Expr.Input(0) - Expr.Clamp(Expr.Input(0), -Expr.Parameter(0), Expr.Parameter(0)));

    /// <summary>strength·Σ|w|; gradient strength·sign(w), 0 at 0.</summary>
    /// <param name="parameters">The weights, all on one device.</param>
    /// <param name="strength">λ.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The strength is negative or not finite.</exception>
    /// <exception cref="ArgumentException">There are no weights.</exception>
    public static Tensor L1(IEnumerable<Tensor> parameters, double strength)
    {
        Hyper.NotNegative(strength, owner: nameof(L1));
        return Sum(nameof(L1), parameters, static w => w.Abs().Sum()) * strength;
    }

    /// <summary>strength/2·Σw²; gradient strength·w, as the weight decay of <see cref="Sgd"/>.</summary>
    /// <param name="parameters">The weights, all on one device.</param>
    /// <param name="strength">λ. Keras's <c>l2</c> leaves the half out: half its number is meant here by twice this.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The strength is negative or not finite.</exception>
    /// <exception cref="ArgumentException">There are no weights.</exception>
    public static Tensor L2(IEnumerable<Tensor> parameters, double strength)
    {
        Hyper.NotNegative(strength, owner: nameof(L2));
        return Sum(nameof(L2), parameters, static w => w.Square().Sum()) * (strength / 2);
    }

    /// <summary>The sum of both: l1·Σ|w| + l2/2·Σw².</summary>
    /// <param name="parameters">The weights, all on one device.</param>
    /// <param name="l1">The strength of the first.</param>
    /// <param name="l2">The strength of the second.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A strength is negative or not finite.</exception>
    /// <exception cref="ArgumentException">There are no weights.</exception>
    public static Tensor ElasticNet(IEnumerable<Tensor> parameters, double l1, double l2)
    {
        Tensor[] weights = Guard.NoNulls(parameters);
        return L1(weights, l1) + L2(weights, l2);
    }

    /// <summary>
    /// Moves every value towards 0 by an amount, in place, and no further than to 0: the proximal step of amount·Σ|w| (soft thresholding).
    /// Gradients are not touched and nothing is recorded.
    /// </summary>
    /// <param name="parameters">The parameters to change.</param>
    /// <param name="amount">How far.</param>
    /// <exception cref="ArgumentOutOfRangeException">The amount is negative or not finite.</exception>
    public static void SoftThreshold(IEnumerable<Tensor> parameters, double amount)
    {
        Tensor[] weights = Guard.NoNulls(parameters);
        Hyper.NotNegative(amount, owner: nameof(SoftThreshold));
        using GradMode.Scope mode = GradMode.Off();
        foreach (Tensor weight in weights)
        {
            Pointwise.Into(weight, s_softThreshold, [weight], [amount]);
        }
    }

    private static Tensor Sum(string op, IEnumerable<Tensor> parameters, Func<Tensor, Tensor> term)
    {
        Tensor? sum = null;
        foreach (Tensor parameter in Guard.NoNulls(parameters))
        {
            Guard.FloatingPoint(op, parameter, nameof(parameters));
            sum = sum is null ? term(parameter) : sum + term(parameter);
        }

        return sum ?? throw new ArgumentException($"{op}: there are no weights to hold small.", nameof(parameters));
    }
}
