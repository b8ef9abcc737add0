using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Engine.PtxInterpreter;

/// <summary>
/// Shared memory with a shadow that remembers, for every few bytes, which thread wrote and read them since the last barrier. Two threads
/// that touch the same bytes without a barrier in between race unless both only read; that the values agree does not excuse them.
/// </summary>
/// <remarks>
/// A shadow entry is (epoch &lt;&lt; 11) | thread, where barriers count epochs up: an entry below the first of this epoch is
/// history and asks nothing. The granule is the smallest access of the kernel, so that neighbours in one word are told apart. Numbers that no
/// thread has stand for several: all that touched the bytes, or, in kernels with barriers of warps, those of one warp only, and those of one
/// warp that a barrier of that warp has ordered.
/// </remarks>
internal sealed unsafe partial class SharedMemory(Block block, int granule, bool hasWarpBarriers, bool hasWarpgroups) : IDisposable
{
    private const int ThreadBits = 11;
    private const uint ManyReaders = (1 << ThreadBits) - 1;
    private const uint NeverWritten = 0;

    /// <summary>Added to the number of a warp: its threads, ordered by a barrier of the warp.</summary>
    private const uint OrderedWarp = 1024;

    /// <summary>Added to the number of a warp: several of its threads.</summary>
    private const uint SeveralOfWarp = OrderedWarp + 32;

    /// <summary>A copy is under way to these bytes and nobody may touch them.</summary>
    private const uint Pending = uint.MaxValue;

    private readonly int _shift = int.Log2(granule);
    private byte* _bytes;
    private uint* _writers;
    private uint* _readers;
    private int _capacity;
    private uint _epoch;

    /// <summary>Bytes that the kernel may use.</summary>
    public int Size { get; private set; }

    public byte* Bytes => _bytes;

    public uint* Writers => _writers;

    public uint* Readers => _readers;

    /// <summary>The smallest entry of this epoch.</summary>
    public uint FirstEntry => _epoch << ThreadBits;

    /// <summary>Whether only the careful checks may be used.</summary>
    public bool IsCareful => hasWarpBarriers || hasWarpgroups;

    /// <summary>Logarithm of the granule.</summary>
    public int Shift => _shift;

    /// <summary>A read in the usual case: written before the last barrier, read by nobody else. False asks for <see cref="Read"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRead(uint* writer, uint* reader, int granules, uint first, uint self)
    {
        if (granules == 1)
        {
            if (*writer - 1 >= first - 1 && *writer != self)
            {
                return false;
            }

            if (*reader != self)
            {
                *reader = *reader < first ? self : first | ManyReaders;
            }

            return true;
        }

        if (granules != 4)
        {
            return false;
        }

        // Never written is 0, which becomes the largest number.
        Vector128<uint> writers = Vector128.Load(writer) - Vector128<uint>.One;
        Vector128<uint> readers = Vector128.Load(reader);
        if (!Vector128.LessThanAll(writers, Vector128.Create(first - 1)))
        {
            return false;
        }

        Vector128<uint> alone = Vector128.LessThan(readers, Vector128.Create(first)) | Vector128.Equals(readers, Vector128.Create(self));
        Vector128.Store(Vector128.ConditionalSelect(alone, Vector128.Create(self), Vector128.Create(first | ManyReaders)), reader);
        return true;
    }

    /// <summary>A write in the usual case: not touched since the last barrier. False asks for <see cref="Write"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryWrite(uint* writer, uint* reader, int granules, uint first, uint self)
    {
        if (granules == 1)
        {
            if ((*writer >= first && *writer != self) || (*reader >= first && *reader != self))
            {
                return false;
            }

            *writer = self;
            return true;
        }

        if (granules != 4 || !Vector128.LessThanAll(Vector128.Max(Vector128.Load(writer), Vector128.Load(reader)), Vector128.Create(first)))
        {
            return false;
        }

        Vector128.Store(Vector128.Create(self), writer);
        return true;
    }

    public void Resize(int staticBytes, int dynamicBytes)
    {
        Size = staticBytes + dynamicBytes;
        if (Size > _capacity)
        {
            Dispose();
            _capacity = Size;
            _bytes = (byte*)NativeMemory.AlignedAlloc((nuint)Size + 64, 64);
            _writers = (uint*)NativeMemory.Alloc((nuint)(Size >> _shift) + 1, sizeof(uint));
            _readers = (uint*)NativeMemory.Alloc((nuint)(Size >> _shift) + 1, sizeof(uint));
        }
    }

