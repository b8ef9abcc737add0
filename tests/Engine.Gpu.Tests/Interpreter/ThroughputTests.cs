using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Larger kernels; how many threads times instructions a second they reach is written out and not judged.</summary>
[TestFixture]
internal sealed class ThroughputTests
{
    private const int GroupSize = 256;
    private const int Groups = 64;
    private const int Rounds = 200;

    [Test]
    public void Arithmetic_LongLoop_GivesTheRightSums()
    {
        float[] x = new float[Groups * GroupSize];

        Measure("arithmetic", $"""
            mov.f32 %f0, 0f00000000;
            mov.f32 %f1, 0f3F800000;
            mov.u32 %r3, 0;
            next:
            {string.Concat(Enumerable.Repeat("fma.rn.f32 %f0, %f1, %f1, %f0;\n", 8))}
            add.s32 %r3, %r3, 1;
            setp.lt.s32 %p0, %r3, {Rounds};
            @%p0 bra next;
            st.global.f32 [%rd1], %f0;
            """, x);

        Assert.That(x, Is.All.EqualTo(8f * Rounds));
    }

    [Test]
    public void GlobalMemory_LongLoop_GivesTheRightSums()
    {
        float[] x = new float[Groups * GroupSize];

        Measure("global memory", $"""
            mov.u32 %r3, 0;
            next:
            ld.global.f32 %f0, [%rd1];
            add.f32 %f0, %f0, 0f3F800000;
            st.global.f32 [%rd1], %f0;
            add.s32 %r3, %r3, 1;
            setp.lt.s32 %p0, %r3, {Rounds};
            @%p0 bra next;
            """, x);

        Assert.That(x, Is.All.EqualTo((float)Rounds));
    }

    [Test]
    public void SharedMemory_LongLoop_GivesTheRightSums()
    {
        float[] x = new float[Groups * GroupSize];

        Measure("shared memory", $$"""
            mov.u32 %r4, s;
            mad.lo.s32 %r5, %r0, 16, %r4;
            mov.u32 %r3, 0;
            mov.f32 %f0, 0f3F800000;
            mov.f32 %f4, 0f00000000;
            next:
            st.shared.v4.f32 [%r5], {%f0, %f0, %f0, %f0};
            bar.sync 0;
            xor.b32 %r6, %r5, 512;
            ld.shared.v4.f32 {%f0, %f1, %f2, %f3}, [%r6];
            add.f32 %f4, %f4, %f1;
            bar.sync 0;
            add.s32 %r3, %r3, 1;
            setp.lt.s32 %p0, %r3, {{Rounds}};
            @%p0 bra next;
            st.global.f32 [%rd1], %f4;
            """, x, ".shared .align 16 .b8 s[4096];");

        Assert.That(x, Is.All.EqualTo((float)Rounds));
    }

    [Test]
    public void MatrixProduct_OfTheEngine_GivesTheRightSums()
    {
        const int Size = 128;
        using CudaDevice device = InterpretedCuda.CreateDevice(out FakeDevice card);
        using Tensor a = Tensor.Full([Size, Size], 2f, device: device);
        using Tensor b = Tensor.Full([Size, Size], 3f, device: device);
        a.MatMul(b).Dispose();
        long before = card.ThreadInstructions;
        TimeSpan start = Environment.CpuUsage.TotalTime;

        using Tensor c = a.MatMul(b);

        Report("matrix product", card.ThreadInstructions - before, start);
        Assert.That(c.ToArray<float>(), Is.All.EqualTo(6f * Size));
    }

    private static void Measure(string what, string body, float[] x, string variables = "")
    {
        KernelProgram program = Machine.Compile(PtxText.OverBuffer($"""
            mov.u32 %r1, %ctaid.x;
            mad.lo.u32 %r2, %r1, {GroupSize}, %r0;
            mad.wide.u32 %rd1, %r2, 4, %rd0;
            {body}
            """, GroupSize, variables));
        Machine.Run(program, new LaunchGrid(Groups), 0, watchesRaces: false, new float[x.Length]);
        TimeSpan start = Environment.CpuUsage.TotalTime;
        long instructions = Machine.Run(program, new LaunchGrid(Groups), 0, watchesRaces: false, x);
        Report(what, instructions, start);
    }

    private static void Report(string what, long instructions, TimeSpan start) =>
        TestContext.Out.WriteLine($"{what}: {instructions / (Environment.CpuUsage.TotalTime - start).TotalSeconds / 1e6:0} million threads times instructions a second of one core");
}
