using Engine.Nn;
using NUnit.Framework;

namespace Engine.Data.Tables.Tests;

internal sealed class NumberStatisticsTests
{
    [Test]
    public void MeanAndDeviation_MatchPlainLoops([Values(0, 1, 2, 7, 8, 9, 1023, 1024, 1025, 5003)] int length, [Values(0, 1e6)] double offset, [Values] bool hasMissing)
    {
        Random random = new(length);
        double[] values = new double[length];
        for (int i = 0; i < length; i++)
        {
            values[i] = hasMissing && random.Next(3) == 0 ? double.NaN : offset + random.NextDouble();
        }

        double[] present = [.. values.Where(static v => !double.IsNaN(v))];

        // Without the offset, which is exact, a decimal has all digits.
        decimal[] small = [.. present.Select(v => (decimal)(v - offset))];
        decimal mean = present.Length == 0 ? 0 : small.Sum() / present.Length;
        decimal squares = small.Select(v => (v - mean) * (v - mean)).Sum();
        NumberStatistics statistics = NumberStatistics.Of(values);
        Assert.That(statistics.Count, Is.EqualTo(present.Length));
        Assert.That(statistics.Mean, Is.EqualTo(present.Length == 0 ? 0 : offset + (double)mean).Within(1e-12).Percent);

        // Distances from the mean have the rounding of the values: 1e6 has steps of 1e-10.
        Assert.That(statistics.Std, Is.EqualTo(present.Length == 0 ? 0 : Math.Sqrt((double)squares / present.Length)).Within(1e-9));
    }

    [Test]
    public void AllMissing_IsNone() => Assert.That(NumberStatistics.Of(new double[100].Select(static _ => double.NaN).ToArray()), Is.EqualTo(new NumberStatistics(0, 0, 0)));

    [Test]
    public void EqualNumbers_HaveNoDeviation([Values(0.1, 1e300, -3)] double value)
    {
        double[] values = [double.NaN, .. Enumerable.Repeat(value, 3000), double.NaN];
        Assert.That(NumberStatistics.Of(values), Is.EqualTo(new NumberStatistics(3000, value, 0)));
        TablePreprocessor preprocessor = TablePreprocessor.Fit(new Table([new NumberColumn("n", values)]));
        Assert.That(preprocessor.Inputs(new Table([new NumberColumn("n", [value])]))[0].ToArray<float>(), Is.EqualTo(new float[] { 0, 0 }));
    }

    [TestCase(double.PositiveInfinity)]
    [TestCase(double.NegativeInfinity)]
    [TestCase(1e300)]
    public void WhatHasNoDeviation_IsNotFinite(double value) =>
        Assert.That(NumberStatistics.Of([1, -2, value, 3, 4, 5, 6, 7, 8, 9, value]).Std, Is.Not.InRange(double.MinValue, double.MaxValue));

    /// <summary>Large tables are prepared by several threads; each row is what it is alone.</summary>
    [TestCase(CategoryEncoding.OneHot)]
    [TestCase(CategoryEncoding.Ids)]
    public void LargeTable_HasTheRowsOfSmallOnes(CategoryEncoding encoding)
    {
        const int Rows = 20_011;
        Random random = new(3);
        NumberColumn numbers = new("n", [.. Enumerable.Range(0, Rows).Select(_ => random.Next(9) == 0 ? double.NaN : random.NextDouble())]);
        CategoryColumn texts = CategoryColumn.From("t", Enumerable.Range(0, Rows).Select(_ => random.Next(6) is > 0 and var i ? "abcde"[i - 1].ToString() : null));
        Table table = new([numbers, texts]);
        TablePreprocessor preprocessor = TablePreprocessor.Fit(table, options: new TableOptions { Categories = encoding });
        float[] all = preprocessor.Inputs(table)[0].ToArray<float>();
        long[] ids = encoding == CategoryEncoding.Ids ? preprocessor.Inputs(table)[1].ToArray<long>() : [];
        for (int first = 0; first < Rows; first += 4001)
        {
            Tensors part = preprocessor.Inputs(table.Rows([.. Enumerable.Range(first, Math.Min(4001, Rows - first))]));
            Assert.That(part[0].ToArray<float>(), Is.EqualTo(all.Skip(first * preprocessor.NumberCount).Take(4001 * preprocessor.NumberCount)));
            if (encoding == CategoryEncoding.Ids)
            {
                Assert.That(part[1].ToArray<long>(), Is.EqualTo(ids.Skip(first).Take(4001)));
            }
        }
    }

    [Test]
    public void SeveralBadColumns_TheFirstIsNamed()
    {
        double[] bad = [.. Enumerable.Repeat(double.NaN, 9000)];
        Table table = new([new NumberColumn("good", new double[9000]), new NumberColumn("first", bad), new NumberColumn("second", bad)]);
        Assert.That(() => TablePreprocessor.Fit(table), Throws.TypeOf<DataFileException>().With.Message.Contains("'first' has no value"));
    }

    [Test]
    public void NumbersWithoutFiniteDeviation_AreRefused() =>
        Assert.That(static () => TablePreprocessor.Fit(new Table([new NumberColumn("n", [1e300, -1e300])])), Throws.TypeOf<DataFileException>().With.Message.Contains("too large"));
}
