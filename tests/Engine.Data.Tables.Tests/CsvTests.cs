using System.IO.Compression;
using System.Text;
using NUnit.Framework;

namespace Engine.Data.Tables.Tests;

internal sealed class CsvTests
{
    private const string Houses = "area,city,built,price\n50.5,Oslo,1990-02-03,100\n,Bergen,,200\n70,,2000-01-01,NA\n";

    [Test]
    public void Types_AreFoundOut_AndMissingValuesKept()
    {
        Table table = Csv.Parse(Houses);
        Assert.That(table.Columns.Select(static c => (c.Name, c.Type)), Is.EqualTo(new[]
        {
            ("area", ColumnType.Number), ("city", ColumnType.Category), ("built", ColumnType.Date), ("price", ColumnType.Number),
        }));
        Assert.That(Numbers(table, "area"), Is.EqualTo(new[] { 50.5, double.NaN, 70 }));
        Assert.That(Numbers(table, "price"), Is.EqualTo(new[] { 100, 200, double.NaN }));
        Assert.That(Numbers(table, "built"), Is.EqualTo(new[] { 7338, double.NaN, 10957 }));
        CategoryColumn city = (CategoryColumn)table["city"];
        Assert.That(city.Categories, Is.EqualTo(new[] { "Oslo", "Bergen" }));
        Assert.That(city.Codes.ToArray(), Is.EqualTo(new[] { 0, 1, -1 }));
        Assert.That(table.Columns.Select(static c => c.MissingCount), Is.EqualTo(new[] { 1, 1, 1, 1 }));
        Assert.That((table.RowCount, table.BadRowCount), Is.EqualTo((3, 0L)));
        Assert.That(table["built"].Text(0), Is.EqualTo("1990-02-03T00:00:00"));
    }

    [TestCase("a;b\n1;x\n", ';')]
    [TestCase("a\tb\n1\tx\n", '\t')]
    [TestCase("a|b\n1|x\n", '|')]
    public void Separator_IsFoundOut_OrGiven(string text, char separator)
    {
        foreach (CsvOptions options in new[] { new CsvOptions(), new CsvOptions { Separator = separator } })
        {
            Table table = Csv.Parse(text, options);
            Assert.That(Numbers(table, "a"), Is.EqualTo(new[] { 1.0 }));
            Assert.That(table["b"].Text(0), Is.EqualTo("x"));
        }
    }

    [TestCase("a;b\n2,5;1\n-0,25;2\n1e2;NA\n", null, ExpectedResult = "2.5 -0.25 100")]
    [TestCase("a;b\n2.5;1\n-0.25;2\n1e2;3\n", null, ExpectedResult = "2.5 -0.25 100")]
    [TestCase("a;b\n2,5;1\n-0,25;2\n100;3\n", ',', ExpectedResult = "2.5 -0.25 100")]
    [TestCase("a,b\n\"2,5\",1\n\"-0,25\",2\n100,3\n", ',', ExpectedResult = "2.5 -0.25 100")]
    [TestCase("a;b\n3;1\n4;2\n5;3\n", null, ExpectedResult = "3 4 5")]
    [TestCase("a;b\n3,5;1\ninf;2\n", null, ExpectedResult = "3.5 Infinity")]
    public string Decimals_AreFoundOut_OrGiven(string text, char? separator) =>
        string.Join(' ', Numbers(Csv.Parse(text, new CsvOptions { DecimalSeparator = separator }), "a").Select(static v => v.ToString(System.Globalization.CultureInfo.InvariantCulture)));

    /// <summary>A comma is never read as one between thousands, which made 25 of 2,5.</summary>
    [TestCase("a;b\n2,5;1.5\n3,5;2\n", null)]
    [TestCase("a,b\n\"2,5\",1\n\"1,234\",2\n", null)]
    [TestCase("a;b\n2,5;1\n", '.')]
    [TestCase("a;b\n1.234,5;1\n", null)]
    [TestCase("a;b\n2.5;1\n", ',')]
    public void NumbersOfTheOtherKind_AreTexts(string text, char? separator)
    {
        Table table = Csv.Parse(text, new CsvOptions { DecimalSeparator = separator });
        Assert.That(table["a"].Type, Is.EqualTo(ColumnType.Category));
        CsvOptions numbers = new() { DecimalSeparator = separator, Types = new Dictionary<string, ColumnType> { ["a"] = ColumnType.Number } };
        Assert.That(() => Csv.Parse(text, numbers), Throws.TypeOf<DataFileException>().With.Message.Contains("is no number"));
    }

    [Test]
    public void DecimalSeparator_AnotherCharacter_Throws() => Assert.That(() => new CsvOptions { DecimalSeparator = ';' }, Throws.TypeOf<ArgumentOutOfRangeException>());

