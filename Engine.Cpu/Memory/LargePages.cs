using System.Runtime.InteropServices;

namespace Engine.Cpu;

/// <summary>Native memory that the operating system is asked to back with 2 MiB pages.</summary>
/// <remarks>
/// Second-level caches are indexed by physical address: a packed block in scattered 4 KiB pages collides with itself there, and the same
/// product runs up to a tenth slower or faster from one process to the next. One large page has no such luck. Where the system
/// does not know the request, the memory is ordinary.
/// </remarks>
internal static unsafe partial class LargePages
{
    /// <summary>Size and alignment of a large page on x86-64 and on AArch64 with 4 KiB pages.</summary>
    public const nint PageBytes = 2 << 20;

    private const int MadviseHugePage = 14;

    /// <summary>Allocates <paramref name="bytes"/>, a multiple of <see cref="PageBytes"/>; to be freed with <see cref="Free"/>.</summary>
    /// <exception cref="OutOfMemoryException">There are not so many.</exception>
    public static void* Allocate(nint bytes)
    {
        if (!MappedMemory.IsSupported)
        {
            return NativeMemory.AlignedAlloc((nuint)bytes, (nuint)PageBytes);
        }

        byte* memory = MappedMemory.TryAllocate(bytes, PageBytes);
        if (memory == null)
        {
            throw new OutOfMemoryException($"The system has no {bytes:N0} bytes.");
        }

        // An error means small pages, which work as well.
        _ = Advise(memory, (nuint)bytes, MadviseHugePage);
        return memory;
    }

    /// <summary>Frees what <see cref="Allocate"/> gave for so many bytes.</summary>
    public static void Free(void* memory, nint bytes)
    {
        if (MappedMemory.IsSupported)
        {
            MappedMemory.Free((byte*)memory, bytes);
        }
        else
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
