namespace Engine.Nn;

/// <summary>Exact counts that stay on the device as int64.</summary>
internal sealed class RunningCount(Shape shape)
{
    private Tensor? _counts;

    // The state while there is no tensor: the device is unknown before the first batch.
    private Tensor? _loaded;

    /// <summary>Adds a tensor of the same shape.</summary>
    public void Add(Tensor addend)
    {
        if (_counts?.Device != addend.Device)
        {
            using TensorScope outside = TensorScope.Suspend();
            Tensor? before = _counts ?? _loaded;
            _counts = before?.To(addend.Device) ?? Tensor.Zeros(shape, DType.Int64, addend.Device);
            _loaded = null;
        }

        _counts.AddInPlace(addend.Reshape(shape));
    }

    /// <summary>The counts in row-major order; waits for the device.</summary>
    public long[] Read() => (_counts ?? _loaded)?.ToArray<long>() ?? new long[shape.ElementCount];

    public void Reset()
    {
        _counts?.ZeroInPlace();
        _loaded = null;
    }

    public void Save(TrainingState state, string name)
    {
        if ((_counts ?? _loaded) is { } counts)
        {
            state.Add(name, counts);
        }
    }

    public void Load(TrainingState state, string name)
    {
        _counts?.Dispose();
        _counts = null;
        _loaded = null;
        if (state.Contains(name))
        {
            using TensorScope outside = TensorScope.Suspend();
            Tensor saved = state.Tensor(name);
            _loaded = saved.Shape == shape && saved.DType == DType.Int64
                ? saved.Clone()
                : throw new ModelFileException($"The counts '{name}' are {saved.DType.ShortName()} {saved.Shape}; they should be i64 {shape}.");
        }
    }
}
