using System.Buffers.Binary;
using NUnit.Framework;

namespace Engine.TensorBoard.Tests;

internal sealed class SummaryWriterTests
{
    private string _folder = string.Empty;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("tensorboard-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    /// <summary>A file of one scalar, every byte of it written by hand.</summary>
    [Test]
    public void AddScalar_Bytes()
    {
        FixedTime time = new(DateTimeOffset.UnixEpoch.AddSeconds(1.5));
        string path;
        using (SummaryWriter writer = new(_folder, timeProvider: time))
        {
            path = writer.FilePath;
            writer.AddScalar("loss", 0.25, 300);
        }

        // wall_time: field 1, 64 bits, 1.5 = 3FF8…; file_version: field 3, 13 letters.
        byte[] version = Convert.FromHexString("09" + "000000000000F83F" + "1A0D" + "627261696E2E4576656E743A32");
        // step: field 2, 300 = AC 02; summary (5) of value (1) of tag (1) "loss" and simple_value (2, 32 bits) 0.25 = 3E800000.
        byte[] scalar = Convert.FromHexString("09" + "000000000000F83F" + "10AC02" + "2A0D" + "0A0B" + "0A046C6F7373" + "150000803E");
        Assert.That(File.ReadAllBytes(path), Is.EqualTo((byte[])[.. Framed(version), .. Framed(scalar)]));
        Assert.That(Path.GetFileName(path), Does.Match(@"^events\.out\.tfevents\.0000000001\.[A-Za-z0-9_-]+\.\d+\.\d+$"));
    }

    [Test]
    public void AddHistogram_CountsLikeALoop()
    {
        double[] values = [-1, -0.5, 0, 0.1, 0.2, 0.9, 1, double.NaN, double.PositiveInfinity];
        byte[] histogram = Written(writer => writer.AddHistogram("h", values, 7, bins: 4), 5);
        Assert.That(EventReader.Field(histogram, 1).Double, Is.EqualTo(-1));
        Assert.That(EventReader.Field(histogram, 2).Double, Is.EqualTo(1));
        Assert.That(EventReader.Field(histogram, 3).Double, Is.EqualTo(7));
        Assert.That(EventReader.Field(histogram, 4).Double, Is.EqualTo(0.7).Within(1e-12));
        Assert.That(EventReader.Field(histogram, 5).Double, Is.EqualTo(1 + 0.25 + 0.01 + 0.04 + 0.81 + 1).Within(1e-12));
        Assert.That(Doubles(EventReader.Field(histogram, 6).Bytes), Is.EqualTo(new[] { -0.5, 0, 0.5, 1 }));

        // [−1, −0.5): 1; [−0.5, 0): 1; [0, 0.5): 3; [0.5, 1]: 2.
        Assert.That(Doubles(EventReader.Field(histogram, 7).Bytes), Is.EqualTo(new double[] { 1, 1, 3, 2 }));
    }

    [Test]
    public void AddHistogram_Extremes_StayFinite()
    {
        byte[] histogram = Written(static writer => writer.AddHistogram("h", [double.MinValue, 0, double.MaxValue], 0, bins: 3), 5);
        Assert.That(Doubles(EventReader.Field(histogram, 6).Bytes), Is.All.Matches<double>(double.IsFinite));
        Assert.That(Doubles(EventReader.Field(histogram, 7).Bytes), Is.EqualTo(new double[] { 1, 1, 1 }));
        byte[] one = Written(static writer => writer.AddHistogram("h", [2, 2], 0), 5);
        Assert.That((Doubles(EventReader.Field(one, 6).Bytes), Doubles(EventReader.Field(one, 7).Bytes)), Is.EqualTo((new double[] { 2 }, new double[] { 2 })));
    }

    [TestCase(1)]
    [TestCase(3)]
    public void AddImage_IsAPngOfItsPixels(int channels)
    {
        float[] pixels = [.. Enumerable.Range(0, channels * 2 * 3).Select(static i => i / 255f)];
        pixels[0] = -1;
        pixels[^1] = 2;
        byte[] image = Written(writer => writer.AddImage("i", Tensor.From<float>(pixels).Reshape(channels, 2, 3), 0), 4);
        Assert.That((EventReader.Field(image, 1).Bits, EventReader.Field(image, 2).Bits, EventReader.Field(image, 3).Bits), Is.EqualTo((2UL, 3UL, (ulong)channels)));

        // IHDR, then rows of a filter byte and the pixels, deflated.
        byte[] png = EventReader.Field(image, 4).Bytes;
        Assert.That(png[..8], Is.EqualTo(new byte[] { 0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A }));
        int idat = png.AsSpan().IndexOf("IDAT"u8), length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(idat - 4));
        using System.IO.Compression.ZLibStream zlib = new(new MemoryStream(png, idat + 4, length), System.IO.Compression.CompressionMode.Decompress);
        using MemoryStream rows = new();
        zlib.CopyTo(rows);
        List<byte> expected = [];
        for (int y = 0; y < 2; y++)
        {
            expected.Add(0);
            for (int x = 0; x < 3; x++)
            {
                for (int c = 0; c < channels; c++)
                {
                    int at = (c * 6) + (y * 3) + x;
                    expected.Add(at == 0 ? (byte)0 : at == pixels.Length - 1 ? (byte)255 : (byte)at);
                }
            }
        }

        Assert.That(rows.ToArray(), Is.EqualTo(expected.ToArray()));
    }

