using System.Globalization;
using System.Text.Json;

namespace Engine.Nn;

/// <summary>Numbers as the page's script reads them: nine digits, null where JSON has no word.</summary>
internal static class JsonNumbers
{
    public static void WriteNumber(this Utf8JsonWriter json, double value)
    {
        if (!double.IsFinite(value))
        {
            json.WriteNullValue();
            return;
        }

        Span<byte> digits = stackalloc byte[32];
        bool fits = value.TryFormat(digits, out int length, "G9", CultureInfo.InvariantCulture);
        json.WriteRawValue(fits ? digits[..length] : "null"u8, skipInputValidation: true);
    }

    public static void WriteNumbers(this Utf8JsonWriter json, string name, ReadOnlySpan<double> values)
    {
        json.WriteStartArray(name);
        foreach (double value in values)
        {
            json.WriteNumber(value);
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
