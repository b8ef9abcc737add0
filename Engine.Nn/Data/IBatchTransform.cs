using System.Runtime.CompilerServices;

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
    // How many loops over a source there were. The interface has no place for a number.
    private static readonly ConditionalWeakTable<IBatchSource, StrongBox<int>> s_loops = [];

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

    /// <summary>
    /// The batches of the next epoch: <c>foreach (Batch batch in source)</c>. The first loop over a source is its epoch 0, each further one the next;
    /// a <see cref="DataLoader"/> goes on from its <see cref="DataLoader.NextEpoch"/>.
    /// </summary>
    /// <param name="source">Where the batches come from.</param>
    public static IEnumerator<Batch> GetEnumerator(this IBatchSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return source is DataLoader loader
            ? loader.GetEnumerator()
            : source.Epoch(Interlocked.Increment(ref s_loops.GetOrCreateValue(source).Value) - 1).GetEnumerator();
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
                if (after.AllInputs.Count == 0)
                {
                    throw new ArgumentException($"With: a batch transform returned null; it must return a batch with inputs ({transform.GetType().Name}).");
                }

                // A tensor that comes from the batch before must outlive it.
                Tensor[] old = before.Tensors();
                batch = after.Select(tensor => Array.Exists(old, o => ReferenceEquals(o, tensor)) ? tensor.Alias() : tensor);
                foreach (Tensor tensor in batch.Tensors())
                {
                    scope.Keep(tensor);
                }
            }

            return batch;
        }
    }
}
