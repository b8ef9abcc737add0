using System.Runtime.InteropServices;

namespace Engine.Tests.Cpu;

/// <summary>
/// Values that end where an unreadable page begins: a kernel that reads or writes past the end kills the test run, rather than getting away with it.
/// On systems other than Linux: ordinary memory.
/// </summary>
internal sealed unsafe class GuardedMemory<T> : IDisposable where T : unmanaged
{
    private readonly byte* _memory;
    private readonly nint _bytes;

    public GuardedMemory(int count)
    {
        nint page = Environment.SystemPageSize, used = (nint)count * sizeof(T);
        _bytes = (used + page - 1) / page * page;
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)(_bytes + page), (nuint)page);
        Pointer = (T*)(_memory + _bytes - used);
        Count = count;
        if (OperatingSystem.IsLinux())
        {
            SetAccess(Protection.None);
        }
    }

    [Flags]
    private enum Protection
    {
        None = 0,
        Read = 1,
        Write = 2,
    }

    public T* Pointer { get; }

    public int Count { get; }

    public Span<T> Span => new(Pointer, Count);

    public void Dispose()
    {
        if (OperatingSystem.IsLinux())
        {
            SetAccess(Protection.Read | Protection.Write);
        }
        NativeMemory.AlignedFree(_memory);
    }

    private void SetAccess(Protection protection)
    {
        if (NativeCalls.Protect(_memory + _bytes, (nuint)Environment.SystemPageSize, (int)protection) != 0)
        {
            throw new InvalidOperationException("mprotect failed, so the guard page would not bite.");
        }
    }
}

internal static unsafe partial class NativeCalls
{
    [LibraryImport("libc", EntryPoint = "mprotect")]
    internal static partial int Protect(void* address, nuint length, int protection);
}
