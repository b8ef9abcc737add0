namespace Engine.Nn;

/// <summary>y = max(x, 0); the gradient at 0 is 0.</summary>
public sealed class Relu : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.Relu();
}

/// <summary>y = x above 0, slope·x below.</summary>
/// <param name="negativeSlope">The slope below 0.</param>
public sealed class LeakyRelu(double negativeSlope = 0.01) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.LeakyRelu(negativeSlope);

    /// <inheritdoc/>
    public override string ToString() => $"LeakyRelu({negativeSlope})";
}

/// <summary>y = x above 0, alpha·(eˣ − 1) below (Clevert et al. 2016).</summary>
/// <param name="alpha">−alpha is the limit for x → −∞.</param>
public sealed class Elu(double alpha = 1) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.Elu(alpha);

    /// <inheritdoc/>
    public override string ToString() => $"Elu({alpha})";
}

/// <summary>The scaled ELU, which keeps mean 0 and variance 1 (Klambauer et al. 2017).</summary>
public sealed class Selu : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.Selu();
}

/// <summary>y = x·Φ(x) with the normal distribution function Φ, exact or by the tanh approximation (Hendrycks and Gimpel 2016).</summary>
/// <param name="tanhApproximation">Whether to use the approximation, as GPT-2 does.</param>
public sealed class Gelu(bool tanhApproximation = false) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => tanhApproximation ? x.GeluTanh() : x.Gelu();

    /// <inheritdoc/>
    public override string ToString() => tanhApproximation ? "Gelu(tanh)" : "Gelu";
}

/// <summary>y = x·sigmoid(x), also called swish.</summary>
public sealed class Silu : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.Silu();
}

/// <summary>y = x·tanh(softplus(x)) (Misra 2019).</summary>
public sealed class Mish : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.Mish();
}

/// <summary>y = x·clamp(x + 3, 0, 6)/6, the cheap swish of MobileNetV3.</summary>
public sealed class HardSwish : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.HardSwish();
}

/// <summary>y = clamp(x + 3, 0, 6)/6.</summary>
public sealed class HardSigmoid : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.HardSigmoid();
}

/// <summary>y = tanh(x).</summary>
public sealed class Tanh : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.Tanh();
}

/// <summary>y = 1/(1 + e⁻ˣ). Before a cross-entropy loss leave it out and use the loss from logits.</summary>
public sealed class Sigmoid : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.Sigmoid();
}

/// <summary>y = ln sigmoid(x), without overflow.</summary>
public sealed class LogSigmoid : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.LogSigmoid();
}

/// <summary>y = ln(1 + e^(beta·x))/beta, a smooth ReLU; x itself where beta·x is above the threshold.</summary>
/// <param name="beta">How sharp the bend is; not 0.</param>
/// <param name="threshold">Where the function counts as linear.</param>
public sealed class Softplus(double beta = 1, double threshold = 20) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.Softplus(beta, threshold);
}

/// <summary>y = eˣ/Σeˣ along an axis: numbers between 0 and 1 that sum to 1. Before a cross-entropy loss leave it out.</summary>
/// <param name="axis">The axis that sums to 1.</param>
public sealed class Softmax(int axis = -1) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.Softmax(axis);
}

/// <summary>y = x − ln Σeˣ along an axis, for a negative log-likelihood loss.</summary>
/// <param name="axis">The axis whose exponentials sum to 1.</param>
public sealed class LogSoftmax(int axis = -1) : OperationLayer
{
    private protected override Tensor Apply(Tensor x) => x.LogSoftmax(axis);
}
