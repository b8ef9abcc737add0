using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace Engine;

/// <summary>
/// Free lists of device memory by exact block size. A training step asks for the same sizes again and again, so after the first step
/// every request is served from a list.
/// </summary>
public sealed partial class MemoryPool
{
    /// <summary>Forgotten tensors are only found by a collection; this many new bytes (or half of what is alive, if more) start one.</summary>
    private const long MinimumBytesBetweenCollections = 256L << 20;

    private readonly Device _device;
    private readonly Lock _lock = new();
    private readonly Dictionary<long, Stack<nint>> _free = [];
    private readonly ConcurrentQueue<(nint Handle, long BlockBytes)> _orphans = new();
    private long _inUse, _cached, _peak, _orphanCount, _allocations, _grownSinceCollection;
    private int _blocks;
    private volatile bool _isAbandoned;

    internal MemoryPool(Device device) => _device = device;

    /// <summary>The most bytes that living tensors may hold together; unlimited by default.</summary>
    public long Limit { get; set; } = long.MaxValue;

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
            foreach (Stack<nint> list in _free.Values)
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
        long blockBytes = BlockSize(bytes);
        if (TryRent(blockBytes, out nint handle))
        {
            return new Storage(_device, handle, bytes, blockBytes);
        }

        // Nothing fits: find what was forgotten, give back what is cached, and try once more.
        CollectForgotten();
        if (TryRent(blockBytes, out handle))
        {
            return new Storage(_device, handle, bytes, blockBytes);
        }

        TrimFree();
        if (TryRent(blockBytes, out handle))
        {
            return new Storage(_device, handle, bytes, blockBytes);
        }

        MemoryReport report = Report;
        string limit = Limit == long.MaxValue ? string.Empty : $" (limit {Limit >> 20} MiB)";
        throw new OutOfDeviceMemoryException(
            $"{_device}: no {bytes:N0} bytes left{limit}: {report}. Use smaller batches, dispose tensors or put a TensorScope around each step.", report);
    }

    internal void Return(nint handle, long blockBytes)
    {
        CapturePass.On(_device)?.Returned(blockBytes);
        if (_isAbandoned)
        {
            _device.FreeMemory(handle);
            return;
        }

        // Disposing never throws and loses no memory.
        using (Uninterrupted.Hold(_lock))
        {
            Put(handle, blockBytes);
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
    /// Gives everything that is free back to the device, now and when it is found, for a device that nobody can use any more. Only for devices
    /// whose memory may be freed by a finalizer, on any thread.
    /// </summary>
    internal void Abandon()
    {
        _isAbandoned = true;
        foreach (Stack<nint> list in _free.Values)
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

    private bool TryRent(long blockBytes, out nint handle)
    {
        bool collect;
        lock (_lock)
        {
            if (!_orphans.IsEmpty)
            {
                DrainOrphans();
            }

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
            if (_inUse + blockBytes > Limit || !_device.TryAllocateMemory(blockBytes, out handle))
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

        if (!_free.TryGetValue(blockBytes, out Stack<nint>? list) || _inUse + blockBytes > Limit || !list.TryPop(out handle))
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
        _peak = Math.Max(_peak, _inUse);
    }

    private void Put(nint handle, long blockBytes)
    {
        _blocks--;
        _inUse -= blockBytes;
        _cached += blockBytes;
        if (!_free.TryGetValue(blockBytes, out Stack<nint>? list))
        {
            _free[blockBytes] = list = new Stack<nint>();
        }

        list.Push(handle);
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
