namespace Engine.Nn;

/// <summary>Looks for points where a function is not convex: chords that run below it, directions along which it bends down.</summary>
/// <remarks>
/// A function is convex if f(t·x + (1 − t)·y) ≤ t·f(x) + (1 − t)·f(y) for all points and all t of [0, 1] (Jensen's inequality), and, where it has second
/// derivatives, if and only if none is negative along any direction. Then a local minimum is a global one.
/// <code>
/// ConvexityReport report = Convexity.Check(x => x.Sin().Sum(), Tensor.From&lt;double&gt;([0]), Tensor.From&lt;double&gt;([6]));
/// // report.IsConvex is false; report.Chord has two points and t, report.Curvature a point and a direction
/// </code>
/// </remarks>
public static class Convexity
{
    // More samples show nothing new and would take minutes.
    private const int MostChords = 100_000;
    private const int MostHessians = 10_000;

    /// <summary>Tries random chords in a box, and the smallest eigenvalue of the Hessian at random points of it.</summary>
    /// <param name="function">f: from a tensor of the corners' shape to one number; its operations must be differentiable twice where <paramref name="hessians"/> is not 0.</param>
    /// <param name="low">The lower corner of the box: any shape with elements, float32 or float64.</param>
    /// <param name="high">The upper corner, not below the lower one in any coordinate.</param>
    /// <param name="chords">How many chords to try. Half of them are shorter than the box, down to a thousandth, since a function may bend down in a small region only.</param>
    /// <param name="hessians">At how many points to compute the Hessian; each takes n backward passes of n variables. At 0 the function may have no derivatives.</param>
    /// <param name="seed">Of the random points; the same seed looks at the same points.</param>
    /// <remarks>
    /// A difference within rounding is no counter-example: a chord must run below the function by more than 1e-9 of the values at it (1e-4 in float32), a curvature be below
    /// −1e-7 of the largest one at that point, 1 at least (1e-3).
    /// </remarks>
    /// <exception cref="ArgumentException">The box is empty or not finite, or the function is NaN or infinite in it.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A count is negative, both are 0, or there are more than 100,000 chords or 10,000 Hessians.</exception>
    /// <exception cref="ShapeMismatchException">The corners differ in shape, or the function gives more or less than one number.</exception>
    /// <exception cref="DTypeMismatchException">The corners are neither float32 nor float64, or differ in type.</exception>
    public static ConvexityReport Check(Func<Tensor, Tensor> function, Tensor low, Tensor high, int chords = 500, int hessians = 50, int seed = 0)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(low);
        ArgumentNullException.ThrowIfNull(high);
        ShapeProbe probe = new("Convexity.Check", function, low, nameof(low));
        ArgumentOutOfRangeException.ThrowIfNegative(chords);
        ArgumentOutOfRangeException.ThrowIfNegative(hessians);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(chords, MostChords);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(hessians, MostHessians);
        if (chords + hessians == 0)
        {
            throw new ArgumentOutOfRangeException(nameof(chords), chords, "Convexity.Check: without chords and Hessians nothing is looked at.");
        }

