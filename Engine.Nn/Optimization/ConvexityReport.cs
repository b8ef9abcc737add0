using System.Globalization;

namespace Engine.Nn;

/// <summary>A chord that runs below the function: the function is not convex, as its values show.</summary>
/// <param name="X">One end.</param>
/// <param name="Y">The other end.</param>
/// <param name="T">Where between them: at T·X + (1 − T)·Y.</param>
/// <param name="Value">f there.</param>
/// <param name="Chord">T·f(X) + (1 − T)·f(Y), which is less.</param>
public sealed record ChordCounterexample(Tensor X, Tensor Y, double T, double Value, double Chord)
{
    /// <summary>By how much the function lies above its chord.</summary>
    public double Excess => Value - Chord;
}

/// <summary>A point and a direction along which the function bends down: the function is not convex around it.</summary>
/// <param name="Point">Where.</param>
/// <param name="Direction">The direction, of length 1.</param>
/// <param name="Curvature">The second derivative along it, which is negative: the smallest eigenvalue of the Hessian.</param>
public sealed record CurvatureCounterexample(Tensor Point, Tensor Direction, double Curvature);

/// <summary>The result of a search for points where a function is not convex.</summary>
public sealed class ConvexityReport
{
    internal ConvexityReport(int chords, int hessians, double smallestCurvature, ChordCounterexample? chord, CurvatureCounterexample? curvature) =>
        (Chords, Hessians, SmallestCurvature, Chord, Curvature) = (chords, hessians, smallestCurvature, chord, curvature);

    /// <summary>
    /// Whether no counter-example was found. That is evidence, no proof: a function may bend down elsewhere. A counter-example is a proof.
    /// </summary>
    public bool IsConvex => Chord is null && Curvature is null;

    /// <summary>How many chords were tried.</summary>
    public int Chords { get; }

    /// <summary>At how many points the curvature was computed.</summary>
    public int Hessians { get; }

    /// <summary>The smallest eigenvalue of all Hessians. Well above 0 the function is strongly convex as far as was looked; NaN if none was computed.</summary>
    public double SmallestCurvature { get; }

    /// <summary>Of the chords that run below the function the one that does most; null if none does.</summary>
    public ChordCounterexample? Chord { get; }

    /// <summary>Where the function bends down most; null if it does so nowhere.</summary>
    public CurvatureCounterexample? Curvature { get; }

    /// <summary>The verdict with its figures.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{(IsConvex ? "convex as far as was looked" : "not convex")}: {Chords} chords{(Chord is null ? string.Empty : $", one of them {Chord.Excess:g3} below the function")}, smallest curvature {SmallestCurvature:g4} at {Hessians} points");
}
