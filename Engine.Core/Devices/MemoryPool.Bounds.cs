namespace Engine;

// The bounds of the pool, and the blocks that it gives back beyond them.
public sealed partial class MemoryPool
{
    /// <summary>Below this nothing is given up: small blocks are no burden, and small programs vary more.</summary>
    private const long FreelyHeld = 16L << 20;

    /// <summary>
    /// Requests in one window of the recent peak: more than a step of training makes, so that each window sees a whole step. Longer steps only
    /// ask the device for memory a little more often.
    /// </summary>
    private const int WindowRequests = 1 << 16;

    /// <summary>
    /// From this size on, which a device maps by itself, any free block serves a request before others go back. A prediction has two layers at a time, but the sizes of all its layers, so
    /// that each pass would give back what the next one asks for: infer/convbn took twice as long.
    /// </summary>
    private const long AnyLargerFrom = 1 << 20;

    private long _limit = long.MaxValue;

    // The largest use in the present window and in the one before.
    private long _windowPeak, _formerPeak;
    private int _windowRequests;

    /// <summary>
    /// The most bytes that the pool may hold, in living tensors and in free blocks together; unlimited by default. The device's own memory
    /// (<see cref="Device.TotalMemory"/>) is a limit in any case.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The limit is negative.</exception>
    public long Limit
    {
        get => _limit;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            lock (_lock)
            {
                _limit = value;
                DrainOrphans();
                GiveUp(value - _inUse);
            }
        }
    }

    private long MostBytes => Math.Min(_limit, _device.TotalMemory);

    /// <summary>
    /// The bytes that the pool may hold while it grows: 1.5 times the recent peak of use. Training steps of constant shapes never reach this bound:
    /// their blocks of exact sizes make up to 1.4 times the peak.
    /// </summary>
    private long HeldAtMost(long inUse) => Math.Max(FreelyHeld, Scale(Math.Max(inUse, Math.Max(_windowPeak, _formerPeak))));

    private static long Scale(long bytes) => bytes + (bytes / 2);

    /// <summary>
    /// Takes the smallest free block that is larger than the request: somewhat, or by any amount. This avoids giving blocks back and asking the device for another. A pass that is captured
    /// takes exact sizes, so that passes are alike.
    /// </summary>
    private bool TryTakeLarger(ref long blockBytes, bool mayBeMuch, out nint handle)
    {
        handle = 0;
        if (CapturePass.On(_device) is not null)
        {
            return false;
        }

        long larger = 0, most = mayBeMuch ? long.MaxValue : Scale(blockBytes);
        foreach ((long size, FreeList list) in _free)
        {
            if (list.Count > 0 && size > blockBytes && size <= most && (larger == 0 || size < larger))
            {
                larger = size;
            }
        }

        if (larger == 0 || !TryTake(larger, out handle))
        {
            return false;
        }

        blockBytes = larger;
        return true;
    }

    /// <summary>Counts a request, and begins a new window of the recent peak after many.</summary>
    private void CountRequest()
    {
        if (++_windowRequests >= WindowRequests)
        {
            _windowRequests = 0;
            (_formerPeak, _windowPeak) = (_windowPeak, _inUse);
            GiveUp(HeldAtMost(_inUse) - _inUse);
        }
    }

    /// <summary>Gives free blocks back to the device, those idle longest first, until at most so many bytes of them are left.</summary>
    private void GiveUp(long most)
    {
        // Recorded work uses blocks that the lists call free, and drivers must not be called meanwhile.
        if (!_device.IsBeingRecorded)
        {
            GiveUpOldest(most, except: []);
        }
    }

    private void GiveUpOldest(long most, HashSet<long> except)
    {
        while (_cached > most)
        {
            (long size, FreeList? list) = (0, null);
            foreach ((long blockBytes, FreeList candidate) in _free)
            {
                if (candidate.Count > 0 && (list is null || candidate.Oldest < list.Oldest) && !except.Contains(blockBytes))
                {
                    (size, list) = (blockBytes, candidate);
                }
            }

            if (list is null)
            {
                return;
            }

            _device.FreeMemory(list.PopOldest().Handle);
            _cached -= size;
            // Going up and down is no growth.
            _grownSinceCollection = Math.Max(0, _grownSinceCollection - size);
        }
    }
}
