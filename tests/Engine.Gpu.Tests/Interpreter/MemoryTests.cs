using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Loads, stores, atomics and asynchronous copies of the interpreter.</summary>
[TestFixture]
internal sealed class MemoryTests
{
    [Test]
    public void Vectors_LoadedAndStored_InOrder()
    {
        float[] x = [.. Enumerable.Range(0, 128).Select(i => (float)i)];

        Machine.Run(PtxText.OverBuffer("""
            mad.wide.u32 %rd1, %r0, 16, %rd0;
            ld.global.v4.f32 {%f0, %f1, %f2, %f3}, [%rd1];
            st.global.v2.f32 [%rd1], {%f3, %f2};
            st.global.cs.v2.f32 [%rd1+8], {%f1, %f0};
            """), new LaunchGrid(1), x);

        Assert.That(x, Is.EqualTo(Enumerable.Range(0, 128).Select(i => (float)((i & ~3) + 3 - (i & 3)))));
    }

    [Test]
    public void Bytes_LoadedSignedAndUnsigned_AreExtended()
    {
        byte[] bytes = [.. Enumerable.Range(0, 32).Select(i => (byte)(i * 8))];
        int[] result = new int[96];

        Machine.Run(PtxText.Module("""
            ld.param.u64 %rd0, [x];
            ld.param.u64 %rd1, [y];
            mov.u32 %r0, %tid.x;
            mad.wide.u32 %rd2, %r0, 1, %rd0;
            mad.wide.u32 %rd3, %r0, 12, %rd1;
            ld.global.nc.u8 %r1, [%rd2];
            ld.global.s8 %r2, [%rd2];
            ld.volatile.global.u8 %h0, [%rd2];
            cvt.u32.u16 %r3, %h0;
            st.global.u32 [%rd3], %r1;
            st.global.u32 [%rd3+4], %r2;
            st.global.u32 [%rd3+8], %r3;
            not.b32 %r1, %r1;
            st.global.u8 [%rd2], %r1;
            """, ".param .u64 x, .param .u64 y"), new LaunchGrid(1), bytes, result);

        Assert.That(result, Is.EqualTo(Enumerable.Range(0, 32).SelectMany(i => new int[] { (byte)(i * 8), (sbyte)(i * 8), (byte)(i * 8) })));
        Assert.That(bytes, Is.EqualTo(Enumerable.Range(0, 32).Select(i => (byte)~(i * 8))));
    }

    [Test]
    public void Parameters_OfAllSizes_AreLaidOutByTheirTypes()
    {
        double[] result = new double[32];

        Machine.Run(PtxText.Module("""
            ld.param.u32 %r1, [a];
            ld.param.u64 %rd0, [x];
            ld.param.f32 %f0, [b];
            ld.param.f64 %fd0, [c];
            ld.param.u32 %r2, [c+4];
            cvt.rn.f64.s32 %fd1, %r1;
            cvt.f64.f32 %fd2, %f0;
            add.f64 %fd0, %fd0, %fd1;
            add.f64 %fd0, %fd0, %fd2;
            cvt.rn.f64.u32 %fd3, %r2;
            sub.f64 %fd3, %fd3, %fd3;
            add.f64 %fd0, %fd0, %fd3;
            mov.u32 %r0, %tid.x;
            mad.wide.u32 %rd1, %r0, 8, %rd0;
            st.global.f64 [%rd1], %fd0;
            """, ".param .u32 a, .param .u64 x, .param .f32 b, .param .f64 c"), new LaunchGrid(1), -5, result, 0.25f, 100.0);

        Assert.That(result, Is.All.EqualTo(95.25));
    }

    [Test]
    public void DynamicSharedMemory_BeginsBehindTheDeclaredOne()
    {
        int[] x = new int[64];
        KernelProgram program = Machine.Compile(PtxText.OverBuffer("""
            mov.u32 %r1, front;
            mov.u32 %r2, rest;
            sub.u32 %r9, %r2, %r1;
            mad.lo.u32 %r3, %r0, 4, %r2;
            st.shared.u32 [%r3], %r9;
            bar.sync 0;
            xor.b32 %r4, %r3, 4;
            ld.shared.u32 %r5, [%r4];
            st.global.u32 [%rd1], %r5;
            """, groupSize: 64, variables: ".shared .align 4 .b8 front[20]; .extern .shared .align 16 .b8 rest[];"));

        Machine.Run(program, new LaunchGrid(1), 256, watchesRaces: false, x);

        Assert.That(x, Is.All.EqualTo(32));
    }

