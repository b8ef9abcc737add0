using System.Globalization;
using NUnit.Framework;

namespace Engine.Data.Tables.Tests;

/// <summary>A file is cut into blocks that several threads read; nobody may notice.</summary>
internal sealed class CsvBlockTests
{
    private static readonly string[] s_cells = ["1", "-2.5", "1e3", "x", "y", "NA", "", "\"q\"", "\"a,b\"", "\"two\nlines\"", "\"two\r\nlines\"", "\"say \"\"hi\"\"\"", "2001-02-03", "é", "\"", "a\"b"];

    [TestCase("a\nb", 2)]
    [TestCase("a\nb\n", 4)]
    [TestCase("a\r\nb", 3)]
    [TestCase("a\rb", 2)]
    [TestCase("a\r", 0)]
    [TestCase("a\nb\r", 2)]
    [TestCase("\"a\nb", 0)]
    [TestCase("\"a\nb\"\nc", 6)]
    [TestCase("x\n\"a\nb", 2)]
    [TestCase("\n", 1)]
    [TestCase("", 0)]
    public void RowsEnd_AtTheLastLineOutsideOfQuotes(string text, int expected) => Assert.That(CsvBlocks.EndOfRows(text), Is.EqualTo(expected));

    [TestCase("a\nb\r\nc\rd", 3)]
    [TestCase("\r\r\n\n", 3)]
    [TestCase("", 0)]
    public void Lines_AreCounted(string text, int expected) => Assert.That(CsvBlocks.CountLines(text), Is.EqualTo(expected));

