using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests.Paper;

internal sealed class MemoryTrafficTests
{
    [TestCase(4, 4, 128, TestName = "Global_NeighboursOfFourBytes_FourSectors")]
    [TestCase(16, 16, 512, TestName = "Global_NeighboursOfSixteenBytes_EachByteOnce")]
    [TestCase(0, 4, 32, TestName = "Global_OneElementForAll_OneSector")]
    [TestCase(8, 4, 256, TestName = "Global_EverySecondElement_TwiceTheBytes")]
    [TestCase(4096, 4, 1024, TestName = "Global_FarApart_ASectorEach")]
    public void Global(int step, int bytes, int expected) => Assert.That(MemoryTraffic.Of(Addresses(step), bytes, isShared: false), Is.EqualTo(expected));

    [TestCase(4, 4, 128, TestName = "Shared_NeighboursOfFourBytes_OnePass")]
    [TestCase(0, 4, 128, TestName = "Shared_OneElementForAll_OnePass")]
    [TestCase(8, 4, 256, TestName = "Shared_EverySecondWord_TwoPasses")]
    [TestCase(128, 4, 4096, TestName = "Shared_OneBank_APassEach")]
    [TestCase(132, 4, 128, TestName = "Shared_RowsOf33Words_OnePass")]
    [TestCase(8, 8, 256, TestName = "Shared_NeighboursOfEightBytes_APassForEachHalf")]
    [TestCase(16, 16, 512, TestName = "Shared_NeighboursOfSixteenBytes_APassForEachQuarter")]
    public void Shared(int step, int bytes, int expected) => Assert.That(MemoryTraffic.Of(Addresses(step), bytes, isShared: true), Is.EqualTo(expected));

    [Test]
    public void Shared_PartOfAWarp_OnePass() => Assert.That(MemoryTraffic.Of(Addresses(4).AsSpan(0, 5), 4, isShared: true), Is.EqualTo(128));

    private static ulong[] Addresses(int step) => [.. Enumerable.Range(0, 32).Select(i => 4096 + (ulong)(i * step))];
}
