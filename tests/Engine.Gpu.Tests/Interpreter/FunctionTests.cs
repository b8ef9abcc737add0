using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Functions and calls, branches by number, and local memory of the interpreter.</summary>
[TestFixture]
internal sealed class FunctionTests
{
    private const string Triple = """
        .visible .func (.param .b32 result) triple(.param .b32 a);
        .visible .func (.param .b32 result) triple(.param .b32 a)
        {
            .reg .pred %q;
            .reg .b32 %x<2>;
            ld.param.b32 %x0, [a];
            setp.gt.s32 %q, %x0, 20;
            @%q bra large;
            mul.lo.s32 %x1, %x0, 3;
            st.param.b32 [result], %x1;
            ret;
            large:
            st.param.b32 [result], -1;
            ret;
        }
        """;

    private const string CallTriple = """
        {
        .param .b32 argument;
        st.param.b32 [argument], %r0;
        .param .b32 value;
        call.uni (value), triple, (argument);
        ld.param.b32 %r1, [value];
        }
        """;

    [Test]
    public void Call_InTwoPlaces_HasVariablesOfItsOwn()
    {
        int[] x = new int[32];

        Machine.Run(PtxText.OverBuffer($"""
            {CallTriple}
            mov.u32 %r2, %r1;
            setp.lt.u32 %p0, %r0, 10;
            @%p0 bra after;
            {CallTriple}
            add.s32 %r2, %r2, %r1;
            after:
            st.global.u32 [%rd1], %r2;
            """, variables: Triple), new LaunchGrid(1), x);

        Assert.That(x, Is.EqualTo(Enumerable.Range(0, 32).Select(static i => i < 10 ? 3 * i : i <= 20 ? 6 * i : -2)));
    }

    [TestCase("call nothing;", "", "nothing is no function of this module")]
    [TestCase("call outside;", ".extern .func outside();", "outside is declared and nowhere defined")]
    [TestCase("call again;", ".visible .func again() { call again; ret; }", "again calls itself")]
    [TestCase("call triple;", Triple, "takes or returns 1 values, not 0")]
    [TestCase(".param .b64 a; .param .b32 v; call (v), triple, (a);", Triple, "needs a variable of .param with 4 bytes for a")]
    [TestCase(".param .b32 v; call (v), triple, (%r0);", Triple, "needs a variable of .param")]
    [TestCase("setp.eq.u32 %p0, 1, 1; @%p0 call short;", ".visible .func short() { ret; }", "without a guard")]
    [TestCase("call open;", ".visible .func open() { .reg .b32 %x; mov.u32 %x, 1; }", "open does not end with ret")]
    [TestCase("ret;", ".visible .func twice() { ret; } .visible .func twice() { ret; }", "twice is defined twice")]
    [TestCase("{ .reg .b32 %inner; }", "", ".reg within an inner block is not supported")]
    [TestCase(".local .b32 a; .local .b32 a;", "", "a is declared twice")]
    [TestCase(".local .pred a;", "", "variable a cannot be .pred")]
    public void Call_ThatCannotBe_IsRefused(string body, string variables, string message)
    {
        PtxException error = Assert.Throws<PtxException>(() => Machine.Compile(PtxText.Module(body, variables: variables)))!;
        Assert.That(error.Message, Does.Contain(message));
    }

    [Test]
    public void ExternFunction_ThatIsNotCalled_DoesNoHarm() =>
        Assert.That(() => Machine.Compile(PtxText.Module("", variables: ".extern .func (.param .b32 r) outside(.param .b64 a);")), Throws.Nothing);

    [Test]
    public void Result_ThatIsNotWritten_IsFound()
    {
        PtxFault fault = Assert.Throws<PtxFault>(() => Machine.Run(
            PtxText.OverBuffer(".param .b32 v; call (v), nothing; ld.param.b32 %r1, [v]; st.global.u32 [%rd1], %r1;", variables: ".visible .func (.param .b32 r) nothing() { ret; }"),
            new LaunchGrid(1),
            new int[32]))!;
        Assert.That(fault.Kind, Is.EqualTo(PtxFaultKind.UninitializedLocal));
    }

    [Test]
    public void IndexedBranch_EachThreadTakesItsWay()
    {
        int[] x = new int[32];

        Machine.Run(PtxText.OverBuffer("""
            rem.u32 %r1, %r0, 3;
            table: .branchtargets first, second, third;
            brx.idx %r1, table;
            first: mov.u32 %r2, 10; bra done;
            second: mov.u32 %r2, 20; bra done;
            third: mov.u32 %r2, 30;
            done: st.global.u32 [%rd1], %r2;
            """), new LaunchGrid(1), x);

        Assert.That(x, Is.EqualTo(Enumerable.Range(0, 32).Select(static i => 10 * ((i % 3) + 1))));
    }

    [Test]
    public void IndexedBranch_BehindTheLastTarget_IsAnError()
    {
        PtxFault fault = Assert.Throws<PtxFault>(() => Machine.Run(PtxText.OverBuffer("table: .branchtargets a; brx.idx %r0, table; a: st.global.u32 [%rd1], %r0;"), new LaunchGrid(1), new int[32]))!;
        Assert.That((fault.Kind, fault.Thread), Is.EqualTo((PtxFaultKind.OutOfBounds, 1)));
    }

    [Test]
    public void Trap_EndsTheLaunch()
    {
        PtxFault fault = Assert.Throws<PtxFault>(() => Machine.Run(PtxText.OverBuffer("setp.eq.u32 %p0, %r0, 9; @%p0 trap; st.global.u32 [%rd1], %r0;"), new LaunchGrid(1), new int[32]))!;
        Assert.That((fault.Kind, fault.Thread), Is.EqualTo((PtxFaultKind.Trap, 9)));
    }

