namespace Engine;

/// <summary>
/// A source of random numbers: a seed and a count of the draws so far. Every draw names its own stream of a counter-based generator
/// (Philox 4×32-10), so one seed gives the same numbers on every device, whatever the number of threads.
/// </summary>
public sealed class Generator
{
    private long _draws;

    /// <summary>Starts at the beginning of a seed's numbers.</summary>
    public Generator(long seed)
    {
        Seed = seed;
    }

    /// <summary>The generator that is used where none is given; it starts from seed 0. Reseed it for a different run.</summary>
    public static Generator Default { get; } = new(0);

    /// <summary>The seed.</summary>
    public long Seed { get; private set; }

    /// <summary>How many draws have been made; with <see cref="Seed"/> it is the whole state.</summary>
    public long Draws => Volatile.Read(ref _draws);

    /// <summary>Goes to a known state, as a resumed run does.</summary>
    public void Restore(long seed, long draws)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(draws);
        Seed = seed;
        Volatile.Write(ref _draws, draws);
    }

    /// <summary>Writes the four parameters of <see cref="Expr.Random"/> for one more draw: two halves of the seed, two of the count.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no room for four.</exception>
    public void Next(Span<double> parameters)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parameters.Length, 4, nameof(parameters));
        ulong draw = (ulong)Interlocked.Increment(ref _draws);
        CapturePass.Current?.Draws.Add(this, (long)draw);
        ulong seed = (ulong)Seed;
        parameters[0] = (uint)seed;
        parameters[1] = (uint)(seed >> 32);
        parameters[2] = (uint)draw;
        parameters[3] = (uint)(draw >> 32);
    }

    /// <summary>0 … count − 1 in random order (Fisher and Yates).</summary>
    /// <exception cref="ArgumentException">The count is negative, or the numbers do not fit into the process's memory.</exception>
    /// <exception cref="CaptureException">As for <see cref="HostRandom"/>.</exception>
    public long[] Permutation(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Guard.HostArray(nameof(Permutation), count, sizeof(long));
        long[] order = new long[count];
        for (int i = 0; i < count; i++)
        {
            order[i] = i;
        }

        Random random = HostRandom();
        for (int i = count - 1; i > 0; i--)
        {
            int j = random.Next(i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }

        return order;
    }

    /// <summary>A host-side source for one draw: data order and augmentation.</summary>
    /// <exception cref="CaptureException">A step is being captured: its replays would all use the same numbers.</exception>
    public Random HostRandom()
    {
        CapturePass.Current?.Refuse(nameof(HostRandom), HostAccess.Random);
        ulong draw = (ulong)Interlocked.Increment(ref _draws);
        ulong mixed = ((ulong)Seed * 0x9E3779B97F4A7C15) ^ (draw * 0xD1B54A32D192ED03);
        mixed ^= mixed >> 32;
        return new Random((int)(mixed * 0xBF58476D1CE4E5B9 >> 33));
    }

    /// <summary>Counts the draws of recorded work, or takes back those of a recording.</summary>
    internal void Advance(long draws) => Interlocked.Add(ref _draws, draws);
}
