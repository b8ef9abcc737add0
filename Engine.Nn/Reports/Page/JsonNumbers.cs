using System.Globalization;
using System.Text.Json;

namespace Engine.Nn;

/// <summary>Numbers as the page's script reads them: nine digits unless told otherwise, null where JSON has no word.</summary>
internal static class JsonNumbers
{
    private const string Digits = "G9";

    public static void WriteNumber(this Utf8JsonWriter json, double value, string format = Digits)
    {
        if (!double.IsFinite(value))
        {
            json.WriteNullValue();
            return;
        }

        Span<byte> digits = stackalloc byte[32];
        bool fits = value.TryFormat(digits, out int length, format, CultureInfo.InvariantCulture);
        json.WriteRawValue(fits ? digits[..length] : "null"u8, skipInputValidation: true);
    }

    public static void WriteNumbers(this Utf8JsonWriter json, string name, ReadOnlySpan<double> values, string format = Digits)
    {
        json.WriteStartArray(name);
        foreach (double value in values)
        {
            json.WriteNumber(value, format);
        }

        json.WriteEndArray();
    }

    public static void WriteStrings(this Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (string value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }
}
