using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace Engine;

/// <summary>
/// Free lists of device memory by exact block size. A training step asks for the same sizes again and again, so after the first step
/// every request is served from a list.
/// </summary>
/// <remarks>
/// Living tensors and free blocks together are bounded: by <see cref="Limit"/>, by the memory of the device, and, when a block is to be
/// added, by 1.5 times the recent peak of use (the last 65,536 to 131,072 requests) or 16 MiB, whichever is more. Where a new block would
/// break a bound, a free one that is up to half as large again serves the request, or of any size where it is the bound of recent use and the request is large. Without one, the
/// blocks that have been idle longest go back to the device.
/// </remarks>
public sealed partial class MemoryPool
{
    /// <summary>Only a garbage collection finds forgotten tensors. This many new bytes start one, or half of the living bytes if that is more.</summary>
    private const long MinimumBytesBetweenCollections = 256L << 20;

    private readonly Device _device;
    private readonly Lock _lock = new();
    private readonly Dictionary<long, FreeList> _free = [];
    private readonly ConcurrentQueue<(nint Handle, long BlockBytes)> _orphans = new();
    private long _inUse, _cached, _peak, _orphanCount, _allocations, _grownSinceCollection, _clock;
    private int _blocks;
    private volatile bool _isAbandoned;

    internal MemoryPool(Device device) => _device = device;

    /// <summary>Current figures.</summary>
    public MemoryReport Report
    {
        get
        {
            lock (_lock)
            {
                DrainOrphans();
                return new MemoryReport(_inUse, _cached, _peak, _blocks, _orphanCount, _allocations);
            }
        }
    }

    /// <summary>Gives every cached block back to the device.</summary>
    /// <exception cref="CaptureException">A step is being captured.</exception>
    public void Trim()
    {
        _device.Refuse(nameof(Trim), HostAccess.Memory);
        TrimFree();
    }

    private void TrimFree()
    {
        lock (_lock)
        {
            DrainOrphans();
            if (_device.IsBeingRecorded)
            {
                // Recorded work uses blocks that the lists call free.
                return;
            }

            foreach (FreeList list in _free.Values)
            {
                while (list.TryPop(out nint handle))
                {
                    _device.FreeMemory(handle);
                }
            }

            _cached = 0;
        }
    }

    internal Storage Rent(long bytes)
    {
        CapturePass? pass = CapturePass.On(_device);
        if (pass is null)
        {
            _device.WaitForRecording();
            return RentBlock(bytes);
        }

        Storage storage = pass.IsRecording ? RentForRecording(bytes) : RentBlock(bytes);
        pass.Rented(storage);
        return storage;
    }

    private Storage RentBlock(long bytes)
    {
        // A request that can never fit is refused at once, and before the arithmetic of sizes.
        if (bytes <= MostBytes && (TryRentBlock(bytes) ?? Retry(bytes)) is { } storage)
        {
            return storage;
        }

        MemoryReport report = Report;
        string limit = _limit < _device.TotalMemory ? $" (limit {_limit >> 20} MiB)"
            : _device.TotalMemory < long.MaxValue ? $" ({_device.TotalMemory >> 20} MiB altogether)" : string.Empty;
        throw new OutOfDeviceMemoryException(
            $"{_device}: no {bytes:N0} bytes left{limit}: {report}. Use smaller batches, dispose tensors or put a TensorScope around each step.", report);
    }

    /// <summary>Nothing fits: finds forgotten tensors, gives cached blocks back, and tries again.</summary>
    private Storage? Retry(long bytes)
    {
        CollectForgotten();
        if (TryRentBlock(bytes) is { } storage)
        {
            return storage;
        }

        TrimFree();
        return TryRentBlock(bytes);
    }

    private Storage? TryRentBlock(long bytes)
    {
        long blockBytes = BlockSize(bytes);
        return TryRent(ref blockBytes, out nint handle) ? new Storage(_device, handle, bytes, blockBytes) : null;
    }

    internal void Return(nint handle, long bytes, long blockBytes)
    {
        // Passes are compared by the bytes of their requests.
        CapturePass.On(_device)?.Returned(BlockSize(bytes));
        if (_isAbandoned)
        {
            _device.FreeMemory(handle);
            return;
        }

        // Disposing never throws and loses no memory.
        using (Uninterrupted.Hold(_lock))
        {
            Put(handle, blockBytes);
            if (_inUse + _cached > _limit)
            {
                GiveUp(_limit - _inUse);
            }
        }
    }

