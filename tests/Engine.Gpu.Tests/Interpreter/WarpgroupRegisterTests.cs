using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>One product of a warpgroup whose first factor is in registers; the interpreter finds what is not ordered, and registers that change meanwhile.</summary>
internal sealed class WarpgroupRegisterTests
{
    private const int Rows = 64, Columns = 8;

    private static readonly GpuTarget s_hopper = PtxTarget.Ampere with { ComputeCapability = 90, SharedBytes = 227 * 1024 };

    [Test]
    public void Product_OfEachFormat_IsRight([Values] bool isHalf, [Values] bool isAcrossDepth)
    {
        if (!isHalf && isAcrossDepth)
        {
            Assert.Ignore("tf32 is read along the depth only");
        }

        Assert.That(Run(Text(isHalf, isAcrossDepth), isHalf), Is.EqualTo(Expected(isHalf, isAcrossDepth)));
    }

    [Test]
    public void Product_WithoutAFence_IsAFault() => CheckFault(Without("wgmma.fence"), "wgmma.fence");

    [Test]
    public void Product_OfRegistersThatNoFenceOrders_IsAFault()
    {
        // The sums are under way and need no other fence; the factors of the second group do.
        string text = Text(isHalf: true, isAcrossDepth: false);
        string product = text.Split('\n').Single(static line => line.Contains("wgmma.mma_async", StringComparison.Ordinal));
        CheckFault(text.Replace("wgmma.wait_group", $"{product.Trim()}\n    wgmma.wait_group", StringComparison.Ordinal), "multiplies registers");
    }

    [Test]
    public void Product_WhoseRegistersChangeMeanwhile_IsAFault()
    {
        string text = Text(isHalf: true, isAcrossDepth: false);
        int at = text.IndexOf("}, {", StringComparison.Ordinal) + "}, {".Length;
        string register = text[at..text.IndexOf(',', at)];
        CheckFault(text.Replace("wgmma.wait_group", $"mov.b32 {register}, 1;\n    wgmma.wait_group", StringComparison.Ordinal), "changed a register");
    }

    [TestCase(", 1, 1, 0;", ", 1, 1, 0, 0;", "takes 7 operands")]
    [TestCase(", 1, 1, 0;", ", 1, 1;", "takes 7 operands")]
    public void Text_ThatTheAssemblerWouldRefuse_IsRefused(string from, string to, string words)
    {
        string text = Text(isHalf: true, isAcrossDepth: false);
        Assert.That(text, Does.Contain(from));
        Assert.That(() => Run(text.Replace(from, to, StringComparison.Ordinal), isHalf: true), Throws.TypeOf<PtxException>().With.Message.Contains(words));
    }

    [Test]
    public void Builder_OfOtherWords_Refuses()
    {
        KernelBuilder k = new("k", s_hopper, 128);
        Variable[] sums = k.Variables(4, k.Float32(0));
        Value word = k.Int32(1).As(RegisterType.UInt32);
        Assert.That(() => k.WarpgroupMultiply(WarpgroupFormat.BFloat16, sums, [word, word], k.Int64(0), false), Throws.InvalidOperationException);
        Assert.That(() => k.WarpgroupMultiply(WarpgroupFormat.Tf32, sums, [word, word, word, word], k.Int64(0), true), Throws.InvalidOperationException.With.Message.Contains("across the depth"));
    }

    private static void CheckFault(string text, string words)
    {
        PtxFault? fault = Assert.Throws<PtxFault>(() => Run(text, isHalf: true));
        Assert.That(fault!.Kind, Is.EqualTo(PtxFaultKind.AsyncOrder), fault.Message);
        Assert.That(fault.Message, Does.Contain(words));
    }

    private static string Without(string step) =>
        string.Join('\n', Text(isHalf: true, isAcrossDepth: false).Split('\n').Where(line => !line.TrimStart().StartsWith(step, StringComparison.Ordinal)));