        SampleBox box = new(low, high, new Random(seed));
        bool isDouble = low.DType == DType.Float64;
        ChordCounterexample? chord = WorstChord(probe, box, chords, isDouble ? 1e-9 : 1e-4);
        (double smallest, CurvatureCounterexample? curvature) = WorstCurvature(probe, box, hessians, isDouble ? 1e-7 : 1e-3);
        return new ConvexityReport(chords, hessians, smallest, chord, curvature);
    }

    private static ChordCounterexample? WorstChord(ShapeProbe probe, SampleBox box, int count, double tolerance)
    {
        (double[] X, double[] Y, double T, double Value, double Chord)? worst = null;
        double excess = 0;
        for (int i = 0; i < count; i++)
        {
            (double[] x, double[] y) = box.Chord(isShort: i % 2 == 1);
            double t = box.Share(), atX = box.Value(probe, x), atY = box.Value(probe, y);
            double value = box.Value(probe, [.. x.Zip(y, (a, b) => (t * a) + ((1 - t) * b))]), chord = (t * atX) + ((1 - t) * atY);
            double allowed = tolerance * Math.Max(1, Math.Max(Math.Abs(value), Math.Max(Math.Abs(atX), Math.Abs(atY))));
            if (value - chord > Math.Max(allowed, excess))
            {
                (worst, excess) = ((x, y, t, value, chord), value - chord);
            }
        }

        return worst is { } w ? new ChordCounterexample(box.At(w.X), box.At(w.Y), w.T, w.Value, w.Chord) : null;
    }

    private static (double Smallest, CurvatureCounterexample? Worst) WorstCurvature(ShapeProbe probe, SampleBox box, int count, double tolerance)
    {
        double smallest = double.NaN;
        (double[] Point, double[] Direction, double Curvature)? worst = null;
        for (int i = 0; i < count; i++)
        {
            using TensorScope scope = TensorScope.Begin();
            double[] x = box.Point();
            Tensor point = box.At(x);
            probe.Value(point);
            (double[] curvatures, Tensor vectors) = probe.Curvatures(point);
            double least = curvatures[0];
            if (least < -tolerance * Math.Max(1, Math.Max(-least, curvatures[^1])) && !(least >= worst?.Curvature))
            {
                worst = (x, vectors.Select(1, 0).ToArray<double>(), least);
            }

            smallest = least < smallest || double.IsNaN(smallest) ? least : smallest;
        }

        return (smallest, worst is { } w ? new CurvatureCounterexample(box.At(w.Point), box.At(w.Direction), w.Curvature) : null);
    }

    /// <summary>Random points of a box.</summary>
    private sealed class SampleBox
    {
        private readonly Tensor _like;
        private readonly double[] _low;
        private readonly double[] _high;
        private readonly Random _random;

        public SampleBox(Tensor low, Tensor high, Random random)
        {
            if (low.Shape != high.Shape)
            {
                throw new ShapeMismatchException($"Convexity.Check: low is {low.Shape}, high is {high.Shape}; the corners must have one shape.");
            }

            Guard.SameDType("Convexity.Check", low, high);
            (_like, _low, _high, _random) = (low, low.Detach().ToArray<double>(), high.Detach().ToArray<double>(), random);
            bool hasExtent = false;
            for (int i = 0; i < _low.Length; i++)
            {
                // Not the other way round: NaN is wrong.
                if (!(_low[i] <= _high[i]) || !double.IsFinite(_low[i]) || !double.IsFinite(_high[i]))
                {
                    throw new ArgumentException(
                        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"Convexity.Check: coordinate {i} of the box goes from {_low[i]} to {_high[i]}; both must be finite and low not above high."), nameof(low));
                }

                hasExtent |= _low[i] < _high[i];
            }

            if (!hasExtent)
            {
                throw new ArgumentException("Convexity.Check: low and high are equal; a box of one point has no chords.", nameof(high));
            }
        }

        public double[] Point() => [.. _low.Zip(_high, (a, b) => a + (_random.NextDouble() * (b - a)))];

        /// <summary>Two points; a short chord is a part of a long one.</summary>
        public (double[] X, double[] Y) Chord(bool isShort)
        {
            double[] x = Point(), y = Point();
            double part = isShort ? Math.Pow(10, -3 * _random.NextDouble()) : 1;
            return (x, [.. x.Zip(y, (a, b) => a + (part * (b - a)))]);
        }

        /// <summary>t, not close to 0 or 1, where every chord touches the function.</summary>
        public double Share() => 0.1 + (0.8 * _random.NextDouble());

        public double Value(ShapeProbe probe, double[] point)
        {
            using TensorScope scope = TensorScope.Begin();
            return probe.Value(At(point));
        }

        public Tensor At(double[] values) => Tensor.From<double>(values, device: Device.Cpu).To(_like.DType).To(_like.Device).Reshape(_like.Shape);
    }
}
