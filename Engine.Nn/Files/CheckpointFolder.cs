using System.Globalization;

namespace Engine.Nn;

/// <summary>The point from which a run continues.</summary>
/// <param name="Step">The step after which the checkpoint was saved.</param>
/// <param name="File">The file.</param>
/// <param name="Refused">Why newer files were passed over, newest first; empty where the newest was whole.</param>
public sealed record ResumedCheckpoint(long Step, string File, IReadOnlyList<ModelFileException> Refused);

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

    /// <summary>
    /// The newest file that can be read, or null if there is none. One whose header, length or JSON is damaged is passed over for the one before;
    /// <see cref="Damaged"/> lists them. <see cref="Resume"/> checks the tensors too.
    /// </summary>
    public string? Latest
    {
        get
        {
            IReadOnlyList<(long Step, string File)> files = Files;
            for (int i = files.Count - 1; i >= 0; i--)
            {
                if (Checkpoint.Refusal(files[i].File) is null)
                {
                    return files[i].File;
                }
            }

            return null;
        }
    }

    /// <summary>The files that cannot be read, newest first, and why.</summary>
    public IReadOnlyList<(string File, ModelFileException Reason)> Damaged =>
        [.. Files.Reverse().Select(static f => (f.File, Reason: Checkpoint.Refusal(f.File))).Where(static f => f.Reason is not null).Select(static f => (f.File, f.Reason!))];

    /// <summary>
    /// Loads the newest checkpoint that is whole and fits into a trainer. One that is damaged leaves the trainer as it was, and the one before is
    /// tried.
    /// </summary>
    /// <param name="trainer">Goes to the state of the checkpoint.</param>
    /// <param name="device">Where the file's tensors are read to; the default device if left out.</param>
    /// <returns>The file that was loaded and the files that were passed over, with reasons for the user; null if the folder has no checkpoint at all.</returns>
    /// <exception cref="ModelFileException">There are checkpoints, but none can be loaded; the message has the reason for the newest.</exception>
    public ResumedCheckpoint? Resume(Trainer trainer, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        List<ModelFileException> refused = [];
        foreach ((long step, string file) in Files.Reverse())
        {
            try
            {
                TrainingState state = Checkpoint.Load(file, device);
                trainer.Load(state);
                return new ResumedCheckpoint(step, file, refused);
            }
            catch (ModelFileException reason)
            {
                refused.Add(new ModelFileException($"'{file}': {reason.Message}", reason));
            }
        }

        return refused.Count == 0 ? null
            : throw new ModelFileException($"None of {refused.Count} checkpoints in '{Path}' can be loaded. The newest is {refused[0].Message}", refused[0]);
    }

    /// <summary>Saves a state, then deletes the files that are older than the checkpoints to keep. Returns the new file.</summary>
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
