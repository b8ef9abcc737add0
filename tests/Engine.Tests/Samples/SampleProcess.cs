using System.Diagnostics;
using NUnit.Framework;

namespace Engine.Tests.Samples;

/// <summary>A sample as users run it: a process of its own, with what it writes.</summary>
internal sealed class SampleProcess : IDisposable
{
    /// <summary>Far above what any of the runs takes; a hang must not stop the whole suite.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _errors;

    private SampleProcess(Process process)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync();
        _errors = process.StandardError.ReadToEndAsync();
    }

    public string Output => _output.Result;

    public string Errors => _errors.Result;

    public bool HasExited => _process.HasExited;

    /// <summary>Starts a sample that was built along with the tests, on one thread, in an empty folder.</summary>
    public static SampleProcess Start(string sample, string folder, params string[] arguments)
    {
        return new SampleProcess(Process.Start(Command(folder, DotNet, [Program(sample), .. arguments]))!);
    }

    /// <summary>The same, with a variable in the environment.</summary>
    public static SampleProcess StartWith(string variable, string value, string sample, string folder, params string[] arguments)
    {
        ProcessStartInfo start = Command(folder, DotNet, [Program(sample), .. arguments]);
        start.Environment[variable] = value;
        return new SampleProcess(Process.Start(start)!);
    }

    /// <summary>The same, with a terminal of 80 columns for its output.</summary>
    public static SampleProcess StartOnTerminal(string sample, string folder, params string[] arguments)
    {
        string command = $"stty cols 80 rows 24; exec '{DotNet}' '{Program(sample)}' {string.Join(' ', arguments)}";
        ProcessStartInfo start = Command(folder, "/usr/bin/script", ["-qec", command, "/dev/null"]);
        start.Environment["TERM"] = "xterm-256color";
        return new SampleProcess(Process.Start(start)!);
    }

    /// <summary>Runs a sample to its end and expects an exit code.</summary>
    public static SampleProcess Run(string sample, string folder, int exitCode, params string[] arguments)
    {
        SampleProcess process = Start(sample, folder, arguments);
        Assert.That(process.Wait(), Is.EqualTo(exitCode), () => process.Output + process.Errors);
        return process;
    }

    public int Wait()
    {
        if (!_process.WaitForExit(s_patience))
        {
            Kill();
            throw new TimeoutException($"The sample did not end within {s_patience}: {Output}{Errors}");
        }

        // Waits for the rest of the output too, which the form with a limit does not.
        _process.WaitForExit();
        return _process.ExitCode;
    }

    /// <summary>Ends it as the operating system would in an emergency: no handler runs.</summary>
    public void Kill() => _process.Kill(entireProcessTree: true);

    /// <summary>Asks it to end, as a shell's Ctrl+C or a service manager does.</summary>
    public void Signal(string name)
    {
        using Process kill = Process.Start("kill", [$"-{name}", _process.Id.ToString()]);
        kill.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Kill();
        }

        _process.Dispose();
    }

    private static string DotNet => Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet";

    /// <summary>artifacts/bin/Engine.Tests/release → artifacts/bin/FashionMnist/release</summary>
    private static string Program(string sample)
    {
        string tests = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        string program = Path.GetFullPath(Path.Combine(tests, "..", "..", sample, Path.GetFileName(tests), sample + ".dll"));
        Assert.That(File.Exists(program), Is.True, $"{program} was not built");
        return program;
    }

    private static ProcessStartInfo Command(string folder, string program, IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["ENGINE_THREADS"] = "1";
        return start;
    }
}
