using Apache.Arrow;
using Apache.Arrow.Ipc;
using Apache.Arrow.Types;
using Microsoft.Data.Analysis;
using NUnit.Framework;

namespace Engine.Data.Tables.Tests;

/// <summary>Arrow and ML.NET's views, each written by its own library.</summary>
internal sealed class FormatTests
{
    [TestCase(true)]
    [TestCase(false)]
    public async Task Arrow_TypesBatchesAndMissingValues(bool hasIndex)
    {
        static RecordBatch Batch(int n) => new RecordBatch.Builder()
            .Append("d", false, new DoubleArray.Builder().Append(n).Append(0.5).Build())
            .Append("i", true, new Int64Array.Builder().Append(1L << 40).AppendNull().Build())
            .Append("b", true, new BooleanArray.Builder().Append(true).AppendNull().Build())
            .Append("s", true, new StringArray.Builder().Append("x" + n).AppendNull().Build())
            .Append("c", false, new DictionaryArray(
                new DictionaryType(Int32Type.Default, StringType.Default, false),
                new Int32Array.Builder().Append(1).Append(0).Build(),
                new StringArray.Builder().Append("p").Append("q").Build()))
            .Append("t", false, new TimestampArray.Builder(TimeUnit.Millisecond).Append(DateTimeOffset.UnixEpoch.AddDays(3)).Append(DateTimeOffset.UnixEpoch).Build())
            .Build();
        using TemporaryFolder folder = new();
        string path = folder.File("t.arrow");
        RecordBatch first = Batch(0);

        // A writer knows dictionaries by the schema that it was given.
        RecordBatch second = new(first.Schema, Batch(1).Arrays, 2);
        await using (FileStream stream = File.Create(path))
        {
            using ArrowStreamWriter writer = hasIndex ? new ArrowFileWriter(stream, first.Schema) : new ArrowStreamWriter(stream, first.Schema);
            await writer.WriteRecordBatchAsync(first);
            await writer.WriteRecordBatchAsync(second);
            await writer.WriteEndAsync();
        }

        foreach (Table table in new[] { ArrowTable.Read(path), ArrowTable.From(Batch(0), Batch(1)) })
        {
            Assert.That(Numbers(table, "d"), Is.EqualTo(new[] { 0, 0.5, 1, 0.5 }));
            Assert.That(Numbers(table, "i"), Is.EqualTo(new[] { 1L << 40, double.NaN, 1L << 40, double.NaN }));
            Assert.That(Numbers(table, "b"), Is.EqualTo(new[] { 1, double.NaN, 1, double.NaN }));
            Assert.That(Texts(table, "s"), Is.EqualTo(new[] { "x0", string.Empty, "x1", string.Empty }));
            Assert.That(Texts(table, "c"), Is.EqualTo(new[] { "q", "p", "q", "p" }));
            Assert.That(Numbers(table, "t"), Is.EqualTo(new[] { 3.0, 0, 3, 0 }));
            Assert.That(table["t"].Type, Is.EqualTo(ColumnType.Date));
        }

        Damage(path, static p => ArrowTable.Read(p));
    }

