namespace Engine.Nn;

/// <summary>Decides which samples an epoch consists of, and in which order.</summary>
public abstract class Sampler
{
    /// <summary>Every sample once, in order.</summary>
    public static Sampler Sequential { get; } = new SequentialSampler();

    /// <summary>Every sample once, in an order that differs from epoch to epoch.</summary>
    public static Sampler Shuffled { get; } = new ShuffledSampler();

    /// <summary>How many samples an epoch has.</summary>
    /// <param name="count">How many samples the data set has.</param>
    public virtual int EpochLength(int count) => count;

    /// <summary>The numbers of an epoch's samples. Equal arguments give equal orders.</summary>
    /// <param name="count">How many samples the data set has.</param>
    /// <param name="random">The random numbers of this epoch.</param>
    public abstract int[] Order(int count, SampleRandom random);

    private sealed class SequentialSampler : Sampler
    {
        public override int[] Order(int count, SampleRandom random) => [.. Enumerable.Range(0, count)];
    }

    private sealed class ShuffledSampler : Sampler
    {
        public override int[] Order(int count, SampleRandom random)
        {
            int[] order = [.. Enumerable.Range(0, count)];
            random.Shuffle(order);
            return order;
        }
    }
}

/// <summary>Draws samples with replacement, each in proportion to its weight: the usual cure for rare classes.</summary>
public sealed class WeightedSampler : Sampler
{
    private readonly double[] _cumulative;
    private readonly int _epochLength;

    /// <summary>A weight for each sample; an epoch has as many draws as there are weights, or <paramref name="epochLength"/>.</summary>
    /// <exception cref="ArgumentException">A weight is negative or not a number, or all are 0.</exception>
    public WeightedSampler(ReadOnlySpan<double> weights, int? epochLength = null)
    {
        _cumulative = new double[weights.Length];
        _epochLength = epochLength ?? weights.Length;
        ArgumentOutOfRangeException.ThrowIfNegative(_epochLength, nameof(epochLength));
        double sum = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            if (!(weights[i] >= 0 && double.IsFinite(weights[i])))
            {
                throw new ArgumentException($"Weight {i} is {weights[i]}; a weight is a number not below 0.", nameof(weights));
            }

            _cumulative[i] = sum += weights[i];
        }

        if (!(sum > 0 && double.IsFinite(sum)))
        {
            throw new ArgumentException($"The weights sum to {sum}; at least one must be above 0 and the sum finite.", nameof(weights));
        }
    }

    /// <inheritdoc/>
    public override int EpochLength(int count) => _epochLength;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">There are not as many weights as samples.</exception>
    public override int[] Order(int count, SampleRandom random)
    {
        if (count != _cumulative.Length)
        {
            throw new ArgumentException($"The data set has {count} samples, the sampler {_cumulative.Length} weights.", nameof(count));
        }

        int[] order = new int[_epochLength];
        for (int i = 0; i < order.Length; i++)
        {
            // The first sample whose cumulative weight lies above the draw; samples of weight 0 have none of their own.
            double draw = random.NextDouble() * _cumulative[^1];
            int low = 0, high = count - 1;
            while (low < high)
            {
                int middle = (low + high) / 2;
                (low, high) = _cumulative[middle] > draw ? (low, middle) : (middle + 1, high);
            }

            order[i] = low;
        }

        return order;
    }
}
