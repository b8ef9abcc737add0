namespace Engine.Nn.Distributions;

/// <summary>
/// Logarithms of gamma distributed numbers with rate 1, by Marsaglia and Tsang (2000): of d·(1 + c·x)³ with normal x, d = a − ⅓ and c = 1/√(9·d),
/// at least 95 of 100 candidates are taken where a ≥ 1. Below 1, Γ(a) = Γ(a + 1)·u^(1/a).
/// </summary>
/// <remarks>
/// A fixed number of rounds, each one pass over the device, so that nobody waits to see who still needs a candidate. Where none of the eight is
/// taken, with a probability of 4·10⁻¹¹, the number is d. Logarithms, as numbers of small a are smaller than the smallest float.
/// </remarks>
internal static class GammaSampler
{
    private const int Rounds = 8;
    private const double NotYet = -1;

    private static readonly MapProgram s_round = MakeRound();

    private static readonly MapProgram s_log = MapProgram.Compile(3, LogOf(Expr.Input(0), Expr.Input(1), Expr.Input(2)));

    /// <summary>[shape] of concentrations that broadcast to it, with a gradient.</summary>
    public static Tensor Log(Tensor concentration, Shape shape, Generator? generator)
    {
        DType type = TypeOf(concentration);
        return new LogGammaSample(Draw(concentration, type, shape, generator)).Apply(concentration.To(type).Expand(shape));
    }

    /// <summary>The type of samples: float64 where a parameter is, float32 otherwise.</summary>
    public static DType TypeOf(params ReadOnlySpan<Tensor> parameters)
    {
        foreach (Tensor parameter in parameters)
        {
            if (parameter.DType == DType.Float64)
            {
                return DType.Float64;
            }
        }

        return DType.Float32;
    }

    /// <summary>The same without a gradient.</summary>
    public static Tensor Draw(Tensor concentration, DType type, Shape shape, Generator? generator)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Device device = concentration.Device;
        Tensor a = concentration.To(type).Expand(shape);
        Tensor number = Tensor.Full(shape, NotYet, type, device);
        for (int round = 0; round < Rounds; round++)
        {
            Tensor x = Tensor.Randn(shape, 0, 1, generator, type, device), u = Tensor.Rand(shape, 0, 1, generator, type, device);
            Pointwise.Into(number, s_round, [number, a, x, u]);
        }

        Tensor boost = Tensor.Exponential(shape, 1, generator, type, device);
        return scope.Keep(Pointwise.Apply(nameof(GammaSampler), s_log, [number, a, boost]));
    }

    private static Expr Shifted(Expr a) => Expr.Where(a < 1, a + 1, a) - (1.0 / 3);

    private static MapProgram MakeRound()
    {
        (Expr number, Expr a, Expr x, Expr u) = (Expr.Input(0), Expr.Input(1), Expr.Input(2), 1 - Expr.Input(3));
        Expr d = Shifted(a), root = 1 + (x / Expr.Sqrt(9 * d)), v = root * root * root;
        Expr fits = Expr.Log(u) < (0.5 * x * x) + d - (d * v) + (d * Expr.Log(v));
        Expr candidate = Expr.Where(Expr.And(v > 0, fits), d * v, NotYet);
        return MapProgram.Compile(4, Expr.Where(number > 0, number, candidate));
    }

    private static Expr LogOf(Expr number, Expr a, Expr boost) =>
        Expr.Log(Expr.Where(number > 0, number, Shifted(a))) - Expr.Where(a < 1, boost / a, 0);
}
