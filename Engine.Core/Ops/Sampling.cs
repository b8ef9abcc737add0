namespace Engine;

/// <summary>Random numbers of distributions, beside <see cref="Rand"/>, <see cref="Randn"/> and <see cref="RandInt"/>. None of them has a gradient.</summary>
public sealed partial class Tensor
{
    /// <summary>1 with the probability that stands at each place of this tensor, 0 elsewhere; of its type.</summary>
    /// <remarks>PyTorch: <c>torch.bernoulli</c>. Probabilities are told apart in steps of 2⁻²⁴.</remarks>
    /// <param name="generator">The source; <see cref="Generator.Default"/> if null.</param>
    /// <exception cref="DTypeMismatchException">This tensor is not floating point.</exception>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: a number outside of [0, 1].</exception>
    public Tensor Bernoulli(Generator? generator = null)
    {
        const string Op = nameof(Bernoulli);
        Guard.FloatingPoint(Op, this);
        this.CheckProbabilities(Op);
        Span<double> p = stackalloc double[RandomParameters.DrawLength];
        (generator ?? Generator.Default).Next(p);
        using GradMode.Scope mode = GradMode.Off();
        return Pointwise.Apply(Op, SamplingPrograms.Bernoulli, [this], p);
    }

    /// <summary>1 with probability <paramref name="p"/> at each place, 0 elsewhere.</summary>
    /// <exception cref="ArgumentOutOfRangeException">p lies outside of [0, 1].</exception>
    /// <exception cref="DTypeMismatchException">The type is not floating point.</exception>
    public static Tensor Bernoulli(Shape shape, double p = 0.5, Generator? generator = null, DType dtype = DType.Float32, Device? device = null)
    {
        if (!(p >= 0 && p <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(p), p, "Bernoulli: the probability must lie in [0, 1].");
        }

        CreationOps.RandomType(nameof(Bernoulli), dtype);
        Tensor y = Empty(shape, dtype, device);
        Span<double> parameters = stackalloc double[RandomParameters.DrawLength + 1];
        (generator ?? Generator.Default).Next(parameters);
        parameters[RandomParameters.DrawLength] = p;
        Pointwise.Into(y, SamplingPrograms.BernoulliOf, [], parameters);
        return y;
    }

    /// <summary>Exponential with the given rate λ, that is with the mean 1/λ.</summary>
    /// <remarks>−ln(1 − u)/λ from 48 random bits: at least 2⁻⁴⁸/λ, at most 33.3/λ.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The rate is not finite and positive.</exception>
    /// <exception cref="DTypeMismatchException">The type is not floating point.</exception>
    public static Tensor Exponential(Shape shape, double rate = 1, Generator? generator = null, DType dtype = DType.Float32, Device? device = null)
    {
        Guard.Finite(rate);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rate);
        CreationOps.RandomType(nameof(Exponential), dtype);
        Tensor y = Empty(shape, dtype, device);
        Span<double> p = stackalloc double[(2 * RandomParameters.DrawLength) + 1];
        SamplingPrograms.Draw(generator, p, 2);
        p[^1] = rate;
        Pointwise.Into(y, SamplingPrograms.Exponential, [], p);
        return y;
    }

    /// <summary>Normal with the mean and the standard deviation that stand at each place of two tensors, which broadcast.</summary>
    /// <remarks>PyTorch: <c>torch.normal</c>. No gradient goes back; <c>mean + std * Tensor.Randn(…)</c> has one.</remarks>
    /// <exception cref="ShapeMismatchException">The shapes do not broadcast.</exception>
    /// <exception cref="DTypeMismatchException">The tensors are not floating point.</exception>
    public static Tensor Normal(Tensor mean, Tensor std, Generator? generator = null)
    {
        ArgumentNullException.ThrowIfNull(mean);
        ArgumentNullException.ThrowIfNull(std);
        Guard.FloatingPoint(nameof(Normal), mean);
        Guard.FloatingPoint(nameof(Normal), std);
        Guard.SameDevice(nameof(Normal), mean, std);
        Shape shape = Guard.Broadcast(nameof(Normal), mean.Shape, std.Shape);
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        return scope.Keep(mean + (std * Randn(shape, 0, 1, generator, TypePromotion.Common(mean, std), mean.Device)));
    }

    /// <summary>Counts that are Poisson distributed with the rate that stands at each place of this tensor; of its type.</summary>
    /// <remarks>
    /// PyTorch: <c>torch.poisson</c>. Rates below 10 by inversion of the distribution function, others by transformed rejection (Hörmann 1993) with
    /// 16 candidates a place, of which each is taken with a probability of at least 0.8; where none is (10⁻¹¹), the rate itself is rounded down.
    /// </remarks>
    /// <param name="generator">The source; <see cref="Generator.Default"/> if null.</param>
    /// <exception cref="DTypeMismatchException">This tensor is not floating point.</exception>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: a rate is negative, infinite or NaN. On a card such a place becomes NaN.</exception>
    public Tensor Poisson(Generator? generator = null)
    {
        const string Op = nameof(Poisson);
        Guard.FloatingPoint(Op, this);
        this.CheckNotNegative(Op, "rates");
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor rate = DType.IsHalf() ? To(DType.Float32) : Detach();
        Tensor count = Full(Shape, SamplingPrograms.NotYet, rate.DType, Device);
        Span<double> p = stackalloc double[2 * RandomParameters.DrawLength];
        for (int round = 0; round < SamplingPrograms.PoissonRounds; round++)
        {
            SamplingPrograms.Draw(generator, p, 2);
            Pointwise.Into(count, SamplingPrograms.PoissonRound, [count, rate], p);
        }

        SamplingPrograms.Draw(generator, p, 1);
        return scope.Keep(Pointwise.Apply(Op, SamplingPrograms.PoissonOrSmall, [count, rate], p).To(DType));
    }
}

