using System.Text.Json;
using NUnit.Framework;

namespace Engine.Tests.Indexing;

/// <summary>What PyTorch and NumPy gave; tests/golden_tools/make_indexing.py has written it down.</summary>
internal static class IndexGolden
{
    private static readonly Lazy<JsonElement> s_root = new(static () =>
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestContext.CurrentContext.TestDirectory, "Indexing", "data", "indexing.json")));
        return document.RootElement.Clone();
    });

    public static IEnumerable<JsonElement> Cases(string list) => s_root.Value.GetProperty(list).EnumerateArray();

    /// <summary>A recorded tensor on a device, in its most precise type where it has fractions.</summary>
    public static Tensor Read(JsonElement json, Func<double[], Shape, Tensor> fractions, Device device)
    {
        Shape shape = new([.. json.GetProperty("shape").EnumerateArray().Select(static e => e.GetInt32())]);
        if (json.GetProperty("type").GetString() == "f64")
        {
            return fractions(Numbers(json), shape);
        }

        long[] whole = [.. json.GetProperty("values").EnumerateArray().Select(static e => e.GetInt64())];
        Tensor numbers = Tensor.From<long>(whole, shape, device);
        return json.GetProperty("type").GetString() == "bool" ? numbers.To(DType.Bool) : numbers;
    }

    public static double[] Numbers(JsonElement json) =>
        [.. json.GetProperty("values").EnumerateArray().Select(static e => e.ValueKind == JsonValueKind.String ? double.NaN : e.GetDouble())];

    public static TensorIndex Entry(JsonElement json, Device device) => json.ValueKind switch
    {
        JsonValueKind.Number => json.GetInt32(),
        JsonValueKind.String => json.GetString() == "newaxis" ? TensorIndex.NewAxis : TensorIndex.Ellipsis,
        _ when json.TryGetProperty("step", out JsonElement step) => TensorIndex.Every(step.GetInt32(), new Range(Bound(json, "start") ?? 0, Bound(json, "stop") ?? ^0)),
        _ => Read(json, static (_, _) => throw new InvalidOperationException("an index with fractions"), device),
    };

    private static Index? Bound(JsonElement json, string name) =>
        json.GetProperty(name) is { ValueKind: JsonValueKind.Number } number ? (number.GetInt32() is var n && n < 0 ? ^-n : n) : null;
}
