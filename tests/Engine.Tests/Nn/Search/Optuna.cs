using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Engine.Tests.Nn.Search;

/// <summary>What Optuna 3.1 did, as tests/golden_tools/make_search.py recorded it.</summary>
internal static class Optuna
{
    private static readonly Lazy<JsonObject> s_recorded = new(static () =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(TestContext.CurrentContext.TestDirectory, "Nn", "Search", "optuna.json")))!.AsObject());

    public static JsonNode Part(string name) => s_recorded.Value[name]!;

    public static double[] Numbers(this JsonNode node) => [.. node.AsArray().Select(static v => v!.GetValue<double>())];

    public static double[][] Rows(this JsonNode node) => [.. node.AsArray().Select(static v => v!.Numbers())];
}
