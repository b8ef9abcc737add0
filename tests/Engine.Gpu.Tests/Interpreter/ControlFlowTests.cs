using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Branches, loops, barriers and exits of the interpreter.</summary>
[TestFixture]
internal sealed class ControlFlowTests
{
    [Test]
    public void Loop_DifferentLengthsPerThread_ComesTogetherAgain()
    {
        int[] x = new int[64];

        Machine.Run(PtxText.OverBuffer("""
            mov.u32 %r1, 0;
            mov.u32 %r2, 0;
            setp.ge.s32 %p0, %r1, %r0;
            @%p0 bra done;
            next:
            add.s32 %r2, %r2, %r1;
            add.s32 %r1, %r1, 1;
            setp.lt.s32 %p0, %r1, %r0;
            @%p0 bra next;
            done:
            activemask.b32 %r3;
            setp.eq.u32 %p1, %r3, 0xFFFFFFFF;
            @!%p1 mov.u32 %r2, -1;
            st.global.u32 [%rd1], %r2;
            """, groupSize: 64), new LaunchGrid(1), x);

        Assert.That(x, Is.EqualTo(Enumerable.Range(0, 64).Select(i => i * (i - 1) / 2)));
    }

    [Test]
    public void NestedBranches_EachThreadTakesItsWay()
    {
        int[] x = new int[96];

        Machine.Run(PtxText.OverBuffer("""
            rem.u32 %r1, %r0, 3;
            setp.eq.u32 %p0, %r1, 0;
            @%p0 bra zero;
            setp.eq.u32 %p1, %r1, 1;
            @!%p1 bra two;
            mov.u32 %r2, 100;
            bra.uni joined;
            two:
            mov.u32 %r2, 200;
            joined:
            add.u32 %r2, %r2, %r0;
            bra done;
            zero:
            neg.s32 %r2, %r0;
            done:
            st.global.u32 [%rd1], %r2;
            """, groupSize: 96), new LaunchGrid(1), x);

        Assert.That(x, Is.EqualTo(Enumerable.Range(0, 96).Select(i => (i % 3) switch
        {
            0 => -i,
            1 => 100 + i,
            _ => 200 + i,
        })));
    }

    [Test]
    public void Exit_SomeThreads_OthersGoOn()
    {
        int[] x = new int[32];

        Machine.Run(PtxText.OverBuffer("""
            and.b32 %r1, %r0, 1;
            setp.eq.u32 %p0, %r1, 1;
            @%p0 exit;
            st.global.u32 [%rd1], 7;
            setp.gt.u32 %p0, %r0, 10;
            @%p0 ret;
            st.global.u32 [%rd1], 8;
            """), new LaunchGrid(1), x);

        Assert.That(x, Is.EqualTo(Enumerable.Range(0, 32).Select(i => i % 2 == 1 ? 0 : i > 10 ? 7 : 8)));
    }

    [Test]
    public void SpecialRegisters_OfThreeDimensionalGrid_AreRight()
    {
        int[] x = new int[2 * 3 * 4 * 32];

        Machine.Run(PtxText.OverBuffer("""
            mov.u32 %r1, %ctaid.x;
            mov.u32 %r2, %ctaid.y;
            mov.u32 %r3, %ctaid.z;
            mov.u32 %r4, %nctaid.x;
            mov.u32 %r5, %nctaid.y;
            mov.u32 %r6, %ntid.x;
            mad.lo.u32 %r7, %r3, %r5, %r2;
            mad.lo.u32 %r7, %r7, %r4, %r1;
            mad.lo.u32 %r8, %r7, %r6, %r0;
            mul.wide.u32 %rd2, %r8, 4;
            add.u64 %rd2, %rd0, %rd2;
            mov.u32 %r9, %laneid;
            mad.lo.u32 %r9, %r7, 100, %r9;
            st.global.u32 [%rd2], %r9;
            """), new LaunchGrid(2, 3, 4), x);

        Assert.That(x, Is.EqualTo(Enumerable.Range(0, 24).SelectMany(block => Enumerable.Range(0, 32).Select(lane => (100 * block) + lane))));
    }

    [Test]
    public void Barrier_ReachedOnTwoWays_WaitsForBoth()
    {
        int[] x = new int[64];

        // The second half of the threads writes late; the first half reads after the barrier only.
        Machine.Run(PtxText.OverBuffer("""
            mov.u32 %r1, s;
            mad.lo.u32 %r2, %r0, 4, %r1;
            mov.u32 %r3, 0;
            setp.lt.u32 %p0, %r0, 32;
            @%p0 bra ready;
            again:
            add.u32 %r3, %r3, 1;
            setp.lt.u32 %p1, %r3, %r0;
            @%p1 bra again;
            ready:
            st.shared.u32 [%r2], %r0;
            bar.sync 0;
            sub.u32 %r4, 63, %r0;
            mad.lo.u32 %r4, %r4, 4, %r1;
            ld.shared.u32 %r5, [%r4];
            st.global.u32 [%rd1], %r5;
            """, groupSize: 64, variables: ".shared .align 4 .b8 s[256];"), new LaunchGrid(1), x);

        Assert.That(x, Is.EqualTo(Enumerable.Range(0, 64).Reverse()));
    }

    [Test]
    public void Barrier_OnlyHalfTheThreads_IsAnError()
    {
        PtxFault fault = Assert.Throws<PtxFault>(() => Machine.Run(PtxText.OverBuffer("""
            setp.lt.u32 %p0, %r0, 16;
            @%p0 bra skip;
            bar.sync 0;
            skip:
            st.global.u32 [%rd1], %r0;
            """), new LaunchGrid(1), new int[32]))!;

        Assert.That(fault.Kind, Is.EqualTo(PtxFaultKind.DivergentBarrier));
        Assert.That(fault.Message, Does.Contain("thread 16").And.Contain("thread 0 has exited"));
    }

    [Test]
    public void Barrier_DifferentOnesOnTwoWays_IsAnError()
    {
        PtxFault fault = Assert.Throws<PtxFault>(() => Machine.Run(PtxText.OverBuffer("""
            setp.lt.u32 %p0, %r0, 16;
            @%p0 bra other;
            bar.sync 0;
            bra done;
            other:
            bar.sync 0;
            done:
            st.global.u32 [%rd1], %r0;
            """), new LaunchGrid(1), new int[32]))!;

        Assert.That(fault.Kind, Is.EqualTo(PtxFaultKind.DivergentBarrier));
        Assert.That(fault.Message, Does.Contain("waits at that of line"));
    }

    [Test]
    public void Blocks_MoreThanWorkers_AllRun()
    {
        int[] x = new int[5000 * 32];

        Machine.Run(PtxText.OverBuffer("""
            mov.u32 %r1, %ctaid.x;
            mad.lo.u32 %r2, %r1, 32, %r0;
            mad.wide.u32 %rd1, %r2, 4, %rd0;
            st.global.u32 [%rd1], %r1;
            """), new LaunchGrid(5000), x);

        Assert.That(x, Is.EqualTo(Enumerable.Range(0, x.Length).Select(i => i / 32)));
    }
}
