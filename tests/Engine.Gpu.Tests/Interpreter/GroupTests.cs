using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Groups of several dimensions or of a size that only the launch tells, barriers that reduce, and warps that wait for themselves.</summary>
[TestFixture]
internal sealed class GroupTests
{
    private const string Shared = ".shared .align 16 .b8 s[256];";

    [Test]
    public void Group_OfThreeDimensions_CountsItsThreads()
    {
        int[] x = new int[24];

        Machine.Run(PtxText.Module("""
            ld.param.u64 %rd0, [x];
            mov.u32 %r1, %tid.x;
            mov.u32 %r2, %tid.y;
            mov.u32 %r3, %tid.z;
            mov.u32 %r4, %ntid.x;
            mov.u32 %r5, %ntid.y;
            mad.lo.u32 %r6, %r3, %r5, %r2;
            mad.lo.u32 %r6, %r6, %r4, %r1;
            mad.wide.u32 %rd1, %r6, 4, %rd0;
            mad.lo.u32 %r7, %r3, 100, %r1;
            mad.lo.u32 %r7, %r2, 10, %r7;
            st.global.u32 [%rd1], %r7;
            """, ".param .u64 x").Replace(".reqntid 32, 1, 1", ".reqntid 4, 3, 2", StringComparison.Ordinal), new LaunchGrid(1), x);

        Assert.That(x, Is.EqualTo(Enumerable.Range(0, 24).Select(static i => (i % 4) + (i / 4 % 3 * 10) + (i / 12 * 100))));
    }

    [Test]
    public void Group_WithoutFixedSize_TakesThatOfTheLaunch()
    {
        string text = PtxText.OverBuffer("mov.u32 %r1, %ntid.x; st.global.u32 [%rd1], %r1;").Replace(".reqntid 32, 1, 1", "", StringComparison.Ordinal);
        PtxModule module = PtxParser.Parse(text);
        foreach (int size in new[] { 1, 40, 1024 })
        {
            int[] x = new int[size];
            Machine.Run(KernelCompiler.Compile(module, module.Find("k")!, new BlockShape(size)), new LaunchGrid(1), 0, watchesRaces: false, x);
            Assert.That(x, Is.All.EqualTo(size));
        }
    }

    [Test]
    public void BarrierReduction_ThreadsComeFromDifferentWays_SeesAll()
    {
        int[] x = new int[64];

        Machine.Run(PtxText.OverBuffer("""
            setp.lt.u32 %p0, %r0, 10;
            setp.lt.u32 %p1, %r0, 33;
            mov.u32 %r1, 0;
            @%p0 bra wait;
            mov.u32 %r1, 1;
            wait:
            bar.red.popc.u32 %r2, 0, %p1;
            bar.red.and.pred %p2, 0, %p1;
            bar.red.or.pred %p3, 0, !%p1;
            @%p2 add.u32 %r2, %r2, 1000;
            @%p3 add.u32 %r2, %r2, 2000;
            mad.lo.u32 %r2, %r1, 10000, %r2;
            st.global.u32 [%rd1], %r2;
            """, groupSize: 64), new LaunchGrid(1), x);

        Assert.That(x, Is.EqualTo(Enumerable.Range(0, 64).Select(static i => (i < 10 ? 0 : 10000) + 2033)));
    }

    [Test]
    public void Shuffle_OfLanesThatExitedBefore_DoesNotWaitForThem()
    {
        int[] x = new int[32];

        Machine.Run(PtxText.OverBuffer("setp.lt.u32 %p0, %r0, 8; @%p0 ret; shfl.sync.bfly.b32 %r1, %r0, 1, 31, -1; st.global.u32 [%rd1], %r1;"), new LaunchGrid(1), x);

        Assert.That(x, Is.EqualTo(Enumerable.Range(0, 32).Select(static i => i < 8 ? 0 : i ^ 1)));
    }

