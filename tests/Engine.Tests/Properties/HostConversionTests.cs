using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Properties;

/// <summary>Conversions on the host give the bits of <see cref="Tensor.To(DType)"/> on the reference device.</summary>
[TestFixture]
internal sealed class HostConversionTests
{
    private static readonly double[] s_numbers =
    [
        0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 127, 128, 255, 256, 300, -300, 65504, 65519, 65520, 1e-8, -1e-8, 6e-8, 1e-40, 16777217, 2147483647, 2147483648, -2147483649,
        4294967296, 9007199254740993, 9.3e18, -9.3e18, 1e39, -1e39, double.NaN, double.PositiveInfinity, double.NegativeInfinity, Math.PI, 1.0009765625, 1.00048828125,
    ];

    [Test]
    public void Convert_EveryPairOfTypes_GivesTheBitsOfTo([Values] DType from, [Values] DType to)
    {
        // More than one chunk, and a part of one.
        double[] values = [.. Enumerable.Repeat(s_numbers, 9).SelectMany(static numbers => numbers)];
        Tensor x = Tensor.From<double>(values, ReferenceDevice.Shared).To(from), y = x.To(to);
        byte[] source = Bytes(x), expected = Bytes(y), actual = new byte[expected.Length];
        HostConversion.Convert(from, source, to, actual);
        Assert.That(actual, Is.EqualTo(expected));
    }

    [Test]
    public void Convert_WideIntegers_AreExactWhereTheTypeIs()
    {
        long[] values = [long.MaxValue, long.MinValue, (1L << 53) + 1, (1L << 24) + 1, -1];
        byte[] doubles = new byte[40];
        HostConversion.Convert(DType.Int64, System.Runtime.InteropServices.MemoryMarshal.AsBytes<long>(values), DType.Float64, doubles);
        Assert.That(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, double>(doubles).ToArray(), Is.EqualTo(values.Select(static v => (double)v)));
    }

    private static byte[] Bytes(Tensor x)
    {
        byte[] bytes = new byte[x.ElementCount * x.DType.SizeInBytes()];
        x.Device.Download(x.Storage, x.Layout.Offset * x.DType.SizeInBytes(), bytes);
        return bytes;
    }
}
