using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Every check of the interpreter at run time fires, and its message names kernel, line, block and thread.</summary>
[TestFixture]
internal sealed class CheckTests
{
    private const string Shared = ".shared .align 16 .b8 s[128];";

    [Test]
    public void GlobalLoad_BehindTheBuffer_IsAnError()
    {
        PtxFault fault = Fault("ld.global.u32 %r1, [%rd1+4]; st.global.u32 [%rd1], %r1;", PtxFaultKind.OutOfBounds);

        Assert.That(fault.Thread, Is.EqualTo(31));
        Assert.That(fault.Kernel, Is.EqualTo("k"));
        Assert.That(fault.Message, Does.StartWith("k, line ").And.Contain("block (0, 0, 0), thread 31").And.Contain("0 bytes behind a block of 128 bytes"));
    }

    [Test]
    public void GlobalStore_BeforeTheBuffer_IsAnError() =>
        Assert.That(Fault("st.global.u32 [%rd1+-4], %r0;", PtxFaultKind.OutOfBounds).Thread, Is.Zero);

    [Test]
    public void GlobalVector_HalfBehindTheBuffer_IsAnError() =>
        Assert.That(Fault("mad.wide.u32 %rd2, %r0, 16, %rd0; st.global.v4.u32 [%rd2], {%r0, %r0, %r0, %r0};", PtxFaultKind.OutOfBounds).Thread, Is.EqualTo(8));

    [Test]
    public void GlobalVector_OnMultipleOfElement_IsMisaligned() =>
        Assert.That(Fault("ld.global.v2.u32 {%r1, %r2}, [%rd1]; st.global.u32 [%rd1], %r1;", PtxFaultKind.Misaligned).Thread, Is.EqualTo(1));

    [Test]
    public void GuardedLoad_BehindTheBuffer_IsAnErrorOnlyWhereTheGuardHolds()
    {
        const string Body = "setp.lt.u32 %p0, %r0, 31; mov.u32 %r1, 0; @%p0 ld.global.u32 %r1, [%rd1+4]; st.global.u32 [%rd1], %r1;";
        int[] x = [.. Enumerable.Range(0, 32)];

        Machine.Run(PtxText.OverBuffer(Body), new LaunchGrid(1), x);

        Assert.That(x, Is.EqualTo(Enumerable.Range(1, 31).Append(0)));
    }

    [Test]
    public void SharedAccess_BehindTheEnd_IsAnError()
    {
        PtxFault fault = Fault("mov.u32 %r1, s; mad.lo.u32 %r2, %r0, 8, %r1; st.shared.u32 [%r2], %r0;", PtxFaultKind.SharedOutOfBounds, Shared);

        Assert.That(fault.Thread, Is.EqualTo(16));
        Assert.That(fault.Message, Does.Contain("at 128, of which there are 128"));
    }

    [Test]
    public void SharedAccess_OffMultiple_IsMisaligned() =>
        Assert.That(Fault("mov.u32 %r1, s; mad.lo.u32 %r2, %r0, 2, %r1; st.shared.u32 [%r2], %r0;", PtxFaultKind.Misaligned, Shared).Thread, Is.EqualTo(1));

    [Test]
    public void Register_WrittenOnOneWayOnly_IsAnErrorOnTheOther()
    {
        PtxFault fault = Fault("""
            setp.lt.u32 %p0, %r0, 20;
            @!%p0 bra after;
            mov.u32 %r1, 5;
            after:
            st.global.u32 [%rd1], %r1;
            """, PtxFaultKind.UninitializedRegister);

        Assert.That(fault.Thread, Is.EqualTo(20));
        Assert.That(fault.Message, Does.Contain("reads %r1"));
    }

    [Test]
    public void Register_WrittenUnderGuardAndReadUnderSameGuard_IsFine()
    {
        int[] x = new int[32];

        Machine.Run(PtxText.OverBuffer("setp.lt.u32 %p0, %r0, 20; @%p0 mov.u32 %r1, 5; @%p0 st.global.u32 [%rd1], %r1;"), new LaunchGrid(1), x);

        Assert.That(x.Sum(), Is.EqualTo(100));
    }