    [Test]
    public void Arrow_TypeThatNoTableHas_IsRefusedByName()
    {
        RecordBatch lists = new RecordBatch.Builder().Append("l", false, new BinaryArray.Builder().Append((byte)1).Build()).Build();
        Assert.That(() => ArrowTable.From(lists), Throws.InstanceOf<DataFileException>().With.Message.Contains("column 'l' is Binary"));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Arrow_FileWithoutRows_HasItsColumns(bool hasIndex)
    {
        using TemporaryFolder folder = new();
        string path = folder.File("t.arrow");
        Schema schema = new Schema.Builder().Field(static f => f.Name("n").DataType(FloatType.Default)).Field(static f => f.Name("s").DataType(StringType.Default))
            .Field(static f => f.Name("t").DataType(Date32Type.Default)).Field(static f => f.Name("z").DataType(NullType.Default)).Build();
        await using (FileStream stream = File.Create(path))
        {
            using ArrowStreamWriter writer = hasIndex ? new ArrowFileWriter(stream, schema) : new ArrowStreamWriter(stream, schema);
            await writer.WriteStartAsync();
            await writer.WriteEndAsync();
        }

        Table table = ArrowTable.Read(path);
        Assert.That(table.Columns.Select(static c => (c.Name, c.Type, c.Count)), Is.EqualTo(new[] { ("n", ColumnType.Number, 0), ("s", ColumnType.Category, 0), ("t", ColumnType.Date, 0), ("z", ColumnType.Number, 0) }));
    }

    [Test]
    public void Arrow_ColumnsThatChange_AreRefused()
    {
        static RecordBatch Batch(string name, bool isText) => new RecordBatch.Builder()
            .Append("a", false, new DoubleArray.Builder().Append(1).Build())
            .Append(name, false, isText ? new StringArray.Builder().Append("x").Build() : (IArrowArray)new NullArray(1)).Build();
        Assert.That(Numbers(ArrowTable.From(Batch("n", false), Batch("n", false)), "n"), Is.EqualTo(new[] { double.NaN, double.NaN }));
        Assert.That(() => ArrowTable.From(Batch("n", false), Batch("m", false)), Throws.TypeOf<DataFileException>().With.Message.Contains("are a, m; those before are a, n"));
        Assert.That(() => ArrowTable.From(Batch("n", false), Batch("n", true)), Throws.TypeOf<DataFileException>().With.Message.Contains("'n' changes its type"));
        Assert.That(() => ArrowTable.From(Batch("a", false)), Throws.TypeOf<DataFileException>().With.Message.Contains("two columns are named 'a'"));
        Assert.That(ArrowTable.From().Columns, Is.Empty);
    }

    [Test]
    public void DataView_TypesAndMissingValues()
    {
        DataFrame frame = new(
            new DoubleDataFrameColumn("d", [0.5, 1.5]),
            new Int32DataFrameColumn("i", [1, 2]),
            new BooleanDataFrameColumn("b", [true, false]),
            new StringDataFrameColumn("s", ["x", string.Empty]));
        Table table = DataViewTable.From(frame);
        Assert.That(Numbers(table, "d"), Is.EqualTo(new[] { 0.5, 1.5 }));
        Assert.That(Numbers(table, "i"), Is.EqualTo(new[] { 1.0, 2 }));
        Assert.That(Numbers(table, "b"), Is.EqualTo(new[] { 1.0, 0 }));
        Assert.That(Texts(table, "s"), Is.EqualTo(new[] { "x", string.Empty }));
        Assert.That(DataViewTable.From(frame, ["s"]).Columns.Single().Name, Is.EqualTo("s"));
        Assert.That(() => DataViewTable.From(frame, ["z"]), Throws.InstanceOf<DataFileException>().With.Message.Contains("no column 'z'"));
    }

    /// <summary>Reads the file cut off and with flipped bytes: it is read or refused, and nothing else.</summary>
    private static void Damage(string path, Func<string, Table> read)
    {
        byte[] whole = File.ReadAllBytes(path);
        Random random = new(3);
        for (int i = 0; i < 150; i++)
        {
            byte[] bytes = i % 3 == 0 ? whole[..random.Next(whole.Length)] : [.. whole];
            for (int flip = 0; flip < 1 + (i % 4) && bytes.Length > 0; flip++)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(path, bytes);
            try
            {
                _ = read(path);
            }
            catch (DataFileException error)
            {
                Assert.That(error.Message, Does.StartWith(path));
            }
        }
    }

    private static double[] Numbers(Table table, string column) => ((NumberColumn)table[column]).Values.ToArray();

    private static string[] Texts(Table table, string column) => [.. Enumerable.Range(0, table.RowCount).Select(table[column].Text)];
}
