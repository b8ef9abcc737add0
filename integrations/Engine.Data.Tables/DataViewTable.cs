using Microsoft.ML;
using Microsoft.ML.Data;

namespace Engine.Data.Tables;

/// <summary>Tables from ML.NET's <see cref="IDataView"/>: what a pipeline of ML.NET has prepared, a network can learn from.</summary>
/// <remarks>Numbers and booleans become numbers, texts categories, times dates; keys become numbers too, missing where they are 0. Vectors and other types are refused by name, unless they are not among the wanted columns.</remarks>
public static class DataViewTable
{
    /// <summary>All rows of a view. It is gone through once.</summary>
    /// <param name="view">The view.</param>
    /// <param name="columns">The columns to read, in the order of the table; all that are not hidden where null.</param>
    /// <exception cref="DataFileException">A column has a type that no table has, or is not there.</exception>
    public static Table From(IDataView view, IReadOnlyList<string>? columns = null)
    {
        ArgumentNullException.ThrowIfNull(view);
        DataViewSchema.Column[] wanted = columns is null
            ? [.. view.Schema.Where(static c => !c.IsHidden)]
            : [.. columns.Select(name => view.Schema.GetColumnOrNull(name)
                ?? throw new DataFileException($"IDataView: there is no column '{name}'. There are: {string.Join(", ", view.Schema.Select(static c => c.Name))}."))];
        TableBuilder builder = new("IDataView");
        using DataViewRowCursor cursor = view.GetRowCursor(wanted);
        Action[] readers = [.. wanted.Select(column => Reader(builder, cursor, column))];
        while (cursor.MoveNext())
        {
            Array.ForEach(readers, static read => read());
        }

        return builder.Build();
    }

    private static Action Reader(TableBuilder builder, DataViewRowCursor cursor, DataViewSchema.Column column) => column.Type switch
    {
        BooleanDataViewType => Numbers<bool>(builder, cursor, column, static v => v ? 1 : 0),
        KeyDataViewType { RawType: var t } when t == typeof(uint) => Numbers<uint>(builder, cursor, column, static v => v == 0 ? double.NaN : v - 1),
        NumberDataViewType { RawType: var t } when t == typeof(float) => Numbers<float>(builder, cursor, column, static v => v),
        NumberDataViewType { RawType: var t } when t == typeof(double) => Numbers<double>(builder, cursor, column, static v => v),
        NumberDataViewType { RawType: var t } when t == typeof(sbyte) => Numbers<sbyte>(builder, cursor, column, static v => v),
        NumberDataViewType { RawType: var t } when t == typeof(byte) => Numbers<byte>(builder, cursor, column, static v => v),
        NumberDataViewType { RawType: var t } when t == typeof(short) => Numbers<short>(builder, cursor, column, static v => v),
        NumberDataViewType { RawType: var t } when t == typeof(ushort) => Numbers<ushort>(builder, cursor, column, static v => v),
        NumberDataViewType { RawType: var t } when t == typeof(int) => Numbers<int>(builder, cursor, column, static v => v),
        NumberDataViewType { RawType: var t } when t == typeof(uint) => Numbers<uint>(builder, cursor, column, static v => v),
        NumberDataViewType { RawType: var t } when t == typeof(long) => Numbers<long>(builder, cursor, column, static v => v),
        NumberDataViewType { RawType: var t } when t == typeof(ulong) => Numbers<ulong>(builder, cursor, column, static v => v),
        DateTimeDataViewType => Numbers<DateTime>(builder, cursor, column, TableDate.Days, isDate: true),
        DateTimeOffsetDataViewType => Numbers<DateTimeOffset>(builder, cursor, column, static v => TableDate.Days(v.UtcDateTime), isDate: true),
        TextDataViewType => Texts(builder, cursor, column),
        _ => throw new DataFileException($"IDataView: column '{column.Name}' is {column.Type}; a table has numbers, booleans, texts and dates. Name the columns to read."),
    };

    private static Action Numbers<T>(TableBuilder builder, DataViewRowCursor cursor, DataViewSchema.Column column, Func<T, double> convert, bool isDate = false)
    {
        NumberBuilder numbers = builder.Numbers(column.Name, isDate);
        ValueGetter<T> get = cursor.GetGetter<T>(column);
        T value = default!;
        return () =>
        {
            get(ref value);
            numbers.Add(convert(value));
        };
    }

    private static Action Texts(TableBuilder builder, DataViewRowCursor cursor, DataViewSchema.Column column)
    {
        CategoryBuilder texts = builder.Texts(column.Name);
        ValueGetter<ReadOnlyMemory<char>> get = cursor.GetGetter<ReadOnlyMemory<char>>(column);
        ReadOnlyMemory<char> value = default;
        return () =>
        {
            get(ref value);
            texts.Add(value.Span);
        };
    }
}
