namespace Engine.Backends;

/// <summary>
/// The free blocks of one size, with the time since when each has been idle. The one returned last is reused first, since its lines may still
/// be in a cache; the one idle longest is given up first. A ring, so that both ends cost the same.
/// </summary>
internal sealed class FreeList
{
    private (nint Handle, long IdleSince)[] _ring = new (nint, long)[4];
    private int _first;

    public int Count { get; private set; }

    /// <summary>Since when the block that was used longest ago is idle. Only for a list with blocks.</summary>
    public long Oldest => _ring[_first].IdleSince;

    public void Push(nint handle, long now)
    {
        if (Count == _ring.Length)
        {
            Grow();
        }

        _ring[(_first + Count++) & (_ring.Length - 1)] = (handle, now);
    }

    public bool TryPop(out nint handle)
    {
        if (Count == 0)
        {
            handle = 0;
            return false;
        }

        handle = _ring[(_first + --Count) & (_ring.Length - 1)].Handle;
        return true;
    }

    /// <summary>Takes the block that was used longest ago. Only from a list with blocks.</summary>
    public (nint Handle, long IdleSince) PopOldest()
    {
        (nint, long) oldest = _ring[_first];
        _first = (_first + 1) & (_ring.Length - 1);
        Count--;
        return oldest;
    }

    private void Grow()
    {
        (nint, long)[] larger = new (nint, long)[_ring.Length * 2];
        for (int i = 0; i < Count; i++)
        {
            larger[i] = _ring[(_first + i) & (_ring.Length - 1)];
        }

        (_ring, _first) = (larger, 0);
    }
}
