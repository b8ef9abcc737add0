namespace Engine;

/// <summary>Which of the two directions of a Fourier transform is divided by the number of elements n.</summary>
public enum FftNorm
{
    /// <summary>The inverse one, by n.</summary>
    Backward,

    /// <summary>Both, by √n: the transforms keep lengths.</summary>
    Ortho,

    /// <summary>The forward one, by n.</summary>
    Forward,
}

/// <summary>
/// Discrete Fourier transforms of any length. A complex number is a pair of real ones, its real and its imaginary part, along the last axis: [..., 2].
/// </summary>
/// <remarks>
/// Axes count without that of the pairs: in [rows, columns, 2] axis −1 is that of the columns. <c>x.Norm(-1)</c> is the size of the numbers and
/// <see cref="ComplexMul"/> their product. Half types and integers are computed in float32.
/// </remarks>
public sealed partial class Tensor
{
    /// <summary>yₖ = Σ xⱼ·e^(−2πi·jk/n) along an axis of complex numbers.</summary>
    /// <param name="n">Numbers along the axis: more are cut off, missing ones are 0; null takes the axis as it is.</param>
    /// <param name="axis">The axis, counted without that of the pairs.</param>
    /// <param name="norm">What is divided by n.</param>
    /// <exception cref="ShapeMismatchException">The last axis is not 2, there is no other one, or there is nothing along it.</exception>
    /// <exception cref="ArgumentOutOfRangeException">n is not positive.</exception>
    public Tensor Fft(int? n = null, int axis = -1, FftNorm norm = FftNorm.Backward) => this.Complex(nameof(Fft), n, axis, norm, isInverse: false);

    /// <summary>xⱼ = 1/n·Σ yₖ·e^(2πi·jk/n) along an axis of complex numbers: the inverse of <see cref="Fft"/>.</summary>
    /// <inheritdoc cref="Fft"/>
    public Tensor Ifft(int? n = null, int axis = -1, FftNorm norm = FftNorm.Backward) => this.Complex(nameof(Ifft), n, axis, norm, isInverse: true);

    /// <summary>The first half of <see cref="Fft"/> of real numbers, ⌊n/2⌋ + 1 complex ones; the rest are their conjugates.</summary>
    /// <param name="n">Numbers along the axis: more are cut off, missing ones are 0; null takes the axis as it is.</param>
    /// <param name="axis">The axis of this tensor, which has no pairs.</param>
    /// <param name="norm">What is divided by n.</param>
    /// <exception cref="ShapeMismatchException">There is nothing along the axis.</exception>
    /// <exception cref="ArgumentOutOfRangeException">n is not positive.</exception>
    public Tensor Rfft(int? n = null, int axis = -1, FftNorm norm = FftNorm.Backward)
    {
        int at = Guard.Axis(axis, Rank);
        Tensor x = FourierOps.Resized(nameof(Rfft), this.ToFourierType(), n, at);
        int size = x.Shape[at];
        return Stack([x, x.Detach().ZerosLike()], x.Rank).Transformed(at, isInverse: false, FourierOps.Scale(norm, size, isInverse: false)).Narrow(at, 0, (size / 2) + 1);
    }

    /// <summary>The real numbers whose <see cref="Rfft"/> these complex ones are. The imaginary parts of the first and, of even n, the last one do not matter.</summary>
    /// <param name="n">Real numbers along the axis; null for 2·(numbers − 1), which is even.</param>
    /// <param name="axis">The axis, counted without that of the pairs.</param>
    /// <param name="norm">What is divided by n.</param>
    /// <exception cref="ShapeMismatchException">The last axis is not 2, there is no other one, or there is nothing along it.</exception>
    /// <exception cref="ArgumentOutOfRangeException">n is not positive.</exception>
    public Tensor Irfft(int? n = null, int axis = -1, FftNorm norm = FftNorm.Backward)
    {
        int at = FourierOps.PairAxis(nameof(Irfft), this, axis);
        int size = n ?? 2 * (Shape[at] - 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size, nameof(n));
        Tensor half = FourierOps.Resized(nameof(Irfft), this.ToFourierType(), (size / 2) + 1, at);
        // Places n/2 + 1 … n − 1 are the conjugates of (n − 1)/2 … 1.
        int mirrored = size - (size / 2) - 1;
        Tensor full = mirrored == 0 ? half : Concat([half, half.Narrow(at, 1, mirrored).Flip(at).ComplexConj()], at);
        return full.Transformed(at, isInverse: true, FourierOps.Scale(norm, size, isInverse: true)).Select(-1, 0);
    }

