using System.Numerics;

namespace Engine.Gpu;

/// <summary>Count, mean and summed squared deviation from the mean of numbers, which merge without cancellation however large the mean is (Chan, Golub and LeVeque 1979).</summary>
/// <param name="Count">A float.</param>
/// <param name="Mean">Anything where the count is 0.</param>
/// <param name="M2">Σ(x − mean)².</param>
internal sealed record Moments(Value Count, Value Mean, Value M2)
{
    /// <summary>The moments of 1, 2, 4, 8 … numbers, whose mean takes no division.</summary>
    public static Moments Of(KernelBuilder k, Value[] numbers)
    {
        if (!BitOperations.IsPow2(numbers.Length))
        {
            throw new ArgumentException($"{numbers.Length} numbers.", nameof(numbers));
        }

        Value mean = numbers.Aggregate(static (sum, number) => sum + number) * (1.0 / numbers.Length);
        Value m2 = mean.Like(0);
        foreach (Value number in numbers)
        {
            Value distance = number - mean;
            m2 = k.Fma(distance, distance, m2);
        }

        return new Moments(mean.Like(numbers.Length), mean, m2);
    }

    /// <summary>The moments of both sets of numbers, of which the second has at least one: one division. Not the same bits with the two exchanged.</summary>
    public static Moments Grow(KernelBuilder k, Moments grown, Moments more)
    {
        Value count = grown.Count + more.Count, share = more.Count / count, distance = more.Mean - grown.Mean;
        return new Moments(count, k.Fma(distance, share, grown.Mean), grown.M2 + more.M2 + (distance * (distance * (grown.Count * share))));
    }

    /// <summary>The moments of both sets of numbers.</summary>
    public static Moments Merge(KernelBuilder k, Moments a, Moments b)
    {
        Value count = a.Count + b.Count;
        Value some = k.Max(count, count.Like(1));
        Value distance = b.Mean - a.Mean;
        Value mean = k.Fma(distance, b.Count / some, a.Mean);

        // In this order a distance whose square is beyond all numbers counts for nothing where one side has none.
        Value m2 = a.M2 + b.M2 + (distance * (distance * (a.Count * b.Count / some)));
        return new Moments(count, mean, m2);
    }

    /// <summary>The moments over a segment of work-items.</summary>
    public Moments Over(KernelBuilder k, GroupReduction reduction)
    {
        Value[] all = reduction.Combine([Count, Mean, M2], (a, b) =>
        {
            (Moments left, Moments right) = (new(a[0], a[1], a[2]), new(b[0], b[1], b[2]));
            Moments both = Merge(k, left, right);
            return [both.Count, both.Mean, both.M2];
        });
        return new Moments(all[0], all[1], all[2]);
    }
}

/// <summary>Moments that grow.</summary>
internal sealed class MomentsVariable
{
    private readonly KernelBuilder _k;
    private readonly Variable _count, _mean, _m2;

    /// <summary>No numbers yet.</summary>
    public MomentsVariable(KernelBuilder k, RegisterType type)
    {
        _k = k;
        Value zero = k.Constant(type, 0);
        (_count, _mean, _m2) = (k.Variable(zero), k.Variable(zero), k.Variable(zero));
    }

    /// <summary>The moments now.</summary>
    public Moments Value => new(_count.Value, _mean.Value, _m2.Value);

    /// <summary>Takes in more, at least one number.</summary>
    public void Add(Moments more)
    {
        Moments both = Moments.Grow(_k, Value, more);
        (_count.Value, _mean.Value, _m2.Value) = (both.Count, both.Mean, both.M2);
    }
}
