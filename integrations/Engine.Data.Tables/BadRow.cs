namespace Engine.Data.Tables;

/// <summary>A row of a file that could not be read.</summary>
/// <param name="File">The file.</param>
/// <param name="Line">The line on which the row begins, from 1.</param>
/// <param name="Column">The column at fault; null where the row as a whole is.</param>
/// <param name="Reason">What is wrong.</param>
public sealed record BadRow(string File, long Line, string? Column, string Reason)
{
    /// <summary>As compilers print it: file, line, reason.</summary>
    public override string ToString() => Column is null ? $"{File}({Line}): {Reason}" : $"{File}({Line}), column '{Column}': {Reason}";
}

/// <summary>What becomes of rows that cannot be read.</summary>
public enum OnBadRow : byte
{
    /// <summary>The first one ends the reading with a <see cref="DataFileException"/>.</summary>
    Throw,

    /// <summary>They are left out; <see cref="Table.BadRowCount"/> and <see cref="Table.BadRows"/> tell of them.</summary>
    Skip,
}
