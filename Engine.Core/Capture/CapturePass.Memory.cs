namespace Engine.Backends;

// The reports of the pool and of the tensors to a pass.
public sealed partial class CapturePass
{
    private readonly Dictionary<nint, Storage> _rented = [];
    private readonly Dictionary<Storage, int> _touched = new(ReferenceEqualityComparer.Instance);

    internal void Rented(Storage storage)
    {
        Trace.Rent(storage.BlockBytes);
        if (IsRecording)
        {
            // A block that was returned within the recording may be rented again within it: replays keep that order.
            _rented[storage.Handle] = storage;
        }
    }

    internal void Returned(long blockBytes) => Trace.Return(blockBytes);

    /// <summary>Memory that a recorded kernel uses: older than the recording, it is kept alive as long as the recording is.</summary>
    public void Touch(Storage storage)
    {
        ArgumentNullException.ThrowIfNull(storage);
        if (storage.Device == Device
            && !(_rented.TryGetValue(storage.Handle, out Storage? own) && ReferenceEquals(own, storage))
            && _touched.TryAdd(storage, storage.Version))
        {
            storage.AddReference();
        }
    }

    /// <summary>
    /// All memory that the recorded work reads or writes, with a reference each: the blocks alive before, the blocks alive now, and the blocks
    /// that have gone back to the pool in the meantime. The pool gives these up again.
    /// </summary>
    internal RecordedMemory TakeMemory()
    {
        List<Storage> kept = [.. _touched.Keys];
        List<Storage> written = [.. _touched.Where(static t => t.Key.Version != t.Value).Select(static t => t.Key)];
        Dictionary<nint, long> returned = [];
        foreach ((nint handle, Storage storage) in _rented)
        {
            if (storage.References == 0)
            {
                returned[handle] = storage.BlockBytes;
            }
            else
            {
                storage.AddReference();
                kept.Add(storage);
                written.Add(storage);
            }
        }

        kept.AddRange(Device.Pool.Withdraw(returned));
        _touched.Clear();
        _rented.Clear();
        return new RecordedMemory(kept, written);
    }

    /// <summary>Lets go of everything after a recording that was given up.</summary>
    internal void DropMemory()
    {
        foreach (Storage storage in _touched.Keys)
        {
            storage.Release();
        }

        _touched.Clear();
        _rented.Clear();
    }
}

/// <summary>The blocks that recorded work uses.</summary>
/// <param name="kept">All of them, with a reference each.</param>
/// <param name="written">Those whose values change with each replay.</param>
internal sealed class RecordedMemory(List<Storage> kept, List<Storage> written) : IDisposable
{
    /// <summary>Marks saved values of eager graphs as overwritten.</summary>
    public void MarkWritten()
    {
        foreach (Storage storage in written)
        {
            storage.MarkWritten();
        }
    }

    public void Dispose()
    {
        foreach (Storage storage in kept)
        {
            storage.Release();
        }

        kept.Clear();
        written.Clear();
    }
}
