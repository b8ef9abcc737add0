namespace Engine.Nn;

/// <summary>A change of a whole mini-batch, made on the device where the batch is: mixing samples with each other, for example.</summary>
/// <remarks>It must follow from its arguments alone, so that a run that is resumed sees the same batches.</remarks>
public interface IBatchTransform
{
    /// <summary>A new batch; the given one stays as it is, and its maker disposes it.</summary>
    /// <param name="batch">The samples.</param>
    /// <param name="random">The random numbers of this batch.</param>
    Batch Apply(Batch batch, ref SampleRandom random);
}

/// <summary>Mini-batches that are changed on their way.</summary>
public static class BatchSources
{
    /// <summary>The same batches, each changed by these transforms in this order. For training data only: give validation data as it is.</summary>
    /// <remarks>
    /// The random numbers of a batch follow from the seed, the epoch and the batch's number in it, so that a resumed run goes on with the same bits.
    /// </remarks>
    /// <example><code>
    /// IBatchSource train = new DataLoader(images, 128) { Shuffle = true }.With(seed: 1, new MixUp(0.2, classes: 10));
    /// trainer.Fit(train, validation, epochs: 20);
    /// </code></example>
    /// <param name="source">Where the batches come from.</param>
    /// <param name="seed">Decides all random numbers.</param>
    /// <param name="transforms">The transforms to apply to each batch.</param>
    public static IBatchSource With(this IBatchSource source, long seed, params IBatchTransform[] transforms)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(transforms);
        Guard.NoNulls<IBatchTransform>(transforms);
        return new TransformedBatches(source, seed, [.. transforms]);
    }

    private sealed class TransformedBatches(IBatchSource source, long seed, IBatchTransform[] transforms) : IBatchSource
    {
        public int BatchCount => source.BatchCount;

        public long SampleCount => source.SampleCount;

        public IEnumerable<Batch> Epoch(int epoch, int firstBatch = 0)
        {
            ulong epochSeed = new SampleRandom((ulong)seed, epoch).NextUInt64();
            int number = firstBatch;
            foreach (Batch batch in source.Epoch(epoch, firstBatch))
            {
                yield return Transform(batch, new SampleRandom(epochSeed, number++));
            }
        }

        private Batch Transform(Batch batch, SampleRandom random)
        {
            // The consumer may call from within a scope of its own; a batch belongs to the consumer, not to the scope.
            using TensorScope outside = TensorScope.Suspend();
            foreach (IBatchTransform transform in transforms)
            {
                using Batch before = batch;
                using TensorScope scope = TensorScope.Begin();
                using GradMode.Scope mode = GradMode.Off();
                Batch after = transform.Apply(before, ref random);
                batch = new Batch(Own(after.Inputs, before), Own(after.Targets, before));
                scope.Keep(batch.Inputs);
                scope.Keep(batch.Targets);
            }

            return batch;
        }

        /// <summary>A tensor that outlives the batch that it may come from.</summary>
        private static Tensor Own(Tensor tensor, Batch before) =>
            Guard.Returned(tensor, "With", "a batch transform") is var made && (ReferenceEquals(made, before.Inputs) || ReferenceEquals(made, before.Targets)) ? made.Alias() : made;
    }
}
