using System.Globalization;
using System.Text.RegularExpressions;
using Engine.PtxInterpreter;

namespace Engine.Perf.Paper;

/// <summary>What one block of a kernel does, counted from the instructions that were issued to its warps.</summary>
/// <param name="Issued">Instructions of the text, each once for a warp.</param>
/// <param name="Products">Those that multiply and add: fma, or a product of matrices.</param>
/// <param name="Float32">Operations of float32 on ordinary units, each once for a thread; a multiply-add is one.</param>
/// <param name="TensorTf32">Multiply-adds of tf32 on tensor cores.</param>
/// <param name="TensorHalf">Multiply-adds of half precision on tensor cores.</param>
/// <param name="GlobalBytes">Bytes that are loaded from or stored to global memory.</param>
/// <param name="SharedBytes">Bytes that are loaded from or stored to shared memory, or multiplied from there.</param>
/// <param name="WarpgroupTf32">Multiply-adds of tf32 by warpgroups.</param>
/// <param name="WarpgroupHalf">Multiply-adds of half precision by warpgroups.</param>
/// <param name="GlobalAccesses">Loads of global memory, each once for a warp.</param>
internal sealed partial record InstructionCounts(
    long Issued, long Products, long Float32, long TensorTf32, long TensorHalf, long GlobalBytes, long SharedBytes, long WarpgroupTf32 = 0, long WarpgroupHalf = 0, long GlobalAccesses = 0)
{
    // An instruction of a warpgroup is issued to each of its warps.
    private const int WarpsOfGroup = 4;

    private const int Lanes = 32;

    /// <summary>The counts of a sample, or null where its block could not be run.</summary>
    public static InstructionCounts? Of(LaunchSample sample) => sample.Lines is null ? null : Of(sample.Text, sample.Lines);

    /// <summary>The counts of a text.</summary>
    /// <param name="text">PTX.</param>
    /// <param name="counted">For each line, from 1, how often its instruction was issued to a warp, and the bytes that it moved.</param>
    public static InstructionCounts Of(string text, IReadOnlyDictionary<int, (long Issues, long Bytes)> counted)
    {
        string[] lines = text.Split('\n');
        InstructionCounts sum = new(0, 0, 0, 0, 0, 0, 0);
        foreach ((int line, (long times, long bytes)) in counted)
        {
            if (times > 0 && line >= 1 && line <= lines.Length && Instruction().Match(lines[line - 1]) is { Success: true } match)
            {
                sum = sum.Plus(match.Groups["name"].Value, lines[line - 1], times, bytes);
            }
        }

        return sum;
    }

    private InstructionCounts Plus(string name, string line, long times, long bytes)
    {
        string[] parts = name.Split('.');
        InstructionCounts sum = this with { Issued = Issued + times };
        switch (parts[0])
        {
            case "mma":
                Match shape = Shape().Match(name);
                long products = times * Number(shape, "m") * Number(shape, "n") * Number(shape, "k");
                return name.Contains("tf32", StringComparison.Ordinal)
                    ? sum with { Products = sum.Products + times, TensorTf32 = sum.TensorTf32 + products }
                    : sum with { Products = sum.Products + times, TensorHalf = sum.TensorHalf + products };
            case "wgmma" when Shape().Match(name) is { Success: true } sizes:
                long m = Number(sizes, "m"), n = Number(sizes, "n"), k = Number(sizes, "k");
                // The sums stand in braces, and then the first factor where it comes from registers.
                bool isFromRegisters = line.Count('{') > 1, isTf32 = name.Contains("tf32", StringComparison.Ordinal);
                long multiplied = times * m * n * k / WarpsOfGroup;
                return sum with
                {
                    Products = sum.Products + times,
                    WarpgroupTf32 = sum.WarpgroupTf32 + (isTf32 ? multiplied : 0),
                    WarpgroupHalf = sum.WarpgroupHalf + (isTf32 ? 0 : multiplied),
                    SharedBytes = sum.SharedBytes + (times * (isFromRegisters ? n : m + n) * k * (isTf32 ? 4 : 2) / WarpsOfGroup),
                };
            case "fma" when parts[^1] == "f32":
                return sum with { Products = sum.Products + times, Float32 = sum.Float32 + (times * Lanes) };
            case "add" or "sub" or "mul" or "max" or "min" or "fma" when parts[^1] == "f32":
                return sum with { Float32 = sum.Float32 + (times * Lanes) };
            case "ldmatrix":
                return sum with { SharedBytes = sum.SharedBytes + (times * Lanes * sizeof(int) * (parts.Contains("x4") ? 4 : parts.Contains("x2") ? 2 : 1)) };
            case "cp" when parts.Length > 2 && parts[1] == "async" && parts.Contains("global"):
                // 16 bytes a thread pass both memories.
                return sum with { GlobalAccesses = sum.GlobalAccesses + times, GlobalBytes = sum.GlobalBytes + (times * Lanes * 16), SharedBytes = sum.SharedBytes + (times * Lanes * 16) };
            case "ld" or "st" when parts.Contains("global"):
                return sum with { GlobalAccesses = sum.GlobalAccesses + (parts[0] == "ld" ? times : 0), GlobalBytes = sum.GlobalBytes + (bytes != LaunchSample.Unknown ? bytes : times * Lanes * Bytes(parts)) };
            case "ld" or "st" when parts.Contains("shared"):
                return sum with { SharedBytes = sum.SharedBytes + (bytes != LaunchSample.Unknown ? bytes : times * Lanes * Bytes(parts)) };
            default:
                return sum;
        }
    }

    private static int Bytes(string[] parts)
    {
        int elements = parts.Contains("v4") ? 4 : parts.Contains("v2") ? 2 : 1;
        return elements * int.Parse(parts[^1].AsSpan(1), CultureInfo.InvariantCulture) / 8;
    }

    private static long Number(Match match, string group) => long.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\s*(@!?%\w+\s+)?(?<name>[a-z][\w.:]*)\s", RegexOptions.ExplicitCapture)]
    private static partial Regex Instruction();

    [GeneratedRegex(@"\.m(?<m>\d+)n(?<n>\d+)k(?<k>\d+)\.", RegexOptions.ExplicitCapture)]
    private static partial Regex Shape();
}
