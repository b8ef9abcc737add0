namespace Engine.Nn;

/// <summary>One mini-batch: the samples lie along axis 0 of both tensors. The consumer disposes it.</summary>
/// <param name="Inputs">The inputs of the model, [N, …].</param>
/// <param name="Targets">The correct outputs, [N, …].</param>
public readonly record struct Batch(Tensor Inputs, Tensor Targets) : IDisposable
{
    /// <summary>N.</summary>
    public int Count => Inputs?.Shape[0] ?? 0;

    /// <summary>Gives the memory of both tensors back.</summary>
    public void Dispose()
    {
        // default(Batch) has neither.
        Inputs?.Dispose();
        Targets?.Dispose();
    }
}

/// <summary>Where a trainer gets its mini-batches.</summary>
/// <remarks>
/// The batches of an epoch are a pure function of the source and the epoch's number: asked twice, or from the middle, it gives the same
/// samples in the same order. An interrupted run therefore ends with the same bits as an uninterrupted one.
/// </remarks>
public interface IBatchSource
{
    /// <summary>The number of batches in an epoch.</summary>
    int BatchCount { get; }

    /// <summary>The number of samples in an epoch.</summary>
    long SampleCount { get; }

    /// <summary>The batches of an epoch in order.</summary>
    /// <param name="epoch">The epoch, from 0; it decides the order of a shuffling source.</param>
    /// <param name="firstBatch">How many batches to leave out at the beginning, where a run was interrupted.</param>
    IEnumerable<Batch> Epoch(int epoch, int firstBatch = 0);
}
