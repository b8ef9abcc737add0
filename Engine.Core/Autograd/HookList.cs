namespace Engine;

/// <summary>Hooks of one kind in the order in which they were registered. Readers take an array that never changes, so they need no lock.</summary>
internal sealed class HookList<T>
    where T : Delegate
{
    private Entry[] _entries = [];

    public bool IsEmpty => Volatile.Read(ref _entries).Length == 0;

    /// <summary>Those that are registered at this moment.</summary>
    public Entry[] Entries => Volatile.Read(ref _entries);

    public HookHandle Add(T hook)
    {
        Entry entry = new(hook);
        Exchange(entries => [.. entries, entry]);
        return new HookHandle(() => Exchange(entries => [.. entries.Where(e => !ReferenceEquals(e, entry))]));
    }

    private void Exchange(Func<Entry[], Entry[]> change)
    {
        Entry[] before = _entries;
        while (true)
        {
            Entry[] seen = Interlocked.CompareExchange(ref _entries, change(before), before);
            if (ReferenceEquals(seen, before))
            {
                return;
            }

            before = seen;
        }
    }

    /// <summary>One registration; the same delegate may be registered twice.</summary>
    internal sealed class Entry(T hook)
    {
        public T Hook { get; } = hook;
    }
}
