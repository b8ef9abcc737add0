namespace Engine;

/// <summary>What lies beyond the border of a tensor.</summary>
public enum PaddingMode
{
    /// <summary>One value everywhere, 0 if none is given: <c>0 0 a b c 0 0</c>.</summary>
    Constant = 0,

    /// <summary>The tensor mirrored at its outermost elements, which are not repeated: <c>c b a b c b a</c>.</summary>
    Reflect = 1,

    /// <summary>The outermost elements repeated: <c>a a a b c c c</c>.</summary>
    Replicate = 2,

    /// <summary>The other end: <c>b c a b c a b</c>.</summary>
    Circular = 3,
}