    [Test]
    public void AddText_HasThePluginAndTheText()
    {
        using (SummaryWriter writer = new(_folder))
        {
            writer.AddText("note", "**计算图**", 2);
        }

        (long step, string tag, byte[] value) = EventReader.Values(_folder).Single();
        Assert.That((step, tag), Is.EqualTo((2L, "note")));
        Assert.That(EventReader.Field(value, 9, 1, 1).Text, Is.EqualTo("text"));
        Assert.That(EventReader.Field(value, 8, 1).Bits, Is.EqualTo(7), "DT_STRING");
        Assert.That(EventReader.Field(value, 8, 2, 2, 1).Bits, Is.EqualTo(1));
        Assert.That(EventReader.Field(value, 8, 8).Text, Is.EqualTo("**计算图**"));
    }

    [Test]
    public void Records_AreWholeAtAnyMoment()
    {
        FixedTime time = new(DateTimeOffset.UnixEpoch);
        using SummaryWriter writer = new(_folder, timeProvider: time) { FlushInterval = TimeSpan.FromSeconds(5) };
        for (int i = 0; i < 5000; i++)
        {
            time.Now = time.Now.AddSeconds(0.01);
            writer.AddScalar("s", i, i);
        }

        // Not flushed: what a reader finds now, and what a killed process leaves, ends behind a record.
        byte[] seen = ReadShared(writer.FilePath);
        List<byte[]> records = EventReader.Records(seen);
        Assert.That(records.Sum(static r => r.Length + 16), Is.EqualTo(seen.Length));
        Assert.That(records, Has.Count.GreaterThan(4000), "the interval of 5 s has passed nine times");
        writer.Flush();
        Assert.That(EventReader.Records(ReadShared(writer.FilePath)), Has.Count.EqualTo(5001));
    }

    [Test]
    public void LargeRecord_BetweenSmallOnes()
    {
        string text = new('x', 300_000);
        using (SummaryWriter writer = new(_folder))
        {
            writer.AddScalar("a", 1, 1);
            writer.AddText("t", text, 2);
            writer.AddScalar("b", 2, 3);
        }

        Assert.That(EventReader.Values(_folder).Select(static v => v.Tag), Is.EqualTo(new[] { "a", "t", "b" }));
    }

    [Test]
    public void PurgeStep_VoidsWhatCameAfter()
    {
        using (SummaryWriter writer = new(_folder, purgeStep: 40))
        {
            List<WireField> start = EventReader.Fields(EventReader.Records(ReadShared(writer.FilePath))[1]);
            Assert.That(start.Single(static f => f.Number == 2).Bits, Is.EqualTo(40));
            Assert.That(EventReader.Field(start.Single(static f => f.Number == 7).Bytes, 1).Bits, Is.EqualTo(1), "START");
        }
    }

    [Test]
    public void Scalar_NaNAndInfinity_AreKept()
    {
        using (SummaryWriter writer = new(_folder))
        {
            writer.AddScalar("s", double.NaN, 0);
            writer.AddScalar("s", double.NegativeInfinity, 1);
            writer.AddScalar("s", 1e300, 2);
        }

        Assert.That(EventReader.Values(_folder).Select(static v => EventReader.Field(v.Value, 2).Float), Is.EqualTo(new[] { float.NaN, float.NegativeInfinity, float.PositiveInfinity }));
    }

    [Test]
    public void Threads_WriteWholeRecords()
    {
        using (SummaryWriter writer = new(_folder))
        {
            Parallel.For(0, 2000, i => writer.AddScalar("s", i, i));
        }

        Assert.That(EventReader.Values(_folder).Select(static v => v.Step).Order(), Is.EqualTo(Enumerable.Range(0, 2000).Select(static i => (long)i)));
    }

    [Test]
    public void BadInput_Throws()
    {
        Assert.Throws<ArgumentNullException>(() => _ = new SummaryWriter(null!));
        Assert.Throws<ArgumentException>(() => _ = new SummaryWriter(string.Empty));
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = new SummaryWriter(_folder, purgeStep: -1));
        File.WriteAllText(Path.Combine(_folder, "file"), "x");
        Assert.Catch<IOException>(() => _ = new SummaryWriter(Path.Combine(_folder, "file", "run")));
        SummaryWriter writer = new(Path.Combine(_folder, "run"));
        Assert.Throws<ArgumentException>(() => writer.AddScalar(string.Empty, 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.AddScalar("s", 1, -1));
        Assert.That(Assert.Throws<ArgumentException>(() => writer.AddHistogram("h", [double.NaN], 1))!.Message, Does.Contain("none of the 1 values is finite"));
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.AddHistogram("h", [1.0], 1, bins: 0));
        Assert.That(Assert.Throws<ArgumentException>(() => writer.AddImage("i", Tensor.Ones([2, 4, 4]), 1))!.Message, Does.Contain("[2, 4, 4]"));
        Assert.Throws<ArgumentNullException>(() => writer.AddText("t", null!, 1));
        writer.Dispose();
        writer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => writer.AddScalar("s", 1, 1));
    }

    private byte[] Written(Action<SummaryWriter> write, int field)
    {
        string folder = Path.Combine(_folder, Guid.NewGuid().ToString("N"));
        using (SummaryWriter writer = new(folder))
        {
            write(writer);
        }

        return EventReader.Field(EventReader.Values(folder).Single().Value, field).Bytes;
    }

    private static byte[] Framed(byte[] data)
    {
        byte[] record = new byte[16 + data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(record, data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), EventReader.Masked(record.AsSpan(0, 8)));
        data.CopyTo(record, 12);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(12 + data.Length), EventReader.Masked(data));
        return record;
    }

    private static byte[] ReadShared(string path)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static double[] Doubles(byte[] packed) => [.. packed.Chunk(8).Select(static b => BitConverter.ToDouble(b))];

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = now;

        public override DateTimeOffset GetUtcNow() => Now;

        public override long GetTimestamp() => Now.Ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;
    }
}
