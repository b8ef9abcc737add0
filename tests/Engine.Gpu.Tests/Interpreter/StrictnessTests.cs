using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>What an assembler would refuse is refused, with the line.</summary>
[TestFixture]
internal sealed class StrictnessTests
{
    [TestCase("frobnicate.f32 %f0, %f1;", "unknown instruction")]
    [TestCase("add.f32.s32 %f0, %f1, %f2;", "add.f32.s32: .s32 is not known or not allowed there")]
    [TestCase("add.sat.f32 %f0, %f1, %f2;", "expected a type")]
    [TestCase("add.s32 %f0, %f1, %f2;", "register %f1 is .f32, which does not go with .s32")]
    [TestCase("add.f32 %f0, %r1, %rd1;", "register %rd1 is .b64, which does not go with .f32")]
    [TestCase("add.s32 %r0, %r1, %rd1;", "register %rd1 is .b64")]
    [TestCase("add.s32 %r0, %r1, %h1;", "register %h1 is .b16")]
    [TestCase("add.f64 %fd0, %f1, %fd1;", "register %f1 is .f32")]
    [TestCase("add.s32 %r0, %r1;", "takes 3 operands, not 2")]
    [TestCase("add.s32 %r0, %r1, 0f3F800000;", "a number of this form")]
    [TestCase("add.f32 %f0, %f1, 1;", "a number of this form")]
    [TestCase("add.f32 %f0, %f1, 0d3FF0000000000000;", "a number of this form")]
    [TestCase("add.s32 %r0, %r1, 5000000000;", "does not fit")]
    [TestCase("add.s32 5, %r1, %r2;", "as the destination")]
    [TestCase("add.s32 %r0, %r1, %r99;", "register %r99 is not declared")]
    [TestCase("add.s32 %r0, %r1, %p0;", "register %p0 is .pred")]
    [TestCase("add.s32 %r0, %r1, %tid.x;", "%tid.x can only be read by mov.u32")]
    [TestCase("mov.u32 %r0, %clock;", "register %clock is not declared")]
    [TestCase("mul.s32 %r0, %r1, %r2;", "expected a type")]
    [TestCase("mul.wide.s32 %r0, %r1, %r2;", "register %r0 is .b32, which does not go with .s64")]
    [TestCase("mul.lo.f32 %f0, %f1, %f2;", "expected a type")]
    [TestCase("mad.f32 %f0, %f1, %f2, %f3;", "expected .lo or .wide")]
    [TestCase("fma.f32 %f0, %f1, %f2, %f3;", "expected .rn")]
    [TestCase("div.f32 %f0, %f1, %f2;", "expected a type")]
    [TestCase("sqrt.f32 %f0, %f1;", "expected .rn or .approx")]
    [TestCase("ex2.f32 %f0, %f1;", "expected .approx")]
    [TestCase("and.s32 %r0, %r1, %r2;", "expected a type")]
    [TestCase("shl.s32 %r0, %r1, %r2;", "expected a type")]
    [TestCase("shl.b64 %rd0, %rd1, %rd2;", "register %rd2 is .b64, which does not go with .u32")]
    [TestCase("setp.lt.b32 %p0, %r1, %r2;", "expected a type")]
    [TestCase("setp.ltu.s32 %p0, %r1, %r2;", "expected a type")]
    [TestCase("setp.lt.s32 %r0, %r1, %r2;", "register %r0 is .b32, which does not go with .pred")]
    [TestCase("selp.b32 %r0, %r1, %r2, %r3;", "which does not go with .pred")]
    [TestCase("selp.pred %p0, %p1, %p2, %p3;", "expected a type")]
    [TestCase("cvt.f32.s32 %f0, %r1;", "with .rn")]
    [TestCase("cvt.s32.f32 %r0, %f1;", ".rni, .rzi, .rmi or .rpi")]
    [TestCase("cvt.rn.s32.f32 %r0, %f1;", ".rni, .rzi, .rmi or .rpi")]
    [TestCase("cvt.f32.f64 %f0, %fd1;", "needs .rn")]
    [TestCase("cvt.rn.f64.f32 %fd0, %f1;", "takes no rounding")]
    [TestCase("cvt.f16.f32 %h0, %f1;", "needs .rn")]
    [TestCase("cvt.rn.f16.f32 %r0, %f1;", "register %r0 is .b32, which does not go with .f16")]
    [TestCase("cvt.rn.tf32.f32 %r0, %f1;", "needs .rna")]
    [TestCase("cvt.rn.s64.s32 %rd0, %r1;", "takes no rounding")]
    [TestCase("cvt.s64.s32 %r0, %r1;", "which does not go with .s64")]
    [TestCase("cvt.sat.s64.s32 %rd0, %r1;", "nothing can overflow")]
    [TestCase("ld.const.f32 %f0, [%rd0];", "expected a type")]
    [TestCase("ld.f32 %f0, [%r0];", "cannot hold a generic address")]
    [TestCase("ld.local.f32 %f0, [nothing];", "begins with a register or a local variable")]
    [TestCase("ld.global.f32 %r0, [%f0];", "cannot hold a global address")]
    [TestCase("ld.global.f32 %f0, [%r0];", "cannot hold a global address")]
    [TestCase("ld.global.u32 %f0, [%rd0];", "which does not go with .u32")]
    [TestCase("ld.global.u32 %h0, [%rd0];", "which does not go with .u32")]
    [TestCase("ld.global.f16 %h0, [%rd0];", "expected a type")]
    [TestCase("ld.global.v4.f64 {%fd0, %fd1, %fd2, %fd3}, [%rd0];", "at most 16 bytes")]
    [TestCase("ld.global.v4.f32 {%f0, %f1}, [%rd0];", "a vector of 4")]
    [TestCase("ld.global.v2.f32 {%f0, %f0}, [%rd0];", "stands twice")]
    [TestCase("ld.shared.nc.f32 %f0, [%r0];", "expected a type")]
    [TestCase("ld.global.f32 %f0, %rd0;", "an address in brackets")]
    [TestCase("ld.param.u32 %r0, [nothing];", "nothing is no parameter")]
    [TestCase("ld.param.u64 %rd0, [n];", "not within the 4 bytes of n")]
    [TestCase("ld.shared.u32 %r0, [s+64];", "outside of the 64 bytes of s")]
    [TestCase("st.param.u32 [n], %r0;", "only parameters of calls")]
    [TestCase("cvta.const.u64 %rd0, %rd1;", "expected .global or .shared or .local")]
    [TestCase("brx.idx %r0, nowhere;", "not a list of this entry")]
    [TestCase("call nowhere;", "no function of this module")]
    [TestCase("bar.red.xor.pred %p0, 0, %p1;", "expected .popc or .and or .or")]
    [TestCase("bra nowhere;", "not a label")]
    [TestCase("@%r0 bra there; there: exit;", "guard %r0 is .b32, not .pred")]
    [TestCase("@%p0 exit;", "guard %p0 is not written on every way to here")]
    [TestCase("bar.sync %r0;", "a number below 16")]
    [TestCase("bar 0;", "expected .sync")]
    [TestCase("setp.eq.u32 %p0, 1, 1; @%p0 bar.sync 0;", "under a guard")]
    [TestCase("shfl.bfly.b32 %r0, %r1, 1, 31;", "expected .sync")]
    [TestCase("shfl.sync.bfly.b32 %r0, %r1, 1, 31;", "takes 5 operands")]
    [TestCase("atom.global.add.s64 %rd0, [%rd1], 1;", "expected a type")]
    [TestCase("red.global.cas.b32 [%rd1], %r0, %r1;", "with atom only")]
    [TestCase("cp.async.cg.shared.global [%r0], [%rd0], 8;", "from 16 to 16")]
    [TestCase("cp.async.ca.shared.global [%r0], [%rd0], 12;", "4, 8 or 16 bytes")]
    [TestCase("cp.async.ca.shared::cta.global [%r0], [%rd0], 4;", "::cta needs .version 7.8")]
    [TestCase("ld.global.L1::no_allocate.f32 %f0, [%rd0];", "needs .version 7.4")]
    [TestCase("mma.sync.aligned.m16n8k16.row.col.f32.tf32.tf32.f32 {%f0,%f1,%f2,%f3}, {%r0,%r1,%r2,%r3}, {%r4,%r5}, {%f0,%f1,%f2,%f3};", "no m16n8k16 of .tf32")]
    [TestCase("mma.sync.aligned.m16n8k16.row.col.f32.f16.bf16.f32 {%f0,%f1,%f2,%f3}, {%r0,%r1,%r2,%r3}, {%r4,%r5}, {%f0,%f1,%f2,%f3};", "expected a type of .f16")]
    [TestCase("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%f0,%f1,%f2,%f3}, {%r0,%r1}, {%r4,%r5}, {%f0,%f1,%f2,%f3};", "a vector of 4")]
    [TestCase("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%h0, %h1}, [%r0];", "which does not go with .b32")]
    [TestCase(".reg .b32 %r0;", "declared twice")]
    [TestCase(".reg .bf16 %q;", "not the type of a register")]
    [TestCase(".reg .u8 %q;", "eight bits")]
    [TestCase("here: here: exit;", "label here is defined twice")]
    [TestCase("bra end; end:", "")]
    public void Module_WithMistake_IsRefused(string body, string message)
    {
        string text = PtxText.Module(body, ".param .u32 n", variables: ".shared .align 4 .b8 s[64];");

        if (message.Length == 0)
        {
            Assert.That(() => Machine.Compile(text), Throws.Nothing);
            return;
        }

        PtxException error = Assert.Throws<PtxException>(() => Machine.Compile(text))!;
        Assert.That(error.Message, Does.StartWith($"line {error.Line}: ").And.Contain(message));
    }

