namespace Engine.Nn;

/// <summary>The behaviour of a function at a point, according to its first and second derivatives.</summary>
public enum CriticalPointKind
{
    /// <summary>The slope is not 0: there is a way down.</summary>
    NotCritical,

    /// <summary>The slope is 0 and all curvatures are positive: a local minimum.</summary>
    Minimum,

    /// <summary>The slope is 0 and all curvatures are negative: a local maximum.</summary>
    Maximum,

    /// <summary>The slope is 0, some curvatures are positive and some negative: up one way, down another.</summary>
    Saddle,

    /// <summary>
    /// The slope is 0, some curvatures are 0 and the others have one sign: second derivatives do not decide. x⁴ has a minimum at 0, x³ has none, and
    /// both are flat there.
    /// </summary>
    Flat,
}
