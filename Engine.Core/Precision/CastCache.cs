namespace Engine;

/// <summary>Parameters in half precision. Each is converted once as long as its values are the same.</summary>
/// <remarks>
/// Converted values belong to one pass over a captured step. A recording computes nothing, and a replay has to convert the values of the
/// moment of the replay.
/// </remarks>
internal sealed class CastCache
{
    private readonly Dictionary<(Tensor Parameter, DType Type), Entry> _entries = [];

    /// <summary>The parameter's values as <paramref name="type"/>, connected to its gradient where that is recorded.</summary>
    public Tensor Get(Tensor parameter, DType type)
    {
        Storage storage = parameter.Storage;
        CapturePass? pass = CapturePass.Current;
        if (!_entries.TryGetValue((parameter, type), out Entry? entry))
        {
            entry = _entries[(parameter, type)] = new Entry();
        }

        if (entry.Values is not { } values || entry.Source != storage || entry.Version != storage.Version || entry.Pass != pass)
        {
            // The values outlive a scope inside the model.
            using TensorScope outside = TensorScope.Suspend();
            using GradMode.Scope mode = GradMode.Off();
            values = parameter.ToOrSelf(type);
            entry.Replace(values);
            (entry.Source, entry.Version, entry.Pass) = (storage, storage.Version, pass);
        }

        if (Tensor.ShouldTrack(parameter) && !values.IsCastOf(parameter))
        {
            // The first use that records a gradient. The step of a cast saves no values, so that it serves every backward pass.
            values = values.Share();
            values.RecordCastOf(parameter);
            entry.Replace(values);
        }

        return values;
    }

    /// <summary>Releases all values.</summary>
    public void Clear()
    {
        if (_entries.Count == 0)
        {
            return;
        }

        foreach (Entry entry in _entries.Values)
        {
            entry.Values?.Dispose();
        }

        _entries.Clear();
    }

    private sealed class Entry
    {
        public Tensor? Values { get; private set; }

        public Storage? Source { get; set; }

        public int Version { get; set; }

        public CapturePass? Pass { get; set; }

        public void Replace(Tensor values)
        {
            Values?.Dispose();
            Values = values;
        }
    }
}
