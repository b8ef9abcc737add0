namespace Engine.Nn;

/// <summary>Random numbers that belong to one hyper-parameter of one trial.</summary>
internal sealed class SearchRandom(long seed, int trial, int dimension, int use)
{
    private uint _drawn;

    /// <summary>A number in [0, 1) of 53 bits.</summary>
    public double NextDouble()
    {
        ulong key = (ulong)seed;
        (uint high, uint low, _, _) = Philox.Block((uint)key, (uint)(key >> 32), (uint)trial, (uint)dimension, (uint)use, _drawn++);
        return (((ulong)high << 21) | (low >> 11)) * (1.0 / (1L << 53));
    }

    /// <summary>A number of the standard normal distribution (Box and Muller).</summary>
    public double NextNormal() => Math.Sqrt(-2 * Math.Log(1 - NextDouble())) * Math.Cos(2 * Math.PI * NextDouble());

    /// <summary>A whole number from 0, below a count.</summary>
    public int Next(int count) => Math.Min(count - 1, (int)(NextDouble() * count));
}
