using System.Runtime.InteropServices;

namespace Engine.PtxInterpreter;

/// <summary>
/// Local memory: the variables that each thread has for itself, parameters of calls among them. Between variables lie gaps that nobody may
/// touch, and a byte counts as written only after a write.
/// </summary>
internal sealed unsafe class LocalMemory : IDisposable
{
    /// <summary>Bytes between variables.</summary>
    public const int Gap = 64;

    private const byte Unwritten = 0;
    private const byte Written = 1;
    private const byte Outside = 2;

    private readonly Block _block;
    private readonly int _size;
    private readonly byte[] _fresh;
    private readonly byte* _bytes;
    private readonly byte* _states;

    public LocalMemory(Block block, KernelProgram program)
    {
        _block = block;

        // Windows of threads begin on a multiple of the largest alignment.
        int end = program.Locals.Count == 0 ? 0 : program.Locals.Max(local => local.Offset + local.Bytes + Gap);
        _size = (end + 1023) / 1024 * 1024;
        _fresh = new byte[_size];
        Array.Fill(_fresh, Outside);
        foreach (PtxLocal local in program.Locals)
        {
            Array.Fill(_fresh, Unwritten, local.Offset, local.Bytes);
        }

        if (_size > 0)
        {
            _bytes = (byte*)NativeMemory.AlignedAlloc((nuint)_size * (nuint)block.Threads, 1024);
            _states = (byte*)NativeMemory.Alloc((nuint)_size * (nuint)block.Threads);
        }
    }

    /// <summary>A new block begins: nothing is written, and what is there is arbitrary.</summary>
    public void Reset()
    {
        if (_size > 0)
        {
            NativeMemory.Fill(_bytes, (nuint)_size * (nuint)_block.Threads, 0xFF);
            for (int thread = 0; thread < _block.Threads; thread++)
            {
                _fresh.CopyTo(new Span<byte>(_states + ((nint)_size * thread), _size));
            }
        }
    }

    /// <summary>Checks a read of one thread and gives the place.</summary>
    public byte* Read(int thread, ulong address, int bytes)
    {
        nint place = Check(thread, address, bytes, "reads");
        if (new ReadOnlySpan<byte>(_states + place, bytes).Contains(Unwritten))
        {
            _block.Fault(PtxFaultKind.UninitializedLocal, thread, $"reads {bytes} bytes of local memory at {address}, which were not written");
        }

        return _bytes + place;
    }

    /// <summary>Checks a write of one thread and gives the place.</summary>
    public byte* Write(int thread, ulong address, int bytes)
    {
        nint place = Check(thread, address, bytes, "writes");
        new Span<byte>(_states + place, bytes).Fill(Written);
        return _bytes + place;
    }

    private nint Check(int thread, ulong address, int bytes, string verb)
    {
        if ((address & (uint)(bytes - 1)) != 0)
        {
            _block.Fault(PtxFaultKind.Misaligned, thread, $"{verb} {bytes} bytes of local memory at {address}, which is not a multiple of {bytes}");
        }

        if (address >= (ulong)_size || address + (uint)bytes > (ulong)_size || new ReadOnlySpan<byte>(_states + Place(thread, address), bytes).Contains(Outside))
        {
            _block.Fault(PtxFaultKind.LocalOutOfBounds, thread, $"{verb} {bytes} bytes of local memory at {(long)address}, outside of every variable");
        }

        return Place(thread, address);
    }

    private nint Place(int thread, ulong address) => ((nint)_size * thread) + (nint)address;

    public void Dispose()
    {
        NativeMemory.AlignedFree(_bytes);
        NativeMemory.Free(_states);
    }
}
