using System.Runtime.CompilerServices;

namespace Engine.Nn;

/// <summary>Checks of hyper-parameters.</summary>
internal static class Hyper
{
    /// <summary>0 ≤ value &lt; ∞.</summary>
    public static double NotNegative(double value, [CallerArgumentExpression(nameof(value))] string name = "", string? owner = null) => value >= 0 && double.IsFinite(value)
        ? value
        : throw Refused(name, value, owner, "be finite and not negative");

    /// <summary>0 &lt; value &lt; ∞.</summary>
    public static double Positive(double value, [CallerArgumentExpression(nameof(value))] string name = "", string? owner = null) => value > 0 && double.IsFinite(value)
        ? value
        : throw Refused(name, value, owner, "be finite and positive");

    /// <summary>0 ≤ value &lt; 1: how much of the old value a running average keeps.</summary>
    public static double Decay(double value, [CallerArgumentExpression(nameof(value))] string name = "", string? owner = null) => value is >= 0 and < 1
        ? value
        : throw Refused(name, value, owner, "lie in [0, 1)");

    /// <summary>0 ≤ value ≤ 1.</summary>
    public static double Fraction(double value, [CallerArgumentExpression(nameof(value))] string name = "", string? owner = null) => value is >= 0 and <= 1
        ? value
        : throw Refused(name, value, owner, "lie in [0, 1]");

    /// <summary>value ≥ 1.</summary>
    public static int Count(int value, [CallerArgumentExpression(nameof(value))] string name = "", string? owner = null) => value >= 1
        ? value
        : throw Refused(name, value, owner, "be at least 1");

    private static ArgumentOutOfRangeException Refused(string name, object value, string? owner, string rule) =>
        new(name, value, $"{(owner is null ? string.Empty : owner + ": ")}{name} must {rule}.");
}
