using System.Text;
using NUnit.Framework;

namespace Engine.TensorBoard.Tests;

internal sealed class Crc32CTests
{
    /// <summary>The vectors of RFC 3720, appendix B.4, and the check value of the CRC catalogue.</summary>
    private static IEnumerable<TestCaseData> Vectors
    {
        get
        {
            yield return new TestCaseData(new byte[32], 0x8A9136AAu).SetName("Of_32Zeros");
            yield return new TestCaseData(Enumerable.Repeat((byte)0xFF, 32).ToArray(), 0x62A8AB43u).SetName("Of_32Ones");
            yield return new TestCaseData(Enumerable.Range(0, 32).Select(static i => (byte)i).ToArray(), 0x46DD794Eu).SetName("Of_Ascending");
            yield return new TestCaseData(Enumerable.Range(0, 32).Select(static i => (byte)(31 - i)).ToArray(), 0x113FDB5Cu).SetName("Of_Descending");
            yield return new TestCaseData(Encoding.ASCII.GetBytes("123456789"), 0xE3069283u).SetName("Of_CheckValue");
            yield return new TestCaseData(
                Convert.FromHexString("01C00000000000000000000000000000140000000000040000000014000000182800000000000000" + "0200000000000000"), 0xD9963A56u).SetName("Of_IscsiReadCommand");
        }
    }

    [TestCaseSource(nameof(Vectors))]
    public void Of_KnownVector(byte[] data, uint expected)
    {
        Assert.That(Crc32C.Of(data), Is.EqualTo(expected));
        Assert.That(EventReader.Crc(data), Is.EqualTo(expected), "the tests' own checksum");
    }

    [Test]
    public void Masked_AnyLength_MatchesTheBitwiseOne()
    {
        byte[] data = new byte[70];
        new Random(1).NextBytes(data);
        for (int length = 0; length <= data.Length; length++)
        {
            Assert.That(Crc32C.Masked(data.AsSpan(0, length)), Is.EqualTo(EventReader.Masked(data.AsSpan(0, length))), $"{length} bytes");
        }
    }
}
