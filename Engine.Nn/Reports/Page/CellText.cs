using System.Globalization;

namespace Engine.Nn;

/// <summary>How a value is written in a table.</summary>
internal static class CellText
{
    public static bool IsNumber(object? value) => value is double or float or Half or decimal or int or long or short or byte or sbyte or uint or ulong or ushort;

    public static string Of(object? value) => value switch
    {
        null => "–",
        string text => text,
        double number => Of(number),
        float number => Of((double)number),
        Half number => Of((double)number),
        bool yes => yes ? "yes" : "no",
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? string.Empty,
    };

    /// <summary>Six digits that count; whole numbers in full.</summary>
    public static string Of(double number) => number switch
    {
        double.PositiveInfinity => "∞",
        double.NegativeInfinity => "−∞",
        _ when number == Math.Truncate(number) && Math.Abs(number) < 1e15 => number.ToString("0", CultureInfo.InvariantCulture),
        _ => number.ToString("G6", CultureInfo.InvariantCulture),
    };
}
