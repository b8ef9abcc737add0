using NUnit.Framework;

namespace Engine.Data.Tables.Tests;

internal sealed class TableTests
{
    private static readonly Table s_table = new([new NumberColumn("n", [0, 1, 2, 3, double.NaN]), CategoryColumn.From("t", ["a", "b", null, "a", "c"])]);

    [Test]
    public void Rows_AreTakenInOrder_AndMoreThanOnce()
    {
        Table taken = s_table.Rows(3, 0, 3);
        Assert.That(((NumberColumn)taken["n"]).Values.ToArray(), Is.EqualTo(new[] { 3.0, 0, 3 }));
        Assert.That(Enumerable.Range(0, 3).Select(taken["t"].Text), Is.EqualTo(new[] { "a", "a", "a" }));
        Assert.That(() => s_table.Rows(5), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => s_table.Rows(-1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(s_table.Rows().RowCount, Is.Zero);
    }

    [Test]
    public void Columns_AreSelectedByName()
    {
        Assert.That(s_table.Select("t").Columns.Single().Name, Is.EqualTo("t"));
        Assert.That(s_table.Without("t").Columns.Single().Name, Is.EqualTo("n"));
        Assert.That(() => s_table.Select("x"), Throws.InstanceOf<KeyNotFoundException>().With.Message.Contains("n, t"));
        Assert.That(() => s_table.Without("x"), Throws.InstanceOf<KeyNotFoundException>());
        Assert.That(() => s_table["x"], Throws.InstanceOf<KeyNotFoundException>());
    }

    [Test]
    public void RowsWithMissingValues_AreLeftOut()
    {
        Assert.That(((NumberColumn)s_table.WithoutMissing()["n"]).Values.ToArray(), Is.EqualTo(new[] { 0.0, 1, 3 }));
        Assert.That(s_table.WithoutMissing("n").RowCount, Is.EqualTo(4));
    }

    [Test]
    public void Split_TakesEachRowOnce_AndTheSameForASeed()
    {
        Table table = new([new NumberColumn("n", [.. Enumerable.Range(0, 100).Select(static i => (double)i)])]);
        (Table train, Table test) = table.Split(0.2, seed: 5);
        (Table again, _) = table.Split(0.2, seed: 5);
        (Table other, _) = table.Split(0.2, seed: 6);
        static double[] Values(Table t) => ((NumberColumn)t["n"]).Values.ToArray();
        Assert.That((train.RowCount, test.RowCount), Is.EqualTo((80, 20)));
        Assert.That(Values(train).Concat(Values(test)), Is.EquivalentTo(Values(table)));
        Assert.That(Values(again), Is.EqualTo(Values(train)));
        Assert.That(Values(other), Is.Not.EqualTo(Values(train)));
        Assert.That(() => table.Split(0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => table.Split(double.NaN), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void WrongColumns_AreRefused()
    {
        Assert.That(static () => new Table([new NumberColumn("n", [1]), new NumberColumn("n", [1])]), Throws.ArgumentException.With.Message.Contains("two columns are named 'n'"));
        Assert.That(static () => new Table([new NumberColumn("n", [1]), new NumberColumn("m", [1, 2])]), Throws.ArgumentException.With.Message.Contains("has 2 rows"));
        Assert.That(static () => new CategoryColumn("t", [0, 2], ["a", "b"]), Throws.ArgumentException);
        Assert.That(static () => new CategoryColumn("t", [-2], ["a", "b"]), Throws.ArgumentException);
    }

    [Test]
    public void Text_ShowsColumnsAndFirstRows() => Assert.That(s_table.ToString(), Is.EqualTo(
        "5 rows of 2 columns\nn: Number, 1 missing\nt: Category (3 different), 1 missing\n0 | a\n1 | b\n2 | \n3 | a\n | c"));
}
