using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Cpu;

/// <summary>Copies bytes past the caches, a line at a time: memory that is written is not read first.</summary>
internal static unsafe class StreamedCopy
{
    /// <summary>Shorter rows begin and end with so many parts of lines that nothing is left to gain. Not measured.</summary>
    public const long FewestBytes = 4 << 10;

    /// <summary>
    /// How far ahead is fetched, since the processor's own prefetching ends with a page: 16 MiB took 1.49 ms with 1 KiB and 1.37 to 1.46 with 512 bytes, 2 and 4 KiB
    /// (Zen 3, one thread).
    /// </summary>
    private const int BytesAhead = 2 << 10;

    /// <summary>Copies memory that does not overlap; <see cref="Streaming.End"/> must follow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(byte* source, byte* destination, nint bytes)
    {
        nint i = (nint)Math.Min((nuint)bytes, (nuint)(-(nint)destination & (CacheSizes.Line - 1)));
        Buffer.MemoryCopy(source, destination, i, i);
        for (; i <= bytes - CacheSizes.Line; i += CacheSizes.Line)
        {
            if (Sse.IsSupported)
            {
                Sse.Prefetch0(source + i + BytesAhead);
            }

            Vector256<byte> low = Vector256.Load(source + i), high = Vector256.Load(source + i + Vector256<byte>.Count);
            low.StoreAlignedNonTemporal(destination + i);
            high.StoreAlignedNonTemporal(destination + i + Vector256<byte>.Count);
        }

        Buffer.MemoryCopy(source + i, destination + i, bytes - i, bytes - i);
    }
}
