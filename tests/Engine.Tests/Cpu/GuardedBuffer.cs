using System.Numerics;
using System.Runtime.InteropServices;

namespace Engine.Tests.Cpu;

/// <summary>Native values that end where an inaccessible page begins: a kernel that reads or writes past them ends the test run.</summary>
/// <remarks>On systems without <c>mprotect</c> a band of known bytes stands in for the page, and notices writes only.</remarks>
internal sealed unsafe class GuardedBuffer<T> : IDisposable
    where T : unmanaged, INumber<T>
{
    private const byte Mark = 0xA5;
    private const int BandBytes = 4096;

    private readonly int _length;
    private readonly byte* _block;
    private readonly nuint _blockBytes, _pageBytes;

    public GuardedBuffer(ReadOnlySpan<double> values)
    {
        _length = values.Length;
        _pageBytes = (nuint)Environment.SystemPageSize;
        nuint bytes = (nuint)(values.Length * sizeof(T)), pages = (bytes + _pageBytes - 1) / _pageBytes;
        _blockBytes = (pages + 1) * _pageBytes;
        if (OperatingSystem.IsWindows())
        {
            _blockBytes = bytes + BandBytes;
            _block = (byte*)NativeMemory.AlignedAlloc(_blockBytes, 64);
            Pointer = (T*)_block;
            new Span<byte>(_block + bytes, BandBytes).Fill(Mark);
        }
        else
        {
            _block = (byte*)NativeMemory.AlignedAlloc(_blockBytes, _pageBytes);
            if (Protection.Set(_block + pages * _pageBytes, _pageBytes, Protection.None) != 0) throw new InvalidOperationException("mprotect failed.");
            Pointer = (T*)(_block + pages * _pageBytes - bytes);
        }

        for (int i = 0; i < values.Length; i++) Pointer[i] = T.CreateTruncating(values[i]);
    }

    /// <summary>The first value.</summary>
    public T* Pointer { get; }

    /// <summary>A copy of the values.</summary>
    public T[] ToArray() => new Span<T>(Pointer, _length).ToArray();

    /// <summary>Whether nothing was written behind the values. Where a page guards them, the process would not live to ask.</summary>
    public bool IsIntact => !OperatingSystem.IsWindows() || new Span<byte>(Pointer + _length, BandBytes).IndexOfAnyExcept(Mark) < 0;

    public void Dispose()
    {
        if (!OperatingSystem.IsWindows()) Protection.Set(_block + _blockBytes - _pageBytes, _pageBytes, Protection.ReadWrite);
        NativeMemory.AlignedFree(_block);
    }
}

internal static unsafe partial class Protection
{
    public const int None = 0, ReadWrite = 3;

    [LibraryImport("libc", EntryPoint = "mprotect")]
    public static partial int Set(void* address, nuint bytes, int protection);
}
