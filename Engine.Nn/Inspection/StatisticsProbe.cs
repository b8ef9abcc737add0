using static Engine.Expr;

namespace Engine.Nn;

/// <summary>Statistics of a tensor that were computed on its device and not read yet: one reduction, one strided copy of a sample.</summary>
internal sealed class StatisticsProbe : IDisposable
{
    private static readonly ReduceProgram s_moments = ReduceProgram.Create(
        MapProgram.Compile(1, Input(0), Input(0) * Input(0), Where(Equal(Input(0), 0), 1, 0)),
        [Combiner.Sum, Combiner.Sum, Combiner.Sum],
        MapProgram.Compile(3, Input(0), Input(1), Input(2)));

    private static readonly ReduceProgram s_outside = ReduceProgram.Create(
        MapProgram.Compile(1, Where(Or(Input(0) < Parameter(0), Input(0) > Parameter(1)), 1, 0)), [Combiner.Sum], MapProgram.Compile(1, Input(0)));

    private readonly Tensor[] _sums;
    private readonly Tensor? _outside;
    private readonly Tensor _sample;
    private readonly long _count;

    /// <summary>Begins to compute; nothing waits.</summary>
    /// <param name="values">The tensor.</param>
    /// <param name="unitAxis">The axis with one statistic for each index; null for none.</param>
    /// <param name="range">Beyond these values a unit is saturated; null for no such check.</param>
    public StatisticsProbe(Tensor values, int? unitAxis = null, (double Low, double High)? range = null)
    {
        using TensorScope outside = TensorScope.Suspend();
        using GradMode.Scope mode = GradMode.Off();
        using Tensor x = values.Detach();
        DType type = x.DType.ComputeType();
        AxisSet axes = AxisSet.All(x.Rank);
        if (unitAxis is { } unit)
        {
            axes = new AxisSet(axes.Bits & ~(1u << unit));
        }

        _count = x.ElementCount;
        Shape sums = x.ReducedShape(axes, keepDims: false);
        _sums = [Tensor.Zeros(sums, type, x.Device), Tensor.Zeros(sums, type, x.Device), Tensor.Zeros(sums, type, x.Device)];
        if (_count > 0)
        {
            Reductions.Into(s_moments, axes, [x], _sums, []);
        }

        if (range is { } bounds && _count > 0)
        {
            _outside = Tensor.Zeros(Shape.Scalar, type, x.Device);
            Reductions.Into(s_outside, AxisSet.All(x.Rank), [x], [_outside], [bounds.Low, bounds.High]);
        }

        _sample = Sample(x);
    }

    /// <summary>Whether a unit's values were all 0, by unit; one entry where units are not told apart. After <see cref="Read"/>.</summary>
    public bool[] IsZero { get; private set; } = [];

    /// <summary>The share of values beyond the range; 0 without one. After <see cref="Read"/>.</summary>
    public double SaturatedShare { get; private set; }

    /// <summary>Waits for the device.</summary>
    public TensorStatistics Read()
    {
        double[][] sums = [.. _sums.Select(static sum => ToDoubles(sum))];
        double count = _count, perUnit = count / Math.Max(1, sums[0].Length), mean = sums[0].Sum() / count;
        IsZero = [.. sums[2].Select(zeros => perUnit > 0 && zeros >= perUnit)];
        SaturatedShare = _outside is null ? 0 : ToDoubles(_outside)[0] / count;
        double variance = (sums[1].Sum() / count) - (mean * mean);
        float[] sample = _sample.ToArray<float>();
        return new TensorStatistics(_count, mean, Math.Sqrt(variance < 0 ? 0 : variance), sums[2].Sum() / count, Histogram.Of(sample), sample);
    }

    public void Dispose()
    {
        foreach (Tensor sum in _sums)
        {
            sum.Dispose();
        }

        _outside?.Dispose();
        _sample.Dispose();
    }

    private static double[] ToDoubles(Tensor tensor) =>
        tensor.DType == DType.Float64 ? tensor.ToArray<double>() : [.. tensor.ToArray<float>().Select(static v => (double)v)];

    /// <summary>Every k-th value. k has no factor in common with the length, or it would hit the same columns again and again.</summary>
    private static Tensor Sample(Tensor x)
    {
        int length = (int)Math.Min(x.ElementCount, int.MaxValue);
        if (length == 0)
        {
            return Tensor.Zeros([0], device: x.Device);
        }

        int step = (length + TensorStatistics.SampleSize - 1) / TensorStatistics.SampleSize;
        while (step > 1 && step < length && Gcd(step, length) != 1)
        {
            step++;
        }

        using Tensor flat = x.Reshape(-1), slice = flat.Slice(0, 0, length, step);
        return slice.DType == DType.Float32 ? slice.Clone() : slice.To(DType.Float32);
    }

    private static int Gcd(int a, int b) => b == 0 ? a : Gcd(b, a % b);
}
