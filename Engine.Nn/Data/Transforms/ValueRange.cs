namespace Engine.Nn;

/// <summary>Ranges that random settings are drawn from.</summary>
internal static class ValueRange
{
    public static (double Min, double Max) Ordered((double Min, double Max) range, string name, double least = double.NegativeInfinity, double most = double.PositiveInfinity) =>
        range.Min >= least && range.Max <= most && range.Min <= range.Max && double.IsFinite(range.Min) && double.IsFinite(range.Max)
            ? range
            : throw new ArgumentOutOfRangeException(name, range, $"{name} is a range (min, max) of finite numbers{Limits(least, most)} with min ≤ max.");

    public static (double Min, double Max) Positive((double Min, double Max) range, string name) => Ordered(range, name, double.Epsilon);

    /// <summary>One number, always; it is drawn even where both ends are equal, so that the later numbers do not depend on it.</summary>
    public static double Draw((double Min, double Max) range, ref SampleRandom random) => range.Min + ((range.Max - range.Min) * random.NextDouble());

    private static string Limits(double least, double most) => (double.IsFinite(least), double.IsFinite(most)) switch
    {
        (true, true) => $" in [{least}, {most}]",
        (true, false) => least == double.Epsilon ? " above 0" : $" from {least} on",
        (false, true) => $" up to {most}",
        _ => string.Empty,
    };
}
