namespace Engine.Nn;

/// <summary>
/// L1 regularisation that makes weights exactly 0: after each step w ← sign(w)·max(|w| − α·λ, 0), with the optimizer's learning rate α
/// (proximal gradient descent, ISTA). Works beside any optimizer.
/// </summary>
/// <remarks>With plain gradient descent this minimises loss + λ·Σ|w|. Adaptive optimizers scale their steps but not this one.</remarks>
public sealed class ProximalL1 : Callback
{
    private readonly Tensor[] _weights;
    private readonly double _strength;

    /// <summary>Acts on some of the parameters; parameters without a gradient in a step are thinned too.</summary>
    /// <param name="weights">Usually weights without biases.</param>
    /// <param name="strength">λ.</param>
    /// <exception cref="ArgumentOutOfRangeException">The strength is negative or not finite.</exception>
    public ProximalL1(IEnumerable<Tensor> weights, double strength)
    {
        _weights = Guard.NoNulls(weights);
        _strength = Hyper.NotNegative(strength, owner: nameof(ProximalL1));
    }

    /// <inheritdoc/>
    public override void OnStepEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        Regularizers.SoftThreshold(_weights, context.Optimizer.LearningRate * _strength);
    }
}
