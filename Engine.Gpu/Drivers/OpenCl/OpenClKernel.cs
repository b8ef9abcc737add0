namespace Engine.Gpu;

/// <summary>A program with one kernel.</summary>
internal sealed class OpenClKernel(KernelSource source, nint program, nint handle) : CompiledKernel(source)
{
    public nint Program { get; } = program;

    /// <summary>The kernel object that direct launches share; recordings make their own, which keep their arguments.</summary>
    public nint Handle { get; } = handle;
}