    [TestCase("6.0", "sm_70", "max.NaN.f32 %f0, 0f00000000, 0f00000000;", ".NaN needs .version 7.0")]
    [TestCase("7.0", "sm_75", "max.NaN.f32 %f0, 0f00000000, 0f00000000;", ".NaN needs sm_80")]
    [TestCase("7.0", "sm_75", "cp.async.wait_all;", "needs sm_80")]
    [TestCase("6.5", "sm_75", "cvt.rn.bf16.f32 %h0, 0f00000000;", ".bf16 needs .version 7.0")]
    [TestCase("7.0", "sm_80", "mov.b16 %h0, 0; cvt.f32.bf16 %f0, %h0;", ".bf16 needs .version 7.1")]
    [TestCase("6.5", "sm_75", "tanh.approx.f32 %f0, 0f00000000;", "needs .version 7.0")]
    [TestCase("6.5", "sm_80", "", ".target sm_80 needs .version 7.0")]
    [TestCase("7.0", "sm_81", "", ".target sm_81 is not known")]
    [TestCase("5.0", "sm_70", "", ".version 5.0 is not known")]
    public void Instruction_NewerThanModule_IsRefused(string version, string target, string body, string message)
    {
        PtxException error = Assert.Throws<PtxException>(() => Machine.Compile(PtxText.Module(body, version: version, target: target)))!;

        Assert.That(error.Message, Does.Contain(message));
    }

