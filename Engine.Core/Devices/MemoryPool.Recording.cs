namespace Engine;

// What recorded work needs of the pool.
public sealed partial class MemoryPool
{
    /// <summary>Recorded work may only use blocks that are there: a device cannot allocate while it records.</summary>
    private Storage RentForRecording(long bytes)
    {
        long blockBytes = BlockSize(bytes);
        for (int attempt = 0; attempt < 2; attempt++)
        {
            lock (_lock)
            {
                DrainOrphans();
                if (TryTake(blockBytes, out nint handle))
                {
                    return new Storage(_device, handle, bytes, blockBytes);
                }
            }

            CollectForgotten();
        }

        throw new CaptureException(
            $"{_device}: while it was recorded, the step needed a block of {blockBytes:N0} bytes that its warm-ups had not left in the pool, and a device cannot allocate "
            + "while it records. Keep shapes the same in every pass, dispose what a pass leaves behind or put a TensorScope around it, or run more warm-ups.");
    }

    /// <summary>
    /// Sees to it that so many blocks are free: what has been taken since a warm-up, by a thread that prepares data for instance, would be
    /// missing while the device records.
    /// </summary>
    internal void Provide(IEnumerable<(long BlockBytes, int Count)> needs)
    {
        lock (_lock)
        {
            DrainOrphans();
            foreach ((long blockBytes, int count) in needs)
            {
                int missing = count - (_free.TryGetValue(blockBytes, out Stack<nint>? list) ? list.Count : 0);
                while (missing-- > 0 && _inUse + blockBytes <= Limit && _device.TryAllocateMemory(blockBytes, out nint handle))
                {
                    _allocations++;
                    Count(blockBytes);
                    Put(handle, blockBytes);
                }
            }
        }
    }

    /// <summary>Takes blocks out of the free lists; recorded work goes on using them.</summary>
    internal List<Storage> Withdraw(IReadOnlyDictionary<nint, long> blocks)
    {
        List<Storage> taken = [];
        lock (_lock)
        {
            foreach ((long blockBytes, Stack<nint> list) in _free)
            {
                nint[] handles = [.. list.Reverse()];
                list.Clear();
                foreach (nint handle in handles)
                {
                    if (!blocks.ContainsKey(handle))
                    {
                        list.Push(handle);
                        continue;
                    }

                    _cached -= blockBytes;
                    Count(blockBytes);
                    taken.Add(new Storage(_device, handle, blockBytes, blockBytes));
                }
            }
        }

        return taken;
    }
}
