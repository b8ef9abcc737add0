namespace Engine;

/// <summary>Activations: each is an expression, computed in one pass, its gradient derived from it.</summary>
public sealed partial class Tensor
{
    /// <summary>max(x, 0); the gradient at 0 is 0.</summary>
    public Tensor Relu() => Pointwise.Apply("Relu", Programs.Relu, [this]);

    /// <summary>max(x + y, 0) in one pass: how a residual block ends.</summary>
    public Tensor AddRelu(Tensor y) => Pointwise.Apply("AddRelu", Programs.AddRelu, [this, y]);

    /// <summary>This gradient where the result y of a ReLU is positive.</summary>
    internal Tensor ReluBackward(Tensor y) => Pointwise.Apply(nameof(ReluBackward), Programs.ReluBackward, [this, y.Detach()]);

    /// <summary>1/(1 + e⁻ˣ): saturates at 0 and 1; for outputs that must lie between them.</summary>
    public Tensor Sigmoid() => this.Floating("Sigmoid", ActivationPrograms.Sigmoid);

    /// <summary>ln sigmoid x, without overflow.</summary>
    public Tensor LogSigmoid() => this.Floating("LogSigmoid", ActivationPrograms.LogSigmoid);

    /// <summary>x above 0, slope·x below.</summary>
    public Tensor LeakyRelu(double negativeSlope = 0.01) => Pointwise.Apply("LeakyRelu", ActivationPrograms.LeakyRelu, [this], [negativeSlope], TypePromotion.ToFloating(DType));

    /// <summary>x above 0, alpha·(eˣ − 1) below.</summary>
    public Tensor Elu(double alpha = 1) => Pointwise.Apply("Elu", ActivationPrograms.Elu, [this], [alpha], TypePromotion.ToFloating(DType));

    /// <summary>The scaled ELU, which keeps mean 0 and variance 1 (Klambauer et al. 2017).</summary>
    public Tensor Selu() => this.Floating("Selu", ActivationPrograms.Selu);

    /// <summary>x·Φ(x) with the normal distribution function Φ; exact.</summary>
    public Tensor Gelu() => this.Floating("Gelu", ActivationPrograms.Gelu);

    /// <summary>The approximation of <see cref="Gelu"/> by tanh.</summary>
    public Tensor GeluTanh() => this.Floating("GeluTanh", ActivationPrograms.GeluTanh);

    /// <summary>x·sigmoid x, also called swish.</summary>
    public Tensor Silu() => this.Floating("Silu", ActivationPrograms.Silu);

    /// <summary>x·tanh(softplus x).</summary>
    public Tensor Mish() => this.Floating("Mish", ActivationPrograms.Mish);

    /// <summary>ln(1 + eˣ), linear above 20.</summary>
    public Tensor Softplus() => this.Wide("Softplus", ActivationPrograms.Softplus);

    /// <summary>x·clamp(x + 3, 0, 6)/6.</summary>
    public Tensor HardSwish() => this.Floating("HardSwish", ActivationPrograms.HardSwish);

    /// <summary>clamp(x + 3, 0, 6)/6.</summary>
    public Tensor HardSigmoid() => this.Floating("HardSigmoid", ActivationPrograms.HardSigmoid);

    /// <summary>
    /// Inverted dropout: while training each element is 0 with probability <paramref name="p"/> and the rest is divided by 1 − p; at
    /// prediction nothing happens.
    /// </summary>
    /// <remarks>The mask follows from seed and element number alone, so every device drops the same elements; it is recomputed for the gradient.</remarks>
    public Tensor Dropout(double p = 0.5, bool training = true, Generator? generator = null)
    {
        if (!(p >= 0 && p <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(p), p, "Dropout: the probability must lie in [0, 1].");
        }

        if (!training || p == 0)
        {
            return Alias();
        }

        Span<double> parameters = stackalloc double[RandomParameters.Dropout.Count];
        (generator ?? Generator.Default).Next(parameters[RandomParameters.Dropout.Draw..]);
        (parameters[RandomParameters.Dropout.Probability], parameters[RandomParameters.Dropout.Scale]) = (p, p < 1 ? 1 / (1 - p) : 0);
        return Pointwise.Apply("Dropout", Programs.Dropout, [this], parameters, TypePromotion.ToFloating(DType));
    }
}

/// <summary>The functions, compiled when the first of them is used.</summary>
file static class ActivationPrograms
{
    public static readonly MapProgram Sigmoid = Programs.Unary(Expr.Sigmoid);
    public static readonly MapProgram LogSigmoid = Programs.Unary(Expr.LogSigmoid);
    public static readonly MapProgram LeakyRelu = Programs.UnaryScalar(static (x, slope) => Expr.Where(x > 0, x, x * slope));
    public static readonly MapProgram Elu = Programs.UnaryScalar(static (x, alpha) => Expr.Where(x > 0, x, alpha * Expr.Expm1(x)));
    public static readonly MapProgram Selu = Programs.Unary(Expr.Selu);
    public static readonly MapProgram Gelu = Programs.Unary(Expr.Gelu);
    public static readonly MapProgram GeluTanh = Programs.Unary(Expr.GeluTanh);
    public static readonly MapProgram Silu = Programs.Unary(Expr.Silu);
    public static readonly MapProgram Mish = Programs.Unary(Expr.Mish);
    public static readonly MapProgram Softplus = Programs.Unary(static x => Expr.Softplus(x, 1, 20));
    public static readonly MapProgram HardSwish = Programs.Unary(Expr.HardSwish);
    public static readonly MapProgram HardSigmoid = Programs.Unary(Expr.HardSigmoid);
}
