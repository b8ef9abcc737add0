using System.Globalization;

namespace Engine.Perf.Paper;

/// <summary>Predictions of an earlier state of the engine in one mode, from a table in a file of results: a column of launches for each mode, and milliseconds beside it.</summary>
internal sealed class EarlierTable
{
    private readonly Dictionary<string, (string Launches, string Milliseconds)> _rows = [];

    /// <summary>Reads the first table of a file that has a column "MODE: launches".</summary>
    /// <exception cref="FormatException">The file has none.</exception>
    public static EarlierTable Read(IEnumerable<string> lines, MathMode mode)
    {
        string heading = mode switch { MathMode.Strict => "strict", MathMode.Tf32 => "tf32", MathMode.Tf32Convolutions => "tf32conv", MathMode.BFloat16 => "bf16", _ => "fp16" } + ": launches";
        EarlierTable table = new();
        int column = -1;
        foreach (string line in lines)
        {
            string[] cells = [.. line.Trim('|', ' ').Split('|').Select(static cell => cell.Trim())];
            if (column < 0)
            {
                column = line.StartsWith('|') ? Array.IndexOf(cells, heading) : -1;
            }
            else if (!line.StartsWith('|'))
            {
                break;
            }
            else if (cells.Length > column + 1 && double.TryParse(cells[column + 1], NumberStyles.Float, CultureInfo.InvariantCulture, out _))
            {
                table._rows[cells[0]] = (cells[column], cells[column + 1]);
            }
        }

        return column >= 0 ? table : throw new FormatException($"There is no table with a column \"{heading}\".");
    }

    /// <summary>A workload's launches and milliseconds; dashes where the table has none.</summary>
    public (string Launches, string Milliseconds) Of(string workload) => _rows.TryGetValue(workload, out var row) ? row : ("–", "–");
}
