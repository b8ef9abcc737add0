using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Engine.Cpu;

/// <summary>Fetches the next row while the results of this one are written.</summary>
/// <remarks>
/// A kernel that goes over a row several times would read memory in its first pass only and leave it idle in the others; and the
/// processor's own prefetching stops with each page of 4 KiB, so that rows begin with misses.
/// </remarks>
internal static unsafe class NextRow
{
    /// <summary>Longer rows would drive each other out of the first-level cache.</summary>
    private const int MostBytes = 8 << 10;

    /// <summary>How many elements after an element the one of the next row lies; 0 for long rows, which are not fetched.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint Distance<T>(nint columns) where T : unmanaged => columns * sizeof(T) <= MostBytes ? columns : 0;

    /// <summary>Fetches the lines of two vectors. The address may lie outside of the tensor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FetchTwo<TVec>(void* place) where TVec : struct, ISimd<TVec>
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(place);
            if (2 * Unsafe.SizeOf<TVec>() > CacheSizes.Line)
            {
                Sse.Prefetch0((byte*)place + CacheSizes.Line);
            }
        }
    }
}