    [Test]
    public void Shuffle_ReadsLaneThatExited_IsAnError() =>
        Fault("setp.eq.u32 %p0, %r0, 3; @%p0 ret; shfl.sync.bfly.b32 %r1, %r0, 1, 31, -1; st.global.u32 [%rd1], %r1;", PtxFaultKind.DivergentWarp);

    [Test]
    public void Shuffle_LanesOnDifferentWays_WaitForEachOther()
    {
        int[] x = new int[64];

        Machine.Run(PtxText.OverBuffer("""
            setp.lt.u32 %p0, %r0, 40;
            mov.u32 %r2, 0;
            @%p0 bra more;
            together:
            shfl.sync.bfly.b32 %r1, %r2, 16, 31, -1;
            st.global.u32 [%rd1], %r1;
            ret;
            more:
            add.u32 %r2, %r2, %r0;
            bra together;
            """, groupSize: 64), new LaunchGrid(1), x);

        Assert.That(x, Is.EqualTo(Enumerable.Range(0, 64).Select(static i => (i ^ 16) < 40 ? i ^ 16 : 0)));
    }

    [Test]
    public void WarpBarrier_OrdersItsWarpOnly()
    {
        int[] x = new int[64];
        const string Body = """
            mov.u32 %r1, s;
            mad.lo.u32 %r2, %r0, 4, %r1;
            st.shared.u32 [%r2], %r0;
            bar.warp.sync 0xFFFFFFFF;
            xor.b32 %r3, %r2, {0};
            ld.shared.u32 %r4, [%r3];
            ld.shared.u32 %r6, [%r2];
            bar.warp.sync 0xFFFFFFFF;
            add.u32 %r5, %r4, 100;
            st.shared.u32 [%r2], %r5;
            bar.warp.sync 0xFFFFFFFF;
            ld.shared.u32 %r6, [%r3];
            st.global.u32 [%rd1], %r6;
            """;

        Machine.Run(PtxText.OverBuffer(Body.Replace("{0}", "4", StringComparison.Ordinal), 64, Shared), new LaunchGrid(1), x);
        Assert.That(x, Is.EqualTo(Enumerable.Range(0, 64).Select(static i => i + 100)));

        PtxFault fault = Fault(Body.Replace("{0}", "128", StringComparison.Ordinal), PtxFaultKind.SharedRace, 64);
        Assert.That(fault.Message, Does.Contain("a thread of warp"));
        Fault(Body.Replace("{0}", "4", StringComparison.Ordinal).Replace("bar.warp.sync 0xFFFFFFFF;\nadd", "add", StringComparison.Ordinal), PtxFaultKind.SharedRace, 64);
    }

    [Test]
    public void WarpBarrier_BetweenAtomicsAndReads_OrdersThem()
    {
        int[] x = new int[64];
        const string Body = """
            setp.ne.u32 %p0, %r0, 0;
            @%p0 bra ready;
            st.shared.v2.u32 [s], {0, 0};
            ready:
            bar.sync 0;
            mov.u32 %r2, %warpid;
            mul.lo.u32 %r2, %r2, {0};
            mov.u32 %r1, s;
            add.u32 %r1, %r1, %r2;
            red.shared.add.u32 [%r1], 1;
            bar.warp.sync -1;
            ld.shared.u32 %r3, [%r1];
            st.global.u32 [%rd1], %r3;
            """;

        Machine.Run(PtxText.OverBuffer(Body.Replace("{0}", "4", StringComparison.Ordinal), 64, Shared), new LaunchGrid(1), x);
        Assert.That(x, Is.All.EqualTo(32));
        Fault(Body.Replace("{0}", "0", StringComparison.Ordinal), PtxFaultKind.SharedRace, 64);
    }

