namespace Engine;

/// <summary>A pair (height, width); a single number means both.</summary>
public readonly record struct Size2(int Height, int Width)
{
    /// <summary>The same number in both directions.</summary>
    public static implicit operator Size2(int both) => new(both, both);

    /// <summary>(height, width).</summary>
    public static implicit operator Size2((int Height, int Width) pair) => new(pair.Height, pair.Width);

    /// <inheritdoc/>
    public override string ToString() => $"({Height}, {Width})";
}