    /// <summary>Any text, in blocks of any length, by any number of threads, is the table and the errors that it is in one piece.</summary>
    [Test]
    public void Blocks_AndThreads_ChangeNothing()
    {
        Random random = new(11);
        int tables = 0;
        for (int i = 0; i < 300; i++)
        {
            string end = (i % 3) switch { 0 => "\n", 1 => "\r\n", _ => "\r" };
            int columns = 1 + random.Next(4);
            string text = string.Join(',', Enumerable.Range(0, columns).Select(static c => $"c{c}")) + end
                + string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => string.Join(',', Enumerable.Range(0, columns + (random.Next(15) == 0 ? 1 : 0)).Select(_ => s_cells[random.Next(random.Next(2) == 0 ? 3 : s_cells.Length)])) + end));
            CsvOptions options = new() { InferRows = random.Next(4), OnBadRow = (OnBadRow)(i % 2), MaxThreads = 1 };
            string whole = Describe(text, options, 1 << 20);
            tables += whole.Contains("rows of", StringComparison.Ordinal) ? 1 : 0;
            foreach ((int length, int threads) in ((int, int)[])[(1, 1), (16, 1), (17, 3), (64, 2), (300, 4)])
            {
                Assert.That(Describe(text, options with { MaxThreads = threads }, length), Is.EqualTo(whole), $"blocks of {length}, {threads} threads: {text}");
            }
        }

        Assert.That(tables, Is.GreaterThan(150), "some texts are tables");
    }

    [Test]
    public void FirstBadRow_IsTheOneThatIsThrown_WhateverTheThreads()
    {
        string text = "a,b\n" + string.Concat(Enumerable.Range(0, 3000).Select(static i => i is 1400 or 1401 or 2900 ? "bad,1\n" : $"{i},{i % 7}\n"));
        for (int i = 0; i < 20; i++)
        {
            Assert.That(Describe(text, new CsvOptions { MaxThreads = 4 }, 512), Does.Contain("text(1402), column 'a': 'bad' is no number"));
        }
    }

    [Test]
    public void CategoryOfABadRowAlone_IsNone()
    {
        Table table = Csv.Parse("t,n\np,1\nq,x\np,2\nr,3\n", new CsvOptions { InferRows = 1, OnBadRow = OnBadRow.Skip });
        Assert.That(((CategoryColumn)table["t"]).Categories, Is.EqualTo(new[] { "p", "r" }));
        Assert.That(((CategoryColumn)table["t"]).Codes.ToArray(), Is.EqualTo(new[] { 0, 0, 1 }));
    }

    [Test]
    public void RowWithoutEnd_IsRefused_BeforeItTakesAllMemory()
    {
        using TextReader text = new EndlessQuote();
        CsvBlocks blocks = new("x.csv", text, 1 << 10);
        Assert.That(blocks.TryNext(out CsvBlock header), Is.True);
        Assert.That(header.Text.ToString(), Is.EqualTo("a,b\n"));
        Assert.That(() => blocks.TryNext(out _), Throws.TypeOf<DataFileException>().With.Message.Contains("x.csv(2)").And.Message.Contains("a quote may not be closed"));
    }

    [TestCase(-1)]
    public void NegativeThreads_AreRefused(int threads) =>
        Assert.That(() => Csv.Parse("a\n1\n", new CsvOptions { MaxThreads = threads }), Throws.InstanceOf<ArgumentOutOfRangeException>());

    [TestCase("0", 0.0)]
    [TestCase("-0", -0.0)]
    [TestCase("007", 7.0)]
    [TestCase("1.", 1.0)]
    [TestCase(".5", 0.5)]
    [TestCase("-.5", -0.5)]
    [TestCase("9007199254740992", 9007199254740992.0)]
    [TestCase("0.000000000000000001", 1e-18)]
    public void PlainNumbers_AreRead(string text, double expected)
    {
        Assert.That(CsvNumber.TryReadPlain(text, out double value), Is.True);
        Assert.That(BitConverter.DoubleToInt64Bits(value), Is.EqualTo(BitConverter.DoubleToInt64Bits(expected)));
    }

    [TestCase("")]
    [TestCase("-")]
    [TestCase(".")]
    [TestCase("-.")]
    [TestCase("--1")]
    [TestCase("+1")]
    [TestCase("1e3")]
    [TestCase("1 ")]
    [TestCase(" 1")]
    [TestCase("1.2.3")]
    [TestCase("9007199254740993")]
    [TestCase("99999999999999999999")]
    [TestCase("0.00000000000000000000")]
    [TestCase("١")]
    public void OtherTexts_AreLeftToAGeneralReader(string text) => Assert.That(CsvNumber.TryReadPlain(text, out _), Is.False);

    [Test]
    public void PlainNumbers_HaveTheBitsOfDotNet()
    {
        Random random = new(5);
        int read = 0;
        for (int i = 0; i < 20_000; i++)
        {
            string digits = random.NextInt64(1L << random.Next(1, 63)).ToString(CultureInfo.InvariantCulture);
            int point = random.Next(digits.Length + 1);
            string text = (random.Next(2) == 0 ? "-" : string.Empty) + digits[..point] + (random.Next(4) == 0 ? string.Empty : ".") + digits[point..];
            if (CsvNumber.TryReadPlain(text, out double value))
            {
                read++;
                Assert.That(BitConverter.DoubleToInt64Bits(value), Is.EqualTo(BitConverter.DoubleToInt64Bits(double.Parse(text, CultureInfo.InvariantCulture))), text);
            }
        }

        Assert.That(read, Is.GreaterThan(10_000));
    }

    private static string Describe(string text, CsvOptions options, int blockLength)
    {
        CsvTable builder = new(options) { BlockLength = blockLength };
        try
        {
            builder.Add("text", () => new StringReader(text));
            Table table = builder.Build();
            return $"{table}\n{table.BadRowCount}\n{string.Join('\n', table.BadRows)}\n"
                + string.Join('\n', table.Columns.Select(c => string.Join('|', Enumerable.Range(0, c.Count).Select(c.Text)) + (c is CategoryColumn { Categories: var texts } ? string.Join('|', texts) : string.Empty)));
        }
        catch (DataFileException error)
        {
            return error.Message;
        }
    }

    /// <summary>A header and a quote that never ends.</summary>
    private sealed class EndlessQuote : TextReader
    {
        private const string Begin = "a,b\n\"";
        private int _at;

        public override int Read(char[] buffer, int index, int count)
        {
            if (_at < Begin.Length)
            {
                buffer[index] = Begin[_at++];
                return 1;
            }

            buffer.AsSpan(index, count).Fill('\n');
            return count;
        }
    }
}