    [Test]
    public void UniformBranch_ThatParts_IsFoundWhereItIsWatched()
    {
        const string Body = "setp.lt.u32 %p0, %r0, {0}; mov.u32 %r1, 0; @%p0 bra.uni done; mov.u32 %r1, 1; done: st.global.u32 [%rd1], %r1;";
        foreach ((string limit, bool parts) in new[] { ("32", false), ("33", true) })
        {
            FakeDevice card = new(0, "watching", 80, 1 << 20) { WatchesUniformBranches = true };
            Assert.That(card.Memory.TryAllocate(256, out nint address));
            KernelProgram program = Machine.Compile(PtxText.OverBuffer(Body.Replace("{0}", limit, StringComparison.Ordinal), 64));

            card.Run(program, (1, 1, 1), 0, BitConverter.GetBytes(address));

            Assert.That(card.LastFault?.Kind, Is.EqualTo(parts ? PtxFaultKind.DivergentBranch : default(PtxFaultKind?)));
            card.Memory.Clear();
        }
    }

    private static PtxFault Fault(string body, PtxFaultKind kind, int groupSize = 32)
    {
        PtxFault fault = Assert.Throws<PtxFault>(() => Machine.Run(PtxText.OverBuffer(body, groupSize, Shared), new LaunchGrid(1), new int[groupSize]))!;
        Assert.That(fault.Kind, Is.EqualTo(kind), fault.Message);
        return fault;
    }

    [Test]
    public void Blocks_ThatRunAtTheSameTime_MayWaitForOneAnother([Values] bool watchesRaces)
    {
        int[] x = new int[17];
        Machine.Run(Machine.Compile(Meeting(8)), new LaunchGrid(8), 0, watchesRaces, isResident: true, x);
        Assert.That(x, Is.EqualTo(Enumerable.Range(0, 17).Select(static i => i == 0 ? 8 : i <= 8 ? 99 + i : 100 + (i % 8))));
    }

    [Test]
    public void Blocks_ThatWaitForMoreThanThereAre_AreFound()
    {
        PtxFault fault = Assert.Throws<PtxFault>(static () => Machine.Run(Machine.Compile(Meeting(9)), new LaunchGrid(8), 0, watchesRaces: false, isResident: true, new int[17]))!;
        Assert.That(fault.Kind, Is.EqualTo(PtxFaultKind.Endless));
        Assert.That(fault.Message, Does.Contain("7 others"));
    }

    [Test]
    public void Blocks_ThatReadBeforeTheyWait_RaceWithOthers()
    {
        string early = Meeting(8).Replace("wait:", string.Empty, StringComparison.Ordinal).Replace("@%p1 bra wait;", string.Empty, StringComparison.Ordinal);
        PtxFault fault = Assert.Throws<PtxFault>(() => Machine.Run(Machine.Compile(early), new LaunchGrid(8), 0, watchesRaces: true, isResident: true, new int[17]))!;
        Assert.That(fault.Kind, Is.EqualTo(PtxFaultKind.GlobalRace));
    }

    /// <summary>Each block leaves a number behind the counter, waits for others, and copies the number of its neighbour.</summary>
    private static string Meeting(int groups) => PtxText.OverBuffer($"""
        mov.u32 %r1, %ctaid.x;
        setp.ne.u32 %p0, %r0, 0;
        @%p0 ret;
        add.u32 %r2, %r1, 100;
        mad.wide.u32 %rd2, %r1, 4, %rd0;
        st.global.u32 [%rd2+4], %r2;
        atom.acq_rel.gpu.global.add.u32 %r3, [%rd0], 1;
        wait:
        ld.acquire.gpu.global.u32 %r4, [%rd0];
        setp.lt.u32 %p1, %r4, {groups};
        @%p1 bra wait;
        add.u32 %r5, %r1, 1;
        rem.u32 %r5, %r5, 8;
        mad.wide.u32 %rd3, %r5, 4, %rd0;
        ld.global.u32 %r6, [%rd3+4];
        st.global.u32 [%rd2+36], %r6;
        """);
}
