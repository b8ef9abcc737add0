namespace Engine.Backends;

/// <summary>A 64-bit hash that is the same in every process and on every machine, fit for names of cached files.</summary>
internal static class StableHash
{
    /// <summary>Adds one word to a hash.</summary>
    internal static ulong Mix(ulong hash, ulong word)
    {
        // Two rounds of multiply and shift-xor after the addition: every input bit reaches every output bit.
        ulong x = unchecked(hash * 0x9E3779B97F4A7C15 + word + 0x632BE59BD9B4E019);
        x = unchecked((x ^ (x >> 32)) * 0xD6E8FEB86659FD93);
        x = unchecked((x ^ (x >> 32)) * 0xD6E8FEB86659FD93);
        return x ^ (x >> 32);
    }
}
