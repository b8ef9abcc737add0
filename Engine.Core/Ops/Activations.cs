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

    /// <summary>ln(1 + e^(beta·x))/beta, x itself where beta·x is above the threshold.</summary>
    /// <param name="beta">How sharp the bend is; not 0.</param>
    /// <param name="threshold">Where the function counts as linear.</param>
    public Tensor Softplus(double beta = 1, double threshold = 20)
    {
        if (beta == 1 && threshold == 20)
        {
            return this.Wide("Softplus", ActivationPrograms.Softplus);
        }

        if (beta == 0 || double.IsNaN(beta))
        {
            throw new ArgumentOutOfRangeException(nameof(beta), beta, "Softplus: it is divided by beta, which must not be 0.");
        }

        return Pointwise.Apply("Softplus", ActivationPrograms.SharpSoftplus, [this], [beta, threshold], Autocast.Wide(TypePromotion.ToFloating(DType)));
    }

    /// <summary>x·clamp(x + 3, 0, 6)/6.</summary>
    public Tensor HardSwish() => this.Floating("HardSwish", ActivationPrograms.HardSwish);

    /// <summary>clamp(x + 3, 0, 6)/6.</summary>
    public Tensor HardSigmoid() => this.Floating("HardSigmoid", ActivationPrograms.HardSigmoid);

    /// <summary>x above 0, alpha·(e^(x/alpha) − 1) below; its slope at 0 is 1 for every alpha (Barron 2017).</summary>
    /// <param name="alpha">−alpha is the limit for x → −∞; not 0.</param>
    public Tensor Celu(double alpha = 1)
    {
        if (alpha == 0 || double.IsNaN(alpha))
        {
            throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "Celu: x is divided by alpha, which must not be 0.");
        }

        return Pointwise.Apply("Celu", ActivationPrograms.Celu, [this], [alpha], TypePromotion.ToFloating(DType));
    }

    /// <summary>x/(1 + |x|): between −1 and 1, as tanh, with tails that fall slowly.</summary>
    public Tensor Softsign() => this.Floating("Softsign", ActivationPrograms.Softsign);

    /// <summary>x between min and max, which are the values outside; the gradient is 0 outside and at both ends.</summary>
    /// <exception cref="ArgumentException">max is below min.</exception>
    public Tensor HardTanh(double min = -1, double max = 1) => min <= max
        ? Pointwise.Apply("HardTanh", ActivationPrograms.HardTanh, [this], [min, max], TypePromotion.ToFloating(DType))
        : throw new ArgumentException($"HardTanh: min is {min}, max is {max}; max must not be below min.", nameof(max));

    /// <summary>x between 0 and 6, which are the values outside (Howard et al. 2017); the gradient is 0 outside and at both ends.</summary>
    public Tensor Relu6() => HardTanh(0, 6);

    /// <summary>0 where |x| ≤ lambda, otherwise x.</summary>
    public Tensor HardShrink(double lambda = 0.5) => Pointwise.Apply("HardShrink", ActivationPrograms.HardShrink, [this], [lambda], TypePromotion.ToFloating(DType));

    /// <summary>0 where |x| ≤ lambda, otherwise x moved towards 0 by lambda: the proximal step of an L1 term.</summary>
    /// <exception cref="ArgumentOutOfRangeException">lambda is negative.</exception>
    public Tensor SoftShrink(double lambda = 0.5) => lambda >= 0
        ? Pointwise.Apply("SoftShrink", ActivationPrograms.SoftShrink, [this], [lambda], TypePromotion.ToFloating(DType))
        : throw new ArgumentOutOfRangeException(nameof(lambda), lambda, "SoftShrink: lambda must be at least 0.");

    /// <summary>x − tanh x.</summary>
    public Tensor TanhShrink() => this.Floating("TanhShrink", ActivationPrograms.TanhShrink);

    /// <summary>x above the threshold, the given value elsewhere.</summary>
    public Tensor Threshold(double threshold, double value) =>
        Pointwise.Apply("Threshold", ActivationPrograms.Threshold, [this], [threshold, value], TypePromotion.ToFloating(DType));

    /// <summary>x above 0, w·x elsewhere with a slope w that is learned (He et al. 2015).</summary>
    /// <param name="weight">One slope for all, or [C] for axis 1 of x.</param>
    /// <exception cref="ShapeMismatchException">There are neither one nor C slopes.</exception>
    public Tensor PRelu(Tensor weight)
    {
        ArgumentNullException.ThrowIfNull(weight);
        Guard.FloatingPoint(nameof(PRelu), this, "x");
        Guard.ParameterType(nameof(PRelu), this, weight);
        if (weight.ElementCount != 1 && (weight.Rank != 1 || Rank < 2 || weight.Shape[0] != Shape[1]))
        {
            throw new ShapeMismatchException($"PRelu: x is {Shape}, weight is {weight.Shape}; it must have one element, or one for each channel (axis 1 of x).");
        }

        Span<int> sizes = stackalloc int[Math.Max(Rank, 1)];
        sizes.Fill(1);
        if (weight.ElementCount != 1)
        {
            sizes[1] = weight.Shape[0];
        }

        return Pointwise.Apply("PRelu", ActivationPrograms.PRelu, [this, weight.ReshapeOrSelf(sizes[..Rank])], computeAs: DType);
    }

    /// <summary>a·sigmoid b with the two halves a and b of x along an axis: the second opens a gate for the first (Dauphin et al. 2017).</summary>
    /// <exception cref="ShapeMismatchException">The axis has an odd size.</exception>
    public Tensor Glu(int axis = -1)
    {
        Guard.FloatingPoint(nameof(Glu), this, "x");
        axis = Guard.Axis(axis, Rank);
        int size = Shape[axis];
        return size % 2 == 0
            ? Pointwise.Apply("Glu", ActivationPrograms.Glu, [Narrow(axis, 0, size / 2), Narrow(axis, size / 2, size / 2)])
            : throw new ShapeMismatchException($"Glu: x is {Shape}; axis {axis} is cut into halves and must have an even size.");
    }

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
    public static readonly MapProgram SharpSoftplus = Programs.UnaryScalar(
        static (x, beta) => Expr.Where(x * beta > Expr.Parameter(1), x, Expr.Log1p(Expr.Exp(x * beta)) / beta));

    public static readonly MapProgram HardSwish = Programs.Unary(Expr.HardSwish);
    public static readonly MapProgram HardSigmoid = Programs.Unary(Expr.HardSigmoid);
    public static readonly MapProgram Celu = Programs.UnaryScalar(static (x, alpha) => Expr.Where(x > 0, x, alpha * Expr.Expm1(x / alpha)));
    public static readonly MapProgram Softsign = Programs.Unary(Expr.Softsign);
    public static readonly MapProgram HardTanh = Programs.UnaryScalar(static (x, low) => Expr.Where(x <= low, low, Expr.Where(x >= Expr.Parameter(1), Expr.Parameter(1), x)));
    public static readonly MapProgram HardShrink = Programs.UnaryScalar(static (x, lambda) => Expr.Where(Expr.Abs(x) <= lambda, 0, x));
    public static readonly MapProgram SoftShrink = Programs.UnaryScalar(static (x, lambda) => Expr.Where(Expr.Abs(x) <= lambda, 0, Expr.Where(x > 0, x - lambda, x + lambda)));
    public static readonly MapProgram TanhShrink = Programs.Unary(Expr.TanhShrink);
    public static readonly MapProgram Threshold = Programs.UnaryScalar(static (x, threshold) => Expr.Where(x <= threshold, Expr.Parameter(1), x));
    public static readonly MapProgram PRelu = MapProgram.Compile(2, Expr.Where(Expr.Input(0) > 0, Expr.Input(0), Expr.Input(0) * Expr.Input(1)));
    public static readonly MapProgram Glu = MapProgram.Compile(2, Expr.Input(0) * Expr.Sigmoid(Expr.Input(1)));
}
