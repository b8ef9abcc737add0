namespace Engine.Gpu;

/// <summary>
/// The row-major number of an element, in two parts: work-items that compute neighbouring elements share a base and differ in the lane, so
/// that random numbers, which come in blocks of four, are drawn once for all of them.
/// </summary>
/// <param name="Base">Int32 or Int64, at least 0.</param>
/// <param name="Lane">Added to the base.</param>
/// <param name="Multiple">A known divisor of the base.</param>
internal readonly record struct ElementIndex(Value Base, int Lane = 0, int Multiple = 1)
{
    /// <summary>The number itself.</summary>
    public Value Value => Lane == 0 ? Base : Base + Lane;

    /// <summary>An element of which no more is known.</summary>
    public static implicit operator ElementIndex(Value index) => new(index);
}
