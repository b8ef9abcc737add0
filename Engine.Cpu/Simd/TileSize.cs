namespace Engine.Cpu;

/// <summary>A number of rows or vectors of a register tile as a type argument, so that conditions on it are constants to the JIT.</summary>
internal interface ITileSize
{
    /// <summary>The number.</summary>
    static abstract int Count { get; }
}

/// <summary>The sizes that register tiles have.</summary>
internal static class TileSize
{
    public readonly struct One : ITileSize
    {
        public static int Count => 1;
    }

    public readonly struct Two : ITileSize
    {
        public static int Count => 2;
    }

    public readonly struct Three : ITileSize
    {
        public static int Count => 3;
    }

    public readonly struct Four : ITileSize
    {
        public static int Count => 4;
    }

    public readonly struct Five : ITileSize
    {
        public static int Count => 5;
    }

    public readonly struct Six : ITileSize
    {
        public static int Count => 6;
    }

    public readonly struct Eight : ITileSize
    {
        public static int Count => 8;
    }

    public readonly struct Twelve : ITileSize
    {
        public static int Count => 12;
    }
}
