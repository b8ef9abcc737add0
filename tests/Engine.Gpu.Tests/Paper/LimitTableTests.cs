using Engine.Perf.Comparing;
using NUnit.Framework;

namespace Engine.Gpu.Tests.Paper;

/// <summary>Rows of a comparison beside what the machine can do.</summary>
internal sealed class LimitTableTests
{
    [Test]
    public void ToString_RowsBelowTheirAim_StandBesideArithmeticOrMemory()
    {
        string table = new LimitTable(
        [
            Row(LimitRows.Float32, ours: 1, peer: null, flop: 1000),
            Row(LimitRows.Float64, ours: 1, peer: null, flop: 500),
            Row(LimitRows.Copy, ours: 1, peer: 2, bytes: 100),
            Row("sgemm/64", ours: 1, peer: 0.8, flop: 400),
            Row("dgemm/256", ours: 2, peer: 1.6, flop: 400),
            Row("sgemm/128", ours: 1, peer: 1.1, flop: 400),
            Row("exp/4M", ours: 4, peer: 2, bytes: 100),
            Row("layernorm_fwd/1024x256", ours: 1, peer: 1, bytes: 10),
        ]).ToString();
        string[] rows = [.. table.Split('\n').Where(static line => line.StartsWith("| `", StringComparison.Ordinal))];
        Assert.That(rows, Is.EqualTo(new[]
        {
            "| `sgemm/64` | 2 | 0.80 | 1 | peak/float32 | 40 % | 50 % | 2.00 |",
            "| `dgemm/256` | 2 | 0.80 | 1 | peak/float64 | 40 % | 50 % | 2.00 |",
            "| `exp/4M` | 2 | 0.50 | 1 | copy/4M | 25 % | 50 % | 2.00 |",
        }));

        // All three products have a limit, so their mean has one: 2, 2 and 2.75.
        Assert.That(table, Does.Contain("| products | 2 | 0.89 | 1.15 | 2.22 |"));
    }

    [Test]
    public void ToString_WithoutPeaks_IsEmpty() =>
        Assert.That(new LimitTable([Row("sgemm/64", ours: 1, peer: 0.8, flop: 400)]).ToString(), Is.Empty);

    private static Pair Row(string name, double ours, double? peer, long flop = 0, long bytes = 0)
    {
        ResultLine line = new("engine", name, "cpu", Threads: 2, ours, ours, Runs: 1, flop, bytes);
        return new Pair(line, peer is { } seconds ? (line with { Peer = "peer", Median = seconds }, "peer") : null, OurPeak: 0, PeerPeak: 0);
    }
}
