using System.Diagnostics;
using NUnit.Framework;

namespace Engine.Hosts.Tests;

/// <summary>A program as a user starts it, with what it wrote.</summary>
internal static class Command
{
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
        ProcessStartInfo start = new(host, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
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
        ProcessStartInfo start = new("bash", [script, .. arguments]) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        Settle(start);
        (int exitCode, string output) = Run(start);
        Assert.That(exitCode, Is.Zero, $"{script}\n{output}");
        return output;
    }

    public static string Git(string folder, params string[] arguments)
    {
        (int exitCode, string output) = Run(new ProcessStartInfo("git", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true });
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

        // A build server would outlive the command and hold its output open.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        start.Environment["UseSharedCompilation"] = "false";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["ENGINE_THREADS"] = "1";
    }

    private static (int ExitCode, string Output) Run(ProcessStartInfo start)
    {
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(s_patience))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{start.FileName} {string.Join(' ', start.ArgumentList)} did not end within {s_patience}: {output.Result}{errors.Result}");
        }

        process.WaitForExit();
        return (process.ExitCode, output.Result + errors.Result);
    }
}
