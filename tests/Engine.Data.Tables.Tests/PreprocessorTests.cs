using Engine.Nn;
using NUnit.Framework;

namespace Engine.Data.Tables.Tests;

internal sealed class PreprocessorTests
{
    private static readonly Table s_train = Csv.Parse("area,rooms,city,price\n1,2,b,10\n3,,a,30\n5,4,,50\n7,6,a,70\n");

    [Test]
    public void Numbers_HaveMean0AndDeviation1_AndMissingOnesAMark()
    {
        TablePreprocessor preprocessor = TablePreprocessor.Fit(s_train, "price");
        Assert.That(preprocessor.NumberNames, Is.EqualTo(new[] { "area", "rooms", "rooms is missing", "city=a", "city=b" }));
        float[] rows = preprocessor.Inputs(s_train)[0].ToArray<float>();

        // Area: mean 4, deviation √5. Rooms: mean 4, deviation √(8/3).
        float a = 1 / MathF.Sqrt(5), r = 1 / MathF.Sqrt(8f / 3);
        Assert.That(rows, Is.EqualTo(new[]
        {
            -3 * a, -2 * r, 0, 0, 1,
            -1 * a, 0, 1, 1, 0,
            1 * a, 0, 0, 0, 0,
            3 * a, 2 * r, 0, 1, 0,
        }).Within(1e-6f));
        Assert.That(preprocessor.Targets(s_train)[0].ToArray<float>(), Is.EqualTo(new[] { -3 * a, -a, a, 3 * a }).Within(1e-6f));
        Assert.That(preprocessor.Targets(s_train)[0].Shape, Is.EqualTo(new Shape(4, 1)));
        Assert.That(preprocessor.TargetValue(-3 * a), Is.EqualTo(10).Within(1e-5));
        Assert.That(preprocessor.TargetValues(preprocessor.Targets(s_train)[0]).ToArray<float>(), Is.EqualTo(new[] { 10f, 30, 50, 70 }).Within(1e-4f));
    }

    [Test]
    public void NoRows_AreRefused() => Assert.That(
        () => TablePreprocessor.Fit(Csv.Parse("area,price\n"), "price"), Throws.TypeOf<DataFileException>().With.Message.Contains("no rows"));

