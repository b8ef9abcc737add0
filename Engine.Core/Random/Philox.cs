namespace Engine.Backends;

/// <summary>
/// The counter-based random generator Philox4x32 with 10 rounds (Salmon, Moraes, Dror and Shaw, 2011): a block of four words is a
/// pure function of a key and a counter, so that any device computes the number of any element on its own.
/// </summary>
public static class Philox
{
    // The constants of the paper, for kernels that compute the generator themselves.

    /// <summary>The factor of the first word of a counter in each round.</summary>
    public const uint MultiplierA = 0xD2511F53;

    /// <summary>The factor of the third word of a counter in each round.</summary>
    public const uint MultiplierB = 0xCD9E8D57;

    /// <summary>The increment of the first word of the key from round to round.</summary>
    public const uint WeylA = 0x9E3779B9;

    /// <summary>The increment of the second word of the key from round to round.</summary>
    public const uint WeylB = 0xBB67AE85;

    /// <summary>The number of rounds.</summary>
    public const int Rounds = 10;

    /// <summary>One block: the four words of a counter under a key.</summary>
    public static (uint W0, uint W1, uint W2, uint W3) Block(uint key0, uint key1, uint counter0, uint counter1, uint counter2, uint counter3)
    {
        for (int round = 0; round < Rounds; round++)
        {
            ulong productA = (ulong)MultiplierA * counter0;
            ulong productB = (ulong)MultiplierB * counter2;
            (counter0, counter1, counter2, counter3) =
                ((uint)(productB >> 32) ^ counter1 ^ key0, (uint)productB, (uint)(productA >> 32) ^ counter3 ^ key1, (uint)productA);
            unchecked
            {
                key0 += WeylA;
                key1 += WeylB;
            }
        }
        return (counter0, counter1, counter2, counter3);
    }

    /// <summary>The 32-bit word of element <paramref name="index"/>: word i mod 4 of block ⌊i/4⌋ of a stream.</summary>
    /// <param name="key0">Lower word of the key, usually of the seed.</param>
    /// <param name="key1">Upper word of the key.</param>
    /// <param name="stream0">Third word of the counter: separates the uses of one key.</param>
    /// <param name="stream1">Fourth word of the counter.</param>
    /// <param name="index">The element, from 0.</param>
    public static uint Word(uint key0, uint key1, uint stream0, uint stream1, long index)
    {
        ulong block = (ulong)index / 4;
        (uint w0, uint w1, uint w2, uint w3) = Block(key0, key1, (uint)block, (uint)(block >> 32), stream0, stream1);
        return (index & 3) switch { 0 => w0, 1 => w1, 2 => w2, _ => w3 };
    }

    /// <summary>The uniform number in [0, 1) of element <paramref name="index"/>: the upper 24 bits of its <see cref="Word"/> times 2⁻²⁴.</summary>
    /// <inheritdoc cref="Word" path="/param"/>
    public static float Uniform(uint key0, uint key1, uint stream0, uint stream1, long index) =>
        ToUniform(Word(key0, key1, stream0, stream1, index));

    /// <summary>Uniform numbers in [0, 1) of <paramref name="destination"/>.Length elements from <paramref name="firstIndex"/> on.</summary>
    /// <inheritdoc cref="Word" path="/param"/>
    public static void FillUniform(Span<float> destination, uint key0, uint key1, uint stream0, uint stream1, long firstIndex = 0)
    {
        int i = 0;
        for (; i < destination.Length && (firstIndex + i & 3) != 0; i++)
        {
            destination[i] = Uniform(key0, key1, stream0, stream1, firstIndex + i);
        }
        for (; i + 4 <= destination.Length; i += 4)
        {
            ulong block = (ulong)(firstIndex + i) / 4;
            (uint w0, uint w1, uint w2, uint w3) = Block(key0, key1, (uint)block, (uint)(block >> 32), stream0, stream1);
            Span<float> four = destination.Slice(i, 4);
            (four[0], four[1], four[2], four[3]) = (ToUniform(w0), ToUniform(w1), ToUniform(w2), ToUniform(w3));
        }
        for (; i < destination.Length; i++)
        {
            destination[i] = Uniform(key0, key1, stream0, stream1, firstIndex + i);
        }
    }

    /// <summary>The upper 24 bits of a word times 2⁻²⁴: exact in <see cref="float"/>, never 1.</summary>
    public static float ToUniform(uint word) => (word >> 8) * (1f / (1 << 24));
}
