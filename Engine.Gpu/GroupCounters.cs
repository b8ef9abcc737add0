namespace Engine.Gpu;

/// <summary>
/// Counters of a device that tell which group of several is the last (<see cref="KernelBuilder.IsLastGroup"/>): 0 before each launch and 0 again after it, so that all launches
/// share them, one after another in the device's stream.
/// </summary>
internal sealed class GroupCounters(GpuDriver driver, Func<MemoryReport> report)
{
    /// <summary>How many there are.</summary>
    public const int Count = 1 << 14;

    private readonly Lock _lock = new();
    private nint _memory;
    private bool _isThere;

    /// <summary>The counters from a first one on, as an argument of a launch.</summary>
    public KernelArgument From(int first)
    {
        Prepare();
        return KernelArgument.Buffer(_memory, (long)first * sizeof(int));
    }

    /// <summary>Makes them, outside of any recording: they are set to 0 once, not by each replay.</summary>
    /// <exception cref="OutOfDeviceMemoryException">There is no memory for them.</exception>
    public void Prepare()
    {
        if (Volatile.Read(ref _isThere))
        {
            return;
        }

        lock (_lock)
        {
            if (_isThere)
            {
                return;
            }

            const int Bytes = Count * sizeof(int);
            if (!driver.TryAllocate(Bytes, out _memory))
            {
                throw new OutOfDeviceMemoryException($"The counters of groups take {Bytes} bytes, which the device does not have.", report());
            }

            driver.Clear(_memory, 0, Bytes);
            Volatile.Write(ref _isThere, true);
        }
    }

    /// <summary>Gives the memory back.</summary>
    public void Release()
    {
        lock (_lock)
        {
            if (_isThere)
            {
                driver.Free(_memory);
                Volatile.Write(ref _isThere, false);
            }
        }
    }
}