    [Test]
    public void MoreCategoriesThanOneHotMayMake_AreRefused()
    {
        Table names = Csv.Parse("name,price\n" + string.Concat(Enumerable.Range(0, 201).Select(static i => $"n{i},{i}\n")));
        Assert.That(() => TablePreprocessor.Fit(names, "price"), Throws.TypeOf<DataFileException>().With.Message.Contains("'name' has 201 categories").And.Message.Contains("CategoryEncoding.Ids"));
        Assert.That(TablePreprocessor.Fit(names, "price", new TableOptions { MaxCategories = 201 }).NumberCount, Is.EqualTo(201));
        Assert.That(TablePreprocessor.Fit(names, "price", new TableOptions { Categories = CategoryEncoding.Ids }).CategoryCounts.Single(), Is.EqualTo(202));

        Table typing = Csv.Parse("area,price\n" + string.Concat(Enumerable.Range(0, 300).Select(static i => i == 7 ? "1o,1\n" : $"{i}.5,{i}\n")));
        Assert.That(() => TablePreprocessor.Fit(typing, "price"), Throws.TypeOf<DataFileException>().With.Message.Contains("Most are numbers, but '1o' is none"));
        Assert.That(() => new TableOptions { MaxCategories = 0 }, Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(TablePreprocessor.Fit(Csv.Parse("kind,x\n" + string.Concat(Enumerable.Range(0, 300).Select(static i => $"k{i},{i}\n"))), "kind").Classes, Has.Count.EqualTo(300), "a target may have any number");
    }

    [Test]
    public void Column_PrintsItsTypeAndGaps()
    {
        Assert.That(s_train["rooms"].ToString(), Is.EqualTo("rooms: Number, 1 missing"));
        Assert.That(s_train["city"].ToString(), Is.EqualTo("city: Category (2 different), 1 missing"));
    }

    [Test]
    public void Text_ListsTheColumns() => Assert.That(TablePreprocessor.Fit(s_train, "price").ToString(), Is.EqualTo(
        "area: mean 4, std 2.236\nrooms: mean 4, std 1.633, missing are marked\ncity: 2 categories\ntarget price: mean 40, std 22.36"));

    [Test]
    public void Ids_AreATensorOfTheirOwn_WithZeroForMissingAndUnknown()
    {
        TablePreprocessor preprocessor = TablePreprocessor.Fit(s_train, "price", new TableOptions { Categories = CategoryEncoding.Ids });
        Tensors inputs = preprocessor.Inputs(s_train);
        Assert.That(inputs[TablePreprocessor.Categories].ToArray<long>(), Is.EqualTo(new long[] { 2, 1, 0, 1 }));
        Assert.That(inputs[TablePreprocessor.Categories].Shape, Is.EqualTo(new Shape(4, 1)));
        Assert.That(inputs[TablePreprocessor.Numbers].Shape, Is.EqualTo(new Shape(4, 3)));
        Assert.That((preprocessor.CategoryCounts.Single(), preprocessor.CategoryColumns.Single()), Is.EqualTo((3, "city")));
        Table other = Csv.Parse("area,rooms,city\n1,2,z\n");
        Assert.That(preprocessor.Inputs(other)[TablePreprocessor.Categories].ToArray<long>(), Is.EqualTo(new long[] { 0 }));
    }

    [Test]
    public void UnknownCategory_IsNoOther_OrAnError()
    {
        Table other = Csv.Parse("area,rooms,city\n1,2,z\n");
        float[] row = TablePreprocessor.Fit(s_train, "price").Inputs(other)[0].ToArray<float>();
        Assert.That(row[3..], Is.EqualTo(new float[] { 0, 0 }));
        TablePreprocessor strict = TablePreprocessor.Fit(s_train, "price", new TableOptions { Unknown = UnknownCategory.Throw });
        Assert.That(() => strict.Inputs(other), Throws.InstanceOf<DataFileException>().With.Message.Contains("no 'z'").And.Message.Contains("a, b"));
    }

    [Test]
    public void Classes_AreNumberedByName()
    {
        Table train = Csv.Parse("x,kind\n1,dog\n2,cat\n3,dog\n");
        TablePreprocessor preprocessor = TablePreprocessor.Fit(train, "kind");
        Assert.That(preprocessor.Classes, Is.EqualTo(new[] { "cat", "dog" }));
        Assert.That(preprocessor.OutputCount, Is.EqualTo(2));
        Assert.That(preprocessor.Targets(train)[0].ToArray<long>(), Is.EqualTo(new long[] { 1, 0, 1 }));
        Assert.That(preprocessor.TargetValue(0.5), Is.EqualTo(0.5));
        Assert.That(
            () => preprocessor.Targets(Csv.Parse("x,kind\n1,cow\n")),
            Throws.InstanceOf<DataFileException>().With.Message.Contains("'cow' is no class of 'kind'").And.Message.Contains("cat, dog"));
    }

    [Test]
    public void NothingIsLearntFromOtherRows()
    {
        Table all = Csv.Parse("x,t,y\n1,a,1\n3,b,2\n1000,c,3\n");
        TablePreprocessor preprocessor = TablePreprocessor.Fit(all.Rows(0, 1), "y");
        Assert.That(preprocessor.NumberNames, Is.EqualTo(new[] { "x", "t=a", "t=b" }));
        Assert.That(preprocessor.Inputs(all)[0].ToArray<float>(), Is.EqualTo(new float[] { -1, 1, 0, 1, 0, 1, 998, 0, 0 }));
    }

    [TestCase(CategoryEncoding.OneHot)]
    [TestCase(CategoryEncoding.Ids)]
    public void SavedWithTheModel_ItPreparesTheSameBits(CategoryEncoding encoding)
    {
        using TemporaryFolder folder = new();
        string path = folder.File("model.safetensors");
        Table train = Csv.Parse("area,when,city,price\n0.1,2001-02-03,b\"\"é,10\n0.3,2011-02-03T04:05:06,a,30\n,,,50\n");
        TablePreprocessor first = TablePreprocessor.Fit(train, "price", new TableOptions { Categories = encoding });
        Safetensors.Save(path, new Linear(first.NumberCount, 1).StateDict(), first.ToMetadata());
        TablePreprocessor second = TablePreprocessor.Load(path);
        Assert.That(second.NumberNames, Is.EqualTo(first.NumberNames));
        Assert.That(second.Target, Is.EqualTo("price"));
        for (int i = 0; i < first.Inputs(train).Count; i++)
        {
            Assert.That(second.Inputs(train)[i].To(DType.Float64).ToArray<double>(), Is.EqualTo(first.Inputs(train)[i].To(DType.Float64).ToArray<double>()));
        }

        Assert.That(second.Targets(train)[0].ToArray<float>(), Is.EqualTo(first.Targets(train)[0].ToArray<float>()));
    }

    [TestCase(CategoryEncoding.OneHot)]
    [TestCase(CategoryEncoding.Ids)]
    public void RowOfTexts_BecomesWhatTheTablesRowBecomes(CategoryEncoding encoding)
    {
        TablePreprocessor preprocessor = TablePreprocessor.Fit(s_train, "price", new TableOptions { Categories = encoding });
        Tensors inputs = preprocessor.Inputs(s_train);
        for (int row = 0; row < s_train.RowCount; row++)
        {
            Dictionary<string, string?> texts = s_train.Columns.Where(c => !c.IsMissing(row)).ToDictionary(static c => c.Name, c => (string?)c.Text(row));
            float[] numbers = [.. Enumerable.Repeat(9f, preprocessor.NumberCount)];
            long[] ids = new long[preprocessor.CategoryColumns.Count];
            preprocessor.Encode(texts, numbers, ids);
            Assert.That(numbers, Is.EqualTo(inputs[0][row].ToArray<float>()));
            if (encoding == CategoryEncoding.Ids)
            {
                Assert.That(ids, Is.EqualTo(inputs[1][row].ToArray<long>()));
            }
        }

        Assert.That(() => preprocessor.Encode(new Dictionary<string, string?> { ["area"] = "big" }, new float[preprocessor.NumberCount], new long[preprocessor.CategoryColumns.Count]), Throws.InstanceOf<DataFileException>().With.Message.Contains("'big' is no number"));
        Assert.That(() => preprocessor.Encode(new Dictionary<string, string?>(), new float[1]), Throws.ArgumentException);
    }

    [Test]
    public void ChangedSchema_IsNamed()
    {
        TablePreprocessor preprocessor = TablePreprocessor.Fit(s_train, "price");
        Assert.That(() => preprocessor.Inputs(s_train.Without("rooms")), Throws.InstanceOf<DataFileException>().With.Message.Contains("no column 'rooms'"));
        Assert.That(
            () => preprocessor.Inputs(Csv.Parse("area,rooms,city\nbig,1,a\n")),
            Throws.InstanceOf<DataFileException>().With.Message.Contains("'area' is Category; in the training part it was Number"));
        Assert.That(preprocessor.Inputs(Csv.Parse("more,city,rooms,area\n9,a,1,1\n"))[0].Shape, Is.EqualTo(new Shape(1, 5)));
        Assert.That(() => preprocessor.Targets(Csv.Parse("price\n1\nNA\nNA\n")), Throws.InstanceOf<DataFileException>().With.Message.Contains("missing in 2 rows, first in row 1"));
    }

    [Test]
    public void ColumnTypes_KeepAColumnThatIsEmptyWhatItWas()
    {
        TablePreprocessor fitted = TablePreprocessor.Fit(Csv.Parse("zip,city,born,price\n12,a,2001-02-03,1\n34,b,2004-05-06,2\n", new CsvOptions { Types = new Dictionary<string, ColumnType> { ["zip"] = ColumnType.Category } }), "price");
        TablePreprocessor preprocessor = TablePreprocessor.FromMetadata(fitted.ToMetadata());
        Assert.That(preprocessor.ColumnTypes, Is.EqualTo(new Dictionary<string, ColumnType> { ["zip"] = ColumnType.Category, ["city"] = ColumnType.Category, ["born"] = ColumnType.Date }));
        const string Rows = "city,born,zip\n,,34\n";
        Assert.That(() => preprocessor.Inputs(Csv.Parse(Rows)), Throws.InstanceOf<DataFileException>(), "as found out from the row alone");
        Tensor inputs = preprocessor.Inputs(Csv.Parse(Rows, new CsvOptions { Types = preprocessor.ColumnTypes })).Single;
        Assert.That(inputs.ToArray<float>(), Is.EqualTo(new float[] { 0, 1, 0, 0, 0 }));
    }

    [TestCase("Infinity")]
    [TestCase("-1e999")]
    public void InfiniteNumberOfARow_IsRefused(string text) => Assert.That(
        () => TablePreprocessor.Fit(Csv.Parse("x,y\n1,1\n2,2\n"), "y").Encode(new Dictionary<string, string?> { ["x"] = text }, new float[1]),
        Throws.InstanceOf<DataFileException>().With.Message.Contains($"'{text}' is no number"));

    [Test]
    public void BadFits_AreRefused()
    {
        Assert.That(static () => TablePreprocessor.Fit(s_train, "cost"), Throws.InstanceOf<KeyNotFoundException>());
        Assert.That(static () => TablePreprocessor.Fit(s_train, "price", new TableOptions { Columns = ["price"] }), Throws.ArgumentException);
        Assert.That(static () => TablePreprocessor.Fit(Csv.Parse("x,y\nNA,1\nNA,2\n"), "y"), Throws.InstanceOf<DataFileException>().With.Message.Contains("'x' has no value"));
        Assert.That(static () => TablePreprocessor.Fit(Csv.Parse("x,y\nInfinity,1\n1,2\n"), "y"), Throws.InstanceOf<DataFileException>().With.Message.Contains("infinite"));
    }

    [TestCase("{}")]
    [TestCase("null")]
    [TestCase("[1]")]
    [TestCase("{\"version\":1,\"columns\":[null],\"encoding\":\"OneHot\"}")]
    [TestCase("{\"version\":1,\"columns\":[{\"name\":\"x\",\"type\":\"Number\",\"mean\":0,\"std\":0,\"categories\":[]}],\"encoding\":\"OneHot\"}")]
    [TestCase("{\"version\":2,\"columns\":[],\"encoding\":\"OneHot\"}")]
    public void DamagedMetadata_IsAModelFileException(string json) =>
        Assert.That(() => TablePreprocessor.FromMetadata(new Dictionary<string, string> { [TablePreprocessor.MetadataKey] = json }), Throws.InstanceOf<ModelFileException>());

    [Test]
    public void FileWithoutPreprocessor_SaysWhatIsMissing() =>
        Assert.That(static () => TablePreprocessor.FromMetadata(new Dictionary<string, string>()), Throws.InstanceOf<ModelFileException>().With.Message.Contains("ToMetadata"));

    [Test]
    public void EmptyTable_GivesEmptyTensors()
    {
        TablePreprocessor preprocessor = TablePreprocessor.Fit(s_train, "price");
        Table none = s_train.Rows();
        Assert.That(preprocessor.Inputs(none)[0].Shape, Is.EqualTo(new Shape(0, 5)));
        Assert.That(preprocessor.Dataset(none).Count, Is.Zero);
    }

    [Test]
    public void Network_LearnsFromATable()
    {
        Random random = new(1);
        string[] cities = ["a", "b", "c"];
        string csv = "x,city,y\n" + string.Concat(Enumerable.Range(0, 400).Select(_ =>
        {
            double x = random.NextDouble();
            int city = random.Next(3);
            return FormattableString.Invariant($"{(x < 0.05 ? "NA" : x)},{cities[city]},{(3 * x) + (10 * city)}\n");
        }));
        (Table train, Table test) = Csv.Parse(csv).Split(0.25, seed: 2);
        TablePreprocessor preprocessor = TablePreprocessor.Fit(train, "y");
        Mlp model = new(preprocessor.NumberCount, [16], 1);
        Trainer trainer = new(model, new Adam(model.Parameters, learningRate: 0.02), Losses.Mse) { Verbosity = Verbosity.Quiet };
        trainer.Fit(new DataLoader(preprocessor.Dataset(train), 32) { Shuffle = true }, epochs: 20);
        float[] predicted = preprocessor.TargetValues(model.Predict(preprocessor.Inputs(test)[0])).ToArray<float>();
        ReadOnlySpan<double> right = ((NumberColumn)test["y"]).Values;
        double squares = 0;
        for (int i = 0; i < predicted.Length; i++)
        {
            squares += Math.Pow(predicted[i] - right[i], 2);
        }

        // The cities alone spread by 8; what is left is the missing x.
        Assert.That(Math.Sqrt(squares / predicted.Length), Is.LessThan(0.6));
    }
}
