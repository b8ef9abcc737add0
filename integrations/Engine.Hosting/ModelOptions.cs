namespace Engine.Hosting;

/// <summary>How a model is loaded and how its predictions are gathered into batches.</summary>
public sealed class ModelOptions
{
    /// <summary>The safetensors file with the parameters; null for the values that the factory gave the model.</summary>
    public string? Weights { get; set; }

    /// <summary>The shape of one sample without the batch's axis: <c>[1, 28, 28]</c> for a picture of LeNet-5. Required.</summary>
    public int[] InputShape { get; set; } = [];

    /// <summary>The most samples that are computed at once.</summary>
    public int MaxBatch { get; set; } = 64;

    /// <summary>How many samples may wait; what happens beyond is <see cref="WhenFull"/>.</summary>
    public int QueueLimit { get; set; } = 1024;

    /// <summary>What a caller meets when <see cref="QueueLimit"/> samples wait.</summary>
    public QueueFullMode WhenFull { get; set; }

    /// <summary>
    /// How long a batch that is not full waits for more samples. Zero, the default, waits never: while a batch is computed the next one gathers by
    /// itself, so that batches grow with the load and a lonely sample is answered at once.
    /// </summary>
    public TimeSpan MaxDelay { get; set; }

    /// <summary>Whether an answer with NaN or infinity reaches its caller; by default that sample fails with a <see cref="PredictionException"/>.</summary>
    public bool AllowNonFinite { get; set; }

    /// <summary>Whether the file of weights is watched, and loaded when it changes.</summary>
    public bool ReloadOnChange { get; set; }

    /// <summary>How often the file is looked at.</summary>
    public TimeSpan ReloadInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Samples, one after the other, on which the new and the old weights are compared before they change places; made-up numbers in [0, 1)
    /// where null.
    /// </summary>
    public float[]? Probe { get; set; }

    /// <summary>The most that an answer to the probe may differ from the old weights' for a reload to be taken; any difference where null.</summary>
    public double? MaxProbeDifference { get; set; }
}

/// <summary>What a caller meets when the queue of a model is full.</summary>
public enum QueueFullMode : byte
{
    /// <summary>A <see cref="QueueFullException"/> at once: a web server answers 503 and the client comes again.</summary>
    Reject,

    /// <summary>It waits for a place, as long as its token lets it: for work inside of one process.</summary>
    Wait,
}