    [Test]
    public void SharedMemory_ReadBeforeWritten_IsAnError() =>
        Assert.That(Fault("mov.u32 %r1, s; ld.shared.u32 %r2, [%r1]; st.global.u32 [%rd1], %r2;", PtxFaultKind.UninitializedShared, Shared).Message, Does.Contain("nobody has written"));

    [Test]
    public void SharedMemory_ReadWithoutBarrier_IsARace()
    {
        PtxFault fault = Fault("""
            mov.u32 %r1, s;
            mad.lo.u32 %r2, %r0, 4, %r1;
            st.shared.u32 [%r2], %r0;
            xor.b32 %r3, %r2, 4;
            ld.shared.u32 %r4, [%r3];
            st.global.u32 [%rd1], %r4;
            """, PtxFaultKind.SharedRace, Shared);

        Assert.That(fault.Message, Does.Contain("thread 0: reads 4 bytes of shared memory at 4, which thread 1 wrote without a barrier in between"));
    }

    [Test]
    public void SharedMemory_SameValueWrittenTwice_IsARace() =>
        Assert.That(Fault("st.shared.u32 [s], 1; bar.sync 0; ld.shared.u32 %r2, [s]; st.global.u32 [%rd1], %r2;", PtxFaultKind.SharedRace, Shared).Thread, Is.EqualTo(1));

    [Test]
    public void SharedMemory_WrittenAfterReadOfAnother_IsARace()
    {
        PtxFault fault = Fault("""
            mov.u32 %r1, s;
            mad.lo.u32 %r2, %r0, 4, %r1;
            st.shared.u32 [%r2], %r0;
            bar.sync 0;
            xor.b32 %r3, %r2, 4;
            ld.shared.u32 %r4, [%r3];
            st.shared.u32 [%r2], %r4;
            """, PtxFaultKind.SharedRace, Shared);

        Assert.That(fault.Message, Does.Contain("which thread 1 read without a barrier"));
    }

    [Test]
    public void SharedMemory_NeighboursInOneWord_AreNoRace()
    {
        byte[] x = new byte[64];

        Machine.Run(PtxText.Module("""
            ld.param.u64 %rd0, [x];
            mov.u32 %r0, %tid.x;
            mov.u32 %r1, s;
            add.u32 %r2, %r1, %r0;
            st.shared.u8 [%r2], %r0;
            bar.sync 0;
            xor.b32 %r3, %r2, 1;
            ld.shared.u8 %r4, [%r3];
            mad.wide.u32 %rd1, %r0, 1, %rd0;
            st.global.u8 [%rd1], %r4;
            """, ".param .u64 x", 64, variables: ".shared .align 4 .b8 s[64];"), new LaunchGrid(1), x);

        Assert.That(x, Is.EqualTo(Enumerable.Range(0, 64).Select(i => (byte)(i ^ 1))));
    }

    [Test]
    public void SharedMemory_AfterTheBarrier_IsNoRace()
    {
        int[] x = new int[32];

        Machine.Run(PtxText.OverBuffer("""
            mov.u32 %r1, s;
            mad.lo.u32 %r2, %r0, 4, %r1;
            st.shared.u32 [%r2], %r0;
            bar.sync 0;
            xor.b32 %r3, %r2, 4;
            ld.shared.u32 %r4, [%r3];
            bar.sync 0;
            st.shared.u32 [%r2], %r4;
            st.global.u32 [%rd1], %r4;
            """, variables: Shared), new LaunchGrid(3), x);

        Assert.That(x, Is.EqualTo(Enumerable.Range(0, 32).Select(i => i ^ 1)));
    }

