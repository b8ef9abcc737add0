using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Engine.Nn;
using NUnit.Framework;

namespace Engine.Reports.Tests.Pages;

/// <summary>The file itself, without a browser.</summary>
internal sealed partial class FileTests
{
    [Test]
    public void Page_AllowsItsOwnScriptsAndStylesByTheirHashesAndNothingElse()
    {
        string html = EveryKind.Make().ToHtml();
        string policy = Policy().Match(html).Groups[1].Value;
        string[] scripts = [.. Scripts().Matches(html).Select(static m => m.Groups[1].Value)];
        string style = Styles().Match(html).Groups[1].Value;
        Assert.Multiple(() =>
        {
            Assert.That(policy, Does.StartWith("default-src 'none';").And.Not.Contain("unsafe").And.Not.Contain("http"));
            Assert.That(scripts, Has.Length.EqualTo(3));
            foreach (string text in (string[])[.. scripts, style])
            {
                Assert.That(policy, Does.Contain($"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}'"));
            }

            Assert.That(html, Does.Not.Match("(src|href)=\"(?!data:)").And.Not.Contain("style=\"").And.Not.Contain("sourceMappingURL"));
        });
    }

    [Test]
    public void Page_KeepsTheLicencesOfWhatItContains()
    {
        string html = EveryKind.Make().ToHtml();
        Assert.That(html, Does.Contain("Copyright (c) 2022 Leon Sorokin").And.Contain("Copyright (c) 2012-2014 Chris Pettitt"));
        Assert.That(Regex.Count(html, "The above copyright notice and this permission notice shall be included in"), Is.EqualTo(2));
        Assert.That(new Report("Words").AddText("only").ToHtml(), Has.Length.LessThan(60_000), "without charts there is nothing of others in it");
    }

    [Test]
    public void Numbers_StandInTables()
    {
        string html = new Report("Numbers").AddLines("L", "step", [new("a", [0, 1, 2], [0.5, double.NaN, double.NegativeInfinity]), new("b", [1], [1234567.25])]).ToHtml();
        string table = html[html.IndexOf("<tbody>", StringComparison.Ordinal)..html.IndexOf("</tbody>", StringComparison.Ordinal)].Replace("\n", string.Empty, StringComparison.Ordinal);
        Assert.That(
            table,
            Is.EqualTo(
                "<tbody><tr><td class=\"n\">0</td><td class=\"n\">0.5</td><td class=\"n\"></td></tr>"
                + "<tr><td class=\"n\">1</td><td class=\"n\">NaN</td><td class=\"n\">1.23457E&#x2B;06</td></tr>"
                + "<tr><td class=\"n\">2</td><td class=\"n\">−∞</td><td class=\"n\"></td></tr>"));
    }

    [Test]
    public void Lines_AreInTheOrderOfTheirAxis()
    {
        using JsonDocument data = Data(new Report("Order").AddLines("L", "x", [new("a", [3, 1, 2], [30, 10, 20])]));
        JsonElement series = data.RootElement[0].GetProperty("series")[0];
        Assert.That(series.GetProperty("x").EnumerateArray().Select(static v => v.GetDouble()), Is.EqualTo(new double[] { 1, 2, 3 }));
        Assert.That(series.GetProperty("y").EnumerateArray().Select(static v => v.GetDouble()), Is.EqualTo(new double[] { 10, 20, 30 }));
    }

    [Test]
    public void Histogram_CountsAsALoopDoes()
    {
        Random random = new(3);
        double[] a = [.. Enumerable.Range(0, 1000).Select(_ => random.NextDouble())], b = [.. Enumerable.Range(0, 500).Select(_ => 3 * random.NextDouble()), double.NaN];
        using JsonDocument data = Data(new Report("H").AddHistograms("H", [new("a", a), new("b", b)], bins: 7));
        double least = a.Concat(b).Where(double.IsFinite).Min(), greatest = a.Concat(b).Where(double.IsFinite).Max(), width = (greatest - least) / 7;
        foreach ((double[] values, int sample) in new[] { (a, 0), (b, 1) })
        {
            int[] counts = new int[7];
            foreach (double value in values.Where(double.IsFinite))
            {
                int bin = 0;
                while (bin < 6 && value >= least + ((bin + 1) * width))
                {
                    bin++;
                }

                counts[bin]++;
            }

            Assert.That(data.RootElement[0].GetProperty("samples")[sample].GetProperty("counts").EnumerateArray().Select(static v => v.GetInt32()), Is.EqualTo(counts));
        }
    }

