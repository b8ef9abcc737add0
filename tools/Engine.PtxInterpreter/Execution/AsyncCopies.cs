namespace Engine.PtxInterpreter;

/// <summary>
/// Copies from global to shared memory that were begun. They are carried out when their thread waits for them and not a moment sooner,
/// so that a kernel that forgets to wait finds old data.
/// </summary>
internal sealed unsafe class AsyncCopies(Block block)
{
    private readonly record struct Copy(int Thread, int Group, ulong To, ulong From, int Bytes, int SourceBytes);

    private readonly int[] _groups = new int[block.Threads];
    private Copy[] _pending = new Copy[1024];
    private int _count;

    public void Reset()
    {
        Array.Clear(_groups);
        _count = 0;
    }

    public void Begin(int thread, ulong to, ulong from, int bytes, int sourceBytes)
    {
        if (_count == _pending.Length)
        {
            Array.Resize(ref _pending, 2 * _count);
        }

        _pending[_count++] = new Copy(thread, _groups[thread], to, from, bytes, sourceBytes);
    }

    /// <summary>Closes the group of the copies that the active threads began.</summary>
    public void Commit()
    {
        for (int j = 0; j < block.Count; j++)
        {
            _groups[block.ActiveThread(j)]++;
        }
    }

    /// <summary>The active threads wait until all but the latest groups have arrived.</summary>
    public void Wait(int latest)
    {
        if (_count == 0)
        {
            return;
        }

        Span<bool> active = stackalloc bool[block.Threads];
        active.Clear();
        for (int j = 0; j < block.Count; j++)
        {
            active[block.ActiveThread(j)] = true;
        }

        int kept = 0;
        for (int i = 0; i < _count; i++)
        {
            Copy copy = _pending[i];
            if (!active[copy.Thread] || copy.Group >= _groups[copy.Thread] - latest)
            {
                _pending[kept++] = copy;
                continue;
            }

            byte* to = block.Shared.EndCopy(copy.Thread, copy.To, copy.Bytes);
            Buffer.MemoryCopy((void*)copy.From, to, copy.Bytes, copy.SourceBytes);
            new Span<byte>(to + copy.SourceBytes, copy.Bytes - copy.SourceBytes).Clear();
        }

        _count = kept;
    }
}

/// <summary>cp.async: begins a copy of 4, 8 or 16 bytes; what the source size leaves out becomes zero.</summary>
internal sealed unsafe class BeginAsyncCopy(int index, Address to, Address from, int bytes, int sourceSize) : Operation
{
    public override void Execute(Block block)
    {
        for (int j = 0; j < block.Count; j++)
        {
            int i = block.ActiveThread(j);
            ulong source = from.At(block, i);
            ulong destination = to.At(block, i);
            uint length = sourceSize < 0 ? (uint)bytes : ((uint*)(block.Frame + sourceSize))[i];
            if (length > bytes)
            {
                block.Fault(PtxFaultKind.OutOfBounds, i, $"copies {length} bytes with an instruction for {bytes}");
            }

            if ((source & (uint)(bytes - 1)) != 0)
            {
                block.Fault(PtxFaultKind.Misaligned, i, $"copies {bytes} bytes of global memory from 0x{source:x}, which is not a multiple of {bytes}");
            }

            MemoryRange* range = block.Ranges + index;
            if (length > 0 && (range->End == 0 || source < range->Start || source + length > range->End) && !block.Memory.TryFind(source, length, out *range))
            {
                *range = default;
                block.Fault(PtxFaultKind.OutOfBounds, i, $"copies {length} bytes of global memory from 0x{source:x}, {block.Memory.Describe(source)}");
            }

            if (length > 0)
            {
                block.Races?.Touch(block, i, source, (int)length, writes: false);
            }

            block.Shared.BeginCopy(i, destination, bytes);
            block.Copies.Begin(i, destination, source, bytes, (int)length);
        }
    }
}

internal sealed class CommitAsyncCopies : Operation
{
    public override void Execute(Block block) => block.Copies.Commit();
}

/// <summary>Waits for all but the latest groups, or with -1 for everything.</summary>
internal sealed class WaitAsyncCopies(int latest) : Operation
{
    public override void Execute(Block block)
    {
        if (latest < 0)
        {
            block.Copies.Commit();
        }

        block.Copies.Wait(Math.Max(0, latest));
    }
}
