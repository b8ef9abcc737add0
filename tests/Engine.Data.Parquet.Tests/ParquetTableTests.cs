using Apache.Arrow;
using Apache.Arrow.Types;
using Engine.Data.Tables;
using NUnit.Framework;
using ParquetSharp;
using ParquetSharp.Arrow;
using Table = Engine.Data.Tables.Table;

namespace Engine.Data.Parquet.Tests;

/// <summary>Files that the library itself wrote, in all of its compressions and the usual encodings; whole, and damaged.</summary>
internal sealed class ParquetTableTests
{
    private const int Rows = 40;

    private static readonly Compression[] s_compressions = [Compression.Uncompressed, Compression.Snappy, Compression.Gzip, Compression.Zstd, Compression.Brotli, Compression.Lz4];

    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public void Types_AndMissingValues([Values(Compression.Uncompressed, Compression.Snappy, Compression.Gzip, Compression.Zstd, Compression.Brotli, Compression.Lz4)] Compression compression, [Values] bool hasDictionaries)
    {
        Table table = ParquetTable.Read(Write("t.parquet", compression, hasDictionaries, Batch(0), Batch(1)));
        Assert.That(table.Columns.Select(static c => (c.Name, c.Type)), Is.EqualTo(new[]
        {
            ("d", ColumnType.Number), ("l", ColumnType.Number), ("s", ColumnType.Category), ("b", ColumnType.Number), ("t", ColumnType.Date), ("f", ColumnType.Number), ("i", ColumnType.Number),
        }));
        Assert.That(table.RowCount, Is.EqualTo(2 * Rows));
        for (int row = 0; row < table.RowCount; row++)
        {
            int n = row / Rows, k = row % Rows;
            Assert.That(Number("d"), Is.EqualTo(n + (k / 4.0)));
            Assert.That(Number("l"), Is.EqualTo(k % 5 == 0 ? double.NaN : (1L << 40) + k));
            Assert.That(table["s"].Text(row), Is.EqualTo(k % 7 == 0 ? string.Empty : $"wörd {(k + n) % 5}"));
            Assert.That(Number("b"), Is.EqualTo(k % 2));
            Assert.That(Number("t"), Is.EqualTo(k + 0.5));
            Assert.That(Number("f"), Is.EqualTo(k / 2f));
            Assert.That(Number("i"), Is.EqualTo(-k / 3));

            double Number(string name) => ((NumberColumn)table[name]).Values[row];
        }
    }

    [Test]
    public void WantedColumns_ComeInTheWantedOrder()
    {
        string path = Write("t.parquet", Compression.Snappy, true, Batch(0));
        Assert.That(ParquetTable.Read(path, ["i", "d"]).Columns.Select(static c => c.Name), Is.EqualTo(new[] { "i", "d" }));
        Assert.That(() => ParquetTable.Read(path, ["z"]), Throws.TypeOf<DataFileException>().With.Message.StartsWith(path).And.Message.Contains("no column 'z'").And.Message.Contains("d, l, s"));
        Assert.That(() => ParquetTable.Read(path, ["d", "d"]), Throws.TypeOf<DataFileException>().With.Message.Contains("two columns 'd'"));
        Assert.That(ParquetTable.Read(path, []).Columns, Is.Empty);
    }