    internal void QueueOrphan(nint handle, long blockBytes)
    {
        _orphans.Enqueue((handle, blockBytes));
        if (_isAbandoned)
        {
            FreeOrphans();
        }
    }

    /// <summary>
    /// Gives all free blocks back to the device, now and as they are found, after the last reference to the device. Only for devices whose
    /// memory a finalizer may free on any thread.
    /// </summary>
    internal void Abandon()
    {
        _isAbandoned = true;
        foreach (FreeList list in _free.Values)
        {
            while (list.TryPop(out nint handle))
            {
                _device.FreeMemory(handle);
            }
        }

        FreeOrphans();
    }

    private void FreeOrphans()
    {
        while (_orphans.TryDequeue(out (nint Handle, long BlockBytes) orphan))
        {
            _device.FreeMemory(orphan.Handle);
        }
    }

    /// <summary>Small blocks in steps of 64 bytes to 512, larger ones in eighths of a power of two: little waste, few distinct sizes.</summary>
    private static long BlockSize(long bytes)
    {
        if (bytes <= 512)
        {
            return Math.Max(64, (bytes + 63) & ~63L);
        }

        long step = Math.Max(512, 1L << (BitOperations.Log2((ulong)(bytes - 1)) - 3));
        return (bytes + step - 1) / step * step;
    }

    private bool TryRent(ref long blockBytes, out nint handle)
    {
        bool collect;
        lock (_lock)
        {
            if (!_orphans.IsEmpty)
            {
                DrainOrphans();
            }

            CountRequest();
            if (TryTake(blockBytes, out handle))
            {
                return true;
            }

            collect = _grownSinceCollection + blockBytes > Math.Max(MinimumBytesBetweenCollections, _inUse / 2) && _inUse > 0;
        }

        if (collect)
        {
            CollectForgotten();
            lock (_lock)
            {
                if (TryTake(blockBytes, out handle))
                {
                    return true;
                }
            }
        }

        lock (_lock)
        {
            long inUse = _inUse + blockBytes;
            if (inUse > MostBytes)
            {
                return false;
            }

            long most = Math.Min(MostBytes, HeldAtMost(inUse));
            if (inUse + _cached > most)
            {
                if (TryTakeLarger(ref blockBytes, mayBeMuch: blockBytes >= AnyLargerFrom && inUse + _cached <= MostBytes, out handle))
                {
                    return true;
                }

                GiveUp(most - inUse);
            }

            // More than the limits while a recording keeps its blocks: they count, and come back.
            if (inUse + _cached > MostBytes || !_device.TryAllocateMemory(blockBytes, out handle))
            {
                return false;
            }

            _allocations++;
            _grownSinceCollection += blockBytes;
            Count(blockBytes);
            return true;
        }
    }

    private bool TryTake(long blockBytes, out nint handle)
    {
        handle = 0;
        if (_device.IsRecordingElsewhere)
        {
            // Free blocks belong to the recording until it has ended; who did not wait for that gets new memory.
            return false;
        }

        if (!_free.TryGetValue(blockBytes, out FreeList? list) || _inUse + blockBytes > _limit || !list.TryPop(out handle))
        {
            return false;
        }

        _cached -= blockBytes;
        Count(blockBytes);
        return true;
    }

    private void Count(long blockBytes)
    {
        _blocks++;
        _inUse += blockBytes;
        if (_inUse > _windowPeak)
        {
            _windowPeak = _inUse;
            _peak = Math.Max(_peak, _inUse);
        }
    }

    private void Put(nint handle, long blockBytes)
    {
        _blocks--;
        _inUse -= blockBytes;
        _cached += blockBytes;
        if (!_free.TryGetValue(blockBytes, out FreeList? list))
        {
            _free[blockBytes] = list = new FreeList();
        }

        list.Push(handle, ++_clock);
    }

    private void DrainOrphans()
    {
        while (_orphans.TryDequeue(out (nint Handle, long BlockBytes) orphan))
        {
            _orphanCount++;
            Put(orphan.Handle, orphan.BlockBytes);
        }
    }

    [SuppressMessage("Reliability", "CA2001", Justification = "Device memory is invisible to the collector; only a collection finds tensors that nobody disposed.")]
    private void CollectForgotten()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        lock (_lock)
        {
            _grownSinceCollection = 0;
            DrainOrphans();
        }
    }
}
