using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>
/// One product of a warpgroup, from a text in which one step at a time is left out: the interpreter finds every one of them, since nothing is there before it was waited for.
/// </summary>
internal sealed class WarpgroupProductTests
{
    private const int Rows = 64, Columns = 8, Depth = 16;

    private static readonly GpuTarget s_hopper = PtxTarget.Ampere with { ComputeCapability = 90, SharedBytes = 227 * 1024 };

    private static readonly ushort[] s_a = Numbers(Rows * Depth, 3), s_b = Numbers(Columns * Depth, 5);

    [Test]
    public void Product_WithAllSteps_IsRight() => Assert.That(Run(Text()), Is.EqualTo(Expected()));

    [TestCase("wgmma.wait_group")]
    [TestCase("wgmma.commit_group")]
    public void Product_ThatIsNotWaitedFor_IsNaN(string step) => Assert.That(Run(Without(step)), Has.All.NaN);

    [TestCase("wgmma.fence", PtxFaultKind.AsyncOrder, "wgmma.fence")]
    [TestCase("fence.proxy.async", PtxFaultKind.SharedRace, "without fence.proxy.async")]
    [TestCase("bar.sync", PtxFaultKind.SharedRace, "without a barrier")]
    [TestCase("cp.async.wait_group", PtxFaultKind.SharedRace, "a copy is under way")]
    [TestCase("cp.async.commit_group", PtxFaultKind.SharedRace, "a copy is under way")]
    public void Product_WithoutAStep_IsAFault(string step, object kind, string words) => CheckFault(Without(step), (PtxFaultKind)kind, words);

    [Test]
    public void Product_WithTheFenceAfterTheBarrier_IsAFault() =>
        CheckFault(Without("fence.proxy.async").Replace("bar.sync 0;", "bar.sync 0;\n    fence.proxy.async.shared::cta;", StringComparison.Ordinal), PtxFaultKind.SharedRace, "without fence.proxy.async");

    [Test]
    public void Product_WhoseFactorsAreReplacedBeforeItIsWaitedFor_IsAFault() => CheckFault(Text(refillsEarly: true), PtxFaultKind.SharedRace, "read without a barrier");

    [Test]
    public void Product_WhoseSumsAreWrittenMeanwhile_LosesTheWrite()
    {
        string text = Text();
        string sum = text[(text.IndexOf("bf16.bf16 {", StringComparison.Ordinal) + "bf16.bf16 {".Length)..].Split(',')[0];
        Assert.That(Run(text.Replace("wgmma.commit_group", $"mov.f32 {sum}, 0f3F800000;\n    wgmma.commit_group", StringComparison.Ordinal)), Is.EqualTo(Expected()));
    }

    [TestCase(0L, "only swizzling by 128 bytes")]
    [TestCase(3L << 62, "only swizzling by 128 bytes")]
    [TestCase((1L << 62) | (1L << 50), "only swizzling by 128 bytes")]
    [TestCase((1L << 62) | (1L << 46), "bits that mean nothing")]
    public void Product_OfAnotherLayout_IsAFault(long mode, string words) => CheckFault(Text(mode: mode), PtxFaultKind.BadDescriptor, words);

    [Test]
    public void Product_WhoseThreadsNameDifferentMatrices_IsAFault() => CheckFault(Text(isUniform: false), PtxFaultKind.BadDescriptor, "the first thread of its warpgroup by");

    [TestCase(".target sm_90a", ".target sm_90", "the target sm_90a")]
    [TestCase(".version 8.0\n.target sm_90a", ".version 7.8\n.target sm_90", ".version 8.0")]
    [TestCase("m64n8k16", "m64n8k8", "m64n(8 … 256)k16")]
    [TestCase("m64n8k16", "m64n12k16", "m64n(8 … 256)k16")]
    [TestCase("m64n8k16", "m64n16k16", "a vector of 8")]
    [TestCase(", 1, 1, 0, 0;", ", 1, 1;", "takes 8 operands")]
    [TestCase(", 1, 1, 0, 0;", ", -1, 1, 0, 0;", "a number from 1 to 1")]
    [TestCase(".reqntid 128", ".reqntid 96", "whole warpgroups")]
    public void Text_ThatTheAssemblerWouldRefuse_IsRefused(string from, string to, string words)
    {
        string text = Text();
        Assert.That(text, Does.Contain(from));
        Assert.That(() => Run(text.Replace(from, to, StringComparison.Ordinal)), Throws.TypeOf<PtxException>().With.Message.Contains(words));
    }