    [Test]
    public void HistogramsOverTime_HaveOneRange()
    {
        // Over [0, 32] in 32 intervals: the first is even over [0, 8], the second has all at 32, the third has a value in each of two halves.
        using JsonDocument data = Data(new Report("T").AddHistogramsOverTime("T", [(1, new Histogram(0, 8, [3, 3])), (2, new Histogram(32, 32, [5])), (30, new Histogram(0, 32, [1, 3]))]));
        double[] values = [.. data.RootElement[0].GetProperty("values").EnumerateArray().Select(static v => v.GetDouble())];
        double[] Column(int c) => [.. Enumerable.Range(0, 32).Select(r => values[((31 - r) * 3) + c])];
        Assert.That(Column(0), Is.EqualTo((double[])[.. Enumerable.Repeat(1 / 8.0, 8), .. Enumerable.Repeat(0.0, 24)]).AsCollection.Within(1e-9));
        Assert.That(Column(1), Is.EqualTo((double[])[.. Enumerable.Repeat(0.0, 31), 1]).AsCollection.Within(1e-9));
        Assert.That(Column(2), Is.EqualTo((double[])[.. Enumerable.Repeat(0.25 / 16, 16), .. Enumerable.Repeat(0.75 / 16, 16)]).AsCollection.Within(1e-9));
        Assert.That(() => new Report("T").AddHistogramsOverTime("T", [(1, new Histogram(0, 1, [long.MaxValue, long.MaxValue]))]), Throws.Nothing);
        Assert.That(data.RootElement[0].GetProperty("columns").EnumerateArray().Select(static v => v.GetString()), Is.EqualTo(new[] { "1", "2", "30" }));
    }

    [Test]
    public void Envelope_KeepsTheLeastAndTheGreatestOfEachStretch()
    {
        Random random = new(5);
        double[] values = [.. Enumerable.Range(0, 12_345).Select(_ => random.NextDouble())];
        values[777] = double.NaN;
        int[] kept = Decimation.Envelope(values, 200);
        Assert.That(kept, Is.Ordered.And.Unique);
        Assert.That(kept, Has.Length.LessThanOrEqualTo(203));
        Assert.That(kept, Does.Contain(0).And.Contain(12_344).And.Contain(777));
        for (int stretch = 0; stretch < 100; stretch++)
        {
            (int begin, int end) = (stretch * 12_345 / 100, (stretch + 1) * 12_345 / 100);
            double[] all = [.. values[begin..end].Where(double.IsFinite)], shown = [.. kept.Where(i => i >= begin && i < end).Select(i => values[i]).Where(double.IsFinite)];
            Assert.That((shown.Min(), shown.Max()), Is.EqualTo((all.Min(), all.Max())));
        }
    }

    [Test]
    public void Png_IsWhatTheStandardSays()
    {
        byte[] file = PngImage.Of(2, 2, [1, 2, 3, 4]);
        Assert.That(file[..8], Is.EqualTo(new byte[] { 0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A }));

        // The last chunk is empty, and its checksum in every PNG file there is.
        Assert.That(file[^12..], Is.EqualTo(new byte[] { 0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82 }));
        using System.IO.Compression.ZLibStream rows = new(new MemoryStream(file[41..]), System.IO.Compression.CompressionMode.Decompress);
        byte[] pixels = new byte[6];
        rows.ReadExactly(pixels);
        Assert.That(pixels, Is.EqualTo(new byte[] { 0, 1, 2, 0, 3, 4 }));
    }

    [Test]
    public void Save_ReplacesTheFileAndMakesFolders()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("a/b/page.html");
        new Report("First").Save(path);
        new Report("Second").Save(path);
        Assert.That(File.ReadAllText(path), Does.Contain("<h1>Second</h1>").And.Not.Contain("First"));
        Assert.That(Directory.GetFiles(folder.File("a/b")), Has.Length.EqualTo(1));
    }

    [Test]
    public void Save_WhereNothingCanBeWritten_SaysSo()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("taken"), "a file");
        string path = folder.File("taken/page.html");
        Assert.That(() => new Report("Page").Save(path), Throws.InstanceOf<IOException>().With.Message.StartsWith($"Report: '{path}' cannot be written: ").And.Message.Contains("may be written to"));
        Assert.That(File.ReadAllText(folder.File("taken")), Is.EqualTo("a file"));
    }

    private static JsonDocument Data(Report report) => JsonDocument.Parse(DataText().Match(report.ToHtml()).Groups[1].Value);

    [GeneratedRegex("Content-Security-Policy\" content=\"([^\"]*)\"")]
    private static partial Regex Policy();

    [GeneratedRegex("<script>(.*?)</script>", RegexOptions.Singleline)]
    private static partial Regex Scripts();

    [GeneratedRegex("<style>(.*?)</style>", RegexOptions.Singleline)]
    private static partial Regex Styles();

    [GeneratedRegex("id=\"report-data\">(.*?)</script>", RegexOptions.Singleline)]
    private static partial Regex DataText();
}
