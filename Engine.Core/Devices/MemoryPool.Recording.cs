namespace Engine;

// The services of the pool for recorded work.
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
    /// Makes so many blocks free. Blocks that were taken since a warm-up, for instance by a thread that prepares data, would be missing while
    /// the device records.
    /// </summary>
    internal void Provide(IEnumerable<(long BlockBytes, int Count)> needs)
    {
        lock (_lock)
        {
            DrainOrphans();
            (long BlockBytes, int Missing)[] missing = [.. needs.Select(need =>
                (need.BlockBytes, need.Count - (_free.TryGetValue(need.BlockBytes, out FreeList? list) ? list.Count : 0)))];
            long bytes = missing.Sum(static m => m.BlockBytes * Math.Max(0, m.Missing));
            if (bytes > 0)
            {
                // The device does not record yet, so that the driver may free and allocate.
                GiveUpOldest(MostBytes - _inUse - bytes, except: [.. missing.Select(static m => m.BlockBytes)]);
            }

            foreach ((long blockBytes, int count) in missing)
            {
                for (int i = 0; i < count && _inUse + _cached + blockBytes <= MostBytes && _device.TryAllocateMemory(blockBytes, out nint handle); i++)
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
            foreach ((long blockBytes, FreeList list) in _free)
            {
                for (int i = list.Count; i > 0; i--)
                {
                    (nint handle, long idleSince) = list.PopOldest();
                    if (!blocks.ContainsKey(handle))
                    {
                        list.Push(handle, idleSince);
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
