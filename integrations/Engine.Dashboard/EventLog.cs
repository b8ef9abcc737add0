namespace Engine.Dashboard;

/// <summary>One event as a page gets it.</summary>
/// <param name="Type">"begin", "step", "epoch" or "end".</param>
/// <param name="Json">Its values, in one line.</param>
internal readonly record struct LiveEvent(string Type, string Json);

/// <summary>The events of a run, numbered from 1. One thread adds, any number read, each at its own pace.</summary>
internal sealed class EventLog
{
    /// <summary>Beyond this every second step of the older half is dropped: a page of a long run needs no more points.</summary>
    private const int MostEvents = 20_000;

    private readonly Lock _lock = new();
    private readonly List<(long Id, LiveEvent Event)> _events = [];
    private TaskCompletionSource _changed = NewSource();
    private long _last;
    private bool _isComplete;

    /// <summary>The number of events that are kept.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _events.Count;
            }
        }
    }

    public void Add(LiveEvent e)
    {
        lock (_lock)
        {
            _events.Add((++_last, e));
            if (_events.Count > MostEvents)
            {
                Thin();
            }

            Wake();
        }
    }

    /// <summary>No more will come.</summary>
    public void Complete()
    {
        lock (_lock)
        {
            _isComplete = true;
            Wake();
        }
    }

    /// <summary>The events after a number, waiting for those to come; ends when the log does.</summary>
    public async IAsyncEnumerable<(long Id, LiveEvent Event)> After(long id, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            (long Id, LiveEvent Event)[] news;
            Task changed;
            bool isComplete;
            lock (_lock)
            {
                int first = _events.FindLastIndex(e => e.Id <= id) + 1;
                news = [.. _events.Skip(first)];
                (changed, isComplete) = (_changed.Task, _isComplete);
            }

            foreach ((long Id, LiveEvent Event) e in news)
            {
                id = e.Id;
                yield return e;
            }

            if (isComplete && news.Length == 0)
            {
                yield break;
            }

            if (news.Length == 0)
            {
                await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // Readers go on on threads of their own, not on the one that trains.
    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Wake()
    {
        TaskCompletionSource changed = _changed;
        _changed = NewSource();
        changed.SetResult();
    }

    private void Thin()
    {
        int half = _events.Count / 2, place = 0;
        List<(long, LiveEvent)> kept = [.. _events.Take(half).Where(e => e.Event.Type != "step" || place++ % 2 == 0), .. _events.Skip(half)];
        _events.Clear();
        _events.AddRange(kept);
    }
}
