namespace Engine;

public sealed partial class Tensor
{
    // The samples of a row are found by comparing with all its classes; so many pairs are compared at once.
    private const long MultinomialPairs = 1 << 22;

    /// <summary>Numbers of classes, drawn with the probabilities that stand in each row: [C] → [n], [N, C] → [N, n]; int64.</summary>
    /// <remarks>
    /// <para>PyTorch: <c>torch.multinomial</c>. The rows need not add up to 1. Classes with probability 0 are never drawn.</para>
    /// <para>Without replacement, and for single samples, the classes run a race of exponential times (Gumbel's trick). With replacement the
    /// probabilities are added up in fixed point, 2⁻³⁸ of their sum: the same on every device, and a class that is less likely counts as that.</para>
    /// </remarks>
    /// <param name="numSamples">n, at least 1.</param>
    /// <param name="replacement">Whether a class may be drawn again. If not, n is at most the number of classes with a probability above 0.</param>
    /// <param name="generator">The source; <see cref="Generator.Default"/> if null.</param>
    /// <exception cref="DTypeMismatchException">This tensor is not floating point.</exception>
    /// <exception cref="ShapeMismatchException">It has neither one axis nor two.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// n is out of range. In host memory: a probability is negative, infinite or NaN, or a row has not enough that are above 0. On a card there
    /// is no look at the numbers; such rows give classes without a meaning.
    /// </exception>
    public Tensor Multinomial(int numSamples, bool replacement = false, Generator? generator = null)
    {
        const string Op = nameof(Multinomial);
        Guard.FloatingPoint(Op, this);
        if (Rank is not (1 or 2) || Shape[-1] == 0)
        {
            throw new ShapeMismatchException($"{Op}: x is {Shape}; it must be [C] or [N, C], with at least one class.");
        }

        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(numSamples);
        if (!replacement && numSamples > Shape[-1])
        {
            throw new ArgumentOutOfRangeException(nameof(numSamples), numSamples, $"{Op}: without replacement at most the {Shape[-1]} classes can be drawn.");
        }

        this.CheckNotNegative(Op, "probabilities");
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor rows = DType.IsHalf() ? To(DType.Float32) : Detach();
        rows = Rank == 1 ? rows.Unsqueeze(0) : rows;
        this.CheckPositives(rows, replacement ? 1 : numSamples);
        Tensor classes = rows.Shape[0] == 0 ? Zeros([0, numSamples], DType.Int64, Device)
            : replacement && numSamples > 1 ? SamplingOps.WithReplacement(rows, numSamples, generator, MultinomialPairs)
            : SamplingOps.Race(rows, numSamples, generator);
        return scope.Keep(classes.Reshape(Shape.With(-1, numSamples)));
    }
}

/// <summary>Checks of numbers in host memory, and the two ways to draw classes.</summary>
internal static class SamplingOps
{
    private const int FixedPointBits = 38, HalfBits = 24;

    // ⌊w·2³⁸⌋ of the share w in the row, at least 1 where there is any.
    private static readonly MapProgram s_fixedPoint = Programs.Binary(static (x, sum) => Expr.Where(
        x > 0, Expr.ClampMin(Expr.Floor(x / sum * Math.ScaleB(1, FixedPointBits)), 1), 0));

    private static readonly ReduceProgram s_countAtMost = ReduceProgram.Create(
        MapProgram.Compile(2, Expr.Input(0) <= Expr.Input(1)), [Combiner.Sum], MapProgram.Compile(1, Expr.Input(0)));

    private static readonly MapProgram s_wholeDraw = MapProgram.Compile(0, Expr.Random(0) * (1 << HalfBits));

    /// <summary>Refuses negative numbers, infinity and NaN where reading them needs no wait for the device.</summary>
    public static void CheckNotNegative(this Tensor x, string op, string what)
    {
        if (!CanLook(x))
        {
            return;
        }

        foreach (double value in x.ToArray<double>())
        {
            if (!(value >= 0 && value < double.PositiveInfinity))
            {
                throw new ArgumentOutOfRangeException("this", value, $"{op}: {what} must be finite and not negative.");
            }
        }
    }

    /// <summary>Refuses rows with fewer positive numbers than are to be drawn.</summary>
    public static void CheckPositives(this Tensor x, Tensor rows, int wanted)
    {
        if (!CanLook(x))
        {
            return;
        }

        long least = (rows > 0).Sum(1).Min().Item<long>();
        if (least < wanted)
        {
            throw new ArgumentOutOfRangeException(
                "this", least, $"Multinomial: a row has {least} classes with a probability above 0; {wanted} are to be drawn{(wanted > 1 ? " without replacement" : string.Empty)}.");
        }
    }

    public static Tensor Race(Tensor rows, int samples, Generator? generator)
    {
        Span<double> p = stackalloc double[2 * RandomParameters.DrawLength];
        SamplingPrograms.Draw(generator, p, 2);
        Tensor speeds = Pointwise.Apply(nameof(Tensor.Multinomial), SamplingPrograms.Race, [rows], p);
        return samples == 1 ? speeds.ArgMax(1, keepDims: true) : speeds.ArgSort(1, descending: true).Narrow(1, 0, samples).Contiguous();
    }

    public static Tensor WithReplacement(Tensor rows, int samples, Generator? generator, long pairsAtOnce)
    {
        (int count, int classes) = (rows.Shape[0], rows.Shape[1]);
        Tensor weights = Pointwise.Apply(nameof(Tensor.Multinomial), s_fixedPoint, [rows, rows.Sum(1, keepDims: true)]);
        Tensor ends = weights.To(DType.Int64).CumSum(1);

        // x = ⌊r·W/2⁴⁸⌋ of 48 random bits r and the sum W of the weights, in two halves that fit into 63 bits.
        Tensor total = ends.Narrow(1, classes - 1, 1), high = Half() * total;
        Tensor carry = high.FloorDiv(Power(HalfBits)), rest = high - (carry * Power(HalfBits));
        Tensor x = carry + ((rest * Power(HalfBits)) + (Half() * total)).FloorDiv(Power(2 * HalfBits));

        Tensor drawn = Tensor.Empty([count, samples], DType.Int64, rows.Device);
        int step = (int)Math.Clamp(pairsAtOnce / ((long)count * classes), 1, samples);
        for (int start = 0; start < samples; start += step)
        {
            // The class of x is the number of classes that end at or before it.
            int length = Math.Min(step, samples - start);
            Shape pairs = [count, length, classes];
            Tensor part = Tensor.Empty([count, length, 1], DType.Int64, rows.Device);
            Reductions.Into(
                s_countAtMost, default(AxisSet).With(2), [ends.Unsqueeze(1).ExpandOrSelf(pairs), x.Narrow(1, start, length).Unsqueeze(2).ExpandOrSelf(pairs)], [part], []);
            drawn.Narrow(1, start, length).CopyFrom(part.Squeeze(2));
        }

        return drawn;

        Tensor Half()
        {
            // In float32 the 24 bits are exact.
            Span<double> p = stackalloc double[RandomParameters.DrawLength];
            SamplingPrograms.Draw(generator, p, 1);
            Tensor y = Tensor.Empty([count, samples], DType.Float32, rows.Device);
            Pointwise.Into(y, s_wholeDraw, [], p);
            return y.To(DType.Int64);
        }

        Tensor Power(int bits) => Tensor.Scalar(1L << bits, DType.Int64, rows.Device);
    }

    private static bool CanLook(Tensor x) => x.Device is HostDevice && x.ElementCount > 0 && CapturePass.RecordingOn(x.Device) is null;
}
