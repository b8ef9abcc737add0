using System.Text.Json;
using Engine.Nn;

namespace Engine.Data.Tables;

/// <summary>
/// Turns the rows of a table into what a network takes: numbers with mean 0 and standard deviation 1, categories one-hot or as ids, missing values by the mean
/// and a mark. Fitted on the training part, it is saved with the model, so that whoever loads the model prepares its inputs in the same way.
/// </summary>
/// <remarks>
/// <para>A number that is missing becomes the mean (0). If the training part misses values of the column, another number beside it is 1 where the value is missing, and
/// 0 elsewhere. Columns that a table has beside those of the fit are left alone; one that is not there, or of another type, is a
/// <see cref="DataFileException"/> that names it.</para>
/// <code>
/// TablePreprocessor preprocessor = TablePreprocessor.Fit(train, target: "price");
/// Mlp model = new(preprocessor.NumberCount, [64], preprocessor.OutputCount);
/// …
/// Safetensors.Save("houses.safetensors", model.StateDict(), preprocessor.ToMetadata());
///
/// TablePreprocessor same = TablePreprocessor.Load("houses.safetensors");
/// </code>
/// </remarks>
public sealed class TablePreprocessor
{
    /// <summary>The key of the metadata under which it is saved.</summary>
    public const string MetadataKey = "engine.table";

    /// <summary>The name of the tensor of numbers.</summary>
    public const string Numbers = "numbers";

    /// <summary>The name of the tensor of ids (<see cref="CategoryEncoding.Ids"/>).</summary>
    public const string Categories = "categories";

    private const int Version = 1;

    private readonly TablePlan _plan;
    private readonly ColumnPlan[] _idColumns;

    private TablePreprocessor(TablePlan plan)
    {
        _plan = plan;
        _idColumns = plan.Encoding == CategoryEncoding.Ids ? [.. plan.Columns.Where(static c => c.Type == ColumnType.Category)] : [];
        NumberNames = [.. plan.Columns.SelectMany(NamesOf)];
    }

    /// <summary>How many numbers a row becomes: the width of the tensor <see cref="Numbers"/>.</summary>
    public int NumberCount => NumberNames.Count;

    /// <summary>What each of them is: <c>area</c>, <c>area is missing</c>, <c>city=Oslo</c>.</summary>
    public IReadOnlyList<string> NumberNames { get; }

    /// <summary>For each column of ids how many ids there are, the one for missing included: the size of its embedding.</summary>
    public IReadOnlyList<int> CategoryCounts => [.. _idColumns.Select(static c => c.Categories.Length + 1)];

    /// <summary>The columns of ids, in the order of <see cref="CategoryCounts"/>.</summary>
    public IReadOnlyList<string> CategoryColumns => [.. _idColumns.Select(static c => c.Name)];

    /// <summary>The classes of a target of categories, in the order of the class numbers; empty for a target of numbers, and without target.</summary>
    public IReadOnlyList<string> Classes => _plan.Target?.Categories ?? [];

    /// <summary>The name of the target; null without one.</summary>
    public string? Target => _plan.Target?.Name;

    /// <summary>How many outputs a network for the target has: the number of classes, or 1.</summary>
    public int OutputCount => _plan.Target?.Type == ColumnType.Category ? Classes.Count : 1;

    /// <summary>Learns means, deviations and categories. Give it the training part alone: what it knows of the rest leaks into what is measured.</summary>
    /// <param name="train">The training part.</param>
    /// <param name="target">The column to be predicted; null where there is none.</param>
    /// <param name="options">How it does it.</param>
    /// <exception cref="KeyNotFoundException">There is no such column.</exception>
    /// <exception cref="DataFileException">There are no rows, a column has no value at all or more than <see cref="TableOptions.MaxCategories"/>, or the target misses one.</exception>
    public static TablePreprocessor Fit(Table train, string? target = null, TableOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(train);
        options ??= new TableOptions();
        if (train.RowCount == 0)
        {
            throw new DataFileException("TablePreprocessor: the training part has no rows; there is nothing to learn from.");
        }

        if (!Enum.IsDefined(options.Categories) || !Enum.IsDefined(options.Unknown))
        {
            throw new ArgumentException($"TablePreprocessor: {options.Categories} and {options.Unknown} are no options.", nameof(options));
        }

        if (target is not null && (options.Columns?.Contains(target) ?? false))
        {
            throw new ArgumentException($"TablePreprocessor: '{target}' is the target; it cannot be a column to learn from.", nameof(options));
        }

        ColumnPlan[] columns = [.. (options.Columns ?? [.. train.Columns.Select(static c => c.Name).Where(name => name != target)]).Select(name => Fit(train[name]))];
        if (options.Categories == CategoryEncoding.OneHot && Array.Find(columns, c => c.Categories.Length > options.MaxCategories) is { } many)
        {
            throw new DataFileException(TooMany(many, options.MaxCategories));
        }

        ColumnPlan? targetPlan = null;
        if (target is not null)
        {
            CheckTarget(train[target]);
            targetPlan = Fit(train[target]);
        }

        return new TablePreprocessor(new TablePlan(Version, columns, targetPlan, options.Categories, options.StandardizeTarget, options.Unknown));
    }

