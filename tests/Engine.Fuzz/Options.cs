using System.Globalization;

namespace Engine.Fuzz;

/// <summary>Pairs of a name and a number.</summary>
internal sealed class Options
{
    private readonly Dictionary<string, long> _numbers = [];

    public Options(IEnumerable<string> arguments)
    {
        foreach (string[] pair in arguments.Chunk(2))
        {
            if (pair is [var name, var value] && long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number))
            {
                _numbers[name] = number;
            }
        }

        // Another one in every run: what one run misses the next may find.
        Seed = (int)Number("--seed", (Environment.TickCount64 + Environment.ProcessId) & int.MaxValue);
    }

    public int Seed { get; }

    public long Number(string name, long otherwise) => _numbers.GetValueOrDefault(name, otherwise);
}
