using Engine.Cpu;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

internal sealed class CpuIsaTests
{
    [TestCase(null, SimdLevel.Vector512, SimdLevel.Vector512)]
    [TestCase("", SimdLevel.Vector256, SimdLevel.Vector256)]
    [TestCase("256", SimdLevel.Vector512, SimdLevel.Vector256)]
    [TestCase(" 128 ", SimdLevel.Vector512, SimdLevel.Vector128)]
    [TestCase("Scalar", SimdLevel.Vector512, SimdLevel.Scalar)]
    [TestCase("512", SimdLevel.Vector128, SimdLevel.Vector128)]
    [TestCase("256", SimdLevel.Scalar, SimdLevel.Scalar)]
    public void Lower_NeverRaises(string? setting, SimdLevel hardware, SimdLevel expected)
        => Assert.That(CpuIsa.Lower(hardware, setting), Is.EqualTo(expected));

    [Test]
    public void Lower_UnknownSetting_NamesTheVariable()
        => Assert.That(() => CpuIsa.Lower(SimdLevel.Vector512, "avx"), Throws.ArgumentException.With.Message.Contains(CpuIsa.Variable));

    [Test]
    public void Level_IsNotAboveTheHardware() => Assert.That(CpuIsa.Level, Is.LessThanOrEqualTo(CpuIsa.Hardware));
}