    [Test]
    public void Atomics_OnGlobalMemory_LoseNothing()
    {
        int[] x = [0, 1000, -1000, 0, 0, 0, 0, 0];
        float[] sum = new float[1];

        Machine.Run(PtxText.Module("""
            ld.param.u64 %rd0, [x];
            ld.param.u64 %rd1, [y];
            mov.u32 %r0, %tid.x;
            atom.global.add.u32 %r1, [%rd0], 2;
            atom.global.min.s32 %r1, [%rd0+4], %r0;
            red.global.max.s32 [%rd0+8], %r0;
            red.global.or.b32 [%rd0+12], %r0;
            red.relaxed.gpu.global.add.f32 [%rd1], 0f3F800000;
            again:
            ld.volatile.global.u32 %r2, [%rd0+16];
            add.u32 %r3, %r2, 3;
            atom.global.cas.b32 %r4, [%rd0+16], %r2, %r3;
            setp.ne.u32 %p0, %r4, %r2;
            @%p0 bra again;
            atom.global.exch.b32 _, [%rd0+20], %r0;
            atom.global.add.u64 %rd2, [%rd0+24], 5;
            """, ".param .u64 x, .param .u64 y", groupSize: 64), new LaunchGrid(100), x, sum);

        Assert.That(x[..5], Is.EqualTo(new[] { 12800, 0, 63, 63, 19200 }));
        Assert.That(x[5], Is.InRange(0, 63));
        Assert.That(x[6], Is.EqualTo(32000));
        Assert.That(sum[0], Is.EqualTo(6400));
    }

    [Test]
    public void Atomics_OnSharedMemory_Count()
    {
        int[] x = new int[32];

        Machine.Run(PtxText.OverBuffer("""
            setp.eq.u32 %p0, %r0, 0;
            @%p0 st.shared.u32 [s], 10;
            bar.sync 0;
            atom.shared.add.u32 %r1, [s], 1;
            bar.sync 0;
            ld.shared.u32 %r2, [s];
            st.global.u32 [%rd1], %r2;
            """, variables: ".shared .u32 s;"), new LaunchGrid(1), x);

        Assert.That(x, Is.All.EqualTo(42));
    }

    [Test]
    public void AsyncCopies_WaitedFor_ArriveWithZerosBehindTheSource()
    {
        int[] x = [.. Enumerable.Range(1, 128)];

        Machine.Run(PtxText.OverBuffer("""
            mov.u32 %r1, s;
            mad.lo.u32 %r2, %r0, 16, %r1;
            mad.wide.u32 %rd2, %r0, 16, %rd0;
            cp.async.cg.shared.global [%r2], [%rd2], 16;
            cp.async.commit_group;
            rem.u32 %r3, %r0, 5;
            min.u32 %r3, %r3, 4;
            mul.lo.u32 %r3, %r3, 4;
            cp.async.ca.shared.global [%r2+512], [%rd2], 16, %r3;
            cp.async.commit_group;
            cp.async.wait_group 1;
            ld.shared.u32 %r4, [%r2+12];
            cp.async.wait_all;
            ld.shared.v4.u32 {%r5, %r6, %r7, %r8}, [%r2+512];
            st.global.v4.u32 [%rd2], {%r4, %r6, %r7, %r8};
            """, variables: ".shared .align 16 .b8 s[1024];"), new LaunchGrid(1), x);

        Assert.That(x, Is.EqualTo(Enumerable.Range(0, 32).SelectMany(i => new[]
        {
            (4 * i) + 4,
            i % 5 >= 2 ? (4 * i) + 2 : 0,
            i % 5 >= 3 ? (4 * i) + 3 : 0,
            i % 5 >= 4 ? (4 * i) + 4 : 0,
        })));
    }

    [Test]
    public void AsyncCopies_SourceOverwrittenBeforeTheWait_ShowTheNewValue()
    {
        int[] x = [.. Enumerable.Range(0, 32)];

        // Not waiting has consequences here: the copy happens at the wait and not before.
        Machine.Run(PtxText.OverBuffer("""
            mov.u32 %r1, s;
            mad.lo.u32 %r2, %r0, 4, %r1;
            cp.async.ca.shared.global [%r2], [%rd1], 4;
            st.global.u32 [%rd1], 99;
            cp.async.commit_group;
            cp.async.wait_group 0;
            ld.shared.u32 %r3, [%r2];
            st.global.u32 [%rd1], %r3;
            """, variables: ".shared .align 16 .b8 s[128];"), new LaunchGrid(1), x);

        Assert.That(x, Is.All.EqualTo(99));
    }
}
