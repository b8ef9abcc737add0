namespace Engine.Backends;

/// <summary>
/// The order in which one pass over a step rents and returns blocks. The host is deterministic, so two passes over the same step agree;
/// where they do not, the step depends on its data or keeps more memory each time, and cannot be recorded.
/// </summary>
/// <param name="expected">An earlier pass to compare with, or null.</param>
/// <param name="keeps">Whether later passes are to be compared with this one.</param>
internal sealed class PoolTrace(PoolTrace? expected, bool keeps)
{
    // Positive for a rent, negative for a return, in bytes of the block.
    private readonly List<long> _events = [];
    private readonly Dictionary<long, (int Held, int Most)> _balance = [];
    private int _count;

    /// <summary>Where the passes part, in words; null as long as they agree.</summary>
    public string? Difference { get; private set; }

    /// <summary>How many blocks of each size the pass needs at its start so that none is missing later.</summary>
    public IEnumerable<(long BlockBytes, int Count)> Needs => _balance.Select(static b => (b.Key, b.Value.Most));

    public void Rent(long blockBytes)
    {
        Add(blockBytes);
        Balance(blockBytes, 1);
    }

    public void Return(long blockBytes)
    {
        Add(-blockBytes);
        Balance(blockBytes, -1);
    }

    /// <summary>Compares the lengths at the end of the pass.</summary>
    public void Finish()
    {
        if (expected is not null && Difference is null && _count < expected._events.Count)
        {
            Difference = $"it stopped after {_count} of {expected._events.Count} requests of memory";
        }
    }

    private void Balance(long blockBytes, int change)
    {
        if (keeps)
        {
            (int held, int most) = _balance.GetValueOrDefault(blockBytes);
            _balance[blockBytes] = (held + change, Math.Max(most, held + change));
        }
    }

    private void Add(long change)
    {
        if (expected is not null && Difference is null)
        {
            if (_count >= expected._events.Count)
            {
                Difference = $"it {Describe(change)} after the {expected._events.Count} requests that it made before";
            }
            else if (expected._events[_count] != change)
            {
                Difference = $"request {_count + 1} {Describe(change)}, where it {Describe(expected._events[_count])} before";
            }
        }

        _count++;
        if (keeps)
        {
            _events.Add(change);
        }
    }

    private static string Describe(long change) => change > 0 ? $"rented {change:N0} bytes" : $"returned {-change:N0} bytes";
}