    /// <summary>Behind the rows that decided a comma is still none between thousands.</summary>
    [Test]
    public void CommaInALaterRow_IsABadRow()
    {
        Table table = Csv.Parse("a;b\n1;1\n2,5;2\n3;3\n", new CsvOptions { InferRows = 1, OnBadRow = OnBadRow.Skip });
        Assert.That(Numbers(table, "a"), Is.EqualTo(new[] { 1.0, 3 }));
        Assert.That(table.BadRows.Single().ToString(), Does.Contain("'2,5' is no number"));
    }

    [Test]
    public void FileThatIsNoText_Throws() =>
        Assert.That(() => Csv.Parse("\0\u0001a,b\n1,2\n"), Throws.TypeOf<DataFileException>().With.Message.Contains("no text"));

    [TestCase("\n")]
    [TestCase("\r\n")]
    [TestCase("\r")]
    public void Quotes_HoldSeparatorsQuotesAndLines(string end)
    {
        Table table = Csv.Parse(string.Join(end, "name,n", "\"a,b\",1", "\"say \"\"hi\"\"\",2", $"\"two{end}lines\",3", "\"\",4") + end);
        Assert.That(Enumerable.Range(0, 4).Select(table["name"].Text), Is.EqualTo(new[] { "a,b", "say \"hi\"", $"two{end}lines", string.Empty }));
        Assert.That(Numbers(table, "n"), Is.EqualTo(new[] { 1.0, 2, 3, 4 }));
        Assert.That(table["name"].MissingCount, Is.EqualTo(1));
    }

    [Test]
    public void FileWithMarkAndUnpacked_AndItsPackedTwin_AreTheSame()
    {
        using TemporaryFolder folder = new();
        byte[] bytes = [.. Encoding.UTF8.GetPreamble(), .. Encoding.UTF8.GetBytes(Houses.Replace("Oslo", "Ålesund", StringComparison.Ordinal))];
        File.WriteAllBytes(folder.File("a.csv"), bytes);
        using (GZipStream packed = new(File.Create(folder.File("a.csv.gz")), CompressionMode.Compress))
        {
            packed.Write(bytes);
        }

        Table plain = Csv.Read(folder.File("a.csv")), unpacked = Csv.Read(folder.File("a.csv.gz"));
        Assert.That(plain.Columns[0].Name, Is.EqualTo("area"));
        Assert.That(plain["city"].Text(0), Is.EqualTo("Ålesund"));
        Assert.That(unpacked.ToString(), Is.EqualTo(plain.ToString()));
    }

    [Test]
    public void WithoutHeader_ColumnsHaveNumbersOrGivenNames()
    {
        Assert.That(Csv.Parse("1,x\n2,y\n", new CsvOptions { HasHeader = false }).Columns.Select(static c => c.Name), Is.EqualTo(new[] { "c0", "c1" }));
        Table named = Csv.Parse("1,x\n2,y\n", new CsvOptions { HasHeader = false, ColumnNames = ["n", "t"] });
        Assert.That(Numbers(named, "n"), Is.EqualTo(new[] { 1.0, 2 }));
        Assert.That(() => Csv.Parse("1,x\n", new CsvOptions { HasHeader = false, ColumnNames = ["n"] }), Throws.InstanceOf<DataFileException>().With.Message.Contains("2 columns; ColumnNames names 1"));
    }

    [Test]
    public void WantedColumns_ComeInTheWantedOrder()
    {
        Table table = Csv.Parse(Houses, new CsvOptions { Columns = ["price", "area"] });
        Assert.That(table.Columns.Select(static c => c.Name), Is.EqualTo(new[] { "price", "area" }));
        Assert.That(() => Csv.Parse(Houses, new CsvOptions { Columns = ["size"] }), Throws.InstanceOf<DataFileException>().With.Message.Contains("no column 'size'").And.Message.Contains("area, city"));
        Assert.That(() => Csv.Parse(Houses, new CsvOptions { Types = new Dictionary<string, ColumnType> { ["size"] = ColumnType.Number } }), Throws.InstanceOf<DataFileException>());
    }

    [Test]
    public void GivenType_IsTaken()
    {
        Table table = Csv.Parse("zip\n01234\n99999\n", new CsvOptions { Types = new Dictionary<string, ColumnType> { ["zip"] = ColumnType.Category } });
        Assert.That(((CategoryColumn)table["zip"]).Categories, Is.EqualTo(new[] { "01234", "99999" }));
    }

