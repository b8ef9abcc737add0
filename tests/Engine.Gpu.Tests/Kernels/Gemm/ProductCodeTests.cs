using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Counts what the inner loop of the largest tile does, since what it does besides multiplying is what a card waits for.</summary>
internal sealed class ProductCodeTests
{
    private const int Multiplications = 8 * 8 * 8;

    [TestCase(true, 4, false, 4)]
    [TestCase(true, 4, true, 4)]
    [TestCase(false, 4, true, 4)]
    [TestCase(true, 1, false, 1)]
    public void LargestTile_InPtx_HardlyDoesAnythingButMultiply(bool alongDepthA, int widthA, bool alongDepthB, int widthB)
    {
        GemmKernel kernel = new(
            new GemmTile(128, 128, 8, 8, 8),
            DType.Float32,
            new TileAccess(alongDepthA, widthA),
            DType.Float32,
            new TileAccess(alongDepthB, widthB),
            DType.Float32,
            DType.Float32,
            4,
            Epilogue.None,
            0,
            IsSplit: false,
            Wide: false);
        string[] loop = Loop(PtxRenderer.Render(kernel.Build(PtxTarget.Ampere), PtxTarget.Ampere).Text);
        TestContext.Out.WriteLine(string.Join('\n', loop.GroupBy(Mnemonic).OrderByDescending(g => g.Count()).Select(g => $"{g.Count(),5} {g.Key}")));
        int Count(string start) => loop.Count(line => Mnemonic(line).StartsWith(start, StringComparison.Ordinal));
        Assert.That(Count("fma.rn.f32"), Is.EqualTo(Multiplications));
        Assert.That(Count("ld.shared.v4"), Is.EqualTo(8 * (2 + 2)), "fragments come in vectors of four");
        Assert.That(Count("ld.shared"), Is.EqualTo(Count("ld.shared.v4")));
        Assert.That(Count("ld.global"), Is.EqualTo((4 / widthA) + (4 / widthB)));
        Assert.That(Count("bar.sync"), Is.EqualTo(1));
        int others = loop.Length - Multiplications - Count("mov");
        Assert.That(others, Is.LessThan(Multiplications / 5), string.Join('\n', loop.Where(line => !line.Contains("fma", StringComparison.Ordinal))));
    }

    [TestCase((int)TapOrder.ChannelFirst, false, 1)]
    [TestCase((int)TapOrder.ChannelFirst, true, 1)]
    [TestCase((int)TapOrder.ChannelLast, true, 4)]
    public void LargestTile_OverAnImage_TakesTheDepthApartBesideMultiplying(int taps, bool isPadded, int width)
    {
        var order = (TapOrder)taps;
        bool channelsLast = order == TapOrder.ChannelLast;
        CorrelationKernel kernel = new(
            new GemmTile(128, 128, 8, 8, 8),
            channelsLast,
            DType.Float32,
            new TileAccess(channelsLast, width),
            DType.Float32,
            new TileAccess(true, 4),
            DType.Float32,
            DType.Float32,
            order,
            EvenWeights: true,
            isPadded,
            4,
            Epilogue.None,
            IsSplit: false,
            Wide: false);
        string[] loop = Loop(PtxRenderer.Render(kernel.Build(PtxTarget.Ampere), PtxTarget.Ampere).Text);
        TestContext.Out.WriteLine(string.Join('\n', loop.GroupBy(Mnemonic).OrderByDescending(g => g.Count()).Select(g => $"{g.Count(),5} {g.Key}")));
        Assert.That(loop.Count(line => Mnemonic(line) == "fma.rn.f32"), Is.EqualTo(Multiplications));
        int others = loop.Length - Multiplications - loop.Count(line => Mnemonic(line).StartsWith("mov", StringComparison.Ordinal));
        Assert.That(others, Is.LessThan(Multiplications / 3));
    }

    /// <summary>The instructions between the label that is jumped back to and the jump.</summary>
    private static string[] Loop(string text)
    {
        string[] lines = [.. text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0)];
        int end = System.Array.FindIndex(lines, line => line.Contains("bra", StringComparison.Ordinal) && IsBackward(lines, line, out _));
        Assert.That(end, Is.GreaterThan(0), "there is a loop");
        IsBackward(lines, lines[end], out int start);
        return [.. lines[(start + 1)..(end + 1)].Where(line => !line.EndsWith(':'))];

        bool IsBackward(string[] all, string jump, out int label)
        {
            string name = jump[(jump.LastIndexOf(' ') + 1)..].TrimEnd(';');
            label = System.Array.IndexOf(all, name + ":");
            return label >= 0 && label < System.Array.IndexOf(all, jump);
        }
    }

    private static string Mnemonic(string line) => line.Split(' ', '\t') is [{ } first, { } second, ..] && first.StartsWith('@') ? second : line.Split(' ', '\t')[0];
}