    [Test]
    public void Builder_OfAnotherCard_OrOfSumsInUse_Refuses()
    {
        Assert.That(new KernelBuilder("k", PtxTarget.Ampere, 128).WarpgroupFence, Throws.InvalidOperationException.With.Message.Contains("compute capability 9.0"));

        KernelBuilder k = new("k", s_hopper, 128);
        Variable[] sums = k.Variables(4, k.Float32(0));
        k.WarpgroupMultiply(WarpgroupFormat.BFloat16, sums, k.Int64(0), k.Int64(0), false, false);
        Assert.That(() => sums[0].Value, Throws.InvalidOperationException.With.Message.Contains("is adding to"));
        Assert.That(() => sums[0].Value = k.Float32(0), Throws.InvalidOperationException.With.Message.Contains("is adding to"));
        k.WarpgroupCommit();
        k.WarpgroupWait(0);
        Assert.That(sums[0].Value, Is.Not.Null);
        Assert.That(() => k.WarpgroupMultiply(WarpgroupFormat.Tf32, sums, k.Int64(0), k.Int64(0), true, false), Throws.InvalidOperationException.With.Message.Contains("across the depth"));
    }

    private static void CheckFault(string text, PtxFaultKind kind, string words)
    {
        PtxFault? fault = Assert.Throws<PtxFault>(() => Run(text));
        Assert.That(fault!.Kind, Is.EqualTo(kind), fault.Message);
        Assert.That(fault.Message, Does.Contain(words));
    }

    private static float[] Run(string text)
    {
        float[] d = new float[Rows * Columns];
        Machine.Run(text, new LaunchGrid(1), s_a, s_b, d);
        return d;
    }

    private static string Without(string step)
    {
        string[] lines = Text().Split('\n');
        string[] kept = [.. lines.Where(line => !line.TrimStart().StartsWith(step, StringComparison.Ordinal))];
        Assert.That(kept, Has.Length.LessThan(lines.Length));
        return string.Join('\n', kept);
    }

    private static string Text(bool refillsEarly = false, long mode = 1L << 62, bool isUniform = true)
    {
        const int LineWords = 32, RightWords = Rows * LineWords;
        KernelBuilder k = new("k", s_hopper, 128);
        Memory a = k.Buffer("a", DType.BFloat16), b = k.Buffer("b", DType.BFloat16), d = k.Buffer("d", DType.Float32);
        Memory tiles = k.SharedAligned("tiles", DType.Int32, (Rows + Columns) * LineWords, 1024);
        Variable[] sums = k.Variables(4, k.Float32(0));

        // Two vectors of 16 bytes a line, which change places with the line's number.
        Value line = k.LocalId / 2, vector = k.LocalId % 2;
        Value place = (line * LineWords) + ((vector ^ (line % 8)) * 4);
        k.CopyAsync(tiles, place, a, k.LocalId * 8, 16);
        k.If(k.LocalId < 2 * Columns, () => k.CopyAsync(tiles, place + RightWords, b, k.LocalId * 8, 16));
        k.CommitAsync();
        k.WaitAsync(0);
        k.FenceProxy();
        k.Barrier();
        Value start = k.SharedAddress(tiles) / 16;
        Value left = isUniform ? start : start + (k.LocalId / 32 * 64);
        Value Descriptor(Value address) => address.To(RegisterType.Int64) + k.Int64(mode | (64L << 32) | (1L << 16));
        k.WarpgroupFence();
        k.WarpgroupMultiply(WarpgroupFormat.BFloat16, sums, Descriptor(left), Descriptor(start + (RightWords / 4)), false, false);
        k.WarpgroupCommit();
        if (refillsEarly)
        {
            k.CopyAsync(tiles, place, a, k.Int32(0), 16);
            k.CommitAsync();
            k.WaitAsync(0);
        }

        k.WarpgroupWait(0);
        Value row = (k.LocalId / 32 * 16) + (k.LocalId % 32 / 4), column = k.LocalId % 4 * 2;
        k.StoreVector(d, (row * Columns) + column, [sums[0].Value, sums[1].Value]);
        k.StoreVector(d, ((row + 8) * Columns) + column, [sums[2].Value, sums[3].Value]);
        return PtxRenderer.Render(k.Build(), s_hopper).Text;
    }

    private static float[] Expected()
    {
        float[] d = new float[Rows * Columns];
        for (int i = 0; i < d.Length; i++)
        {
            for (int k = 0; k < Depth; k++)
            {
                d[i] += Single(s_a[(i / Columns * Depth) + k]) * Single(s_b[(i % Columns * Depth) + k]);
            }
        }

        return d;
    }

    private static ushort[] Numbers(int count, int seed) =>
        [.. Enumerable.Range(0, count).Select(i => (ushort)(BitConverter.SingleToUInt32Bits((((i * 7) + (i / 16 * seed)) % 17) - 8) >> 16))];

    private static float Single(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);
}