/// <summary>Programs that draw.</summary>
internal static class SamplingPrograms
{
    /// <summary>A place that has no number yet.</summary>
    public const double NotYet = -1;

    public const int PoissonRounds = 16;

    // Below this rate by inversion. 24 random bits do not tell the counts above MostSmall apart.
    private const double LargeRate = 10;
    private const int MostSmall = 36;

    private static readonly Expr s_u = Expr.Random(0);
    private static readonly Expr s_v = Expr.Random(RandomParameters.DrawLength);

    public static readonly MapProgram Bernoulli = Programs.Unary(static p => Expr.Where(Expr.IsNaN(p), p, s_u < p));

    public static readonly MapProgram BernoulliOf = MapProgram.Compile(0, s_u < Expr.Parameter(RandomParameters.DrawLength));

    /// <summary>Exponential numbers with the rate p8 from the draws p0 … p7.</summary>
    public static readonly MapProgram Exponential = MapProgram.Compile(0, StandardExponential() / Expr.Parameter(2 * RandomParameters.DrawLength));

    // Of exponential numbers with rates x, the smallest is the i-th with probability xᵢ/Σx. The largest of the inverses is the same race, in which a rate of 0 never wins.
    public static readonly MapProgram Race = Programs.Unary(static x => x / StandardExponential());

    public static readonly MapProgram PoissonRound = Programs.Binary(PoissonCandidate);

    public static readonly MapProgram PoissonOrSmall = Programs.Binary(static (count, rate) => Expr.Where(
        Expr.And(rate >= 0, rate < double.PositiveInfinity),
        Expr.Where(rate < LargeRate, SmallPoisson(rate), Expr.Where(count < 0, Expr.Floor(rate), count)),
        double.NaN));

    /// <summary>Writes the parameters of one or several draws.</summary>
    public static void Draw(Generator? generator, Span<double> parameters, int draws)
    {
        generator ??= Generator.Default;
        for (int i = 0; i < draws; i++)
        {
            generator.Next(parameters[(i * RandomParameters.DrawLength)..]);
        }
    }

    // The second draw gives the digits that the first lacks near 0.
    private static Expr StandardExponential()
    {
        Expr u = s_u + (s_v * Math.ScaleB(1, -24));
        return Expr.Clamp(-Expr.Log1p(-u), Math.ScaleB(1, -48), 48 * Math.Log(2));
    }

    /// <summary>One candidate of Hörmann's PTRS where there is no number yet.</summary>
    private static Expr PoissonCandidate(Expr count, Expr rate)
    {
        Expr mu = Expr.ClampMin(rate, LargeRate), u = s_u - 0.5, v = 1 - s_v;
        Expr b = 0.931 + (2.53 * Expr.Sqrt(mu)), a = -0.059 + (0.02483 * b), inverseAlpha = 1.1239 + (1.1328 / (b - 3.4));
        Expr us = 0.5 - Expr.Abs(u), k = Expr.Floor((((2 * a / us) + b) * u) + mu + 0.43);
        Expr isInside = Expr.And(us >= 0.07, v <= 0.9277 - (3.6224 / (b - 2)));
        Expr isOutside = Expr.Or(k < 0, Expr.And(us < 0.013, us < v));
        Expr fits = Expr.Log(v) + Expr.Log(inverseAlpha) - Expr.Log((a / (us * us)) + b) <= LogPoisson(k, mu);
        return Expr.Where(count >= 0, count, Expr.Where(Expr.And(Expr.Not(isOutside), Expr.Or(isInside, fits)), k, NotYet));
    }

    // k·ln μ − μ − ln k!: with Stirling's formula and t = (k − μ)/μ nothing large is left that would cancel.
    private static Expr LogPoisson(Expr k, Expr mu)
    {
        Expr t = (k - mu) / mu, n = Expr.ClampMin(k, 1), inverse = 1 / n;
        Expr correction = inverse * ((1.0 / 12) - (inverse * inverse * (1.0 / 360)));
        Expr log = -(mu * (((1 + t) * Expr.Log1p(t)) - t)) - (0.5 * Expr.Log(2 * Math.PI * n)) - correction;
        return Expr.Where(k <= 0, -mu, log);
    }

    private static Expr SmallPoisson(Expr rate)
    {
        Expr mu = Expr.ClampMax(rate, LargeRate), probability = Expr.Exp(-mu), sum = probability, count = s_u >= sum;
        for (int k = 1; k < MostSmall; k++)
        {
            probability = probability * mu * (1.0 / k);
            sum += probability;
            count += s_u >= sum;
        }

        return count;
    }
}
