using System.Collections.Concurrent;
using Engine.Gpu;
using NUnit.Framework;

namespace Engine.Tests.Devices;

/// <summary>
/// Kernels that need more registers than a work-item has. Only compilers for cards tell: the driver of the card, or the assembler that the
/// interpreter of PTX was given.
/// </summary>
internal static class Spills
{
    private static readonly ConcurrentDictionary<CompiledKernel, bool> s_told = new();

    /// <summary>Asserts that no kernel of a device has come to keep registers in memory; each that does is told once.</summary>
    public static void AssertNone(Device device)
    {
        if (device is GpuDevice gpu)
        {
            // Looked at once: a constraint that fails reads its sequence again for the message.
            string[] spilling = [.. gpu.CompiledKernels.Spilling.Where(kernel => s_told.TryAdd(kernel, true)).Select(Describe)];
            Assert.That(spilling, Is.Empty, "kernels that keep registers in memory");
        }
    }

    private static string Describe(CompiledKernel kernel) => $"{kernel.Source.Name}: {kernel.Registers} registers and {kernel.LocalBytes} bytes";
}
