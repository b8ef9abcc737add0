using Engine.Perf.Paper;
using NUnit.Framework;

namespace Engine.Gpu.Tests.Paper;

internal sealed class LaunchTimeTests
{
    private static readonly PaperCard s_card = PaperCard.Find("H100")!;

    [Test]
    public void Of_ACopy_TakesWhatMemoryTakes()
    {
        InstructionCounts counts = new(Issued: 100, Products: 0, Float32: 0, TensorTf32: 0, TensorHalf: 0, GlobalBytes: 8192, SharedBytes: 0);
        LaunchTime time = LaunchTime.Of(s_card, blocks: 131_072, threads: 256, registers: 16, sharedBytes: 0, counts, issuesForOne: 1, operandBytes: 1L << 30);
        Assert.That(time.Binding, Is.EqualTo(Limit.Memory));
        Assert.That(time.Seconds - PaperCard.LaunchSeconds, Is.EqualTo((1L << 30) / 3352e9).Within(1e-12));
        Assert.That(time.Roof, Is.EqualTo((1L << 30) / 3352e9).Within(1e-12));
    }

    [Test]
    public void Of_Products_AreLimitedByIssueWhereOtherInstructionsShareTheSlots([Values(1.0, 1.5)] double issuesForOne)
    {
        // A block of products alone: a warp's multiply-add takes one of four slots and 32 of 128 units.
        InstructionCounts counts = new(Issued: 1 << 20, Products: 1 << 20, Float32: 32 << 20, TensorTf32: 0, TensorHalf: 0, GlobalBytes: 0, SharedBytes: 0);
        LaunchTime time = LaunchTime.Of(s_card, blocks: 132 * 64, threads: 256, registers: 128, sharedBytes: 16384, counts, issuesForOne, operandBytes: 0);
        double seconds = (1 << 20) * 64 / (4 * s_card.Clock);
        Assert.That(time.Seconds - PaperCard.LaunchSeconds, Is.EqualTo(seconds * issuesForOne).Within(1e-9));
        Assert.That(time.Roof, Is.EqualTo(seconds).Within(1e-9));
    }

    [Test]
    public void Of_OneBlockMoreThanMultiprocessors_TakesTwice()
    {
        InstructionCounts counts = new(Issued: 1 << 20, Products: 1 << 20, Float32: 32 << 20, TensorTf32: 0, TensorHalf: 0, GlobalBytes: 0, SharedBytes: 0);
        double one = LaunchTime.Of(s_card, 132, 256, 128, 0, counts, 1, 0).Seconds - PaperCard.LaunchSeconds;
        double two = LaunchTime.Of(s_card, 133, 256, 128, 0, counts, 1, 0).Seconds - PaperCard.LaunchSeconds;
        Assert.That(two / one, Is.EqualTo(2).Within(1e-9));
    }

    [Test]
    public void Of_NextToNothing_CostsTheLaunch()
    {
        LaunchTime time = LaunchTime.Of(s_card, 1, 32, 16, 0, new InstructionCounts(10, 0, 0, 0, 0, 128, 0), 1, 128);
        Assert.That(time.Binding, Is.EqualTo(Limit.Launch));
    }

    [Test]
    public void Of_FewWarps_TakesWhatTheirLoadsWaitFor([Values(1, 132, 133 * 8)] int blocks)
    {
        // Eight warps of 100 loads each, four of which are under way together; eight such blocks fit into a multiprocessor.
        InstructionCounts counts = new(Issued: 1600, Products: 0, Float32: 0, TensorTf32: 0, TensorHalf: 0, GlobalBytes: 1024, SharedBytes: 0, GlobalAccesses: 800);
        LaunchTime time = LaunchTime.Of(s_card, blocks, 256, 32, 0, counts, 1, 1024);
        int waves = blocks > 132 * 8 ? 2 : 1;
        Assert.That(time.Binding, Is.EqualTo(Limit.Latency));
        Assert.That(time.Seconds - PaperCard.LaunchSeconds, Is.EqualTo(waves * 100 * PaperCard.MemoryLatency / (4 * s_card.Clock)).Within(1e-12));
    }

    /// <summary>A compute unit of RDNA3 issues two instructions a clock, for 64 multiply-adds unless they come in pairs.</summary>
    [Test]
    public void Of_CardsBehindOpenCl_HaveTheirOwnIssueRateAndRegisters()
    {
        PaperCard card = PaperCard.Find("rx7900")!;
        InstructionCounts counts = new(Issued: 1 << 20, Products: 1 << 20, Float32: 32 << 20, TensorTf32: 0, TensorHalf: 0, GlobalBytes: 0, SharedBytes: 0);
        LaunchTime time = LaunchTime.Of(card, 96 * 64, 256, 125, 0, counts, 1, 0);
        Assert.That(time.Binding, Is.EqualTo(Limit.Issue));
        Assert.That(time.Seconds - PaperCard.LaunchSeconds, Is.EqualTo((1 << 20) * 64 / (2 * card.Clock)).Within(1e-9));
        Assert.That(LaunchTime.Resident(card, 256, 125, 0), Is.EqualTo(3));
        Assert.That(LaunchTime.Resident(PaperCard.Find("arc770")!, 256, 64, 0), Is.EqualTo(8));
    }

    [TestCase(256, 128, 0, 2)]
    [TestCase(256, 32, 0, 8)]
    [TestCase(256, 32, 100 * 1024, 2)]
    [TestCase(1024, 255, 0, 1)]
    public void Resident_IsWhatRegistersWarpsAndSharedMemoryAllow(int threads, int registers, int shared, int expected) =>
        Assert.That(LaunchTime.Resident(s_card, threads, registers, shared), Is.EqualTo(expected));
}