    /// <summary>A new block begins: nothing is written, and what is there is arbitrary.</summary>
    public void Reset()
    {
        _epoch = 1;
        ResetProxies();
        if (Size > 0)
        {
            NativeMemory.Fill(_bytes, (nuint)Size, 0xFF);
            NativeMemory.Clear(_writers, (nuint)((Size >> _shift) + 1) * sizeof(uint));
            NativeMemory.Clear(_readers, (nuint)((Size >> _shift) + 1) * sizeof(uint));
        }
    }

    /// <summary>A barrier: what was done before is ordered before what comes.</summary>
    public void NextEpoch()
    {
        _epoch++;
        if (_epoch == (uint.MaxValue >> ThreadBits) - 1)
        {
            block.Fault(PtxFaultKind.Endless, 0, "two million barriers");
        }
    }

    /// <summary>Checks a read and gives the place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Read(int thread, ulong address, int bytes)
    {
        Check(thread, address, bytes, "reads");
        uint first = _epoch << ThreadBits;
        uint self = first | (uint)thread;
        nuint end = (nuint)(address + (uint)bytes - 1) >> _shift;
        for (nuint g = (nuint)address >> _shift; g <= end; g++)
        {
            uint writer = _writers[g];
            if (writer != self && (writer >= first || writer == NeverWritten) && !IsOrdered(writer, first, thread))
            {
                FaultRead(thread, address, bytes, writer);
            }

            uint reader = _readers[g];
            if (reader != self)
            {
                _readers[g] = reader < first || IsOrdered(reader, first, thread) ? self : Several(reader, first, thread);
            }
        }

        return _bytes + address;
    }

    /// <summary>Checks a write and gives the place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Write(int thread, ulong address, int bytes)
    {
        Check(thread, address, bytes, "writes");
        NoteWrite(thread);
        Mark(thread, address, bytes, (_epoch << ThreadBits) | (uint)thread);
        return _bytes + address;
    }

    /// <summary>Checks an atomic update, which races with ordinary accesses only, and gives the place.</summary>
    public byte* Update(int thread, ulong address, int bytes)
    {
        Check(thread, address, bytes, "updates");
        uint first = _epoch << ThreadBits;
        nuint end = (nuint)(address + (uint)bytes - 1) >> _shift;
        for (nuint g = (nuint)address >> _shift; g <= end; g++)
        {
            uint writer = _writers[g];
            bool isUpdated = writer == (first | ManyReaders) || (writer & ManyReaders) >= SeveralOfWarp;
            if (writer == NeverWritten || writer == Pending || (writer >= first && !isUpdated && writer != (first | (uint)thread) && !IsOrdered(writer, first, thread)))
            {
                FaultRead(thread, address, bytes, writer);
            }

            if (_readers[g] >= first && _readers[g] != (first | (uint)thread) && !IsOrdered(_readers[g], first, thread))
            {
                FaultWrite(thread, address, bytes, _writers[g], _readers[g]);
            }

            _writers[g] = !hasWarpBarriers ? first | ManyReaders
                : writer < first || IsOrdered(writer, first, thread) || writer == (first | (uint)thread) ? first | (SeveralOfWarp + WarpOf(thread))
                : Several(writer, first, thread);
        }

        return _bytes + address;
    }

    /// <summary>A copy to these bytes begins: from here on nobody may touch them until it has arrived.</summary>
    public void BeginCopy(int thread, ulong address, int bytes)
    {
        Check(thread, address, bytes, "copies to");
        Mark(thread, address, bytes, Pending);
    }

    /// <summary>A copy has arrived; its thread counts as the writer.</summary>
    public byte* EndCopy(int thread, ulong address, int bytes)
    {
        NoteWrite(thread);
        nuint end = (nuint)(address + (uint)bytes - 1) >> _shift;
        for (nuint g = (nuint)address >> _shift; g <= end; g++)
        {
            _writers[g] = (_epoch << ThreadBits) | (uint)thread;
        }

        return _bytes + address;
    }

