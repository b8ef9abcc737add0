using Engine.Nn;
using NUnit.Framework;

namespace Engine.Reports.Tests.Pages;

/// <summary>What a report refuses, and in which words.</summary>
internal sealed class ArgumentTests
{
    private static readonly Report s_report = new("Refused");

    private static IEnumerable<TestCaseData> Cases()
    {
        yield return Case(static () => s_report.AddLines("L", "x", [new("a", [1, 2], [1])]), "AddLines: series 'a' has 2 values of x and 1 of y");
        yield return Case(static () => s_report.AddTable("T", ["a", "b"], [[1, 2], [1]]), "AddTable: row 1 has 1 cells, but there are 2 columns");
        yield return Case(static () => s_report.AddImages("I", [new(2, 2, new byte[5], "a")]), "AddImages: a picture of 2 × 2 has 5 bytes");
        yield return Case(static () => s_report.AddImages("I", [new(0, 2, [], "a")]), "AddImages: a picture of 0 × 2");
        yield return Case(static () => s_report.AddHistograms("H", [], bins: 0), "bins");
        yield return Case(static () => s_report.AddContours("C", static (x, y) => x + y, (1, 1), (0, 1)), "AddContours: the range of x must go from a finite number to a greater one");
        yield return Case(static () => s_report.AddContours("C", static (x, y) => x + y, (0, 1), (0, double.NaN)), "AddContours: the range of y");
        yield return Case(static () => s_report.AddHeatmap("M", new double[0, 3]), "AddHeatmap: the matrix is 0 × 3");
        yield return Case(static () => s_report.AddHeatmap("M", new double[2, 2], ["a"]), "there are 2 rows, but 1 names");
        yield return Case(static () => s_report.AddParallelCoordinates("P", [new("a")], []), "AddParallelCoordinates: there are 1 axes");
        yield return Case(static () => s_report.AddParallelCoordinates("P", [new("alpha"), new("b")], [], "alpa"), "AddParallelCoordinates: there is no figure 'alpa'; did you mean 'alpha'?");
        yield return Case(static () => s_report.AddGraph("G", new([new("a", "a"), new("a", "b")], [])), "AddGraph: two nodes have the id 'a'");
        yield return Case(static () => s_report.AddGraph("G", new([new("a", "a")], [new("a", "b")])), "AddGraph: an edge or a step names the node 'b'");
        yield return Case(static () => s_report.AddGraph("G", new([new("a", "a")], []) { Steps = [new("s", [], [0])] }), "AddGraph: a step names edge 0; there are 0");
        yield return Case(static () => s_report.AddHistory(new History(), validationName: " "), "validationName");
        yield return Case(static () => Report.Compare("C", []), "Compare: there are 0 runs");
        yield return Case(static () => Report.Compare("C", [("a", new History()), ("a", new History())]), "two of them have the same name");
        yield return Case(static () => s_report.AddClassification(static x => x.Reshape(2, 2), new ImageDataset(new byte[8], [0, 1], [1, 2, 2]), ["a", "b"], batchSize: 0), "batchSize");
        yield return Case(static () => s_report.AddClassification(static x => x.Reshape(2, 4), new ImageDataset(new byte[8], [0, 1], [1, 2, 2]), ["a", "b"]), "AddClassification: the classifier answers [2, 4] for 2 images; it must be [2, 2]");
    }

    [TestCaseSource(nameof(Cases))]
    public void Refuses(Action call, string words) => Assert.That(() => call(), Throws.InstanceOf<ArgumentException>().With.Message.Contains(words));

    private static TestCaseData Case(Action call, string words) => new TestCaseData(call, words).SetArgDisplayNames(words);
}
