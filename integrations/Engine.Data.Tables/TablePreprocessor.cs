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
public sealed partial class TablePreprocessor
{
    /// <summary>The key of the metadata under which it is saved.</summary>
    public const string MetadataKey = "engine.table";

    /// <summary>The name of the tensor of numbers.</summary>
    public const string Numbers = "numbers";

    /// <summary>The name of the tensor of ids (<see cref="CategoryEncoding.Ids"/>).</summary>
    public const string Categories = "categories";

    private const int Version = 1;

    // Rows that are written together, column by column, so that what is written stays in the nearest cache; and so many that threads are worth waking. Not tuned.
    private const int BlockRows = 512;
    private const int SerialRows = 8192;

    private readonly TablePlan _plan;
    private readonly ColumnPlan[] _idColumns;

    private TablePreprocessor(TablePlan plan)
    {
        _plan = plan;
        _idColumns = plan.Encoding == CategoryEncoding.Ids ? [.. plan.Columns.Where(static c => c.Type == ColumnType.Category)] : [];
        NumberNames = [.. plan.Columns.SelectMany(NamesOf)];
        ColumnTypes = new OrderedDictionary<string, ColumnType>(plan.Columns.Select(static c => KeyValuePair.Create(c.Name, c.Type)), StringComparer.Ordinal);
    }

    /// <summary>
    /// The columns that it takes, in order, and their types. Give them to <see cref="CsvOptions.Types"/> where a file is read for a prediction: a column that is
    /// empty there, or that has numbers for names, is then what it was in training.
    /// </summary>
    public IReadOnlyDictionary<string, ColumnType> ColumnTypes { get; }

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
        ColumnWriter[] writers = Writers(table);
        int blocks = (rows + BlockRows - 1) / BlockRows;
        if (rows < SerialRows)
        {
            for (int block = 0; block < blocks; block++)
            {
                Write(block);
            }
        }
        else
        {
            RunForAll(blocks, Write);
        }

        Tensor matrix = Tensor.From<float>(numbers, [rows, NumberCount], device);
        return _idColumns.Length == 0 ? matrix : new Tensors((Numbers, matrix), (Categories, Tensor.From<long>(ids, [rows, _idColumns.Length], device)));

        void Write(int block)
        {
            int first = block * BlockRows, count = Math.Min(BlockRows, rows - first);
            foreach (ColumnWriter writer in writers)
            {
                writer.Write(first, count, numbers.AsSpan(first * NumberCount, count * NumberCount), ids.AsSpan(first * _idColumns.Length, count * _idColumns.Length));
            }
        }
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
            ReadOnlySpan<double> source = numbers.Values;
            float[] values = new float[source.Length];
            (double mean, double std) = _plan.StandardizesTarget ? (plan.Mean, plan.Std) : (0, 1);
            for (int row = 0; row < values.Length; row++)
            {
                values[row] = (float)((source[row] - mean) / std);
            }

            return Tensor.From<float>(values, [values.Length, 1], device);
        }

        CategoryColumn texts = (CategoryColumn)column;
        int[] places = [.. texts.Categories.Select(plan.PlaceOf)];
        ReadOnlySpan<int> codes = texts.Codes;
        long[] classes = new long[texts.Count];
        for (int row = 0; row < classes.Length; row++)
        {
            int place = places[codes[row]];
            classes[row] = place >= 0 ? place : throw new DataFileException($"Row {row}: '{texts.Categories[codes[row]]}' is no class of '{plan.Name}'. Those of the training part are: {string.Join(", ", plan.Categories)}.");
        }

        return Tensor.From<long>(classes, [classes.Length], device);
    }

    /// <summary>The inputs of one row, given by the texts of a request; a name that is not there is a missing value.</summary>
    /// <param name="row">Values by the names of columns.</param>
    /// <param name="numbers">Gets <see cref="NumberCount"/> numbers.</param>
    /// <param name="ids">Gets one id for each of <see cref="CategoryColumns"/>; empty without <see cref="CategoryEncoding.Ids"/>.</param>
    /// <exception cref="DataFileException">A text is no finite number where one has to be, or no known category where <see cref="UnknownCategory.Throw"/> is set.</exception>
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
                plan.Write(Number(plan, text), numbers[at..]);
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

    /// <summary>The columns that the fit had, with their places in the tensors.</summary>
    private ColumnWriter[] Writers(Table table)
    {
        ColumnWriter[] writers = new ColumnWriter[_plan.Columns.Length];
        int at = 0, id = 0;
        for (int i = 0; i < writers.Length; i++)
        {
            ColumnPlan plan = _plan.Columns[i];
            TableColumn column = Column(table, plan);
            int[] places = column is CategoryColumn texts ? [.. texts.Categories.Select(text => Place(plan, text))] : [];
            writers[i] = new ColumnWriter(plan, column, places, at, plan.Type == ColumnType.Category && _plan.Encoding == CategoryEncoding.Ids ? id++ : null);
            at += WidthOf(plan);
        }

        return writers;
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
        return isRead && !double.IsInfinity(value) ? value : throw new DataFileException($"Column '{plan.Name}': '{text}' is no {(plan.Type == ColumnType.Date ? "date" : "number")}.");
    }

    private static TableColumn Column(Table table, ColumnPlan plan)
    {
        TableColumn column = table.Find(plan.Name)
            ?? throw new DataFileException($"The table has no column '{plan.Name}', which the training part had. It has: {string.Join(", ", table.Columns.Select(static c => c.Name))}.");
        return column.Type == plan.Type
            ? column
            : throw new DataFileException($"Column '{plan.Name}' is {column.Type}; in the training part it was {plan.Type}. Say so in CsvOptions.Types.");
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
