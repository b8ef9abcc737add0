using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Device memory for the length of a test.</summary>
internal sealed class Block : IDisposable
{
    private readonly GpuDriver _driver;

    public Block(GpuDriver driver, long bytes)
    {
        _driver = driver;
        Assert.That(driver.TryAllocate(bytes, out nint handle), Is.True);
        Handle = handle;
    }

    public nint Handle { get; }

    public void Dispose() => _driver.Free(Handle);
}
