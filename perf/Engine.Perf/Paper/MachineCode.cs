using System.Text.RegularExpressions;

namespace Engine.Perf.Paper;

/// <summary>A loop of machine code: how many instructions it has, and how many of them multiply and add or load.</summary>
internal readonly record struct MachineLoop(int Instructions, int Float32Products, int TensorProducts, int GlobalLoads, int SharedLoads)
{
    /// <summary>The share of instructions that multiply and add.</summary>
    public double ProductShare => Instructions == 0 ? 0 : (double)(Float32Products + TensorProducts) / Instructions;
}

/// <summary>The machine code of a kernel, as <c>nvdisasm</c> prints it.</summary>
internal sealed partial class MachineCode
{
    private MachineCode(int instructions, MachineLoop hottest) => (Instructions, Hottest) = (instructions, hottest);

    /// <summary>All instructions.</summary>
    public int Instructions { get; }

    /// <summary>The innermost loop with the most products; with the most instructions where none has any; empty where there is no loop.</summary>
    public MachineLoop Hottest { get; }

    /// <summary>Reads the listing of a module with one kernel.</summary>
    public static MachineCode Parse(string listing)
    {
        List<string> code = [];
        Dictionary<string, int> labels = [];
        List<(int From, string To)> jumps = [];
        foreach (string line in listing.Split('\n'))
        {
            if (Label().Match(line) is { Success: true } label)
            {
                labels[label.Groups["name"].Value] = code.Count;
            }
            else if (Instruction().Match(line) is { Success: true } instruction)
            {
                if (Jump().Match(line) is { Success: true } jump)
                {
                    jumps.Add((code.Count, jump.Groups["name"].Value));
                }

                code.Add(instruction.Groups["name"].Value);
            }
        }

        // A jump back makes a loop; one to itself ends the text. An outer loop holds the beginning of another.
        (int From, int To)[] loops = [.. jumps.Where(j => labels.TryGetValue(j.To, out int target) && target < j.From).Select(j => (labels[j.To], j.From))];
        MachineLoop hottest = loops
            .Where(loop => !loops.Any(other => other != loop && other.From >= loop.From && other.To <= loop.To))
            .Select(loop => Count(code, loop.From, loop.To))
            .OrderByDescending(static loop => loop.Float32Products + loop.TensorProducts).ThenByDescending(static loop => loop.Instructions)
            .FirstOrDefault();
        return new MachineCode(code.Count(static name => name != "NOP"), hottest);
    }

    private static MachineLoop Count(List<string> code, int from, int to)
    {
        MachineLoop loop = default;
        foreach (string name in code[from..(to + 1)])
        {
            loop = new MachineLoop(
                loop.Instructions + 1,
                loop.Float32Products + (name.StartsWith("FFMA", StringComparison.Ordinal) ? 1 : 0),
                loop.TensorProducts + (name.StartsWith("HMMA", StringComparison.Ordinal) || name.StartsWith("HGMMA", StringComparison.Ordinal) ? 1 : 0),
                loop.GlobalLoads + (name.StartsWith("LDG", StringComparison.Ordinal) ? 1 : 0),
                loop.SharedLoads + (name.StartsWith("LDS", StringComparison.Ordinal) ? 1 : 0));
        }

        return loop;
    }

    [GeneratedRegex(@"^(?<name>\.L_x_\d+):", RegexOptions.ExplicitCapture)]
    private static partial Regex Label();

    [GeneratedRegex(@"^\s+/\*[0-9a-f]+\*/\s+\{?\s*(@!?U?P\w+\s+)?(?<name>[A-Z][A-Z0-9_.]*)", RegexOptions.ExplicitCapture)]
    private static partial Regex Instruction();

    [GeneratedRegex(@"BRA(\.\w+)*\s.*`\((?<name>\.L_x_\d+)\)", RegexOptions.ExplicitCapture)]
    private static partial Regex Jump();
}