    [Test]
    public void Entry_WithoutGroupSizeOrEnd_IsRefused()
    {
        string text = PtxText.Module("");

        Assert.That(() => Machine.Compile(text.Replace(".reqntid 32", ".reqntid 2048", StringComparison.Ordinal)), Throws.TypeOf<PtxException>().With.Message.Contains("more than 1024 threads"));
        Assert.That(() => Machine.Compile(text.Replace("ret;", "mov.u32 %r0, 1;", StringComparison.Ordinal)), Throws.TypeOf<PtxException>().With.Message.Contains("does not end with ret"));
        Assert.That(() => Machine.Compile(text.Replace("ret;", "ret", StringComparison.Ordinal)), Throws.TypeOf<PtxException>().With.Message.Contains("expected an operand"));
        Assert.That(() => Machine.Compile(text.Replace(".address_size 64", ".address_size 32", StringComparison.Ordinal)), Throws.TypeOf<PtxException>().With.Message.Contains("must be 64"));
    }

    [Test]
    public void Error_NamesTheLine()
    {
        PtxException error = Assert.Throws<PtxException>(() => PtxParser.Parse(".version 7.0\n.target sm_80\n.address_size 64\n\n\n.visible .entry k()\n.reqntid 32\n{\n  mov.u32 %r0, 1;\n}"))!;

        Assert.That(error.Line, Is.EqualTo(9));
    }
}