    [Test]
    public void AsyncCopy_ReadBeforeTheWait_IsAnError()
    {
        PtxFault fault = Fault("""
            mov.u32 %r1, s;
            mad.lo.u32 %r2, %r0, 4, %r1;
            cp.async.ca.shared.global [%r2], [%rd1], 4;
            cp.async.commit_group;
            cp.async.wait_group 1;
            ld.shared.u32 %r3, [%r2];
            st.global.u32 [%rd1], %r3;
            """, PtxFaultKind.SharedRace, Shared);

        Assert.That(fault.Message, Does.Contain("was not waited for"));
    }

    [Test]
    public void AsyncCopy_ReadByOthersWithoutBarrier_IsARace() => Fault("""
        mov.u32 %r1, s;
        mad.lo.u32 %r2, %r0, 4, %r1;
        cp.async.ca.shared.global [%r2], [%rd1], 4;
        cp.async.wait_all;
        xor.b32 %r3, %r2, 4;
        ld.shared.u32 %r3, [%r3];
        st.global.u32 [%rd1], %r3;
        """, PtxFaultKind.SharedRace, Shared);

    [Test]
    public void AsyncCopy_FromBehindTheBuffer_IsAnErrorUnlessNothingIsRead()
    {
        const string Body = """
            mov.u32 %r1, s;
            mad.lo.u32 %r2, %r0, 4, %r1;
            {0}
            cp.async.ca.shared.global [%r2], [%rd1+128], 4, %r5;
            cp.async.wait_all;
            ld.shared.u32 %r3, [%r2];
            st.global.u32 [%rd1], %r3;
            """;
        int[] x = new int[32];

        Fault(Body.Replace("{0}", "mov.u32 %r5, 4;", StringComparison.Ordinal), PtxFaultKind.OutOfBounds, Shared);
        Machine.Run(PtxText.OverBuffer(Body.Replace("{0}", "mov.u32 %r5, 0;", StringComparison.Ordinal), variables: Shared), new LaunchGrid(1), x);

        Assert.That(x, Is.All.Zero);
    }

    [Test]
    public void Shuffle_WithMembersElsewhere_IsAnError() => Fault("""
        mov.u32 %r1, 0;
        setp.lt.u32 %p0, %r0, 16;
        @%p0 bra skip;
        shfl.sync.bfly.b32 %r1, %r0, 1, 31, -1;
        skip:
        st.global.u32 [%rd1], %r1;
        """, PtxFaultKind.DivergentWarp);

    [Test]
    public void GlobalRaces_WhenWatched_AreFoundBetweenBlocksAndThreads()
    {
        KernelProgram same = Machine.Compile(PtxText.OverBuffer("st.global.u32 [%rd0], 1;"));
        KernelProgram blocks = Machine.Compile(PtxText.OverBuffer("mov.u32 %r1, %ctaid.x; st.global.u32 [%rd1], %r1;"));
        KernelProgram reads = Machine.Compile(PtxText.OverBuffer("""
            xor.b32 %r1, %r0, 1;
            mad.wide.u32 %rd2, %r1, 4, %rd0;
            ld.global.u32 %r2, [%rd2];
            st.global.u32 [%rd1], %r2;
            """));

        foreach (KernelProgram program in new[] { same, blocks, reads })
        {
            PtxFault fault = Assert.Throws<PtxFault>(() => Machine.Run(program, new LaunchGrid(2), 0, watchesRaces: true, new int[32]))!;
            Assert.That(fault.Kind, Is.EqualTo(PtxFaultKind.GlobalRace));
        }
    }

    [Test]
    public void GlobalRaces_OwnElementsAndAtomics_AreNone()
    {
        KernelProgram own = Machine.Compile(PtxText.OverBuffer("""
            mov.u32 %r1, %ctaid.x;
            mad.lo.u32 %r1, %r1, 32, %r0;
            mad.wide.u32 %rd1, %r1, 4, %rd0;
            ld.global.u32 %r2, [%rd1];
            add.u32 %r2, %r2, 1;
            st.global.u32 [%rd1], %r2;
            """));
        KernelProgram atomic = Machine.Compile(PtxText.OverBuffer("red.global.add.u32 [%rd0], 1;"));
        int[] x = new int[64];

        Machine.Run(own, new LaunchGrid(2), 0, watchesRaces: true, x);
        Machine.Run(atomic, new LaunchGrid(2), 0, watchesRaces: true, x);

        Assert.That(x, Is.EqualTo(Enumerable.Repeat(1, 63).Prepend(65)));
    }