    /// <summary><see cref="Fft"/> over two axes, the last two unless told otherwise.</summary>
    public Tensor Fft2(int axisOfRows = -2, int axisOfColumns = -1, FftNorm norm = FftNorm.Backward) => Fft(null, axisOfColumns, norm).Fft(null, axisOfRows, norm);

    /// <summary><see cref="Ifft"/> over two axes, the last two unless told otherwise.</summary>
    public Tensor Ifft2(int axisOfRows = -2, int axisOfColumns = -1, FftNorm norm = FftNorm.Backward) => Ifft(null, axisOfColumns, norm).Ifft(null, axisOfRows, norm);

    /// <summary><see cref="Fft2"/> of real numbers [..., rows, columns]: [..., rows, ⌊columns/2⌋ + 1, 2].</summary>
    public Tensor Rfft2(FftNorm norm = FftNorm.Backward) => Rfft(null, -1, norm).Fft(null, -2, norm);

    /// <summary>The inverse of <see cref="Rfft2"/>.</summary>
    /// <param name="columns">Real numbers along the last axis; null for an even number.</param>
    /// <param name="norm">What is divided by n.</param>
    public Tensor Irfft2(int? columns = null, FftNorm norm = FftNorm.Backward) => Ifft(null, -2, norm).Irfft(columns, -1, norm);

    /// <summary>Products of complex numbers [..., 2]; the other axes are broadcast.</summary>
    /// <exception cref="ShapeMismatchException">The last axis of an operand is not 2, or the others do not broadcast.</exception>
    public Tensor ComplexMul(Tensor y)
    {
        ArgumentNullException.ThrowIfNull(y);
        FourierOps.CheckPairs(nameof(ComplexMul), this);
        FourierOps.CheckPairs(nameof(ComplexMul), y);
        Tensor a = Select(-1, 0), b = Select(-1, 1), c = y.Select(-1, 0), d = y.Select(-1, 1);
        return Stack([(a * c) - (b * d), (a * d) + (b * c)], -1);
    }

    /// <summary>The conjugates of complex numbers [..., 2].</summary>
    /// <exception cref="ShapeMismatchException">The last axis is not 2.</exception>
    public Tensor ComplexConj()
    {
        FourierOps.CheckPairs(nameof(ComplexConj), this);
        return Stack([Select(-1, 0), -Select(-1, 1)], -1);
    }

    /// <summary>The frequencies of <see cref="Fft"/>'s results, in cycles per unit: 0, 1, …, then the negative ones, over n·spacing.</summary>
    /// <param name="n">Numbers.</param>
    /// <param name="spacing">The distance of two samples.</param>
    /// <param name="dtype">The element type.</param>
    /// <param name="device">The device; null for the default one.</param>
    /// <exception cref="ArgumentOutOfRangeException">n is not positive, or the spacing is 0 or no finite number.</exception>
    public static Tensor FftFreq(int n, double spacing = 1, DType dtype = DType.Float32, Device? device = null)
    {
        FourierOps.CheckFrequencies(n, spacing);
        return ListedNumbers.Of(n, k => (k <= (n - 1) / 2 ? k : k - n) / (n * spacing), dtype, device);
    }

