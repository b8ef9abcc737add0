namespace Engine.Nn;

/// <summary>Where a trainer gets its mini-batches.</summary>
/// <remarks>
/// The batches of an epoch are a pure function of the source and the epoch's number: asked twice, or from the middle, it gives the same
/// samples in the same order. An interrupted run therefore ends with the same bits as an uninterrupted one.
/// </remarks>
public interface IBatchSource
{
    /// <summary>The number of batches in an epoch; −1 where only its end will tell, as of a stream.</summary>
    int BatchCount { get; }

    /// <summary>The number of samples in an epoch; −1 where only its end will tell.</summary>
    long SampleCount { get; }

    /// <summary>The batches of an epoch in order.</summary>
    /// <param name="epoch">The epoch, from 0; it decides the order of a shuffling source.</param>
    /// <param name="firstBatch">How many batches to leave out at the beginning, where a run was interrupted.</param>
    IEnumerable<Batch> Epoch(int epoch, int firstBatch = 0);
}
