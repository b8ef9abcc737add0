using System.Numerics;

namespace Engine.Gpu;

/// <summary>
/// Count, mean and summed squared deviation from the mean of the numbers of some channels, which merge without cancellation however large the mean is (Chan, Golub and LeVeque 1979).
/// All channels have as many numbers, so that they share the one division of a merge.
/// </summary>
/// <param name="Count">A float.</param>
/// <param name="Mean">Of each channel; 0 where the count is.</param>
/// <param name="M2">Σ(x − mean)² of each channel.</param>
internal sealed record Moments(Value Count, Value[] Mean, Value[] M2)
{
    /// <summary>The moments of 1, 2, 4, 8 … numbers of each channel, whose means take no division. Number i belongs to channel i mod <paramref name="channels"/>.</summary>
    public static Moments Of(KernelBuilder k, Value[] numbers, int channels)
    {
        int each = numbers.Length / channels;
        if (!BitOperations.IsPow2(each) || each * channels != numbers.Length)
        {
            throw new ArgumentException($"{numbers.Length} numbers of {channels} channels.", nameof(numbers));
        }

        Value[] means = new Value[channels], squares = new Value[channels];
        for (int channel = 0; channel < channels; channel++)
        {
            Value[] own = [.. numbers.Where((_, i) => i % channels == channel)];
            Value mean = own.Aggregate(static (sum, number) => sum + number) * (1.0 / each);
            means[channel] = mean;
            squares[channel] = own.Aggregate(mean.Like(0), (sum, number) => k.Fma(number - mean, number - mean, sum));
        }

        return new Moments(means[0].Like(each), means, squares);
    }

    /// <summary>The moments of both sets of numbers, of which the second has at least one. Not the same bits with the two exchanged.</summary>
    public static Moments Grow(KernelBuilder k, Moments grown, Moments more)
    {
        Value count = grown.Count + more.Count;
        return Join(k, grown, more, count, more.Count / count);
    }

    /// <summary>The moments of both sets of numbers.</summary>
    public static Moments Merge(KernelBuilder k, Moments a, Moments b)
    {
        Value count = a.Count + b.Count;
        return Join(k, a, b, count, b.Count / k.Max(count, count.Like(1)));
    }

    /// <summary>The moments over a segment of work-items.</summary>
    public Moments Over(KernelBuilder k, GroupReduction reduction) => Of(reduction.Combine(Values(), Merging(k)));

    /// <summary>The same for the items of the segment that receive them.</summary>
    public void Over(KernelBuilder k, GroupReduction reduction, Value receives, Action<Moments> use) => reduction.Combine(Values(), Merging(k), receives, all => use(Of(all)));

    // In this order a distance whose square is beyond all numbers counts for nothing where one side has none.
    private static Moments Join(KernelBuilder k, Moments a, Moments b, Value count, Value share)
    {
        Value weight = a.Count * share;
        Value[] means = new Value[a.Mean.Length], squares = new Value[a.Mean.Length];
        for (int i = 0; i < means.Length; i++)
        {
            Value distance = b.Mean[i] - a.Mean[i];
            means[i] = k.Fma(distance, share, a.Mean[i]);
            squares[i] = a.M2[i] + b.M2[i] + (distance * (distance * weight));
        }

        return new Moments(count, means, squares);
    }

    private static Func<Value[], Value[], Value[]> Merging(KernelBuilder k) => (a, b) => Merge(k, Of(a), Of(b)).Values();

    private static Moments Of(Value[] values)
    {
        int channels = values.Length / 2;
        return new Moments(values[0], values[1..(1 + channels)], values[(1 + channels)..]);
    }

    private Value[] Values() => [Count, .. Mean, .. M2];
}

/// <summary>Moments that grow.</summary>
internal sealed class MomentsVariable
{
    private readonly KernelBuilder _k;
    private readonly Variable _count;
    private readonly Variable[] _means, _squares;

    /// <summary>No numbers yet.</summary>
    public MomentsVariable(KernelBuilder k, RegisterType type, int channels)
    {
        _k = k;
        Value zero = k.Constant(type, 0);
        (_count, _means, _squares) = (k.Variable(zero), k.Variables(channels, zero), k.Variables(channels, zero));
    }

    /// <summary>The moments now.</summary>
    public Moments Value => new(_count.Value, Array.ConvertAll(_means, static mean => mean.Value), Array.ConvertAll(_squares, static square => square.Value));

    /// <summary>Takes in more, at least one number.</summary>
    public void Add(Moments more)
    {
        Moments both = Moments.Grow(_k, Value, more);
        _count.Value = both.Count;
        for (int i = 0; i < _means.Length; i++)
        {
            (_means[i].Value, _squares[i].Value) = (both.Mean[i], both.M2[i]);
        }
    }
}