    /// <summary>The preprocessor that was saved with a model.</summary>
    /// <exception cref="ModelFileException">The file is damaged, or has none.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static TablePreprocessor Load(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return FromMetadata(file.Metadata);
    }

    /// <summary>The preprocessor of a file's metadata.</summary>
    /// <exception cref="ModelFileException">There is none, or it is damaged.</exception>
    public static TablePreprocessor FromMetadata(IReadOnlyDictionary<string, string> metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        if (!metadata.TryGetValue(MetadataKey, out string? json))
        {
            throw new ModelFileException($"TablePreprocessor: the metadata has no '{MetadataKey}'. Save the model with preprocessor.ToMetadata().");
        }

        try
        {
            TablePlan plan = JsonSerializer.Deserialize(json, TablePlanJson.Default.TablePlan) ?? throw new JsonException("it is null.");
            return plan.Version == Version
                ? new TablePreprocessor(Checked(plan))
                : throw new ModelFileException($"TablePreprocessor: '{MetadataKey}' has version {plan.Version}; this one reads {Version}.");
        }
        catch (JsonException error)
        {
            throw new ModelFileException($"TablePreprocessor: '{MetadataKey}' is damaged: {error.Message}", error);
        }
    }

    /// <summary>What to give <see cref="Safetensors.Save"/> as metadata.</summary>
    public Dictionary<string, string> ToMetadata() => new() { [MetadataKey] = JsonSerializer.Serialize(_plan, TablePlanJson.Default.TablePlan) };

    /// <summary>The rows as samples: <see cref="Inputs"/> and <see cref="Targets"/>.</summary>
    /// <exception cref="DataFileException">A column is not there, is of another type, or, of the target, misses a value or has an unknown class.</exception>
    public TensorDataset Dataset(Table table)
    {
        using TensorScope scope = TensorScope.Begin();
        return new TensorDataset(Inputs(table, Device.Cpu), Targets(table, Device.Cpu));
    }

    /// <summary>
    /// The inputs of a model: <see cref="Numbers"/>, float32 [N, <see cref="NumberCount"/>], and with <see cref="CategoryEncoding.Ids"/> also
    /// <see cref="Categories"/>, int64 [N, columns].
    /// </summary>
    /// <exception cref="DataFileException">A column is not there, or of another type.</exception>
    public Tensors Inputs(Table table, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(table);
        int rows = table.RowCount;
        float[] numbers = new float[checked(rows * NumberCount)];
        long[] ids = new long[checked(rows * _idColumns.Length)];
        int at = 0, id = 0;
        foreach (ColumnPlan plan in _plan.Columns)
        {
            TableColumn column = Column(table, plan);
            if (column is NumberColumn values)
            {
                for (int row = 0; row < rows; row++)
                {
                    WriteNumber(plan, values.Values[row], numbers.AsSpan((row * NumberCount) + at));
                }
            }
            else
            {
                CategoryColumn texts = (CategoryColumn)column;
                int[] places = [.. texts.Categories.Select(text => Place(plan, text))];
                for (int row = 0; row < rows; row++)
                {
                    int place = texts.Codes[row] < 0 ? -1 : places[texts.Codes[row]];
                    if (_plan.Encoding == CategoryEncoding.Ids)
                    {
                        ids[(row * _idColumns.Length) + id] = place + 1;
                    }
                    else if (place >= 0)
                    {
                        numbers[(row * NumberCount) + at + place] = 1;
                    }
                }

                id++;
            }

            at += WidthOf(plan);
        }

        Tensor matrix = Tensor.From<float>(numbers, [rows, NumberCount], device);
        return _idColumns.Length == 0 ? matrix : new Tensors((Numbers, matrix), (Categories, Tensor.From<long>(ids, [rows, _idColumns.Length], device)));
    }

    /// <summary>The targets: float32 [N, 1] of numbers, int64 [N] of classes; none where the fit had no target.</summary>
    /// <exception cref="DataFileException">The target is not there, is of another type, misses a value or has an unknown class.</exception>
    public Tensors Targets(Table table, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(table);
        if (_plan.Target is not { } plan)
        {
            return default;
        }

        TableColumn column = Column(table, plan);
        CheckTarget(column);
        if (column is NumberColumn numbers)
        {
            float[] values = new float[numbers.Count];
            for (int row = 0; row < values.Length; row++)
            {
                values[row] = (float)(_plan.StandardizesTarget ? (numbers.Values[row] - plan.Mean) / plan.Std : numbers.Values[row]);
            }

            return Tensor.From<float>(values, [values.Length, 1], device);
        }

        CategoryColumn texts = (CategoryColumn)column;
        long[] classes = new long[texts.Count];
        for (int row = 0; row < classes.Length; row++)
        {
            string text = texts.Categories[texts.Codes[row]];
            int place = plan.PlaceOf(text);
            classes[row] = place >= 0 ? place : throw new DataFileException($"Row {row}: '{text}' is no class of '{plan.Name}'. Those of the training part are: {string.Join(", ", plan.Categories)}.");
        }

        return Tensor.From<long>(classes, [classes.Length], device);
    }

    /// <summary>The inputs of one row, given by the texts of a request; a name that is not there is a missing value.</summary>
    /// <param name="row">Values by the names of columns.</param>
    /// <param name="numbers">Gets <see cref="NumberCount"/> numbers.</param>
    /// <param name="ids">Gets one id for each of <see cref="CategoryColumns"/>; empty without <see cref="CategoryEncoding.Ids"/>.</param>
    /// <exception cref="DataFileException">A text is no number where one has to be, or no known category where <see cref="UnknownCategory.Throw"/> is set.</exception>
    public void Encode(IReadOnlyDictionary<string, string?> row, Span<float> numbers, Span<long> ids = default)
    {
        ArgumentNullException.ThrowIfNull(row);
        if (numbers.Length != NumberCount || ids.Length != _idColumns.Length)
        {
            throw new ArgumentException($"TablePreprocessor: a row becomes {NumberCount} numbers and {_idColumns.Length} ids; there is room for {numbers.Length} and {ids.Length}.", nameof(numbers));
        }

        numbers.Clear();
        int at = 0, id = 0;
        foreach (ColumnPlan plan in _plan.Columns)
        {
            string? text = row.GetValueOrDefault(plan.Name);
            if (plan.Type == ColumnType.Category)
            {
                int place = string.IsNullOrEmpty(text) ? -1 : Place(plan, text);
                if (_plan.Encoding == CategoryEncoding.Ids)
                {
                    ids[id++] = place + 1;
                }
                else if (place >= 0)
                {
                    numbers[at + place] = 1;
                }
            }
            else
            {
                WriteNumber(plan, Number(plan, text), numbers[at..]);
            }

            at += WidthOf(plan);
        }
    }

    /// <summary>A prediction of the target in its own unit, where it was standardised; otherwise as it is.</summary>
    public double TargetValue(double prediction) => _plan is { Target: { Type: not ColumnType.Category } target, StandardizesTarget: true } ? (prediction * target.Std) + target.Mean : prediction;

    /// <summary>Predictions of the target in its own unit; the same shape.</summary>
    public Tensor TargetValues(Tensor predictions)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        return _plan is { Target: { Type: not ColumnType.Category } target, StandardizesTarget: true } ? (predictions * target.Std) + target.Mean : predictions;
    }

    /// <summary>A line for each column, as the training part had it: "area: mean 90.1, std 34.6, missing are marked", "city: 4 categories"; then the target.</summary>
    public override string ToString() => string.Join('\n', [.. _plan.Columns.Select(Text), .. _plan.Target is { } target ? (string[])[$"target {Text(target)}"] : []]);

    private static string Text(ColumnPlan column) => column.Type == ColumnType.Category
        ? $"{column.Name}: {column.Categories.Length} categories"
        : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{column.Name}: mean {column.Mean:G4}, std {column.Std:G4}{(column.MarksMissing ? ", missing are marked" : string.Empty)}");

    private static string TooMany(ColumnPlan column, int most)
    {
        string[] texts = [.. column.Categories.Where(static text => !double.TryParse(text, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out _))];
        string way = texts.Length > 0 && 2 * texts.Length < column.Categories.Length
            ? $"Most are numbers, but '{texts[0]}' is none: mend it, name it in CsvOptions.MissingValues, or say ColumnType.Number in CsvOptions.Types for an error with its line."
            : "Leave it out by TableOptions.Columns, take CategoryEncoding.Ids with an embedding, or raise MaxCategories.";
        return $"TablePreprocessor: column '{column.Name}' has {column.Categories.Length} categories, each of which one-hot makes a number; MaxCategories allows {most}. {way}";
    }

    private static ColumnPlan Fit(TableColumn column)
    {
        if (column.Count > 0 && column.MissingCount == column.Count)
        {
            throw new DataFileException($"TablePreprocessor: column '{column.Name}' has no value in the training part. Leave it out by TableOptions.Columns.");
        }

        bool marksMissing = column.MissingCount > 0;
        if (column is CategoryColumn texts)
        {
            // Only those that the training part has: the column may come from a larger table. Sorted, so that the order of rows decides nothing.
            string[] present = [.. texts.Codes.ToArray().Where(static c => c >= 0).Distinct().Select(c => texts.Categories[c]).Order(StringComparer.Ordinal)];
            return new ColumnPlan(column.Name, column.Type, 0, 1, false, present);
        }

        double[] values = [.. ((NumberColumn)column).Values.ToArray().Where(static v => !double.IsNaN(v))];
        if (Array.FindIndex(values, double.IsInfinity) >= 0)
        {
            throw new DataFileException($"TablePreprocessor: column '{column.Name}' has an infinite value; it has no mean.");
        }

        double mean = values.Length == 0 ? 0 : values.Average();
        double std = values.Length == 0 ? 1 : Math.Sqrt(values.Average(v => (v - mean) * (v - mean)));
        return new ColumnPlan(column.Name, column.Type, mean, std > 0 ? std : 1, marksMissing, []);
    }

    private static void WriteNumber(ColumnPlan plan, double value, Span<float> numbers)
    {
        bool isMissing = double.IsNaN(value);
        numbers[0] = isMissing ? 0 : (float)((value - plan.Mean) / plan.Std);
        if (plan.MarksMissing)
        {
            numbers[1] = isMissing ? 1 : 0;
        }
    }

    private static double Number(ColumnPlan plan, string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return double.NaN;
        }

        double value;
        bool isRead = plan.Type == ColumnType.Date
            ? TableDate.TryParse(text, out value)
            : double.TryParse(text, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out value);
        return isRead ? value : throw new DataFileException($"Column '{plan.Name}': '{text}' is no {(plan.Type == ColumnType.Date ? "date" : "number")}.");
    }

    private static TableColumn Column(Table table, ColumnPlan plan)
    {
        TableColumn column = table.Find(plan.Name)
            ?? throw new DataFileException($"The table has no column '{plan.Name}', which the training part had. It has: {string.Join(", ", table.Columns.Select(static c => c.Name))}.");
        return column.Type == plan.Type
            ? column
            : throw new DataFileException($"Column '{plan.Name}' is {column.Type}; in the training part it was {plan.Type}. Say so in CsvOptions.Types.");
    }

    private static void CheckTarget(TableColumn column)
    {
        if (column.MissingCount > 0)
        {
            int first = Enumerable.Range(0, column.Count).First(column.IsMissing);
            throw new DataFileException($"The target '{column.Name}' is missing in {column.MissingCount} rows, first in row {first}. Leave them out: table.WithoutMissing(\"{column.Name}\").");
        }
    }

    /// <summary>A plan from a file, which may hold anything.</summary>
    private static TablePlan Checked(TablePlan plan)
    {
        if (plan.Columns is null || plan.Columns.Append(plan.Target).Any(static c => c is not null && (string.IsNullOrEmpty(c.Name) || c.Categories is null || !double.IsFinite(c.Mean) || !(c.Std > 0) || !Enum.IsDefined(c.Type)))
            || plan.Columns.Any(static c => c is null) || plan.Columns.DistinctBy(static c => c.Name).Count() != plan.Columns.Length
            || plan.Columns.Append(plan.Target).Any(static c => c is not null && (c.Categories.Any(static t => t is null) || c.Categories.Distinct().Count() != c.Categories.Length)))
        {
            throw new JsonException("a column lacks its name, its numbers or its categories, or has them twice.");
        }

        return plan;
    }

    private int Place(ColumnPlan plan, string text)
    {
        int place = plan.PlaceOf(text);
        return place >= 0 || _plan.Unknown == UnknownCategory.AsMissing
            ? place
            : throw new DataFileException($"Column '{plan.Name}': the training part had no '{text}'. It had: {string.Join(", ", plan.Categories.Take(20))}{(plan.Categories.Length > 20 ? ", …" : string.Empty)}.");
    }

    private IEnumerable<string> NamesOf(ColumnPlan plan) => plan.Type == ColumnType.Category
        ? _plan.Encoding == CategoryEncoding.OneHot ? plan.Categories.Select(text => $"{plan.Name}={text}") : []
        : plan.MarksMissing ? [plan.Name, plan.Name + " is missing"] : [plan.Name];

    /// <summary>How many numbers a column becomes: as many as <see cref="NamesOf(ColumnPlan)"/> has, without making the names for each row.</summary>
    private int WidthOf(ColumnPlan plan) => plan.Type != ColumnType.Category ? plan.MarksMissing ? 2 : 1
        : _plan.Encoding == CategoryEncoding.OneHot ? plan.Categories.Length : 0;
}
