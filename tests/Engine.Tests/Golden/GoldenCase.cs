using System.Text.Json;

namespace Engine.Tests.Golden;

/// <summary>One entry of golden.json.</summary>
internal sealed record GoldenCase(
    string Name, string Op, JsonElement Attributes, string[] Inputs, string[] Outputs, string[] Gradients, double RelativeTolerance, double AbsoluteTolerance)
{
    public static GoldenCase Parse(JsonElement json) => new(
        json.GetProperty("name").GetString()!,
        json.GetProperty("op").GetString()!,
        json.GetProperty("attrs").Clone(),
        Strings(json.GetProperty("inputs")),
        Strings(json.GetProperty("outputs")),
        Strings(json.GetProperty("grads")),
        json.GetProperty("rtol").GetDouble(),
        json.GetProperty("atol").GetDouble());

    public bool Has(string attribute) => Attributes.TryGetProperty(attribute, out _);

    public int Int(string attribute) => Attributes.GetProperty(attribute).GetInt32();

    public int[] Ints(string attribute) => [.. Attributes.GetProperty(attribute).EnumerateArray().Select(e => e.GetInt32())];

    public double Double(string attribute) => Attributes.GetProperty(attribute).GetDouble();

    public double Double(string attribute, double otherwise) => Has(attribute) ? Double(attribute) : otherwise;

    public bool Bool(string attribute) => Attributes.GetProperty(attribute).GetBoolean();

    public bool Bool(string attribute, bool otherwise) => Has(attribute) ? Bool(attribute) : otherwise;

    public string Text(string attribute) => Attributes.GetProperty(attribute).GetString()!;

    /// <summary>One number for both axes, or two.</summary>
    public Size2 Size(string attribute) =>
        Attributes.GetProperty(attribute).ValueKind == JsonValueKind.Array ? (Ints(attribute)[0], Ints(attribute)[1]) : Int(attribute);

    public override string ToString() => Name;

    private static string[] Strings(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetString()!)];
}
