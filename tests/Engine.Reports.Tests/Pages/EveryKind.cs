using Engine.Nn;

namespace Engine.Reports.Tests.Pages;

/// <summary>A report with a part of every kind.</summary>
internal static class EveryKind
{
    public const string Hostile = "</script><img src=x onerror=alert(1)> \"'& 梯度";

    /// <summary>How many canvases it has when all is drawn.</summary>
    public const int Canvases = 10;

    public static Report Make()
    {
        Random random = new(1);
        double[] steps = [.. Enumerable.Range(0, 900).Select(static i => (double)i)];
        Report report = new("Every kind 每种");
        report.AddText("A first paragraph.\n\nA second one.");
        report.AddKeyFigures(("test accuracy", 0.9123456), ("parameters", 61706), ("device", "cpu"), ("unknown", null));
        report.AddLines(
            "Loss",
            "step",
            [
                new("training", steps, [.. steps.Select(s => (2 * Math.Exp(-s / 200)) + 0.3 + (0.1 * random.NextDouble()))]),
                new("validation", [0, 300, 600, 899], [2.3, 0.9, 0.5, 0.45]) { IsDashed = true },
            ],
            "loss",
            caption: "Validation follows.");
        report.AddLines("Both axes logarithmic", "step", [new("exponential", steps, [.. steps.Select(static s => Math.Exp(-s / 50))]), new("reciprocal", steps, [.. steps.Select(static s => 1 / (1 + s))])], "f", logY: true, logX: true);
        report.AddLines("One point", "step", [new("only", [3], [4])]);
        report.AddScatter("Samples", "x", "y", [Cloud("a", 0, random), Cloud("b", 0.5, random)]);
        report.AddBars("Importance", [new("learning rate", 0.62), new("batch size", 0.21), new("momentum", -0.07), new("failed", double.NaN)]);
        report.AddHistograms("Activations", [.. Enumerable.Range(1, 6).Select(layer => new ReportSample($"layer {layer}", [.. Enumerable.Range(0, 500).Select(_ => (random.NextDouble() + random.NextDouble() - 1) / layer)]))]);
        report.AddContours("Rosenbrock", static (x, y) => (100 * Math.Pow(y - (x * x), 2)) + Math.Pow(1 - x, 2), (-2, 2), (-1, 3), [new("descent", [-1.5, -1, 0, 1], [1.5, 0.5, 0, 1])], logLevels: true);
        report.AddHeatmap("Confusion", new double[,] { { 850, 20, 3 }, { 14, 900, 0 }, { 1, 2, 970 } }, ["T-shirt/top", "Trouser", "Ankle boot"], ["T-shirt/top", "Trouser", "Ankle boot"], "true", "predicted");
        report.AddHeatmap("Correlation", new double[,] { { 1, -0.5 }, { -0.5, double.NaN } });
        report.AddImages("Pictures", [new(2, 2, [0, 85, 170, 255], "gray"), new(1, 2, [255, 0, 0, 0, 0, 255], "colors")]);
        report.AddParallelCoordinates(
            "Trials",
            [new("rate", IsLog: true), new("optimizer"), new("accuracy")],
            [[1e-3, "adam", 0.9], [1e-2, "sgd", 0.8], [1e-1, "sgd", null], [3e-3, "adam", 0.95]]);
        report.AddGraph("Computation graph", Graph());
        report.AddTable("Table", ["name", "value"], [["a", 1.5], ["b", double.NaN], ["c", null]]);
        report.AddPreformatted("Lines", "a  b\n c");
        return report;
    }

    public static ReportGraph Graph() => new(
        [
            new("w", "w = 2") { Kind = "parameter", Group = "net" },
            new("x", "x = 3") { Kind = "input" },
            new("c", "c = w·x = 6") { Kind = "operation", Group = "net" },
            new("b", "b = 1") { Kind = "parameter", Group = "net.inner" },
            new("a", "a = c + b = 7") { Kind = "operation", Group = "net.inner", Details = "[1]" },
        ],
        [new("w", "c", "2") { BackLabel = "3" }, new("x", "c", "3") { BackLabel = "2" }, new("c", "a", "6"), new("b", "a", "1")])
    {
        Steps = [new("c = w·x", ["c"], [0, 1]), new("a = c + b", ["a"], [2, 3]), new("back to w and x", ["w", "x"], [0, 1], IsBackward: true)],
    };

    private static ReportSeries Cloud(string name, double from, Random random) =>
        new(name, [.. Enumerable.Range(0, 100).Select(_ => from + random.NextDouble())], [.. Enumerable.Range(0, 100).Select(_ => from + random.NextDouble())]);
}
