namespace Engine.Gpu;

/// <summary>Memory of a trial, beside the pool: a trial waits for nothing that others began.</summary>
internal sealed class TrialMemory(GpuDriver driver) : IDisposable
{
    private readonly List<nint> _handles = [];

    /// <summary>New memory with a content.</summary>
    public KernelArgument Upload(ReadOnlySpan<byte> bytes)
    {
        if (!driver.TryAllocate(bytes.Length, out nint handle))
        {
            throw new EngineException("no memory for a trial");
        }

        _handles.Add(handle);
        driver.Upload(bytes, handle, 0);
        return KernelArgument.Buffer(handle, 0);
    }

    /// <summary>Gives all of it back.</summary>
    public void Dispose() => _handles.ForEach(driver.Free);
}
