namespace Engine.Nn;

/// <summary>Samples that come one after another, and of which nobody knows how many: a log, shards of a large data set, a generator.</summary>
/// <remarks>
/// <para>The samples of an epoch must follow from the request alone, so that a run that is resumed reads on from the exact position. Reading is done by one thread at a time and
/// should be cheap; what is costly (decoding) belongs into the <see cref="SampleFactory"/>, which a loader's workers call, and which is not called for samples that are passed over.</para>
/// <para>Most are made by <see cref="StreamDataset.From{T}(IEnumerable{T}, Func{T, Sample})"/>.</para>
/// </remarks>
public interface IStreamDataset
{
    /// <summary>The samples of an epoch, from the one that is asked for on, to the end.</summary>
    IEnumerable<SampleFactory> Read(StreamRequest request);

    /// <summary>The same samples without random changes; this stream where it makes none.</summary>
    IStreamDataset WithoutRandomChanges() => this;
}

/// <summary>Makes one sample that was read: decodes and changes it.</summary>
/// <param name="random">The random numbers of this sample; they depend on the epoch and on its position.</param>
public delegate Sample SampleFactory(ref SampleRandom random);

/// <summary>Which samples a stream shall give.</summary>
/// <param name="Epoch">The epoch, from 0.</param>
/// <param name="FirstSample">How many samples of the epoch to pass over at the beginning, where a run was interrupted.</param>
/// <param name="Seed">Decides the random order of this epoch.</param>
public readonly record struct StreamRequest(int Epoch, long FirstSample = 0, ulong Seed = 0)
{
    /// <summary>Ends the reading: the loader is left.</summary>
    public CancellationToken Cancellation { get; init; }
}