    private static float[] Run(string text, bool isHalf)
    {
        float[] d = new float[Rows * Columns];
        int depth = Depth(isHalf);
        if (isHalf)
        {
            Machine.Run(text, new LaunchGrid(1), Halves(Numbers(Rows * depth, 3)), Halves(Numbers(64 * depth, 5)), d);
        }
        else
        {
            Machine.Run(text, new LaunchGrid(1), Numbers(Rows * depth, 3), Numbers(64 * depth, 5), d);
        }

        return d;
    }

    private static int Depth(bool isHalf) => isHalf ? 16 : 8;

    /// <summary>A in registers as matrix loads give it, B swizzled in shared memory: eight lines along the depth, or lines of 64 columns of which eight are used.</summary>
    private static string Text(bool isHalf, bool isAcrossDepth)
    {
        const int LineWords = 32;
        int depth = Depth(isHalf), perWord = isHalf ? 2 : 1, lines = isAcrossDepth ? depth : Columns, lineVectors = isAcrossDepth ? 8 : 2;
        DType type = isHalf ? DType.BFloat16 : DType.Float32;
        KernelBuilder k = new("k", s_hopper, 128);
        Memory a = k.Buffer("a", type), b = k.Buffer("b", type), d = k.Buffer("d", DType.Float32);
        Memory tiles = k.SharedAligned("tiles", DType.Int32, 16 * LineWords, 1024);
        Variable[] sums = k.Variables(4, k.Float32(0));
        Value line = k.LocalId / lineVectors, vector = k.LocalId % lineVectors;
        k.If(k.LocalId < lines * lineVectors, () => k.CopyAsync(tiles, (line * LineWords) + ((vector ^ (line % 8)) * 4), b, k.LocalId * (4 * perWord), 16));
        k.CommitAsync();
        k.WaitAsync(0);
        k.FenceProxy();
        k.Barrier();
        Value lane = k.LocalId % 32, row = (k.LocalId / 32 * 16) + (lane / 4);
        Value[] words = [.. Enumerable.Range(0, 4).Select(i => k.Load(a.As(DType.Int32), ((row + (i % 2 * 8)) * (depth / perWord)) + (lane % 4) + (i / 2 * 4)).As(RegisterType.UInt32))];
        Value descriptor = (k.SharedAddress(tiles) / 16).To(RegisterType.Int64) + k.Int64((1L << 62) | (64L << 32) | (64L << 16));
        k.WarpgroupFence();
        k.WarpgroupMultiply(isHalf ? WarpgroupFormat.BFloat16 : WarpgroupFormat.Tf32, sums, words, descriptor, isAcrossDepth);
        k.WarpgroupCommit();
        k.WarpgroupWait(0);
        Value column = lane % 4 * 2;
        k.StoreVector(d, (row * Columns) + column, [sums[0].Value, sums[1].Value]);
        k.StoreVector(d, ((row + 8) * Columns) + column, [sums[2].Value, sums[3].Value]);
        return PtxRenderer.Render(k.Build(), s_hopper).Text;
    }

    private static float[] Expected(bool isHalf, bool isAcrossDepth)
    {
        int depth = Depth(isHalf);
        float[] d = new float[Rows * Columns], a = Numbers(Rows * depth, 3), b = Numbers(64 * depth, 5);
        for (int i = 0; i < d.Length; i++)
        {
            for (int k = 0; k < depth; k++)
            {
                d[i] += a[(i / Columns * depth) + k] * b[isAcrossDepth ? (k * 64) + (i % Columns) : (i % Columns * depth) + k];
            }
        }

        return d;
    }

    private static float[] Numbers(int count, int seed) => [.. Enumerable.Range(0, count).Select(i => (float)((((i * 7) + (i / 16 * seed)) % 17) - 8))];

    private static ushort[] Halves(float[] numbers) => [.. numbers.Select(static number => (ushort)(BitConverter.SingleToUInt32Bits(number) >> 16))];
}
