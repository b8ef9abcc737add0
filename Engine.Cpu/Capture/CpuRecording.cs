namespace Engine.Cpu;

/// <summary>The calls of a captured step, which a replay makes again with the operands that they had: no graph, no allocation, no count of references.</summary>
internal sealed class CpuRecording(CpuDevice device, Action<CpuBackend>[] calls) : DeviceRecording
{
    private Action<CpuBackend>[] _calls = calls;

    /// <inheritdoc/>
    public override int Launches => _calls.Length;

    /// <inheritdoc/>
    public override void Replay()
    {
        // The device's number of threads may have changed since.
        CpuBackend backend = device.Kernels;
        foreach (Action<CpuBackend> call in _calls)
        {
            call(backend);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _calls = [];
}
