using System.Diagnostics;
using NUnit.Framework;

namespace Engine.Hosts.Tests;

/// <summary>A program as a user starts it, with what it wrote.</summary>
internal static class Command
{
    /// <summary>For builds of what another step has built with analyzers: they take half of a build's time.</summary>
    public const string WithoutAnalyzers = "-p:RunAnalyzers=false";

    /// <summary>Far above what any of them takes; a hang must not stop the whole suite.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(8);

    /// <summary>Runs <c>dotnet</c> in a folder and expects success.</summary>
    public static string DotNet(string folder, string? packages, params string[] arguments)
    {
        (int exitCode, string output) = TryDotNet(folder, packages, arguments);
        Assert.That(exitCode, Is.Zero, $"dotnet {string.Join(' ', arguments)}\n{output}");
        return output;
    }

    /// <param name="folder">The working directory.</param>
    /// <param name="packages">Where restored packages go; null for the machine's folder.</param>
    /// <param name="arguments">The arguments.</param>
    public static (int ExitCode, string Output) TryDotNet(string folder, string? packages, params string[] arguments)
    {
        string host = Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";
        ProcessStartInfo start = new(host, arguments) { WorkingDirectory = folder };
        Settle(start);
        if (packages is not null)
        {
            start.Environment["NUGET_PACKAGES"] = packages;
        }

        return Run(start);
    }

    /// <summary>Runs a script of the repository, which builds something, and expects success.</summary>
    public static string Script(string folder, string script, params string[] arguments)
    {
        ProcessStartInfo start = new("bash", [script, .. arguments]) { WorkingDirectory = folder };
        Settle(start);
        (int exitCode, string output) = Run(start);
        Assert.That(exitCode, Is.Zero, $"{script}\n{output}");
        return output;
    }

    public static string Git(string folder, params string[] arguments)
    {
        (int exitCode, string output) = Run(new ProcessStartInfo("git", arguments) { WorkingDirectory = folder });
        Assert.That(exitCode, Is.Zero, $"git {string.Join(' ', arguments)}\n{output}");
        return output;
    }

    private static void Settle(ProcessStartInfo start)
    {
        // The command that runs these tests tells its own build's settings to its children, which are to be as from an empty shell.
        foreach (string name in start.Environment.Keys.Where(static k => k.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(name);
        }

        // A server of builds would outlive the command, and so does the compiler's, which is worth it: a compiler that starts anew takes seconds to warm up.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        start.Environment["UseSharedCompilation"] = OperatingSystem.IsWindows() ? "false" : "true";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["ENGINE_THREADS"] = "1";
    }

    private static (int ExitCode, string Output) Run(ProcessStartInfo start) => OperatingSystem.IsWindows() ? RunIntoPipes(start) : RunIntoFiles(start);

    /// <summary>What a command leaves running holds its output open, and nobody would see the end of a pipe.</summary>
    private static (int ExitCode, string Output) RunIntoFiles(ProcessStartInfo start)
    {
        string folder = Directory.CreateTempSubdirectory("engine-output-").FullName;
        string output = Path.Combine(folder, "output"), errors = Path.Combine(folder, "errors");
        ProcessStartInfo shell = new("/bin/sh", ["-c", "output=$1 errors=$2; shift 2; exec \"$@\" >\"$output\" 2>\"$errors\"", "sh", output, errors, start.FileName, .. start.ArgumentList]) { WorkingDirectory = start.WorkingDirectory };
        shell.Environment.Clear();
        foreach ((string name, string? value) in start.Environment)
        {
            shell.Environment[name] = value;
        }

        try
        {
            using Process process = Process.Start(shell)!;
            bool ended = process.WaitForExit(s_patience);
            if (!ended)
            {
                process.Kill(entireProcessTree: true);
                process.WaitForExit();
            }

            string text = File.ReadAllText(output) + File.ReadAllText(errors);
            return ended ? (process.ExitCode, text) : throw TooLate(start, text);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static (int ExitCode, string Output) RunIntoPipes(ProcessStartInfo start)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(s_patience))
        {
            process.Kill(entireProcessTree: true);
            throw TooLate(start, output.Result + errors.Result);
        }

        process.WaitForExit();
        return (process.ExitCode, output.Result + errors.Result);
    }

    private static TimeoutException TooLate(ProcessStartInfo start, string output) => new($"{start.FileName} {string.Join(' ', start.ArgumentList)} did not end within {s_patience}: {output}");
}
