namespace Engine.Nn;

// Runs that are counted in steps, measured within epochs, tried out, or resumed by path.
public sealed partial class Trainer
{
    /// <summary>
    /// After how many steps of the run to measure on the validation data within an epoch, beside its end; 0 for the end only. The figures are in <see cref="History.Points"/>, callbacks
    /// get <see cref="Callback.OnValidationEnd"/>, and <see cref="EarlyStopping"/> and <see cref="ModelCheckpoint"/> heed them.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public int ValidateEvery
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    }

    /// <summary>
    /// Tries everything out: with n above 0 <see cref="Fit"/> makes one epoch of n batches of the training data and n of the validation data, and saves nothing (<see cref="ModelCheckpoint"/>,
    /// <see cref="CsvLogger"/>, <see cref="RunRecorder"/> and <see cref="TrainingContext.RequestSave"/> do nothing). For a look before a long run; the model has then been trained these few steps.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public int FastDevRun
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    }

    /// <summary>In which epoch the last of so many steps is; so that a display has something to count.</summary>
    private int EpochsOf(long steps, IBatchSource train)
    {
        if (train.BatchCount <= 0)
        {
            return int.MaxValue;
        }

        long perEpoch = (train.BatchCount + GradientAccumulation - 1L) / GradientAccumulation, done = (Batch + GradientAccumulation - 1L) / GradientAccumulation;
        return (int)Math.Min(int.MaxValue, Epoch + ((Math.Max(0, steps - Step) + done + perEpoch - 1) / perEpoch));
    }

    private void CheckPoints(IBatchSource? validation)
    {
        if (ValidateEvery > 0 && validation is null)
        {
            throw new ArgumentException($"Fit: ValidateEvery is {ValidateEvery}, and there is no validation data. Pass it, or leave ValidateEvery out.", nameof(validation));
        }
    }

    private void ResumeFrom(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path, "resumeFrom");
        if (File.Exists(path))
        {
            Load(Checkpoint.Load(path));
            return;
        }

        if (!Directory.Exists(path))
        {
            // A folder is made by the first checkpoint; a file that is missing is a wrong name.
            if (Path.GetExtension(path).Equals(".safetensors", StringComparison.OrdinalIgnoreCase))
            {
                throw new FileNotFoundException($"Fit: there is no checkpoint '{path}' to go on from. A folder, which may be empty at first, would begin anew.", path);
            }

            return;
        }

        CheckpointFolder folder = new(path);
        if (folder.Resume(this) is null && Directory.EnumerateFiles(path, "*.safetensors").FirstOrDefault() is { } other)
        {
            throw new FileNotFoundException($"Fit: the folder '{path}' has no checkpoints of a CheckpointFolder (step-….safetensors), but '{Path.GetFileName(other)}'. Name the file to go on from it.", path);
        }
    }

    /// <summary>The first batches of each epoch.</summary>
    private sealed class LimitedBatches(IBatchSource source, int most) : IBatchSource
    {
        public int BatchCount => Math.Min(source.BatchCount, most);

        public long SampleCount => source.SampleCount;

        // The limit ends the enumeration before the source makes more than it has made ahead.
        public IEnumerable<Batch> Epoch(int epoch, int firstBatch = 0) => source.Epoch(epoch, firstBatch).Take(Math.Max(0, most - firstBatch));
    }
}
