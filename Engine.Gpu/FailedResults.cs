using System.Runtime.ExceptionServices;

namespace Engine.Gpu;

/// <summary>
/// The blocks of memory whose values are missing because their work failed after its call had returned, with the failure. A read of such a
/// block throws the failure, and so does a computation with it. A block that is overwritten as a whole is valid again.
/// </summary>
internal sealed class FailedResults
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, ExceptionDispatchInfo> _failures = [];
    private readonly List<long> _forgotten = [];
    private volatile bool _any;

    /// <summary>Whether there are any; all that launches look at while nothing has failed.</summary>
    public bool Any => _any;

    /// <summary>Notes the failure of a block.</summary>
    public void Add(long storageId, ExceptionDispatchInfo failure)
    {
        lock (_lock)
        {
            _failures[storageId] = failure;
            _any = true;
        }
    }

    /// <summary>Notes the failure of all that a launch would have written; false if that is nothing known.</summary>
    public bool AddOutputs(KernelSource source, ReadOnlySpan<KernelArgument> arguments, ExceptionDispatchInfo failure)
    {
        bool any = false;
        for (int i = 0; i < arguments.Length; i++)
        {
            if (arguments[i].StorageId != 0 && SlotOf(source, i).IsWritten)
            {
                Add(arguments[i].StorageId, failure);
                any = true;
            }
        }

        return any;
    }

    /// <summary>The failure of something that a launch reads.</summary>
    public ExceptionDispatchInfo? FailureOfInputs(KernelSource source, ReadOnlySpan<KernelArgument> arguments)
    {
        lock (_lock)
        {
            for (int i = 0; i < arguments.Length; i++)
            {
                if (arguments[i].StorageId != 0 && SlotOf(source, i).IsRead && _failures.TryGetValue(arguments[i].StorageId, out ExceptionDispatchInfo? failure))
                {
                    return failure;
                }
            }
        }

        return null;
    }

    /// <summary>Removes the blocks that a launch has written as a whole without reading them.</summary>
    public void RemoveOverwritten(KernelSource source, ReadOnlySpan<KernelArgument> arguments)
    {
        for (int i = 0; i < arguments.Length; i++)
        {
            if (arguments[i].IsWhole && SlotOf(source, i) is { IsWritten: true, IsRead: false })
            {
                Remove(arguments[i].StorageId);
            }
        }
    }

    /// <summary>Takes a block out.</summary>
    public void Remove(long storageId)
    {
        if (_any)
        {
            lock (_lock)
            {
                _failures.Remove(storageId);
                _any = _failures.Count > 0;
            }
        }
    }

    /// <summary>
    /// Removes a block without holders: at once, or in <see cref="DropForgotten"/>, because waiting work may still read the block or fail to
    /// write it.
    /// </summary>
    public void Forget(long storageId, bool atOnce)
    {
        if (atOnce)
        {
            Remove(storageId);
            return;
        }

        lock (_lock)
        {
            _forgotten.Add(storageId);
        }
    }

    /// <summary>Removes the blocks that lost their holders while work waited.</summary>
    public void DropForgotten()
    {
        lock (_lock)
        {
            foreach (long storageId in _forgotten)
            {
                _failures.Remove(storageId);
            }

            _forgotten.Clear();
            _any = _failures.Count > 0;
        }
    }

    /// <summary>Throws the failure of a block.</summary>
    public void ThrowIfFailed(long storageId)
    {
        if (_any)
        {
            ExceptionDispatchInfo? failure;
            lock (_lock)
            {
                _failures.TryGetValue(storageId, out failure);
            }

            failure?.Throw();
        }
    }

    /// <summary>Throws the failure of one of several blocks.</summary>
    public void ThrowIfFailed(HashSet<long> storageIds)
    {
        if (_any)
        {
            ExceptionDispatchInfo? failure;
            lock (_lock)
            {
                failure = _failures.FirstOrDefault(entry => storageIds.Contains(entry.Key)).Value;
            }

            failure?.Throw();
        }
    }

    // A text that no builder wrote says nothing of its parameters: it may read and write all of them.
    private static ParameterSlot SlotOf(KernelSource source, int argument) =>
        source.Signature is { } signature && argument < signature.Slots.Length
            ? signature.Slots[argument]
            : new ParameterSlot(string.Empty, ArgumentKind.Buffer, default, IsRead: true, IsWritten: true);
}
