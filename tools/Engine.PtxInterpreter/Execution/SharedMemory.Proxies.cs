namespace Engine.PtxInterpreter;

/// <summary>
/// Units that read shared memory on their own, which PTX calls the async proxy. They see what a thread has written only if that thread then carried out
/// <c>fence.proxy.async</c>, and a barrier came after it.
/// </summary>
internal sealed unsafe partial class SharedMemory
{
    private readonly uint[] _fenced = new uint[block.Threads];
    private readonly uint[] _unfenced = new uint[block.Threads];

    /// <summary>What the thread wrote so far will be seen.</summary>
    public void FenceProxy(int thread) => (_fenced[thread], _unfenced[thread]) = (_epoch, 0);

    /// <summary>Checks a read by such a unit, for a thread.</summary>
    public void ReadAsync(int thread, ulong address, int bytes)
    {
        Check(thread, address, bytes, "multiplies");
        uint first = _epoch << ThreadBits;
        nuint end = (nuint)(address + (uint)bytes - 1) >> _shift;
        for (nuint g = (nuint)address >> _shift; g <= end; g++)
        {
            uint writer = _writers[g];
            if (writer == NeverWritten || writer >= first)
            {
                FaultRead(thread, address, bytes, writer);
            }

            uint by = writer & ManyReaders, when = writer >> ThreadBits;
            if (by >= block.Threads || _fenced[by] < when || _fenced[by] == _epoch || _unfenced[by] == when)
            {
                block.Fault(PtxFaultKind.SharedRace, thread, $"multiplies {bytes} bytes of shared memory at {address}, which {Name(writer)} wrote without fence.proxy.async and a barrier after it");
            }

            _readers[g] = first | ManyReaders;
        }
    }

    // The epoch of a write that no fence has followed.
    private void NoteWrite(int thread) => _unfenced[thread] = _epoch;

    private void ResetProxies()
    {
        Array.Clear(_fenced);
        Array.Clear(_unfenced);
    }
}
