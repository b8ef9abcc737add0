using System.Runtime.InteropServices;

namespace Engine.Cpu;

/// <summary>An int alone on its cache lines, so that threads that poll it do not slow down writes to its neighbours.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct PaddedInt
{
    /// <summary>In the middle: adjacent-line prefetch pulls lines in pairs.</summary>
    [FieldOffset(128)]
    public int Value;
}
