namespace Engine.Nn;

/// <summary>
/// A small stream of random numbers (SplitMix64; Steele, Lea and Flood 2014), chosen by a seed and a stream number. The numbers are part of
/// what makes a run repeatable, so they are ours and do not change with the .NET version.
/// </summary>
public partial struct SampleRandom
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    private ulong _state;

    /// <summary>Starts a stream.</summary>
    public SampleRandom(ulong seed, long stream) => _state = Mix(seed + Golden) + (Mix((ulong)stream) * Golden);

    /// <summary>Whether another stream stands where this one does: nothing was drawn in between.</summary>
    internal readonly bool StandsAt(in SampleRandom other) => _state == other._state;

    /// <summary>64 random bits.</summary>
    public ulong NextUInt64() => Mix(_state += Golden);

    /// <summary>Uniform in [0, 1).</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in 0 … bound − 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The bound is not positive.</exception>
    public int Next(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);

        // The upper half of a 64×64-bit product; the bias is below bound / 2⁶⁴.
        return (int)Math.BigMul(NextUInt64(), (ulong)bound, out _);
    }

    /// <summary>Brings values into random order (Fisher and Yates).</summary>
    public void Shuffle(Span<int> values)
    {
        for (int i = values.Length - 1; i > 0; i--)
        {
            int j = Next(i + 1);
            (values[i], values[j]) = (values[j], values[i]);
        }
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