    [Test]
    public void SeveralFiles_AreOneTable_AndMustHaveTheSameColumns()
    {
        string first = Write("1.parquet", Compression.Snappy, true, Batch(0)), second = Write("2.parquet", Compression.Zstd, false, Batch(1));
        Table table = ParquetTable.Read([first, second]);
        Assert.That(((NumberColumn)table["d"]).Values[Rows], Is.EqualTo(1));
        string other = Write("3.parquet", Compression.Snappy, true, new RecordBatch.Builder().Append("d", false, new DoubleArray.Builder().Append(1).Build()).Build());
        Assert.That(() => ParquetTable.Read([first, other]), Throws.TypeOf<DataFileException>().With.Message.StartsWith(other).And.Message.Contains("are d; those before are d, l, s"));
        string text = Write("4.parquet", Compression.Snappy, true, new RecordBatch.Builder().Append("d", false, new StringArray.Builder().Append("x").Build()).Build());
        Assert.That(() => ParquetTable.Read([other, text]), Throws.TypeOf<DataFileException>().With.Message.StartsWith(text).And.Message.Contains("column 'd' changes its type"));
        Assert.That(ParquetTable.Read(System.Array.Empty<string>()).Columns, Is.Empty);
    }

    [Test]
    public void FileWithoutRows_HasItsColumns()
    {
        Schema schema = Batch(0).Schema;
        string path = _folder.File("t.parquet");
        using (FileWriter writer = new(path, schema))
        {
            writer.Close();
        }

        Table table = ParquetTable.Read(path);
        Assert.That((table.RowCount, table.Columns.Count, table["t"].Type, table["s"].Type), Is.EqualTo((0, 7, ColumnType.Date, ColumnType.Category)));
    }

    [Test]
    public void TypeThatNoTableHas_IsRefusedByName_UnlessItIsLeftOut()
    {
        ListArray.Builder lists = new(Int32Type.Default);
        ((Int32Array.Builder)lists.Append().ValueBuilder).Append(1);
        RecordBatch batch = new RecordBatch.Builder().Append("l", true, lists.Build()).Append("b", false, new BinaryArray.Builder().Append((byte)1).Build()).Append("n", false, new Int32Array.Builder().Append(3).Build()).Build();
        string path = Write("t.parquet", Compression.Snappy, true, batch);
        Assert.That(() => ParquetTable.Read(path), Throws.TypeOf<DataFileException>().With.Message.StartsWith(path).And.Message.Contains("column 'l' is List"));
        Assert.That(() => ParquetTable.Read(path, ["b"]), Throws.TypeOf<DataFileException>().With.Message.Contains("column 'b' is Binary"));
        Assert.That(((NumberColumn)ParquetTable.Read(path, ["n"])["n"]).Values.ToArray(), Is.EqualTo(new[] { 3.0 }));
    }

