using System.Diagnostics;
using Engine.Nn;

namespace Engine.Fuzz.Kill;

/// <summary>
/// Kills a training process at random moments, while it writes a checkpoint too, starts it again, and in the end wants the bits of a run
/// that nobody disturbed.
/// </summary>
internal sealed class KillCampaign(int seed)
{
    private const int MostStartsOfOneRun = 5;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    private readonly Random _random = new(seed);
    private readonly List<string> _faults = [];
    private int _kills;
    private int _killsAfterCheckpoint;
    private int _killsInWriting;
    private int _resumed;
    private int _finished;

    public int Run(int count)
    {
        Console.WriteLine($"kill: seed {seed}");
        string root = Directory.CreateTempSubdirectory("engine-kill-").FullName;
        try
        {
            string expected = Finish(Path.Combine(root, "undisturbed"));
            Console.WriteLine($"  undisturbed: {expected}");
            for (int run = 0; _kills < count && _faults.Count == 0; run++)
            {
                string folder = Path.Combine(root, $"run-{run}");
                string? result = null;
                for (int start = 0; start < MostStartsOfOneRun && _kills < count && result is null; start++)
                {
                    result = StartAndKill(folder);
                    CheckLatest(folder);
                }

                result ??= Finish(folder);
                if (result != expected)
                {
                    _faults.Add($"run {run} ended with {result}");
                }
            }
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }

        if (_killsAfterCheckpoint * 2 < _kills || _resumed == 0)
        {
            _faults.Add("too few kills fell after the first checkpoint to say anything");
        }

        Console.WriteLine($"  {_kills} kills, {_killsAfterCheckpoint} after a checkpoint was there, {_killsInWriting} while one was being written; {_resumed} resumed, {_finished} finished");
        foreach (string fault in _faults)
        {
            Console.WriteLine($"  {fault}");
        }

        Console.WriteLine($"kill: {_faults.Count} faults");
        return _faults.Count == 0 ? 0 : 1;
    }

    /// <summary>Null if it was killed, otherwise what it ended with.</summary>
    private string? StartAndKill(string folder)
    {
        string checkpoints = Path.Combine(folder, TinyTraining.CheckpointFolderName);
        string before = Newest(checkpoints);
        string[] leftovers = Files(checkpoints, "*.tmp");
        using Process process = Start(folder);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Stopwatch clock = Stopwatch.StartNew();

        // A process that has not begun to train is not worth killing; one in eight is, all the same.
        bool early = _random.Next(8) == 0;
        while (!process.HasExited && !early && Newest(checkpoints) == before && clock.Elapsed < s_patience)
        {
            Thread.Sleep(1);
        }

        bool inWriting = _random.Next(2) == 0;
        TimeSpan delay = TimeSpan.FromMilliseconds(early ? _random.Next(400) : _random.Next(120));
        clock.Restart();
        while (!process.HasExited && clock.Elapsed < delay)
        {
            Thread.Sleep(1);
        }

        while (!process.HasExited && inWriting && !early && clock.Elapsed < TimeSpan.FromSeconds(2) && !Writing())
        {
            Thread.SpinWait(50);
        }

        // SIGKILL where there are signals.
        process.Kill();
        process.WaitForExit();
        string text = output.Result;
        if (text.Contains("resumed", StringComparison.Ordinal))
        {
            _resumed++;
        }

        if (Ending(text) is { } ending)
        {
            _finished++;
            return ending;
        }

        _kills++;
        _killsAfterCheckpoint += Newest(checkpoints).Length > 0 ? 1 : 0;
        _killsInWriting += Writing() ? 1 : 0;
        return null;

        bool Writing() => Files(checkpoints, "*.tmp").Except(leftovers).Any();
    }

    /// <summary>Whatever the moment: the newest checkpoint is a whole one.</summary>
    private void CheckLatest(string folder)
    {
        try
        {
            if (new CheckpointFolder(Path.Combine(folder, TinyTraining.CheckpointFolderName)).Latest is { } latest)
            {
                Checkpoint.Load(latest);
            }
        }
        catch (ModelFileException error)
        {
            _faults.Add($"a killed process left a damaged checkpoint: {error.Message}");
        }
    }

    private string Finish(string folder)
    {
        using Process process = Start(folder);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(s_patience))
        {
            process.Kill();
        }

        if (output.Result.Contains("resumed", StringComparison.Ordinal))
        {
            _resumed++;
        }

        _finished++;
        return Ending(output.Result) ?? $"nothing (exit code {process.ExitCode}): {output.Result}";
    }

    private static Process Start(string folder)
    {
        Directory.CreateDirectory(folder);
        string host = Environment.ProcessPath!;
        string[] arguments = Path.GetFileNameWithoutExtension(host) == "dotnet" ? [typeof(KillCampaign).Assembly.Location, "train", folder] : ["train", folder];
        return Process.Start(new ProcessStartInfo(host, arguments) { RedirectStandardOutput = true, UseShellExecute = false })!;
    }

    private static string? Ending(string output) => output.Split('\n').Select(static line => line.Trim()).FirstOrDefault(static line => line.StartsWith("finished ", StringComparison.Ordinal))?[9..];

    private static string Newest(string checkpoints) => Files(checkpoints, "*.safetensors").Order(StringComparer.Ordinal).LastOrDefault() ?? string.Empty;

    private static string[] Files(string folder, string pattern)
    {
        try
        {
            return Directory.GetFiles(folder, pattern);
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }
}
