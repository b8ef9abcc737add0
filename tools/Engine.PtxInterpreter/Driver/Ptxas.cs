using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Engine.PtxInterpreter;

/// <summary>What a kernel takes of a multiprocessor, as NVIDIA's assembler tells it.</summary>
/// <param name="Registers">Registers of a thread.</param>
/// <param name="LocalBytes">Bytes of a thread's registers that found no room and lie in memory.</param>
internal readonly record struct KernelResources(int Registers, int LocalBytes);

/// <summary>
/// NVIDIA's assembler, of any CUDA toolkit from 11.0 on; it needs no card. Where <c>ENGINE_PTXAS</c> names the program, every kernel that is
/// loaded goes through it, for the architecture that <c>ENGINE_PTXAS_ARCH</c> names (sm_90, say), else for the one that the text is for. In the
/// folder <c>ENGINE_PTXAS_OUT</c> texts, machine code (for <c>nvdisasm</c>) and reports are kept.
/// </summary>
internal static partial class Ptxas
{
    private static readonly string? s_program = Environment.GetEnvironmentVariable("ENGINE_PTXAS");
    private static readonly string? s_architecture = Environment.GetEnvironmentVariable("ENGINE_PTXAS_ARCH");
    private static readonly string? s_folder = Environment.GetEnvironmentVariable("ENGINE_PTXAS_OUT");
    private static readonly ConcurrentDictionary<(string Text, string Architecture), Lazy<IReadOnlyDictionary<string, KernelResources>>> s_known = new();

    private static readonly Lazy<int> s_release = new(static () => Release().Match(RunProgram(s_program!, out _, "--version")) is { Success: true } match
        ? int.Parse(match.Groups["major"].ValueSpan, CultureInfo.InvariantCulture) : 0);

    /// <summary>Whether there is one.</summary>
    public static bool IsThere => !string.IsNullOrEmpty(s_program);

    /// <summary>Whether there is one that knows a text's architecture: texts for one architecture alone need that of CUDA 12.</summary>
    public static bool Knows(bool isArchitectureSpecific) => IsThere && (!isArchitectureSpecific || s_release.Value >= 12);

    /// <summary>Assembles a module, each text once.</summary>
    /// <returns>What each kernel takes.</returns>
    /// <exception cref="PtxException">The text is refused.</exception>
    public static IReadOnlyDictionary<string, KernelResources> Assemble(string text, int target, bool isArchitectureSpecific = false) =>
        s_known.GetOrAdd((text, Architecture(target, isArchitectureSpecific)), static key => new(() => Run(key.Text, key.Architecture))).Value;

    /// <summary>The machine code of a module, as <c>nvdisasm</c> beside the assembler prints it; null where one of the two is not there.</summary>
    public static string? Disassemble(string text, int target)
    {
        if (!IsThere)
        {
            return null;
        }

        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), source = path + ".ptx", result = path + ".cubin";
        try
        {
            File.WriteAllText(source, text);
            _ = RunProgram(s_program!, out int exitCode, "-arch=" + Architecture(target, text.Contains(".target sm_90a", StringComparison.Ordinal)), "-o", result, source);
            string listing = exitCode == 0 ? RunProgram(Path.Combine(Path.GetDirectoryName(s_program!) ?? string.Empty, "nvdisasm"), out exitCode, "-c", result) : string.Empty;
            return exitCode == 0 ? listing : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // There is no disassembler.
            return null;
        }
        finally
        {
            File.Delete(source);
            File.Delete(result);
        }
    }

    private static Dictionary<string, KernelResources> Run(string text, string architecture)
    {
        bool isKept = !string.IsNullOrEmpty(s_folder);
        string folder = isKept ? Path.Combine(s_folder!, architecture) : Path.GetTempPath();
        Directory.CreateDirectory(folder);
        string name = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8)) + (isKept ? string.Empty : Path.GetRandomFileName());
        string source = Path.Combine(folder, name + ".ptx"), result = Path.Combine(folder, name + ".cubin");
        try
        {
            File.WriteAllText(source, text);
            string report = RunProgram(s_program!, out int exitCode, "-v", "-arch=" + architecture, "-o", result, source);
            if (isKept)
            {
                File.WriteAllText(Path.Combine(folder, name + ".txt"), report);
            }

            return exitCode == 0 ? Parse(report) : throw new PtxException(LineOf(report), "ptxas: " + report.Replace(source, "kernel", StringComparison.Ordinal).Trim());
        }
        finally
        {
            if (!isKept)
            {
                File.Delete(source);
                File.Delete(result);
            }
        }
    }

    // A text for one architecture alone goes to no other.
    private static string Architecture(int target, bool isArchitectureSpecific) =>
        isArchitectureSpecific ? $"sm_{target}a" : string.IsNullOrEmpty(s_architecture) ? $"sm_{target}" : s_architecture;

    private static string RunProgram(string program, out int exitCode, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string report = process.StandardError.ReadToEnd() + output.Result;
        process.WaitForExit();
        exitCode = process.ExitCode;
        return report;
    }

    // A kernel has three lines: its name, its stack frame, its registers.
    private static Dictionary<string, KernelResources> Parse(string report) => Entry().Matches(report).ToDictionary(
        static match => match.Groups["name"].Value, static match => new KernelResources(Number(match, "registers"), Number(match, "stack")));

    private static int LineOf(string report) => LineNumber().Match(report) is { Success: true } match ? Number(match, "line") : 0;

    private static int Number(Match match, string group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"Compiling entry function '(?<name>\w+)'[^\n]*\n[^\n]*\n\s*(?<stack>\d+) bytes stack frame[^\n]*\n[^\n]*Used (?<registers>\d+) registers", RegexOptions.ExplicitCapture)]
    private static partial Regex Entry();

    [GeneratedRegex(@"release (?<major>\d+)\.", RegexOptions.ExplicitCapture)]
    private static partial Regex Release();

    [GeneratedRegex(@", line (?<line>\d+);", RegexOptions.ExplicitCapture)]
    private static partial Regex LineNumber();
}
