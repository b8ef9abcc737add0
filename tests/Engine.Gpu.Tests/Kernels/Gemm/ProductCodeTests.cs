using Engine.PtxInterpreter;
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
            SplitKind.None,
            Is64Bit: false);
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
            SplitKind.None,
            Is64Bit: false);
        string[] loop = Loop(PtxRenderer.Render(kernel.Build(PtxTarget.Ampere), PtxTarget.Ampere).Text);
        TestContext.Out.WriteLine(string.Join('\n', loop.GroupBy(Mnemonic).OrderByDescending(g => g.Count()).Select(g => $"{g.Count(),5} {g.Key}")));
        Assert.That(loop.Count(line => Mnemonic(line) == "fma.rn.f32"), Is.EqualTo(Multiplications));
        int others = loop.Length - Multiplications - loop.Count(line => Mnemonic(line).StartsWith("mov", StringComparison.Ordinal));
        Assert.That(others, Is.LessThan(Multiplications / 3));
    }

    // Half vectors of both operands along the depth, singles that are converted, and both orders of tf32.
    [TestCase(DType.Float16, true, 8, true, 8, 4, 12, 0, 0)]
    [TestCase(DType.BFloat16, true, 8, false, 8, 4, 12, 0, 0)]
    [TestCase(DType.Float32, true, 4, false, 4, 4, 6, 0, 8)]
    [TestCase(DType.Float32, true, 1, true, 1, 16, 6, 0, 16)]
    [TestCase(DType.Float32, true, 4, true, 4, 4, 12, 0, 16, (int)TileMath.Tf32)]
    [TestCase(DType.Float32, true, 4, false, 4, 4, 8, 16, 16, (int)TileMath.Tf32)]
    public void TensorCores_InPtx_HardlyDoAnythingButMultiply(
        DType element, bool alongDepthA, int widthA, bool alongDepthB, int widthB, int loads, int matrixLoads, int wordLoads, int conversions, int math = -1)
    {
        TileMath format = math >= 0 ? (TileMath)math : element == DType.BFloat16 ? TileMath.BFloat16 : TileMath.Float16;
        var tile = GemmTile.OfWarps(128, 128, element == DType.Float32 ? 16 : 32, 64, 32, format);
        string[] loop = LoopOf(tile, element, new TileAccess(alongDepthA, widthA), new TileAccess(alongDepthB, widthB));
        int Count(string start) => loop.Count(line => Mnemonic(line).StartsWith(start, StringComparison.Ordinal));
        Assert.That(Count("mma.sync"), Is.EqualTo(4 * 4 * tile.BK / format.Step));
        Assert.That(Count("ldmatrix"), Is.EqualTo(matrixLoads));
        Assert.That(Count("ld.shared"), Is.EqualTo(wordLoads));
        Assert.That(Count("ld.global"), Is.EqualTo(loads));
        Assert.That(Count("cvt"), Is.EqualTo(conversions));
        Assert.That(Count("bar.sync"), Is.EqualTo(1));
    }

    [TestCase(DType.Float16, true, true, 16, 0)]
    [TestCase(DType.BFloat16, false, false, 16, 0)]
    [TestCase(DType.Float32, true, true, 16, 64)]
    [TestCase(DType.Float32, true, false, 8, 64)]
    public void TensorCores_WithAsynchronousCopies_KeepSlicesOutOfRegisters(DType element, bool alongDepthA, bool alongDepthB, int matrixLoads, int conversions)
    {
        TileMath format = element == DType.Float16 ? TileMath.Float16 : element == DType.BFloat16 ? TileMath.BFloat16 : TileMath.Tf32;
        int width = format.IsHalf ? 8 : 4;
        var tile = GemmTile.OfWarps(128, 128, format.IsHalf ? 32 : 16, 64, 64, format, buffers: 3);
        string[] loop = LoopOf(tile, element, new TileAccess(alongDepthA, width), new TileAccess(alongDepthB, width));
        int Count(string start) => loop.Count(line => Mnemonic(line).StartsWith(start, StringComparison.Ordinal));
        Assert.That(Count("mma.sync"), Is.EqualTo(4 * 8 * 2));
        Assert.That(Count("ldmatrix"), Is.EqualTo(matrixLoads));
        Assert.That(Count("cp.async.cg"), Is.EqualTo(8));
        Assert.That(Count("cp.async.wait_group"), Is.EqualTo(1));
        Assert.That(Count("cvt"), Is.EqualTo(conversions));
        Assert.That(Count("ld.global") + Count("st.shared"), Is.Zero);
        Assert.That(Count("bar.sync"), Is.EqualTo(1));
    }

    [TestCase(DType.Float32, (int)TileMath.Tf32, false, 1, 2)]
    [TestCase(DType.Float32, (int)TileMath.Tf32, true, 4, 3)]
    [TestCase(DType.BFloat16, (int)TileMath.BFloat16, false, 1, 2)]
    [TestCase(DType.BFloat16, (int)TileMath.BFloat16, true, 8, 3)]
    public void TensorCores_OverAPaddedImage_TakeTheDepthApartBesideMultiplying(DType element, int math, bool channelsLast, int width, int buffers)
    {
        var format = (TileMath)math;
        var tile = GemmTile.OfWarps(128, 128, format.IsHalf ? 32 : 16, 64, buffers == 3 ? 64 : 32, format, buffers);
        CorrelationKernel kernel = new(
            tile,
            channelsLast,
            element,
            new TileAccess(channelsLast, width),
            element,
            new TileAccess(true, format.IsHalf ? 8 : 4),
            DType.Float32,
            DType.Float32,
            channelsLast ? TapOrder.ChannelLast : TapOrder.ChannelFirst,
            EvenWeights: true,
            IsPadded: true,
            2,
            Epilogue.None,
            SplitKind.None,
            Is64Bit: false);
        string[] loop = Loop(PtxRenderer.Render(kernel.Build(PtxTarget.Ampere), PtxTarget.Ampere).Text);
        TestContext.Out.WriteLine(string.Join('\n', loop.GroupBy(Mnemonic).OrderByDescending(g => g.Count()).Select(g => $"{g.Count(),5} {g.Key}")));
        int multiplications = loop.Count(line => line.StartsWith("mma", StringComparison.Ordinal)), moves = loop.Count(line => Mnemonic(line).StartsWith("mov", StringComparison.Ordinal));
        Assert.That(multiplications, Is.EqualTo(channelsLast ? 64 : 32));
        Assert.That(loop.Length - moves, Is.LessThan(channelsLast ? 4 * 64 : 10 * 32));
    }

    [Test]
    public void TensorCores_WithWideIndices_AreValidPtx([Values((int)TileMath.Tf32, (int)TileMath.Float16, (int)TileMath.BFloat16)] int format, [Values(2, 3)] int buffers)
    {
        var math = (TileMath)format;
        DType element = math == TileMath.Tf32 ? DType.Float32 : math.HalfType;
        TileAccess access = new(true, math.IsHalf ? 8 : 4);
        GemmKernel kernel = new(
            GemmTile.OfWarps(64, 64, 32, 32, 32, math, buffers), element, access, element, access, element, DType.Float32, 2, Epilogue.None, 2, SplitKind.LastGroup, Is64Bit: true);
        using var driver = InterpretedCuda.CreateDriver();
        Assert.That(() => driver.Compile(PtxRenderer.Render(kernel.Build(driver.Target), driver.Target)), Throws.Nothing);
    }

    private static string[] LoopOf(GemmTile tile, DType element, TileAccess a, TileAccess b)
    {
        GemmKernel kernel = new(tile, element, a, element, b, DType.Float32, DType.Float32, 4, Epilogue.None, 0, SplitKind.None, Is64Bit: false);
        string[] loop = Loop(PtxRenderer.Render(kernel.Build(PtxTarget.Ampere), PtxTarget.Ampere).Text);
        TestContext.Out.WriteLine(string.Join('\n', loop.GroupBy(Mnemonic).OrderByDescending(g => g.Count()).Select(g => $"{g.Count(),5} {g.Key}")));
        return loop;
    }

    /// <summary>The instructions between the label that is jumped back to and the jump.</summary>
    /// <summary>NVIDIA's compiler keeps values in memory where it has to make room for one more group.</summary>
    [TestCase(1, 1, 4)]
    [TestCase(4, 1, 4)]
    [TestCase(4, 4, 5)]
    public void SmallTile_OfElements_LeavesRegistersForTheirPlaces(int widthA, int widthB, int groups)
    {
        GemmTile tile = new(32, 128, 8, 4, 8);
        Assert.That(tile.MinGroupsPerUnit(DType.Float32, new TileAccess(true, widthA), new TileAccess(false, widthB)), Is.EqualTo(groups));
    }

    private static string[] Loop(string text)
    {
        string[] lines = [.. text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0)];
        int end = System.Array.FindIndex(lines, line => line.Contains("bra", StringComparison.Ordinal) && IsBackward(lines, line, out _));
        Assert.That(end, Is.GreaterThan(0), "there is a loop");
        IsBackward(lines, lines[end], out int start);
        return [.. lines[(start + 1)..(end + 1)].Where(line => !line.EndsWith(':'))];

        static bool IsBackward(string[] all, string jump, out int label)
        {
            string name = jump[(jump.LastIndexOf(' ') + 1)..].TrimEnd(';');
            label = System.Array.IndexOf(all, name + ":");
            return label >= 0 && label < System.Array.IndexOf(all, jump);
        }
    }

    private static string Mnemonic(string line) => line.Split(' ', '\t') is [{ } first, { } second, ..] && first.StartsWith('@') ? second : line.Split(' ', '\t')[0];
}
