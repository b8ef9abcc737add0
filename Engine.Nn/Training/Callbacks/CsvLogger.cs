using System.Globalization;
using System.Text;

namespace Engine.Nn;

/// <summary>Writes the figures of every epoch as a table: one row an epoch, <c>epoch,loss,accuracy,val_loss,…</c></summary>
/// <remarks>
/// The whole table is written anew after each epoch, so that the file of a resumed run has each epoch once, and it is replaced as a whole, so
/// that a process killed in the middle leaves no half line.
/// </remarks>
public sealed class CsvLogger : Callback
{
    private readonly string _path;

    /// <summary>Writes to a file; an old one is overwritten at the end of the first epoch.</summary>
    public CsvLogger(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        _path = path;
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        IReadOnlyList<IReadOnlyDictionary<string, double>> epochs = context.Trainer.History.Epochs;
        string[] names = [.. epochs.SelectMany(static e => e.Keys).Distinct()];
        StringBuilder table = new();
        table.AppendJoin(',', ["epoch", .. names.Select(Quote)]).Append('\n');
        for (int i = 0; i < epochs.Count; i++)
        {
            table.Append(i.ToString(CultureInfo.InvariantCulture));
            foreach (string name in names)
            {
                table.Append(',');
                if (epochs[i].TryGetValue(name, out double value))
                {
                    table.Append(value.ToString("R", CultureInfo.InvariantCulture));
                }
            }

            table.Append('\n');
        }

        AtomicFile.WriteText(_path, table.ToString());
    }

    private static string Quote(string name) =>
        name.AsSpan().IndexOfAny(",\"\r\n") < 0 ? name : $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
