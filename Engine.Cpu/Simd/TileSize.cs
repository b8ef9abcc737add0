using System.Runtime.InteropServices;

namespace Engine.Cpu;

/// <summary>A number of rows or vectors of a register tile as a type argument, so that conditions on it are constants to the JIT.</summary>
/// <remarks>
/// The type has that many bytes. <c>Unsafe.SizeOf</c> is a constant when the JIT reads the code, <see cref="Count"/> only when it has inlined. Conditions that drop rows ask
/// for the size: what they drop is then never read, and a tile of 6 rows of 12 compiled in 10 ms instead of 25.
/// </remarks>
internal interface ITileSize
{
    /// <summary>The number.</summary>
    static abstract int Count { get; }
}

/// <summary>The sizes that register tiles have.</summary>
internal static class TileSize
{
    [StructLayout(LayoutKind.Sequential, Size = 1)]
    public readonly struct One : ITileSize
    {
        public static int Count => 1;
    }

    [StructLayout(LayoutKind.Sequential, Size = 2)]
    public readonly struct Two : ITileSize
    {
        public static int Count => 2;
    }

    [StructLayout(LayoutKind.Sequential, Size = 3)]
    public readonly struct Three : ITileSize
    {
        public static int Count => 3;
    }

    [StructLayout(LayoutKind.Sequential, Size = 4)]
    public readonly struct Four : ITileSize
    {
        public static int Count => 4;
    }

    [StructLayout(LayoutKind.Sequential, Size = 5)]
    public readonly struct Five : ITileSize
    {
        public static int Count => 5;
    }

    [StructLayout(LayoutKind.Sequential, Size = 6)]
    public readonly struct Six : ITileSize
    {
        public static int Count => 6;
    }

    [StructLayout(LayoutKind.Sequential, Size = 8)]
    public readonly struct Eight : ITileSize
    {
        public static int Count => 8;
    }
}
