using System.Globalization;

namespace Engine.Gpu;

/// <summary>
/// How many kernels a driver's compiler is given at a time. <c>ENGINE_COMPILERS</c> limits them: drivers must stand several, and some do not.
/// </summary>
internal sealed class CompilerSlots
{
    private readonly SemaphoreSlim? _slots;

    /// <summary>At most so many; any number where it is 0.</summary>
    public CompilerSlots(int most) => _slots = most > 0 ? new SemaphoreSlim(most) : null;

    /// <summary>Those of this process.</summary>
    public static CompilerSlots Shared { get; } = FromSetting(Environment.GetEnvironmentVariable("ENGINE_COMPILERS"));

    /// <summary>The limit in the environment variable; no limit if it is not a number.</summary>
    public static CompilerSlots FromSetting(string? setting) =>
        new(int.TryParse(setting, NumberStyles.None, CultureInfo.InvariantCulture, out int most) ? most : 0);

    /// <summary>Waits for a free slot, which is held until the result is disposed.</summary>
    public Slot Enter()
    {
        _slots?.Wait();
        return new Slot(_slots);
    }

    /// <summary>The slot of one compiler.</summary>
    public readonly ref struct Slot(SemaphoreSlim? slots)
    {
        /// <summary>Gives it back.</summary>
        public void Dispose() => slots?.Release();
    }
}
