namespace Engine;

/// <summary>
/// Windows for the Fourier transform of a piece of a signal, with PyTorch's names and defaults: periodic ones, which fit a transform of their length, or
/// symmetric ones. They are computed in double precision on the host. A window of one element is 1, one of none is empty.
/// </summary>
public sealed partial class Tensor
{
    /// <summary>wₖ = ½ − ½·cos(2πk/n), with n − 1 for n where it is not periodic.</summary>
    /// <param name="length">The number n of elements.</param>
    /// <param name="periodic">Whether element n would be element 0 again; otherwise the last element equals the first.</param>
    /// <param name="dtype">A floating type.</param>
    /// <param name="device">The device; null for the default one.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative.</exception>
    /// <exception cref="DTypeMismatchException">The type is not a floating one.</exception>
    public static Tensor HannWindow(int length, bool periodic = true, DType dtype = DType.Float32, Device? device = null) =>
        SpectralWindows.OfCosines(nameof(HannWindow), length, periodic, [0.5, 0.5], dtype, device);

    /// <summary>wₖ = alpha − beta·cos(2πk/n), with n − 1 for n where it is not periodic.</summary>
    /// <param name="length">The number n of elements.</param>
    /// <param name="periodic">Whether element n would be element 0 again; otherwise the last element equals the first.</param>
    /// <param name="alpha">The mean.</param>
    /// <param name="beta">How far it swings.</param>
    /// <param name="dtype">A floating type.</param>
    /// <param name="device">The device; null for the default one.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative.</exception>
    /// <exception cref="DTypeMismatchException">The type is not a floating one.</exception>
    public static Tensor HammingWindow(int length, bool periodic = true, double alpha = 0.54, double beta = 0.46, DType dtype = DType.Float32, Device? device = null) =>
        SpectralWindows.OfCosines(nameof(HammingWindow), length, periodic, [alpha, beta], dtype, device);

    /// <summary>wₖ = 0.42 − 0.5·cos(2πk/n) + 0.08·cos(4πk/n), with n − 1 for n where it is not periodic.</summary>
    /// <inheritdoc cref="HannWindow" path="/*[not(self::summary)]"/>
    public static Tensor BlackmanWindow(int length, bool periodic = true, DType dtype = DType.Float32, Device? device = null) =>
        SpectralWindows.OfCosines(nameof(BlackmanWindow), length, periodic, [0.42, 0.5, 0.08], dtype, device);

    /// <summary>A triangle: wₖ = 1 − |2k/n − 1|, with n − 1 for n where it is not periodic.</summary>
    /// <inheritdoc cref="HannWindow" path="/*[not(self::summary)]"/>
    public static Tensor BartlettWindow(int length, bool periodic = true, DType dtype = DType.Float32, Device? device = null) =>
        SpectralWindows.Of(nameof(BartlettWindow), length, periodic, static t => 1 - Math.Abs((2 * t) - 1), dtype, device);

    /// <summary>wₖ = I₀(beta·√(1 − (2k/n − 1)²))/I₀(beta) with Bessel's modified function I₀, and with n − 1 for n where it is not periodic.</summary>
    /// <param name="length">The number n of elements.</param>
    /// <param name="periodic">Whether element n would be element 0 again; otherwise the last element equals the first.</param>
    /// <param name="beta">The larger, the narrower; 0 gives ones.</param>
    /// <param name="dtype">A floating type.</param>
    /// <param name="device">The device; null for the default one.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative, or beta is no finite number.</exception>
    /// <exception cref="DTypeMismatchException">The type is not a floating one.</exception>
    public static Tensor KaiserWindow(int length, bool periodic = true, double beta = 12, DType dtype = DType.Float32, Device? device = null)
    {
        if (!double.IsFinite(beta))
        {
            throw new ArgumentOutOfRangeException(nameof(beta), beta, "KaiserWindow: beta must be a finite number.");
        }

        double most = Math.Abs(beta), scale = SpectralWindows.ScaledBessel(most);
        return SpectralWindows.Of(
            nameof(KaiserWindow),
            length,
            periodic,
            t =>
            {
                double argument = most * Math.Sqrt(Math.Max(0, 4 * t * (1 - t)));
                return Math.Exp(argument - most) * SpectralWindows.ScaledBessel(argument) / scale;
            },
            dtype,
            device);
    }
}

/// <summary>Windows as functions of the place, 0 to 1.</summary>
file static class SpectralWindows
{
    // From here on the asymptotic series is exact in double precision.
    private const double LargeArgument = 40;

    public static Tensor Of(string op, int length, bool periodic, Func<double, double> window, DType dtype, Device? device)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (!dtype.IsFloatingPoint())
        {
            throw new DTypeMismatchException($"{op}: the type is {dtype.ShortName()}; windows have fractions. Use DType.Float32.");
        }

        double period = periodic ? length : length - 1;
        return ListedNumbers.Of(length, k => length == 1 ? 1 : window(k / period), dtype, device);
    }

    public static Tensor OfCosines(string op, int length, bool periodic, double[] factors, DType dtype, Device? device) => Of(
        op,
        length,
        periodic,
        t =>
        {
            double sum = 0;
            for (int i = 0; i < factors.Length; i++)
            {
                sum += (i % 2 == 0 ? 1 : -1) * factors[i] * Math.Cos(2 * Math.PI * i * t);
            }

            return sum;
        },
        dtype,
        device);

    /// <summary>e⁻ˣ·I₀(x) for x ≥ 0: Σ (x/2)²ᵏ/k!², and for large x its asymptotic series (Abramowitz and Stegun 9.6.10, 9.7.1).</summary>
    public static double ScaledBessel(double x)
    {
        double sum = 1, term = 1;
        if (x < LargeArgument)
        {
            for (int k = 1; term > sum * 1e-17; k++)
            {
                term *= x * x / (4.0 * k * k);
                sum += term;
            }

            return sum * Math.Exp(-x);
        }

        for (int k = 1; term > 1e-17; k++)
        {
            double odd = (2 * k) - 1;
            term *= odd * odd / (8 * k * x);
            sum += term;
        }

        return sum / Math.Sqrt(2 * Math.PI * x);
    }
}
