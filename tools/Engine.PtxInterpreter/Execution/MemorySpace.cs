namespace Engine.PtxInterpreter;

/// <summary>Where an address points; generic ones tell it by the window that they lie in.</summary>
internal enum MemorySpace : byte
{
    Global,
    Shared,
    Local,
    Generic,
}

/// <summary>
/// The windows of generic addresses: far above all of global memory, whose generic addresses are its own. An address that was made for the
/// wrong space lands outside of every allocation, so that its first use is an error.
/// </summary>
internal static class GenericWindows
{
    public const ulong Shared = 1UL << 56;

    public const ulong Local = 1UL << 57;

    /// <summary>The first address of a space's window.</summary>
    public static ulong Of(MemorySpace space) => space switch
    {
        MemorySpace.Shared => Shared,
        MemorySpace.Local => Local,
        _ => 0,
    };

    /// <summary>The space of a generic address and the address within it.</summary>
    public static (MemorySpace Space, ulong Address) Resolve(ulong address) =>
        (address >> 56) switch
        {
            1 => (MemorySpace.Shared, address - Shared),
            2 => (MemorySpace.Local, address - Local),
            _ => (MemorySpace.Global, address),
        };
}
