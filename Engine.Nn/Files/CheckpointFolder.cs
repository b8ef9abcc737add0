using System.Globalization;

namespace Engine.Nn;

/// <summary>The checkpoints of one run in a folder, named by the step: <c>step-00000469.safetensors</c>. Only the last few are kept.</summary>
public sealed class CheckpointFolder
{
    private const string Prefix = "step-";
    private const string Extension = ".safetensors";

    private readonly int _keep;

    /// <summary>A folder; it is made when the first checkpoint is saved.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="keep">How many checkpoints to keep, at least 1.</param>
    public CheckpointFolder(string path, int keep = 2)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(keep);
        Path = path;
        _keep = keep;
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>The files with the steps they were saved after, oldest first.</summary>
    public IReadOnlyList<(long Step, string File)> Files
    {
        get
        {
            List<(long Step, string File)> files = [];
            foreach (string file in Directory.Exists(Path) ? Directory.EnumerateFiles(Path, $"{Prefix}*{Extension}") : [])
            {
                string number = System.IO.Path.GetFileNameWithoutExtension(file)[Prefix.Length..];
                if (long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long step))
                {
                    files.Add((step, file));
                }
            }

            files.Sort();
            return files;
        }
    }

    /// <summary>The newest file, or null if there is none.</summary>
    public string? Latest => Files is [.., var last] ? last.File : null;

    /// <summary>Saves a state, then deletes what is older than the checkpoints to keep. Returns the new file.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    public string Save(long step, TrainingState state)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        string file = System.IO.Path.Combine(Path, $"{Prefix}{step:D8}{Extension}");
        Checkpoint.Save(file, state);
        foreach ((_, string old) in Files.SkipLast(_keep).Where(f => f.Step < step))
        {
            File.Delete(old);
        }

        return file;
    }

    /// <summary>Deletes all checkpoints, as a run that begins anew in an old folder does.</summary>
    public void Clear()
    {
        foreach ((_, string file) in Files)
        {
            File.Delete(file);
        }
    }
}