    /// <summary>The frequencies of <see cref="Rfft"/>'s results, in cycles per unit: 0 to ⌊n/2⌋ over n·spacing.</summary>
    /// <inheritdoc cref="FftFreq"/>
    public static Tensor RfftFreq(int n, double spacing = 1, DType dtype = DType.Float32, Device? device = null)
    {
        FourierOps.CheckFrequencies(n, spacing);
        return ListedNumbers.Of((n / 2) + 1, k => k / (n * spacing), dtype, device);
    }

    /// <summary>Turned along the axes so that the frequency 0 stands in the middle. Without axes along all, also that of pairs: name them.</summary>
    public Tensor FftShift(params ReadOnlySpan<int> axes) => FourierOps.Turned(nameof(FftShift), this, axes, isBack: false);

    /// <summary>The inverse of <see cref="FftShift"/>.</summary>
    public Tensor IfftShift(params ReadOnlySpan<int> axes) => FourierOps.Turned(nameof(IfftShift), this, axes, isBack: true);
}

/// <summary>Arguments of transforms.</summary>
file static class FourierOps
{
    public static Tensor Complex(this Tensor x, string op, int? n, int axis, FftNorm norm, bool isInverse)
    {
        int at = PairAxis(op, x, axis);
        Tensor resized = Resized(op, x.ToFourierType(), n, at);
        return resized.Transformed(at, isInverse, Scale(norm, resized.Shape[at], isInverse));
    }

    public static double Scale(FftNorm norm, int size, bool isInverse) => norm switch
    {
        FftNorm.Backward => isInverse ? 1.0 / size : 1,
        FftNorm.Forward => isInverse ? 1 : 1.0 / size,
        FftNorm.Ortho => 1 / Math.Sqrt(size),
        _ => throw new ArgumentOutOfRangeException(nameof(norm), norm, "Not a way to divide."),
    };

    public static int PairAxis(string op, Tensor x, int axis)
    {
        CheckPairs(op, x);
        return x.Rank >= 2 ? Guard.Axis(axis, x.Rank - 1) : throw new ShapeMismatchException($"{op}: x is {x.Shape}, one complex number; there must be an axis to transform before that of the pairs.");
    }

    public static void CheckPairs(string op, Tensor x)
    {
        if (x.Rank == 0 || x.Shape[-1] != 2)
        {
            throw new ShapeMismatchException($"{op}: x is {x.Shape}; complex numbers are pairs along a last axis of 2. Use Tensor.Stack([real, imaginary], -1), or Rfft of real numbers.");
        }
    }

    public static Tensor Resized(string op, Tensor x, int? n, int axis)
    {
        int size = x.Shape[axis], wanted = n ?? size;
        if (n is not null)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(wanted, nameof(n));
        }
        else if (size == 0)
        {
            throw new ShapeMismatchException($"{op}: x is {x.Shape}; there is nothing to transform along axis {axis}.");
        }

        if (wanted <= size)
        {
            return wanted == size ? x : x.Narrow(axis, 0, wanted);
        }

        Span<(int Before, int After)> pads = stackalloc (int, int)[x.Rank];
        pads[axis] = (0, wanted - size);
        return x.Pad(pads);
    }

    public static void CheckFrequencies(int n, double spacing)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(n);
        if (spacing == 0 || !double.IsFinite(spacing))
        {
            throw new ArgumentOutOfRangeException(nameof(spacing), spacing, "The distance of two samples must be a finite number other than 0.");
        }
    }

    public static Tensor Turned(string op, Tensor x, ReadOnlySpan<int> axes, bool isBack)
    {
        AxisSet set = Guard.Axes(op, x.Shape, axes);
        Tensor y = x.Alias();
        for (int axis = 0; axis < x.Rank; axis++)
        {
            int size = x.Shape[axis], first = isBack ? size / 2 : size - (size / 2);
            if (set.Contains(axis) && size > 1)
            {
                y = Tensor.Concat([y.Narrow(axis, first, size - first), y.Narrow(axis, 0, first)], axis);
            }
        }

        return y;
    }
}