    /// <summary>A barrier of one warp: what its threads did is ordered for themselves, and for nobody else.</summary>
    public void OrderWarp(int warp)
    {
        uint first = _epoch << ThreadBits;
        uint ordered = first | (OrderedWarp + (uint)warp);
        int count = (Size >> _shift) + (Size > 0 ? 1 : 0);
        Order(new Span<uint>(_writers, count));
        Order(new Span<uint>(_readers, count));

        void Order(Span<uint> entries)
        {
            foreach (ref uint entry in entries)
            {
                uint who = entry & ManyReaders;
                if (entry >= first && entry != Pending && (who < OrderedWarp ? who / WarpOperation.Size == warp : who == SeveralOfWarp + (uint)warp))
                {
                    entry = ordered;
                }
            }
        }
    }

    private static uint WarpOf(int thread) => (uint)thread / WarpOperation.Size;

    /// <summary>Whether an entry of this epoch is that of the thread's own warp before a barrier of the warp.</summary>
    private static bool IsOrdered(uint entry, uint first, int thread) => entry == (first | (OrderedWarp + WarpOf(thread)));

    /// <summary>The entry that stands for an earlier one of this epoch and another thread.</summary>
    private uint Several(uint earlier, uint first, int thread)
    {
        uint warp = WarpOf(thread), who = earlier & ManyReaders;
        bool isOfWarp = who < OrderedWarp ? who / WarpOperation.Size == warp : who == OrderedWarp + warp || who == SeveralOfWarp + warp;
        return first | (hasWarpBarriers && isOfWarp ? SeveralOfWarp + warp : ManyReaders);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Mark(int thread, ulong address, int bytes, uint mark)
    {
        uint first = _epoch << ThreadBits;
        uint self = first | (uint)thread;
        nuint end = (nuint)(address + (uint)bytes - 1) >> _shift;
        for (nuint g = (nuint)address >> _shift; g <= end; g++)
        {
            uint writer = _writers[g];
            uint reader = _readers[g];
            if ((writer != self && writer >= first && !IsOrdered(writer, first, thread)) || (reader != self && reader >= first && !IsOrdered(reader, first, thread)))
            {
                FaultWrite(thread, address, bytes, writer, reader);
            }

            _writers[g] = mark;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Check(int thread, ulong address, int bytes, string verb)
    {
        if (address > (ulong)Size - (uint)bytes || Size < bytes || (address & (uint)(bytes - 1)) != 0)
        {
            FaultAddress(thread, address, bytes, verb);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void FaultAddress(int thread, ulong address, int bytes, string verb)
    {
        if (address > (ulong)Size - (uint)bytes || Size < bytes)
        {
            block.Fault(PtxFaultKind.SharedOutOfBounds, thread, $"{verb} {bytes} bytes of shared memory at {(long)address}, of which there are {Size}");
        }

        block.Fault(PtxFaultKind.Misaligned, thread, $"{verb} {bytes} bytes of shared memory at {address}, which is not a multiple of {bytes}");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void FaultRead(int thread, ulong address, int bytes, uint writer)
    {
        if (writer == NeverWritten)
        {
            block.Fault(PtxFaultKind.UninitializedShared, thread, $"reads {bytes} bytes of shared memory at {address}, which nobody has written");
        }

        block.Fault(PtxFaultKind.SharedRace, thread, writer == Pending
            ? $"reads {bytes} bytes of shared memory at {address}, to which a copy is under way that was not waited for"
            : $"reads {bytes} bytes of shared memory at {address}, which {Name(writer)} wrote without a barrier in between");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void FaultWrite(int thread, ulong address, int bytes, uint writer, uint reader)
    {
        uint first = _epoch << ThreadBits;
        string what = writer == Pending ? "to which a copy is under way that was not waited for"
            : writer >= first && writer != (first | (uint)thread) ? $"which {Name(writer)} wrote without a barrier in between"
            : $"which {Name(reader)} read without a barrier in between";
        block.Fault(PtxFaultKind.SharedRace, thread, $"writes {bytes} bytes of shared memory at {address}, {what}");
    }

    private static string Name(uint entry) => (entry & ManyReaders) switch
    {
        ManyReaders => "several threads",
        >= SeveralOfWarp and var who => $"several threads of warp {who - SeveralOfWarp}",
        >= OrderedWarp and var who => $"a thread of warp {who - OrderedWarp}",
        var who => $"thread {who}",
    };

    public void Dispose()
    {
        NativeMemory.AlignedFree(_bytes);
        NativeMemory.Free(_writers);
        NativeMemory.Free(_readers);
        _bytes = null;
        _writers = null;
        _readers = null;
        _capacity = 0;
    }
}
