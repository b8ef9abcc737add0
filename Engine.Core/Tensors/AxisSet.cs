namespace Engine.Backends;

/// <summary>A set of axes as bits.</summary>
public readonly record struct AxisSet(uint Bits)
{
    /// <summary>Axes 0 to rank − 1.</summary>
    public static AxisSet All(int rank) => new((1u << rank) - 1);

    /// <summary>Whether an axis is in the set.</summary>
    public bool Contains(int axis) => (Bits >> axis & 1) != 0;

    /// <summary>The set with one more axis.</summary>
    public AxisSet With(int axis) => new(Bits | 1u << axis);

    /// <summary>How many axes are in the set.</summary>
    public int Count => System.Numerics.BitOperations.PopCount(Bits);
}
