using System.Text.Json;

namespace Engine.Tests.Nn.Optimization;

/// <summary>What SciPy and PyTorch need on the same functions; made by tests/golden_tools/make_optimization.py.</summary>
internal static class Peers
{
    private static readonly Lazy<JsonElement> s_document = new(static () =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Nn", "Optimization", "peers.json"))).RootElement);

    public static JsonElement Document => s_document.Value;

    public static double[] Numbers(this JsonElement array) => [.. array.EnumerateArray().Select(static n => n.GetDouble())];
}
