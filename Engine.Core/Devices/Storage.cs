namespace Engine.Backends;

/// <summary>
/// A block of device memory shared by the tensors that view it. The last tensor to release it returns the block to its pool. The garbage
/// collector finds a block that was not released and queues it for its pool.
/// </summary>
public sealed class Storage
{
    /// <summary>Far below 0, so that those who try for a reference, all at once, never bring a released block back above it.</summary>
    private const int Released = int.MinValue / 2;

    private static long s_lastId;

    private readonly object? _owner;
    private readonly bool _foreign;
    private int _references = 1;
    private long _id;

    internal Storage(Device device, nint handle, long bytes, long blockBytes)
    {
        Device = device;
        Handle = handle;
        Bytes = bytes;
        BlockBytes = blockBytes;
    }

    private Storage(Device device, nint handle, long bytes, object? owner)
        : this(device, handle, bytes, 0L)
    {
        _owner = owner;
        _foreign = true;
        GC.SuppressFinalize(this);
    }

    /// <summary>
    /// Only queues: a finalizer may run on any thread, and drivers need their own. The finalizer of another object may still use or revive a
    /// tensor after this; the tensor counts as disposed from here on.
    /// </summary>
    ~Storage()
    {
        if (Interlocked.Exchange(ref _references, Released) > 0)
        {
            if (_id != 0)
            {
                Device.Released(_id);
            }

            Device.Pool.QueueOrphan(Handle, BlockBytes);
        }
    }

    /// <summary>The device that the memory belongs to.</summary>
    public Device Device { get; }

    /// <summary>The address or driver handle of the block. It keeps nothing alive: its user holds the storage until the end of the work.</summary>
    public nint Handle { get; }

    /// <summary>The bytes that were asked for.</summary>
    public long Bytes { get; }

    /// <summary>Grows by one with each in-place write, so that a saved value can detect that it was overwritten.</summary>
    public int Version { get; private set; }

    /// <summary>The size of the block, which may be more than was asked for.</summary>
    internal long BlockBytes { get; }

    /// <summary>A number that no other block ever had, though its memory may have been another's. Given out at the first question: few devices ask.</summary>
    public long Id
    {
        get
        {
            long id = Volatile.Read(ref _id);
            if (id != 0)
            {
                return id;
            }

            long given = Interlocked.Increment(ref s_lastId);
            long before = Interlocked.CompareExchange(ref _id, given, 0);
            return before == 0 ? given : before;
        }
    }

    /// <summary>The object that keeps another library's view of this memory, made once.</summary>
    public object? Companion
    {
        get => Volatile.Read(ref field);
        set => Volatile.Write(ref field, value);
    }

    /// <summary>How many tensors and calls hold the block now; 0 after it was given back.</summary>
    public int References => Math.Max(0, Volatile.Read(ref _references));

    /// <summary>Wraps memory that the caller owns and frees. <paramref name="owner"/> is kept alive as long as the storage is.</summary>
    public static Storage Wrap(Device device, nint handle, long bytes, object? owner = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        return new(device, handle, bytes, owner);
    }

    /// <summary>A tensor over memory that the caller owns and frees: see <see cref="Wrap(Device, nint, long, object?)"/>.</summary>
    /// <exception cref="ArgumentException">The layout reaches beyond the memory.</exception>
    public static Tensor Wrap(Device device, nint handle, long bytes, DType dtype, Layout layout, object? owner = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (layout.Offset < 0 || ((Int128)layout.Offset + layout.Reach) * dtype.SizeInBytes() > bytes)
        {
            throw new ArgumentException($"Storage.Wrap: {dtype.ShortName()} {layout.Shape} from element {layout.Offset} on takes more than the {bytes:N0} bytes of the memory.", nameof(layout));
        }

        device.Require(dtype);
        return new Tensor(new Storage(device, handle, bytes, owner), dtype, layout);
    }

    /// <summary>Records an in-place write.</summary>
    public void MarkWritten() => Version++;

    /// <summary>Takes a reference, unless the last one was given back: a block that went to the pool is never revived.</summary>
    /// <remarks>
    /// One interlocked addition, because every operand of every call takes a reference. A reference that is taken after the count fell to 0 and
    /// before the block is marked as released comes before the release: <see cref="TryEnd"/> then leaves the block to its holder.
    /// </remarks>
    internal bool TryAddReference()
    {
        if (Interlocked.Increment(ref _references) > 0)
        {
            return true;
        }

        _ = Interlocked.Decrement(ref _references);
        return false;
    }

    /// <exception cref="ObjectDisposedException">The last reference was given back.</exception>
    internal void AddReference() => ObjectDisposedException.ThrowIf(!TryAddReference(), typeof(Tensor));

    internal void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0 && TryEnd())
        {
            if (_id != 0)
            {
                Device.Released(_id);
            }

            if (!_foreign)
            {
                GC.SuppressFinalize(this);
                Device.Pool.Return(Handle, Bytes, BlockBytes);
            }
        }

        GC.KeepAlive(_owner);
    }

    /// <summary>Marks the block as released, for good; false if another reference was taken since the last one was given back.</summary>
    private bool TryEnd() => Interlocked.CompareExchange(ref _references, Released, 0) == 0;
}