    [TestCase("a,b\n1,2\n3\n", 3, "1 columns in place of 2")]
    [TestCase("a,b\n1,2\n3,4,5\n", 3, "3 columns in place of 2")]
    [TestCase("a,b\n1,2\nx,4\n", 3, "column 'a': 'x' is no number")]
    [TestCase("a,b\n\"1\",\"q\nq\"\n3\n", 4, "1 columns in place of 2")]
    public void BadRow_EndsTheReading_WithFileAndLine(string text, int line, string reason)
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("bad.csv", text);
        CsvOptions options = new() { InferRows = 1 };
        Assert.That(() => Csv.Read(path, options), Throws.InstanceOf<DataFileException>().With.Message.Contains($"{path}({line})").And.Message.Contains(reason));
        Table table = Csv.Read(path, options with { OnBadRow = OnBadRow.Skip });
        Assert.That((table.RowCount, table.BadRowCount), Is.EqualTo((1, 1L)));
        Assert.That(table.BadRows.Single().ToString(), Does.Contain(reason));
        Assert.That(table.BadRows.Single().Line, Is.EqualTo(line));
    }

    [Test]
    public void BadRow_IsLeftOutWhole()
    {
        Table table = Csv.Parse("a,b,c\n1,p,1\n2,q,x\n3,r,3\n", new CsvOptions { InferRows = 1, OnBadRow = OnBadRow.Skip });
        Assert.That(Numbers(table, "a"), Is.EqualTo(new[] { 1.0, 3 }));
        Assert.That(Numbers(table, "c"), Is.EqualTo(new[] { 1.0, 3 }));
        Assert.That(Enumerable.Range(0, 2).Select(table["b"].Text), Is.EqualTo(new[] { "p", "r" }));
    }

    [Test]
    public void ReportedRows_AreBounded_TheirNumberIsNot()
    {
        Table table = Csv.Parse("a,b\n1,1\n" + string.Concat(Enumerable.Repeat("x\n", 250)), new CsvOptions { OnBadRow = OnBadRow.Skip });
        Assert.That((table.BadRowCount, table.BadRows.Count), Is.EqualTo((250L, 100)));
    }

    [Test]
    public void SeveralFiles_MustHaveTheSameColumns()
    {
        using TemporaryFolder folder = new();
        string first = folder.Write("1.csv", "a,b\n1,x\n"), second = folder.Write("2.csv", "a,b\n2,y\n"), other = folder.Write("3.csv", "b,a\ny,2\n");
        Table table = Csv.Read([first, second]);
        Assert.That(Numbers(table, "a"), Is.EqualTo(new[] { 1.0, 2 }));
        Assert.That(() => Csv.Read([first, other]), Throws.InstanceOf<DataFileException>().With.Message.Contains("3.csv").And.Message.Contains("b, a").And.Message.Contains("1.csv"));
    }

    [TestCase("", "empty")]
    [TestCase("a,a\n1,2\n", "two columns are named 'a'")]
    public void FileWithoutUsableHeader_IsRefused(string text, string reason) =>
        Assert.That(() => Csv.Parse(text), Throws.InstanceOf<DataFileException>().With.Message.Contains(reason));

    [Test]
    public void HeaderAlone_GivesAnEmptyTable()
    {
        Table table = Csv.Parse("a,b\n\n\n");
        Assert.That((table.RowCount, table.Columns.Count), Is.EqualTo((0, 2)));
    }

    [Test]
    public void Numbers_AreReadAsDotNetReadsThem_WhateverTheCulture()
    {
        string[] texts = ["1", "-1.5e3", "+.25", "1e-320", "179769313486231570000000000000000000000e270", "0.1", "3.0000000000000004", "-0", "Infinity"];
        Table table = Csv.Parse("n\n" + string.Join('\n', texts) + "\n");
        Assert.That(Numbers(table, "n"), Is.EqualTo(texts.Select(static t => double.Parse(t, System.Globalization.CultureInfo.InvariantCulture))));
    }

    [Test]
    public void NoBytes_DoMoreThanBeRefused()
    {
        using TemporaryFolder folder = new();
        Random random = new(7);
        string path = folder.File("x.csv"), packed = folder.File("x.csv.gz");
        byte[] alphabet = Encoding.UTF8.GetBytes(",;\"\n\r19x\t.-é\0");
        for (int i = 0; i < 400; i++)
        {
            byte[] bytes = new byte[random.Next(60)];
            random.NextBytes(bytes);
            if (i % 2 == 0)
            {
                bytes = [.. bytes.Select(b => alphabet[b % alphabet.Length])];
            }

            File.WriteAllBytes(path, bytes);
            File.WriteAllBytes(packed, bytes);
            foreach (string file in new[] { path, packed })
            {
                try
                {
                    Table table = Csv.Read(file, new CsvOptions { OnBadRow = (OnBadRow)(i % 2) });
                    Assert.That(table.Columns.Select(c => c.Count), Is.All.EqualTo(table.RowCount));
                }
                catch (DataFileException error)
                {
                    Assert.That(error.Message, Does.StartWith(file));
                }
            }
        }
    }

    private static double[] Numbers(Table table, string column) => ((NumberColumn)table[column]).Values.ToArray();
}
