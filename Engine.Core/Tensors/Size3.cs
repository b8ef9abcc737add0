namespace Engine;

/// <summary>A triple (depth, height, width); a single number means all three.</summary>
public readonly record struct Size3(int Depth, int Height, int Width)
{
    /// <summary>The same number in all directions.</summary>
    public static implicit operator Size3(int all) => new(all, all, all);

    /// <summary>(depth, height, width).</summary>
    public static implicit operator Size3((int Depth, int Height, int Width) triple) => new(triple.Depth, triple.Height, triple.Width);

    /// <inheritdoc/>
    public override string ToString() => $"({Depth}, {Height}, {Width})";

    /// <summary>Height and width alone.</summary>
    internal Size2 Plane => new(Height, Width);
}
