using System.Text.Json.Serialization;

namespace Engine.Data.Tables;

/// <summary>What a fitted preprocessor knows of one column.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Mean">The mean of the training part.</param>
/// <param name="Std">The standard deviation of the training part; 1 where all values are equal.</param>
/// <param name="MarksMissing">Whether a number beside it says that it is missing.</param>
/// <param name="Categories">The texts of the training part, sorted; empty for numbers.</param>
internal sealed record ColumnPlan(string Name, ColumnType Type, double Mean, double Std, bool MarksMissing, string[] Categories)
{
    private Dictionary<string, int>? _places;

    /// <summary>Writes a number, and its mark where there is one.</summary>
    public void Write(double value, Span<float> numbers)
    {
        bool isMissing = double.IsNaN(value);
        numbers[0] = isMissing ? 0 : (float)((value - Mean) / Std);
        if (MarksMissing)
        {
            numbers[1] = isMissing ? 1 : 0;
        }
    }

    /// <summary>The place of a text among the categories, or −1.</summary>
    public int PlaceOf(string text)
    {
        // Made by whichever thread comes first: all make the same.
        _places ??= Categories.Select(static (name, place) => (name, place)).ToDictionary(static e => e.name, static e => e.place, StringComparer.Ordinal);
        return _places.GetValueOrDefault(text, -1);
    }
}

/// <summary>All that a fitted preprocessor knows: what is saved with the model.</summary>
internal sealed record TablePlan(int Version, ColumnPlan[] Columns, ColumnPlan? Target, CategoryEncoding Encoding, bool StandardizesTarget, UnknownCategory Unknown);

[JsonSourceGenerationOptions(UseStringEnumConverter = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.Strict)]
[JsonSerializable(typeof(TablePlan))]
internal sealed partial class TablePlanJson : JsonSerializerContext;
