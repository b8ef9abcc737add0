namespace Engine.Backends;

/// <summary>
/// Waits that <see cref="Thread.Interrupt"/> does not end: for a thread whose next action others rely on, or whose memory others write. The
/// interruption is not lost.
/// </summary>
internal static class Uninterrupted
{
    /// <summary><see cref="Monitor.Enter(object)"/>; true if the thread was interrupted meanwhile. The caller then has to report the interruption.</summary>
    public static bool Enter(object monitor)
    {
        bool interrupted = false;
        while (true)
        {
            try
            {
                Monitor.Enter(monitor);
                return interrupted;
            }
            catch (ThreadInterruptedException)
            {
                interrupted = true;
            }
        }
    }

    /// <summary>
    /// <see cref="Monitor.Wait(object)"/>, which may also return early; true if the thread was interrupted, which is then the caller's to tell.
    /// </summary>
    public static bool Wait(object monitor)
    {
        try
        {
            _ = Monitor.Wait(monitor);
            return false;
        }
        catch (ThreadInterruptedException)
        {
            // The monitor is held again.
            return true;
        }
    }

    /// <summary><see cref="Thread.Join()"/>; true if the calling thread was interrupted meanwhile, which is then the caller's to tell.</summary>
    public static bool Join(Thread thread)
    {
        bool interrupted = false;
        while (true)
        {
            try
            {
                thread.Join();
                return interrupted;
            }
            catch (ThreadInterruptedException)
            {
                interrupted = true;
            }
        }
    }

    /// <summary>Enters a lock until the result is disposed. A later wait of the thread throws if it was interrupted meanwhile.</summary>
    public static Held Hold(Lock gate)
    {
        bool interrupted = false;
        while (true)
        {
            try
            {
                gate.Enter();
                return new Held(gate, interrupted);
            }
            catch (ThreadInterruptedException)
            {
                interrupted = true;
            }
        }
    }

    /// <summary>A lock that is held.</summary>
    public readonly ref struct Held(Lock gate, bool interrupted) : IDisposable
    {
        /// <summary>Leaves the lock.</summary>
        public void Dispose()
        {
            gate.Exit();
            if (interrupted)
            {
                Thread.CurrentThread.Interrupt();
            }
        }
    }
}
