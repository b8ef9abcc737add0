using System.Collections.Concurrent;

namespace Engine.Data.Images;

/// <summary>A sample that could not be read.</summary>
/// <param name="Index">Its number in the data set.</param>
/// <param name="File">Its file.</param>
/// <param name="Reason">What is wrong with it.</param>
public sealed record BadSample(int Index, string File, string Reason);

/// <summary>The bad samples that were met so far, of a data set and of all that were made of it. Several threads add to it.</summary>
internal sealed class BadSampleList
{
    private readonly ConcurrentDictionary<int, BadSample> _samples = new();
    private long _replacements;

    public IReadOnlyList<BadSample> Samples => [.. _samples.Values.OrderBy(static sample => sample.Index)];

    public long Replacements => Interlocked.Read(ref _replacements);

    public bool Has(int index) => _samples.ContainsKey(index);

    public void Add(int index, BadImageException what) => _samples.TryAdd(index, new BadSample(index, what.File, what.Reason));

    public void CountReplacement() => Interlocked.Increment(ref _replacements);
}
