namespace Engine;

// The holders of a step: the tensors that carry it and the steps that were computed from it. Its saved values are released with the last holder, at once
// and not with a garbage collection: device memory is invisible to the collector.
public abstract partial class GradNode
{
    [ThreadStatic]
    private static GradNode? t_dead;

    [ThreadStatic]
    private static bool t_isBurying;

    // The first holder is the tensor that the step will be recorded on. 0 is final.
    private int _holders = 1;
    private GradNode? _nextDead;

    /// <summary>Adds a holder. Leaves are not counted: they save nothing, and many threads share them.</summary>
    /// <exception cref="ObjectDisposedException">The last holder has released the step.</exception>
    internal void Hold()
    {
        if (this is LeafNode)
        {
            return;
        }

        int holders = Volatile.Read(ref _holders);
        while (true)
        {
            ObjectDisposedException.ThrowIf(holders == 0, typeof(Tensor));
            int seen = Interlocked.CompareExchange(ref _holders, holders + 1, holders);
            if (seen == holders)
            {
                return;
            }

            holders = seen;
        }
    }

    /// <summary>Removes a holder. After the last one the step releases its saved values and the steps before it.</summary>
    internal void Drop()
    {
        if (this is not LeafNode && Interlocked.Decrement(ref _holders) == 0)
        {
            Bury(this);
        }
    }

    /// <summary>Lets go of the steps before this one. May be called again, and by several threads.</summary>
    internal void DropInputs()
    {
        foreach (GradNode? input in Interlocked.Exchange(ref _inputs, []))
        {
            input?.Drop();
        }
    }

    /// <summary>Releases a step and all steps that only it held. A list replaces the call stack, so that a chain may have any length.</summary>
    private static void Bury(GradNode node)
    {
        (node._nextDead, t_dead) = (t_dead, node);
        if (t_isBurying)
        {
            return;
        }

        t_isBurying = true;
        try
        {
            while (t_dead is { } dead)
            {
                (t_dead, dead._nextDead) = (dead._nextDead, null);
                dead.ReleaseSaved();
                dead.DropInputs();
            }
        }
        finally
        {
            t_isBurying = false;
        }
    }
}
