using System.Runtime.Intrinsics.X86;
using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

internal sealed class ProcessorIsaTests
{
    private const int Sse42 = 1 << 20, Avx2Features = (1 << 12) | (1 << 27) | (1 << 28), Avx2Bit = 1 << 5;
    private const int Avx512Bits = (1 << 16) | (1 << 17) | (1 << 28) | (1 << 30) | (1 << 31);

    /// <summary>The save area: 512 bytes of SSE and a header of 64, the upper halves of 256-bit registers at 576, of 512-bit ones behind.</summary>
    private const int OldArea = 576, Avx2Area = 832, Avx512Area = 2688;

    [TestCase(0xD, Avx2Features, Avx2Bit | Avx512Bits, Avx512Area, ExpectedResult = (int)SimdLevel.Vector512)]
    [TestCase(0xD, Avx2Features, Avx2Bit | Avx512Bits, Avx2Area, ExpectedResult = (int)SimdLevel.Vector256, Description = "the system does not save the 512-bit registers")]
    [TestCase(0xD, Avx2Features, Avx2Bit | (1 << 16), Avx512Area, ExpectedResult = (int)SimdLevel.Vector256, Description = "AVX-512F alone")]
    [TestCase(0xD, Avx2Features, Avx2Bit, Avx2Area, ExpectedResult = (int)SimdLevel.Vector256)]
    [TestCase(0xD, Avx2Features, Avx2Bit, OldArea, ExpectedResult = (int)SimdLevel.Vector128, Description = "the system saves none of them")]
    [TestCase(0xD, Avx2Features & ~(1 << 12), Avx2Bit, Avx2Area, ExpectedResult = (int)SimdLevel.Vector128, Description = "no FMA")]
    [TestCase(0xD, Avx2Features, 0, Avx2Area, ExpectedResult = (int)SimdLevel.Vector128, Description = "AVX only")]
    [TestCase(0xB, Sse42, 0, 0, ExpectedResult = (int)SimdLevel.Vector128)]
    public int Widest_FollowsTheFlagsAndWhatTheSystemSaves(int leaves, int features, int extended, int area) => (int)ProcessorIsa.Widest((leaf, part) => (leaf, part) switch
    {
        (0, _) => (leaves, 0, 0, 0),
        (1, _) => (0, 0, features, 0),
        (7, 0) => (0, extended, 0, 0),
        (0xD, 0) => (0, area, Avx512Area, 0),
        (0xD, 2) => (256, 576, 0, 0),
        (0xD, 7) => (1024, 1664, 0, 0),
        _ => throw new ArgumentOutOfRangeException(nameof(leaf), leaf, "not to be asked"),
    });

    /// <summary>What the runtime uses, the processor has. The other way round is what is reported.</summary>
    [Test]
    public void Widest_IsNoLessThanWhatTheRuntimeUses()
    {
        if (!X86Base.IsSupported)
        {
            Assert.That(ProcessorIsa.Widest(), Is.Null);
            return;
        }

        Assert.That(ProcessorIsa.Widest(), Is.GreaterThanOrEqualTo(CpuIsa.Hardware));
        Assert.That(ProcessorIsa.Widest() == SimdLevel.Vector512, Is.EqualTo(Avx512F.IsSupported || SystemListsAvx512()));
    }

    [Test]
    public void Shortfall_OfANativeProgram_NamesTheLineToAdd()
    {
        string? text = CpuIsa.Shortfall(SimdLevel.Vector512, SimdLevel.Vector128, isNative: true);
        Assert.That(text, Does.StartWith("the processor has AVX-512, but this program computes with 128-bit vectors").And.Contain("<IlcInstructionSet>native</IlcInstructionSet>"));
        Assert.That(CpuIsa.Shortfall(SimdLevel.Vector256, SimdLevel.Vector128, isNative: true), Does.StartWith("the processor has AVX2, but"));
        Assert.That(CpuIsa.Shortfall(SimdLevel.Vector512, SimdLevel.Vector256, isNative: false), Does.Contain("256-bit vectors").And.Not.Contain("IlcInstructionSet"));
    }

    [TestCase(null, (int)SimdLevel.Vector128)]
    [TestCase((int)SimdLevel.Vector128, (int)SimdLevel.Vector128)]
    [TestCase((int)SimdLevel.Vector256, (int)SimdLevel.Vector512)]
    public void Shortfall_WhereNothingIsMissing_IsNone(int? processor, int program) =>
        Assert.That(CpuIsa.Shortfall((SimdLevel?)processor, (SimdLevel)program, isNative: true), Is.Null);

    private static bool SystemListsAvx512() => File.Exists("/proc/cpuinfo") && File.ReadAllText("/proc/cpuinfo").Contains("avx512vl", StringComparison.Ordinal);
}
