using System.Runtime.CompilerServices;

namespace Engine.Nn.Distributions;

/// <summary>Checks of parameters, and formulas that several distributions share.</summary>
internal static class Parameters
{
    public const double HalfLog2Pi = 0.91893853320467274178;

    private static readonly MapProgram s_xLogY = MapProgram.Compile(2, XLogY(Expr.Input(0), Expr.Input(1)));
    private static readonly MapProgram s_xLog1MinusY = MapProgram.Compile(2, XLog1MinusY(Expr.Input(0), Expr.Input(1)));

    // A number that the distribution cannot give has no likelihood.
    private static readonly MapProgram s_supported = MapProgram.Compile(2, Expr.Where(Expr.Input(1), Expr.Input(0), double.NegativeInfinity));

    /// <summary>x·ln y, 0 where both are.</summary>
    public static Expr XLogY(Expr x, Expr y) => Expr.Where(Expr.And(Expr.Equal(x, 0), Expr.Equal(y, 0)), 0, x * Expr.Log(y));

    /// <summary>x·ln(1 − y), 0 where x = 0 and y = 1.</summary>
    public static Expr XLog1MinusY(Expr x, Expr y) => Expr.Where(Expr.And(Expr.Equal(x, 0), Expr.Equal(y, 1)), 0, x * Expr.Log1p(-y));

    public static Tensor XLogY(Tensor x, Tensor y) => Pointwise.Apply(nameof(XLogY), s_xLogY, [x, y]);

    public static Tensor XLog1MinusY(Tensor x, Tensor y) => Pointwise.Apply(nameof(XLog1MinusY), s_xLog1MinusY, [x, y]);

    /// <summary>The log-probability where the value is supported, −∞ elsewhere.</summary>
    public static Tensor Within(this Tensor log, Tensor supported) => Pointwise.Apply("LogProb", s_supported, [log, supported], computeAs: log.DType);

    /// <summary>Whether a value is a whole number of at least 0.</summary>
    public static Tensor IsCount(Tensor value) => value.DType.IsFloatingPoint() ? value.EqualTo(value.Floor()).And(value >= 0) : value >= 0;

    public static Tensor LogBeta(Tensor a, Tensor b) => a.Lgamma() + b.Lgamma() - (a + b).Lgamma();

    /// <summary>The parameters as they are, which must be floating point, and the shape to which they broadcast.</summary>
    public static Shape Broadcast(string op, params ReadOnlySpan<Tensor> parameters)
    {
        Shape shape = default;
        foreach (Tensor parameter in parameters)
        {
            if (!parameter.DType.IsFloatingPoint())
            {
                throw new DTypeMismatchException($"{op}: a parameter is {parameter.DType.ShortName()}; parameters are floating point. Convert it with To(DType.Float32).");
            }

            Guard.SameDevice(op, parameters[0], parameter);
            if (!Shape.TryBroadcast(shape, parameter.Shape, out Shape both))
            {
                throw new ShapeMismatchException($"{op}: a parameter is {parameter.Shape}, another {shape}; the parameters must broadcast.");
            }

            shape = both;
        }

        return shape;
    }

    public static Tensor Positive(string op, Tensor x, [CallerArgumentExpression(nameof(x))] string name = "x") =>
        Checked(op, x, name, static v => v > 0 && v < double.PositiveInfinity, "be positive and finite");

    public static Tensor NotNegative(string op, Tensor x, [CallerArgumentExpression(nameof(x))] string name = "x") =>
        Checked(op, x, name, static v => v >= 0 && v < double.PositiveInfinity, "be finite and not negative");

    public static Tensor Finite(string op, Tensor x, [CallerArgumentExpression(nameof(x))] string name = "x") => Checked(op, x, name, double.IsFinite, "be finite");

    public static Tensor Probabilities(string op, Tensor x, [CallerArgumentExpression(nameof(x))] string name = "x") =>
        Checked(op, x, name, static v => v is >= 0 and <= 1, "lie in [0, 1]");

    public static Tensor NotNaN(string op, Tensor x, [CallerArgumentExpression(nameof(x))] string name = "x") =>
        Checked(op, x, name, static v => !double.IsNaN(v), "be numbers");

    /// <summary>One of probabilities and logits.</summary>
    public static void OneOf(string op, Tensor? probs, Tensor? logits)
    {
        if (probs is null == logits is null)
        {
            throw new ArgumentException($"{op}: give either probs or logits.");
        }
    }

    /// <summary>Whether the numbers can be read without waiting for a device.</summary>
    public static bool CanLook(Tensor x) => x.Device is HostDevice && x.ElementCount > 0 && CapturePass.RecordingOn(x.Device) is null;

    private static Tensor Checked(string op, Tensor x, string name, Func<double, bool> isRight, string rule)
    {
        ArgumentNullException.ThrowIfNull(x, name);
        if (CanLook(x))
        {
            foreach (double value in x.ToArray<double>())
            {
                if (!isRight(value))
                {
                    throw new ArgumentOutOfRangeException(name, value, $"{op}: {name} must {rule}.");
                }
            }
        }

        return x;
    }
}
