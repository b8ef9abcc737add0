using System.Runtime.InteropServices;

namespace Engine.Cpu;

/// <summary>Memory from the operating system itself, which has it back as soon as it is freed. On Linux only: elsewhere the C library's large blocks are that already.</summary>
/// <remarks>
/// glibc keeps what is freed in the arena of the thread that had asked for it, for blocks below a threshold that rises to 32 MiB; an arena takes up to 64 MiB and shrinks
/// from its end only. A server that computed on several threads grew by 180 MiB in ten minutes that way, while its tensors took 230.
/// </remarks>
internal static unsafe partial class MappedMemory
{
    private const int ReadWrite = 1 | 2, PrivateAnonymous = 2 | 0x20;

    /// <summary>Whether there is such memory here: the system's library may not be found under its common name, as in a native program on a small system.</summary>
    public static bool IsSupported { get; } = OperatingSystem.IsLinux() && CanMap();

    /// <summary>Allocates <paramref name="bytes"/> at a multiple of <paramref name="alignment"/>, both whole pages; null if there are not so many.</summary>
    public static byte* TryAllocate(nint bytes, nint alignment)
    {
        nint pages = Environment.SystemPageSize, spare = alignment > pages ? alignment : 0;
        byte* mapped = (byte*)Map(null, (nuint)bytes + (nuint)spare, ReadWrite, PrivateAnonymous, -1, 0);
        if ((nint)mapped == -1)
        {
            return null;
        }

        if (spare == 0)
        {
            return mapped;
        }

        // An aligned block lies in what was mapped; the rest before and behind it goes back.
        byte* memory = (byte*)(((nint)mapped + alignment - 1) & -alignment);
        Free(mapped, (nint)(memory - mapped));
        Free(memory + bytes, (nint)(mapped + spare - memory));
        return memory;
    }

    /// <summary>Frees what <see cref="TryAllocate"/> gave for so many bytes, or whole pages of it.</summary>
    public static void Free(byte* memory, nint bytes)
    {
        if (bytes > 0)
        {
            // Fails only for what was never mapped, or where the process has as many mappings as it may: then the memory stays.
            _ = Unmap(memory, (nuint)bytes);
        }
    }

    private static bool CanMap()
    {
        try
        {
            nuint page = (nuint)Environment.SystemPageSize;
            void* mapped = Map(null, page, ReadWrite, PrivateAnonymous, -1, 0);
            return (nint)mapped != -1 && Unmap(mapped, page) == 0;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* Map(void* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* address, nuint length);
}
