namespace Engine.Nn;

/// <summary>
/// Start values, written in place: <c>Init.KaimingNormal(conv.Weight, mode: FanMode.FanOut)</c>. Each method returns its tensor. Nothing is
/// recorded for gradients. Where no generator is given, <see cref="Generator.Default"/> is drawn from.
/// </summary>
/// <remarks>
/// Weights [out, in, …] have fan-in in·r and fan-out out·r, where r is the product of the remaining sizes (the taps of a filter).
/// </remarks>
public static partial class Init
{
    /// <summary>All 0.</summary>
    public static Tensor Zeros(Tensor tensor) => Constant(tensor, 0);

    /// <summary>All 1.</summary>
    public static Tensor Ones(Tensor tensor) => Constant(tensor, 1);

    /// <summary>All equal to <paramref name="value"/>.</summary>
    public static Tensor Constant(Tensor tensor, double value)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        using GradMode.Scope mode = GradMode.Off();
        return tensor.FillInPlace(value);
    }

    /// <summary>Uniform in [low, high).</summary>
    /// <exception cref="ArgumentException">low lies above high, or one of them is not finite.</exception>
    public static Tensor Uniform(Tensor tensor, double low = 0, double high = 1, Generator? generator = null)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (!(low <= high))
        {
            throw new ArgumentException($"Init.Uniform: low {low} must not lie above high {high}.", nameof(low));
        }

        using TensorScope scope = TensorScope.Begin();
        return Write(tensor, Tensor.Rand(tensor.Shape, low, high, generator, FloatingType(tensor), tensor.Device));
    }

    /// <summary>Normal with the given mean and standard deviation.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The standard deviation is negative, or a number is not finite.</exception>
    public static Tensor Normal(Tensor tensor, double mean = 0, double std = 1, Generator? generator = null)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        Hyper.NotNegative(std);
        using TensorScope scope = TensorScope.Begin();
        return Write(tensor, Tensor.Randn(tensor.Shape, mean, std, generator, FloatingType(tensor), tensor.Device));
    }

    /// <summary>Uniform in ±gain·√(6/(fan-in + fan-out)): keeps the variance of signals and gradients (Glorot and Bengio 2010).</summary>
    public static Tensor XavierUniform(Tensor tensor, double gain = 1, Generator? generator = null)
    {
        double bound = XavierStd(nameof(XavierUniform), tensor, gain) * Math.Sqrt(3);
        return Uniform(tensor, -bound, bound, generator);
    }

    /// <summary>Normal with standard deviation gain·√(2/(fan-in + fan-out)) (Glorot and Bengio 2010).</summary>
    public static Tensor XavierNormal(Tensor tensor, double gain = 1, Generator? generator = null) =>
        Normal(tensor, 0, XavierStd(nameof(XavierNormal), tensor, gain), generator);

    /// <summary>Uniform in ±gain·√(3/fan): keeps the variance through the given nonlinearity (He et al. 2015).</summary>
    /// <param name="tensor">The weights.</param>
    /// <param name="a">The negative slope of <see cref="Nonlinearity.LeakyRelu"/>; √5 gives ±1/√fan, the start of PyTorch's layers.</param>
    /// <param name="mode">Which fan: in keeps the signal's variance, out that of the gradient.</param>
    /// <param name="nonlinearity">The function after the weights.</param>
    /// <param name="generator">The source of random numbers.</param>
    public static Tensor KaimingUniform(
        Tensor tensor, double a = 0, FanMode mode = FanMode.FanIn, Nonlinearity nonlinearity = Nonlinearity.LeakyRelu, Generator? generator = null)
    {
        double bound = Math.Sqrt(3) * KaimingStd(nameof(KaimingUniform), tensor, a, mode, nonlinearity);
        return Uniform(tensor, -bound, bound, generator);
    }

    /// <summary>Normal with standard deviation gain/√fan (He et al. 2015).</summary>
    /// <inheritdoc cref="KaimingUniform"/>
    public static Tensor KaimingNormal(
        Tensor tensor, double a = 0, FanMode mode = FanMode.FanIn, Nonlinearity nonlinearity = Nonlinearity.LeakyRelu, Generator? generator = null) =>
        Normal(tensor, 0, KaimingStd(nameof(KaimingNormal), tensor, a, mode, nonlinearity), generator);

    /// <summary>The factor by which weights must be larger for signals to keep their variance through a nonlinearity.</summary>
    /// <param name="nonlinearity">1 for linear, sigmoid; 5/3 for tanh; √2 for ReLU; √(2/(1 + slope²)) for leaky ReLU; 3/4 for SELU.</param>
    /// <param name="slope">The negative slope of leaky ReLU.</param>
    public static double Gain(Nonlinearity nonlinearity, double slope = 0.01) => nonlinearity switch
    {
        Nonlinearity.Linear or Nonlinearity.Sigmoid => 1,
        Nonlinearity.Tanh => 5.0 / 3,
        Nonlinearity.Relu => Math.Sqrt(2),
        Nonlinearity.LeakyRelu => Math.Sqrt(2 / (1 + (slope * slope))),
        Nonlinearity.Selu => 0.75,
        _ => throw new ArgumentOutOfRangeException(nameof(nonlinearity), nonlinearity, "Init.Gain: not a known nonlinearity."),
    };

    /// <summary>Fan-in and fan-out of weights [out, in, …].</summary>
    /// <exception cref="ShapeMismatchException">The tensor has fewer than two axes.</exception>
    public static (long FanIn, long FanOut) Fans(Tensor tensor) => Fans(nameof(Fans), tensor);

    private static (long FanIn, long FanOut) Fans(string method, Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (tensor.Rank < 2)
        {
            throw new ShapeMismatchException($"Init.{method}: the tensor is {tensor.Shape}; fans are defined for [out, in, …]. Use Uniform or Normal.");
        }

        long taps = 1;
        for (int i = 2; i < tensor.Rank; i++)
        {
            taps *= tensor.Shape[i];
        }

        return (tensor.Shape[1] * taps, tensor.Shape[0] * taps);
    }

    private static double XavierStd(string method, Tensor tensor, double gain)
    {
        (long fanIn, long fanOut) = Fans(method, tensor);
        Hyper.NotNegative(gain);
        return fanIn + fanOut == 0 ? 0 : gain * Math.Sqrt(2.0 / (fanIn + fanOut));
    }

    private static double KaimingStd(string method, Tensor tensor, double a, FanMode mode, Nonlinearity nonlinearity)
    {
        (long fanIn, long fanOut) = Fans(method, tensor);
        Guard.Finite(a);
        long fan = mode == FanMode.FanIn ? fanIn : fanOut;

        // Without any input there is nothing to scale; PyTorch leaves such weights alone too.
        return fan == 0 ? 0 : Gain(nonlinearity, a) / Math.Sqrt(fan);
    }

    private static DType FloatingType(Tensor tensor) => tensor.DType.IsFloatingPoint()
        ? tensor.DType
        : throw new DTypeMismatchException($"Init: the tensor is {tensor.DType.ShortName()}; random start values are floating-point.");

    private static Tensor Write(Tensor tensor, Tensor values)
    {
        using GradMode.Scope mode = GradMode.Off();
        tensor.CopyFrom(values);
        return tensor;
    }
}

/// <summary>Which side of a weight matrix sets the scale of its start values.</summary>
public enum FanMode
{
    /// <summary>The number of inputs: signals keep their variance.</summary>
    FanIn,

    /// <summary>The number of outputs: gradients keep theirs.</summary>
    FanOut,
}

/// <summary>The function after the weights, for <see cref="Init.Gain"/>.</summary>
public enum Nonlinearity
{
    /// <summary>Nothing.</summary>
    Linear,

    /// <summary>1/(1 + e⁻ˣ).</summary>
    Sigmoid,

    /// <summary>tanh x.</summary>
    Tanh,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>x above 0, slope·x below.</summary>
    LeakyRelu,

    /// <summary>The scaled exponential linear unit.</summary>
    Selu,
}
