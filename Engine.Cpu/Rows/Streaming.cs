using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Engine.Cpu;

/// <summary>Results that are written past the caches, so that their memory is not read first.</summary>
/// <remarks>
/// Pays where the operands of a call fill the last-level cache: a copy and a reader after it were faster together from three quarters of it on. Bits do not depend on it. Such
/// stores become visible to other threads in no order: <see cref="End"/> follows the last one.
/// </remarks>
internal static unsafe class Streaming
{
    /// <summary>Whether it pays for a call whose operands have so many bytes together.</summary>
    public static bool Pays(long bytes) => bytes >= CacheSizes.LastLevel;

    /// <summary>Whether vectors from here on may be written so.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Fits<TVec>(void* destination) where TVec : struct, ISimd<TVec> => (nuint)destination % (nuint)Unsafe.SizeOf<TVec>() == 0;

    /// <summary>Writes a whole vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TVec>(TVec value, void* destination, bool isStreamed) where TVec : struct, ISimd<TVec>
    {
        if (isStreamed)
        {
            value.StoreNonTemporal(destination);
        }
        else
        {
            value.Store(destination);
        }
    }

    /// <summary>What was written is visible before anything that this thread writes from here on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void End()
    {
        if (Sse.IsSupported)
        {
            Sse.StoreFence();
        }
        else
        {
            Thread.MemoryBarrier();
        }
    }
}