    [Test]
    public void MoreThanMaxBytes_IsRefused()
    {
        string path = Write("t.parquet", Compression.Snappy, true, Batch(0));
        Assert.That(ParquetTable.Read(path, maxBytes: Rows * 7 * 8).RowCount, Is.EqualTo(Rows));
        Assert.That(() => ParquetTable.Read(path, maxBytes: (Rows * 7 * 8) - 1), Throws.TypeOf<DataFileException>().With.Message.Contains("maxBytes"));
        Assert.That(ParquetTable.Read(path, ["d"], Rows * 8).RowCount, Is.EqualTo(Rows));
        Assert.That(() => ParquetTable.Read([path, path], maxBytes: Rows * 7 * 8), Throws.TypeOf<DataFileException>());
        Assert.That(() => ParquetTable.Read(path, maxBytes: -1), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void WhatIsNoFile_IsSaidByTheSystem()
    {
        Assert.That(static () => ParquetTable.Read("/there/is/none.parquet"), Throws.InstanceOf<IOException>());
        Assert.That(static () => ParquetTable.Read(string.Empty), Throws.ArgumentException);
        foreach (byte[] bytes in (byte[][])[[], [1], "PAR1"u8.ToArray(), "PAR1PAR1"u8.ToArray(), [.. "PAR1"u8, 255, 255, 255, 127, .. "PAR1"u8], new byte[100]])
        {
            string path = _folder.File("x.parquet");
            File.WriteAllBytes(path, bytes);
            Assert.That(() => ParquetTable.Read(path), Throws.TypeOf<DataFileException>().With.Message.StartsWith(path));
        }
    }

    /// <summary>
    /// Bytes changed in footers, headers of pages and values, and files cut off: each is read or refused in no time. One changed byte of a footer kept a reader of another
    /// library busy for ever.
    /// </summary>
    [Test]
    public void DamagedFiles_AreReadOrRefused()
    {
        byte[][] files = [.. from compression in s_compressions from hasDictionaries in new[] { true, false } select File.ReadAllBytes(Write("whole.parquet", compression, hasDictionaries, Batch(0), Batch(1)))];
        string path = _folder.File("x.parquet");
        Random random = new(2026);
        int good = 0, bad = 0;
        for (int i = 0; i < 2000; i++)
        {
            byte[] whole = files[i % files.Length], bytes = i % 9 == 0 ? whole[..random.Next(whole.Length)] : [.. whole];
            int footer = BitConverter.ToInt32(whole, whole.Length - 8);
            for (int flip = 0; flip < 1 + (i % 2) && bytes.Length > 0; flip++)
            {
                int at = i % 3 == 0 ? Math.Min(whole.Length - 8 - random.Next(footer), bytes.Length - 1) : random.Next(bytes.Length);
                bytes[at] = random.Next(3) switch { 0 => (byte)random.Next(256), 1 => (byte)(bytes[at] ^ (1 << random.Next(8))), _ => (byte)(255 * random.Next(2)) };
            }

            File.WriteAllBytes(path, bytes);
            try
            {
                Table table = ParquetTable.Read(path, maxBytes: 1 << 24);
                Assert.That(table.Columns.Select(static c => c.Count), Is.All.EqualTo(table.RowCount));
                good++;
            }
            catch (DataFileException error)
            {
                Assert.That(error.Message, Does.StartWith(path));
                bad++;
            }
        }

        Assert.That(Math.Min(good, bad), Is.GreaterThan(100), "damage was met and missed");
    }

    private static RecordBatch Batch(int n)
    {
        DoubleArray.Builder d = new();
        Int64Array.Builder l = new();
        StringArray.Builder s = new();
        BooleanArray.Builder b = new();
        TimestampArray.Builder t = new(Apache.Arrow.Types.TimeUnit.Millisecond);
        FloatArray.Builder f = new();
        Int32Array.Builder i = new();
        for (int k = 0; k < Rows; k++)
        {
            d.Append(n + (k / 4.0));
            _ = k % 5 == 0 ? l.AppendNull() : l.Append((1L << 40) + k);
            _ = k % 7 == 0 ? s.AppendNull() : s.Append($"wörd {(k + n) % 5}");
            b.Append(k % 2 == 1);
            t.Append(DateTimeOffset.UnixEpoch.AddDays(k + 0.5));
            f.Append(k / 2f);
            i.Append(-k / 3);
        }

        return new RecordBatch.Builder().Append("d", false, d.Build()).Append("l", true, l.Build()).Append("s", true, s.Build()).Append("b", false, b.Build())
            .Append("t", false, t.Build()).Append("f", false, f.Build()).Append("i", false, i.Build()).Build();
    }

    private string Write(string name, Compression compression, bool hasDictionaries, params RecordBatch[] batches)
    {
        string path = _folder.File(name);
        WriterPropertiesBuilder builder = new();
        builder.Compression(compression).DataPagesize(200);
        if (!hasDictionaries)
        {
            builder.DisableDictionary().Encoding("i", ParquetSharp.Encoding.DeltaBinaryPacked).Encoding("s", ParquetSharp.Encoding.DeltaByteArray).Encoding("f", ParquetSharp.Encoding.ByteStreamSplit);
        }

        using WriterProperties properties = builder.Build();
        using FileWriter writer = new(path, batches[0].Schema, properties);
        foreach (RecordBatch batch in batches)
        {
            writer.NewBufferedRowGroup();
            writer.WriteRecordBatch(batch);
        }

        writer.Close();
        return path;
    }
}