    [Test]
    public void GlobalRaces_ReadsOfWhatAnotherBlockReleased_AreNone()
    {
        int[] x = new int[40];
        Machine.Run(Machine.Compile(LastBlock("bar.sync 0;", "acq_rel", "bar.sync 0;")), new LaunchGrid(8), 0, watchesRaces: true, x);
        Assert.That(x[1..9], Is.EqualTo(Enumerable.Range(1, 8)));
        Assert.That(x[0], Is.Zero, "the counter begins anew");
        Assert.That(x[9], Is.EqualTo(36));
    }

    [TestCase("bar.sync 0;", "relaxed", "bar.sync 0;", TestName = "GlobalRaces_WithoutAnOrder_AreFound")]
    [TestCase("bar.sync 0;", "acquire", "bar.sync 0;", TestName = "GlobalRaces_WithoutARelease_AreFound")]
    [TestCase("bar.sync 0;", "release", "bar.sync 0;", TestName = "GlobalRaces_WithoutAnAcquisition_AreFound")]
    [TestCase("", "acq_rel", "bar.sync 0;", TestName = "GlobalRaces_WithoutABarrierBeforeTheRelease_AreFound")]
    public void GlobalRaces_OfTheLastBlock_AreFound(string before, string order, string after)
    {
        KernelProgram program = Machine.Compile(LastBlock(before, order, after));
        PtxFault fault = Assert.Throws<PtxFault>(() => Machine.Run(program, new LaunchGrid(8), 0, watchesRaces: true, new int[40]))!;
        Assert.That(fault.Kind, Is.EqualTo(PtxFaultKind.GlobalRace));
    }

    /// <summary>Thread 7 of each block leaves a number, thread 0 counts the block, and thread 3 of the last block adds the numbers.</summary>
    private static string LastBlock(string before, string order, string after) => PtxText.OverBuffer($"""
        mov.u32 %r1, %ctaid.x;
        mad.wide.u32 %rd2, %r1, 4, %rd0;
        add.u32 %r2, %r1, 1;
        setp.eq.u32 %p0, %r0, 7;
        @%p0 st.global.u32 [%rd2+4], %r2;
        {before}
        setp.eq.u32 %p1, %r0, 0;
        mov.u32 %r4, 0;
        @%p1 atom.{order}.gpu.global.inc.u32 %r4, [%rd0], 7;
        @%p1 st.shared.u32 [last], %r4;
        {after}
        bar.sync 0;
        ld.shared.u32 %r4, [last];
        setp.eq.u32 %p2, %r4, 7;
        setp.eq.and.u32 %p2, %r0, 3, %p2;
        @!%p2 bra done;
        mov.u32 %r5, 0;
        mov.u32 %r6, 0;
        mov.u64 %rd3, %rd0;
        more:
        ld.global.u32 %r7, [%rd3+4];
        add.u32 %r5, %r5, %r7;
        add.u64 %rd3, %rd3, 4;
        add.u32 %r6, %r6, 1;
        setp.lt.u32 %p3, %r6, 8;
        @%p3 bra more;
        st.global.u32 [%rd0+36], %r5;
        done:
        """, variables: ".shared .align 4 .b32 last;");

    private static PtxFault Fault(string body, PtxFaultKind kind, string variables = "")
    {
        PtxFault fault = Assert.Throws<PtxFault>(() => Machine.Run(PtxText.OverBuffer(body, variables: variables), new LaunchGrid(1), new int[32]))!;
        Assert.That(fault.Kind, Is.EqualTo(kind), fault.Message);
        return fault;
    }
}
