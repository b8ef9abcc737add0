using System.Buffers.Binary;
using System.IO.Compression;
using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn;

internal sealed class IdxArrayTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [TestCase(false)]
    [TestCase(true)]
    public void Read_Bytes_KeepsShapeAndOrder(bool compressed)
    {
        byte[] file = Header(0x08, 2, 3).Concat((byte[])[1, 2, 3, 4, 5, 255]).ToArray();

        // The content tells whether it is compressed; the name does not matter.
        IdxArray array = IdxArray.Read(_folder.Write("x.bin", compressed ? Gzip(file) : file));
        Assert.That(array.DType, Is.EqualTo(DType.UInt8));
        Assert.That(array.Shape, Is.EqualTo(new Shape(2, 3)));
        Assert.That(array.Bytes, Is.EqualTo((byte[])[1, 2, 3, 4, 5, 255]));
    }

    [Test]
    public void Read_OtherTypes_ComeInTheMachinesOrder()
    {
        Assert.That(Values<int>(0x09, [0xFF, 0x7F], 2), Is.EqualTo((int[])[-1, 127]));
        Assert.That(Values<int>(0x0B, [0xFF, 0xFE, 0x01, 0x02], 2), Is.EqualTo((int[])[-2, 258]));
        Assert.That(Values<int>(0x0C, [0x80, 0, 0, 0, 0, 0, 1, 0], 2), Is.EqualTo((int[])[int.MinValue, 256]));
        Assert.That(Values<float>(0x0D, [0x3F, 0xC0, 0, 0], 1), Is.EqualTo((float[])[1.5f]));
        Assert.That(Values<double>(0x0E, [0xC0, 0x04, 0, 0, 0, 0, 0, 0], 1), Is.EqualTo((double[])[-2.5]));
    }

    [Test]
    public void Read_NoAxes_IsAScalar()
    {
        IdxArray array = IdxArray.Read(_folder.Write("x", [.. Header(0x08), 9]));
        Assert.That(array.Shape, Is.EqualTo(Shape.Scalar));
        Assert.That(array.Bytes, Is.EqualTo((byte[])[9]));
    }

    [Test]
    public void Read_LargerThanOneChunk_ReadsAll()
    {
        byte[] content = new byte[5_000_001];
        new Random(1).NextBytes(content);
        string path = _folder.Write("x", Gzip([.. Header(0x08, content.Length), .. content]));
        Assert.That(IdxArray.Read(path).Bytes.AsSpan().SequenceEqual(content), Is.True);
    }

    [TestCase("begins with two zero bytes", new byte[0])]
    [TestCase("begins with two zero bytes", new byte[] { 0, 0, 8 })]
    [TestCase("begins with two zero bytes", new byte[] { 0, 1, 8, 0, 1 })]
    [TestCase("element type is 0x0A", new byte[] { 0, 0, 0x0A, 0, 1 })]
    [TestCase("it has 9 axes", new byte[] { 0, 0, 8, 9, 1 })]
    [TestCase("it has 255 axes", new byte[] { 0, 0, 8, 255, 1 })]
    [TestCase("ends within its header", new byte[] { 0, 0, 8, 1, 0, 0, 0 })]
    [TestCase("claims 2 bytes of elements, but only 1 follow", new byte[] { 0, 0, 8, 1, 0, 0, 0, 2, 7 })]
    [TestCase("goes on after the 1 bytes", new byte[] { 0, 0, 8, 1, 0, 0, 0, 1, 7, 7 })]
    [TestCase("size 0 is 4,294,967,295", new byte[] { 0, 0, 8, 1, 255, 255, 255, 255, 7 })]
    [TestCase("[2147483647, 2147483647] elements, which take more than the limit", new byte[] { 0, 0, 8, 2, 127, 255, 255, 255, 127, 255, 255, 255, 7 })]
    [TestCase("more than can be counted", new byte[] { 0, 0, 8, 4, 0, 0, 0, 0, 127, 255, 255, 255, 127, 255, 255, 255, 127, 255, 255, 255 })]
    public void Read_FalseFiles_ThrowWithTheReason(string reason, byte[] file)
    {
        foreach (byte[] content in (byte[][])[file, Gzip(file)])
        {
            string path = _folder.Write("bad.idx", content);
            Assert.That(() => IdxArray.Read(path), Throws.TypeOf<DataFileException>().With.Message.Contains(reason).And.Message.Contains("bad.idx"));
        }
    }

    [Test]
    public void Read_EightHugeAxes_DoNotOverflow()
    {
        byte[] file = Header(0x0E, [.. Enumerable.Repeat(int.MaxValue, 8)]);
        Assert.That(() => IdxArray.Read(_folder.Write("x", file)), Throws.TypeOf<DataFileException>().With.Message.Contains("more than the limit"));
    }

    [Test]
    public void Read_LimitOfTheCaller_IsKept()
    {
        string path = _folder.Write("x", [.. Header(0x0B, 3), 0, 1, 0, 2, 0, 3]);
        Assert.That(() => IdxArray.Read(path, maxBytes: 11), Throws.TypeOf<DataFileException>().With.Message.Contains("limit of 11 bytes"));
        Assert.That(IdxArray.Read(path, maxBytes: 12).Bytes, Has.Length.EqualTo(12), "int16 becomes int32");
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Read_ClaimOfAGigabyteInASmallFile_ThrowsWithoutTheMemory(bool compressed)
    {
        byte[] file = [.. Header(0x08, 1 << 30), .. new byte[100]];
        string path = _folder.Write("x", compressed ? Gzip(file) : file);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(() => IdxArray.Read(path), Throws.TypeOf<DataFileException>().With.Message.Contains("only 100 follow"));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(2_000_000));
    }

    [Test]
    public void Read_DamagedCompression_Throws()
    {
        byte[] random = new byte[5000];
        new Random(2).NextBytes(random);
        byte[] valid = Gzip([.. Header(0x08, 5000), .. random]);
        foreach (int cut in (int[])[3, 12, 2000, valid.Length - 9, valid.Length - 8, valid.Length - 4, valid.Length - 1])
        {
            Assert.That(() => IdxArray.Read(_folder.Write("x", valid[..cut])), Throws.TypeOf<DataFileException>(), $"cut at {cut} of {valid.Length}");
        }

        byte[] checksum = [.. valid];
        checksum[^8] ^= 1;
        Assert.That(() => IdxArray.Read(_folder.Write("x", checksum)), Throws.TypeOf<DataFileException>().With.Message.Contains("compressed content is damaged"));
    }

    [Test]
    public void Read_MutatedFiles_ReadOrThrowTyped_WithinAMemoryBound()
    {
        byte[] plain = [.. Header(0x0B, 4, 5, 3), .. Enumerable.Repeat((byte)3, 120)];
        byte[] compressed = Gzip(plain);
        int refused = 0;
        for (int seed = 0; seed < 2000; seed++)
        {
            byte[] bytes = Mutation.Apply(seed % 2 == 0 ? plain : compressed, seed);
            string path = _folder.Write("mutated", bytes);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                IdxArray.Read(path);
            }
            catch (DataFileException)
            {
                refused++;
            }
            catch (Exception error)
            {
                Assert.Fail($"seed {seed}: {error}");
            }

            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(2_500_000), $"seed {seed}");
        }

        Assert.That(refused, Is.GreaterThan(1000), "most damage must be noticed, or the test damages nothing");
    }

    private static byte[] Header(byte type, params int[] sizes)
    {
        byte[] header = new byte[4 + (4 * sizes.Length)];
        (header[2], header[3]) = (type, (byte)sizes.Length);
        for (int i = 0; i < sizes.Length; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4 + (4 * i)), sizes[i]);
        }

        return header;
    }

    private static byte[] Gzip(byte[] content)
    {
        using MemoryStream result = new();
        using (GZipStream gzip = new(result, CompressionLevel.Fastest))
        {
            gzip.Write(content);
        }

        return result.ToArray();
    }

    private T[] Values<T>(byte type, byte[] elements, int count)
        where T : unmanaged => IdxArray.Read(_folder.Write("x", [.. Header(type, count), .. elements])).ToTensor(ReferenceDevice.Shared).ToArray<T>();
}
