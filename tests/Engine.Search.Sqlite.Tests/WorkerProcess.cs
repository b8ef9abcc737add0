using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using NUnit.Framework;

namespace Engine.Search.Sqlite.Tests;

/// <summary>A process that works on a study.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly string _awaited;
    private readonly ManualResetEventSlim _seen = new();

    /// <summary>Starts it.</summary>
    /// <param name="path">The study's file.</param>
    /// <param name="trials">How many trials the study shall have.</param>
    /// <param name="staleSeconds">When a trial is stale.</param>
    /// <param name="milliseconds">How long a trial takes.</param>
    /// <param name="hangAt">The how-manieth trial it hangs in; 0 for none.</param>
    /// <param name="awaited">The beginning of the line that <see cref="Await"/> waits for.</param>
    public WorkerProcess(string path, int trials, double staleSeconds, int milliseconds, int hangAt = 0, string awaited = "begin")
    {
        _awaited = awaited;
        string output = TestContext.CurrentContext.TestDirectory;
        string program = Path.Combine(output.Replace("Engine.Search.Sqlite.Tests", "Engine.Search.Sqlite.Worker", StringComparison.Ordinal), "Engine.Search.Sqlite.Worker.dll");
        ProcessStartInfo start = new("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (object argument in (object[])[program, path, trials, staleSeconds, milliseconds, hangAt])
        {
            start.ArgumentList.Add(Convert.ToString(argument, CultureInfo.InvariantCulture)!);
        }

        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, e) => Hear(e.Data);
        _process.ErrorDataReceived += (_, e) => _errors.Enqueue(e.Data ?? string.Empty);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>What it has said.</summary>
    public string[] Lines => [.. _lines];

    /// <summary>Waits for the line.</summary>
    public void Await() => Assert.That(_seen.Wait(s_patience), Is.True, $"no line '{_awaited}': {string.Join('\n', _errors)}");

    /// <summary>Kills it as kill -9 does.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>Waits until it has ended by itself without an error.</summary>
    public void Finish()
    {
        Assert.That(_process.WaitForExit(s_patience), Is.True, "it does not end");
        _process.WaitForExit();
        Assert.That(_process.ExitCode, Is.Zero, string.Join('\n', _errors));
        Assert.That(Lines[^1], Is.EqualTo("done"));
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Kill();
        }

        _process.Dispose();
        _seen.Dispose();
    }

    private void Hear(string? line)
    {
        if (line is not null)
        {
            _lines.Enqueue(line);
            if (line.StartsWith(_awaited, StringComparison.Ordinal))
            {
                _seen.Set();
            }
        }
    }
}
