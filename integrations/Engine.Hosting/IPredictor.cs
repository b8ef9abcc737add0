namespace Engine.Hosting;

/// <summary>A model that answers: samples of all callers are computed together, each caller gets the answer to its own.</summary>
/// <remarks>
/// <para>A host has one for each <see cref="EngineBuilder.AddModel{TModel}(string, Action{ModelOptions}?)"/>, under the model's name
/// (<c>[FromKeyedServices("clothes")] IPredictor predictor</c>); without a name the last one added. All members are safe to call from many threads.</para>
/// <para>A sample and its answer are numbers of the host; no tensor crosses an <c>await</c>.</para>
/// </remarks>
public interface IPredictor
{
    /// <summary>The model's name.</summary>
    string Name { get; }

    /// <summary>The shape of a sample.</summary>
    IReadOnlyList<int> InputShape { get; }

    /// <summary>The shape of an answer; known as soon as <see cref="State"/> is <see cref="PredictorState.Ready"/>, empty before.</summary>
    IReadOnlyList<int> OutputShape { get; }

    /// <summary>Whether it answers.</summary>
    PredictorState State { get; }

    /// <summary>The model's answer to one sample, in evaluation mode.</summary>
    /// <param name="sample">The numbers of <see cref="InputShape"/>, row by row. They are copied before the call returns.</param>
    /// <param name="cancellationToken">Takes the sample out of the queue; a batch that is being computed is not broken off.</param>
    /// <returns>The numbers of <see cref="OutputShape"/>, row by row.</returns>
    /// <exception cref="ArgumentException">The sample has another number of elements.</exception>
    /// <exception cref="QueueFullException">Too many samples wait, and <see cref="ModelOptions.WhenFull"/> says <see cref="QueueFullMode.Reject"/>.</exception>
    /// <exception cref="PredictionException">The model could not answer this sample, or the host stops.</exception>
    Task<float[]> PredictAsync(ReadOnlyMemory<float> sample, CancellationToken cancellationToken = default);

    /// <summary>Loads other weights beside the present ones, compares both on the probe, and lets them change places between two batches.</summary>
    /// <param name="weights">The file; <see cref="ModelOptions.Weights"/> where null.</param>
    /// <param name="cancellationToken">Ends the attempt; the present weights stay.</param>
    /// <returns>Whether the new weights were taken. Whatever is wrong with them is in the result, and the old ones go on answering.</returns>
    Task<ReloadResult> ReloadAsync(string? weights = null, CancellationToken cancellationToken = default);
}

/// <summary>A model that answers in the terms of the host: pictures in, classes out.</summary>
/// <typeparam name="TSample">What is asked about.</typeparam>
/// <typeparam name="TAnswer">What is answered.</typeparam>
public interface IPredictor<TSample, TAnswer>
{
    /// <summary>The model's answer to one sample; see <see cref="IPredictor.PredictAsync"/>.</summary>
    /// <remarks>Samples are encoded on the caller's thread: one that cannot be read fails before it reaches a batch.</remarks>
    Task<TAnswer> PredictAsync(TSample sample, CancellationToken cancellationToken = default);
}

/// <summary>Turns what the host asks into numbers, and numbers into what it answers. Used by many threads at once.</summary>
/// <typeparam name="TSample">What is asked about.</typeparam>
/// <typeparam name="TAnswer">What is answered.</typeparam>
public interface ISampleCodec<TSample, TAnswer>
{
    /// <summary>Writes the numbers of a sample, row by row; all of them, since they hold others' before.</summary>
    void Encode(TSample sample, Span<float> values);

    /// <summary>Reads an answer.</summary>
    TAnswer Decode(ReadOnlySpan<float> values);
}

/// <summary>Whether a model answers.</summary>
public enum PredictorState : byte
{
    /// <summary>It is loaded or warms up; samples wait.</summary>
    Starting,

    /// <summary>It answers.</summary>
    Ready,

    /// <summary>The host stops: samples that wait are answered, new ones are refused.</summary>
    Stopping,

    /// <summary>Its device is lost, or it could not answer the probe. It refuses all samples.</summary>
    Failed,
}

/// <summary>What became of an attempt to change the weights.</summary>
/// <param name="Accepted">Whether the new weights answer now.</param>
/// <param name="Reason">Why not; null where they do.</param>
/// <param name="ProbeDifference">The largest difference of an answer to the probe; NaN where there was none to compare.</param>
public sealed record ReloadResult(bool Accepted, string? Reason, double ProbeDifference);