    [Test]
    public void Predicate_WrittenUnderBothGuards_MayBeAGuard()
    {
        int[] x = new int[32];
        const string Body = "setp.lt.u32 %p0, %r0, 8; setp.gt.u32 %p1, %r0, 3; setp.gt.u32 %p2, %r0, 20; {0} mov.u32 %r1, 0; @%p3 bra done; mov.u32 %r1, 1; done: st.global.u32 [%rd1], %r1;";

        Machine.Run(PtxText.OverBuffer(Body.Replace("{0}", "@%p0 mov.pred %p3, %p1; @!%p0 mov.pred %p3, %p2;", StringComparison.Ordinal)), new LaunchGrid(1), x);

        Assert.That(x, Is.EqualTo(Enumerable.Range(0, 32).Select(static i => (i < 8 ? i > 3 : i > 20) ? 0 : 1)));
        foreach (string halves in new[] { "@%p0 mov.pred %p3, %p1;", "@%p0 mov.pred %p3, %p1; @!%p1 mov.pred %p3, %p2;", "@%p0 mov.pred %p3, %p1; not.pred %p0, %p0; @!%p0 mov.pred %p3, %p2;" })
        {
            Assert.That(() => Machine.Compile(PtxText.OverBuffer(Body.Replace("{0}", halves, StringComparison.Ordinal))), Throws.TypeOf<PtxException>().With.Message.Contains("guard %p3 is not written"), halves);
        }
    }

    [Test]
    public void LocalMemory_OfEachThread_IsItsOwn()
    {
        int[] x = new int[32];

        Machine.Run(PtxText.OverBuffer("""
            .local .align 16 .b8 here[16];
            .local .b32 there;
            mov.b64 %rd2, here;
            st.local.v2.u32 [%rd2+8], {%r0, %r0};
            st.local.u32 [there], 100;
            cvta.local.u64 %rd3, %rd2;
            ld.u32 %r1, [%rd3+12];
            cvta.to.local.u64 %rd4, %rd3;
            ld.local.u32 %r2, [%rd4+8];
            ld.local.u32 %r3, [there];
            add.u32 %r1, %r1, %r2;
            add.u32 %r1, %r1, %r3;
            st.global.u32 [%rd1], %r1;
            """), new LaunchGrid(2), x);

        Assert.That(x, Is.EqualTo(Enumerable.Range(0, 32).Select(static i => (2 * i) + 100)));
    }

    [TestCase("ld.local.u32 %r1, [%rd2];", PtxFaultKind.UninitializedLocal)]
    [TestCase("ld.local.u32 %r1, [%rd2+16];", PtxFaultKind.LocalOutOfBounds)]
    [TestCase("st.local.u32 [%rd2+-4], %r0; mov.u32 %r1, 0;", PtxFaultKind.LocalOutOfBounds)]
    [TestCase("st.local.u64 [%rd2+12], %rd0; mov.u32 %r1, 0;", PtxFaultKind.Misaligned)]
    [TestCase("ld.u32 %r1, [%rd2];", PtxFaultKind.OutOfBounds)]
    [TestCase("cvta.shared.u64 %rd2, %rd2; ld.u32 %r1, [%rd2];", PtxFaultKind.SharedOutOfBounds)]
    [TestCase("cvta.local.u64 %rd2, %rd2; cvta.to.shared.u64 %rd2, %rd2; ld.shared.u32 %r1, [%rd2];", PtxFaultKind.SharedOutOfBounds)]
    public void LocalMemory_UsedWrongly_IsAnError(string body, PtxFaultKind kind)
    {
        PtxFault fault = Assert.Throws<PtxFault>(() => Machine.Run(
            PtxText.OverBuffer($".local .align 8 .b8 a[16]; .local .b32 b; mov.b64 %rd2, a; {body} st.global.u32 [%rd1], %r1;"), new LaunchGrid(1), new int[32]))!;
        Assert.That(fault.Kind, Is.EqualTo(kind), fault.Message);
    }

    [Test]
    public void Atomics_OnGenericAddresses_ReachTheirSpace()
    {
        int[] x = new int[64];

        Machine.Run(PtxText.Module("""
            .local .b32 own;
            ld.param.u64 %rd0, [x];
            mov.u32 %r0, %tid.x;
            setp.ne.u32 %p0, %r0, 0;
            @%p0 bra ready;
            st.shared.u32 [s], 5;
            ready:
            bar.sync 0;
            mov.u64 %rd1, s;
            cvta.shared.u64 %rd1, %rd1;
            atom.add.u32 %r1, [%rd1], 1;
            red.add.u32 [%rd0], %r0;
            st.local.u32 [own], 7;
            mov.u64 %rd2, own;
            cvta.local.u64 %rd2, %rd2;
            atom.exch.b32 %r2, [%rd2], %r0;
            bar.sync 0;
            ld.u32 %r3, [%rd1];
            add.u32 %r3, %r3, %r2;
            setp.eq.u32 %p0, %r0, 0;
            @%p0 bra done;
            mad.wide.u32 %rd3, %r0, 4, %rd0;
            st.global.u32 [%rd3], %r3;
            done:
            """, ".param .u64 x", 64, variables: ".shared .b32 s;"), new LaunchGrid(1), x);

        Assert.That(x, Is.EqualTo(Enumerable.Repeat(64 + 5 + 7, 63).Prepend(63 * 32)));
    }
}
