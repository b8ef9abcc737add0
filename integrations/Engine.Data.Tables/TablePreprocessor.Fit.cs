using System.Runtime.ExceptionServices;

namespace Engine.Data.Tables;

/// <summary>What is learnt from the training part: one pass over each column, the columns side by side.</summary>
public sealed partial class TablePreprocessor
{
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

        TableColumn[] learnt = [.. (options.Columns ?? [.. train.Columns.Select(static c => c.Name).Where(name => name != target)]).Select(name => train[name])];
        ColumnPlan[] columns = new ColumnPlan[learnt.Length];
        if (train.RowCount < SerialRows)
        {
            columns = Array.ConvertAll(learnt, Fit);
        }
        else
        {
            RunForAll(columns.Length, i => columns[i] = Fit(learnt[i]));
        }

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
            bool[] isPresent = new bool[texts.Categories.Count];
            foreach (int code in texts.Codes)
            {
                if (code >= 0)
                {
                    isPresent[code] = true;
                }
            }

            string[] present = [.. texts.Categories.Where((_, code) => isPresent[code]).Order(StringComparer.Ordinal)];
            return new ColumnPlan(column.Name, column.Type, 0, 1, false, present);
        }

        ReadOnlySpan<double> values = ((NumberColumn)column).Values;
        NumberStatistics statistics = NumberStatistics.Of(values);
        if (!double.IsFinite(statistics.Mean) || !double.IsFinite(statistics.Std))
        {
            throw new DataFileException(values.ContainsAny(double.PositiveInfinity, double.NegativeInfinity)
                ? $"TablePreprocessor: column '{column.Name}' has an infinite value; it has no mean."
                : $"TablePreprocessor: the numbers of column '{column.Name}' are too large: the sum of their squares is infinite.");
        }

        return new ColumnPlan(column.Name, column.Type, statistics.Mean, statistics.Std > 0 ? statistics.Std : 1, marksMissing, []);
    }

    /// <summary>Runs an action for each number on all processors; of several errors that of the lowest number is thrown.</summary>
    private static void RunForAll(int count, Action<int> action)
    {
        object gate = new();
        (int Number, ExceptionDispatchInfo Error)? first = null;
        Parallel.For(0, count, i =>
        {
            try
            {
                action(i);
            }
            catch (Exception error)
            {
                lock (gate)
                {
                    first = first is { } other && other.Number < i ? other : (i, ExceptionDispatchInfo.Capture(error));
                }
            }
        });
        first?.Error.Throw();
    }

    private static void CheckTarget(TableColumn column)
    {
        if (column.MissingCount > 0)
        {
            int first = 0;
            while (!column.IsMissing(first))
            {
                first++;
            }

            throw new DataFileException($"The target '{column.Name}' is missing in {column.MissingCount} rows, first in row {first}. Leave them out: table.WithoutMissing(\"{column.Name}\").");
        }
    }
}
