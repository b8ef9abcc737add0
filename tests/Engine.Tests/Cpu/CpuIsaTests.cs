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
    public void Choose_UnknownSetting_IsIgnoredAndSaysSo()
    {
        Assert.That(CpuIsa.Choose("foo", out string? complaint), Is.EqualTo(CpuIsa.Hardware));
        Assert.That(complaint, Does.Contain(CpuIsa.Variable).And.Contain("foo").And.Contain("ignored"));
        Assert.That(CpuIsa.Choose("scalar", out complaint), Is.EqualTo(SimdLevel.Scalar));
        Assert.That(complaint, Is.Null);
    }

    [TestCase("99999")]
    [TestCase("-1")]
    [TestCase("0")]
    [TestCase("abc")]
    [TestCase("4294967296")]
    public void Threads_UnknownSetting_IsIgnored(string setting)
    {
        Assert.That(CpuDevice.TryReadThreads(setting, out int threads), Is.False);
        Assert.That(threads, Is.EqualTo(Environment.ProcessorCount));
        Assert.That(CpuDevice.TryReadThreads("3", out threads), Is.True);
        Assert.That(threads, Is.EqualTo(3));
        Assert.That(CpuDevice.TryReadThreads(null, out _), Is.True);
    }

    [Test]
    public void Level_IsNotAboveTheHardware() => Assert.That(CpuIsa.Level, Is.LessThanOrEqualTo(CpuIsa.Hardware));
}
