using Engine.Nn;

namespace Engine.Data.Images;

/// <summary>Image files that are decoded when they are asked for: a list of paths, or of the bytes of files, with a class for each.</summary>
/// <remarks>
/// <para>Inputs are [N, channels, height, width] in float32 (uint8 with <see cref="ImageOptions.AsBytes"/>), targets [N] in int64. Images of one batch have one size:
/// without transforms that of the files, else what the transforms make.</para>
/// <para>A sample follows from its file, the seed and its position in the epoch, not from the size of a batch or the thread that makes it.</para>
/// </remarks>
public class ImageFileDataset : IDataset, ITransformable, IHasClassNumbers, IReplacesSamples
{
    private readonly string[] _names;
    private readonly ReadOnlyMemory<byte>[]? _files;
    private readonly long[]? _targets;

    // A data set and all that are made of it have one list.
    private readonly BadSampleList _bad = new();
    private ImageSteps _steps;
    private int[]? _candidates;

    /// <summary>Files with a class for each; without classes, the target of a sample is its number.</summary>
    /// <param name="paths">The files.</param>
    /// <param name="targets">The class of each, or null.</param>
    /// <param name="options">How they are read.</param>
    /// <exception cref="ArgumentException">There are not as many classes as files.</exception>
    public ImageFileDataset(IEnumerable<string> paths, IEnumerable<long>? targets = null, ImageOptions? options = null)
        : this([.. paths ?? throw new ArgumentNullException(nameof(paths))], null, targets, options)
    {
    }

    /// <summary>Files that lie in memory, with a class for each; without classes, the target of a sample is its number.</summary>
    /// <param name="files">The bytes of each file.</param>
    /// <param name="targets">The class of each, or null.</param>
    /// <param name="options">How they are read.</param>
    /// <exception cref="ArgumentException">There are not as many classes as files.</exception>
    public ImageFileDataset(IEnumerable<ReadOnlyMemory<byte>> files, IEnumerable<long>? targets = null, ImageOptions? options = null)
        : this(null, [.. files ?? throw new ArgumentNullException(nameof(files))], targets, options)
    {
    }

    private ImageFileDataset(string[]? names, ReadOnlyMemory<byte>[]? files, IEnumerable<long>? targets, ImageOptions? options)
    {
        _names = names ?? [.. files!.Select(static (_, i) => $"image {i}")];
        _files = files;
        _targets = targets?.ToArray();
        Options = options ?? new ImageOptions();
        _steps = new ImageSteps(Options, new Compose());
        if (_targets is not null && _targets.Length != _names.Length)
        {
            throw new ArgumentException($"ImageFileDataset: {_names.Length} files and {_targets.Length} classes; each file has one.", nameof(targets));
        }

        if (Array.FindIndex(_names, string.IsNullOrEmpty) is var empty && empty >= 0)
        {
            throw new ArgumentException($"ImageFileDataset: the path of file {empty} is empty.", nameof(names));
        }
    }

    /// <inheritdoc/>
    public int Count => _names.Length;

    /// <summary>How files are read.</summary>
    public ImageOptions Options { get; }

    /// <summary>The path of each sample.</summary>
    public IReadOnlyList<string> Files => _names;

    /// <summary>The class of each sample, or null where they have none.</summary>
    public IReadOnlyList<long>? Targets => _targets;

    /// <summary>The samples that could not be read so far, by this data set, its parts and those that <see cref="With"/> made of it, in order of their numbers.</summary>
    public IReadOnlyList<BadSample> BadSamples => _bad.Samples;

    /// <summary>How often another sample stood in for a bad one so far.</summary>
    public long ReplacementCount => _bad.Replacements;

    /// <summary>The image of a sample as it is in its file, before any transform.</summary>
    /// <exception cref="BadImageException">It cannot be read.</exception>
    public DecodedImage Read(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        return _files is null ? ImageDecoder.ReadFile(_names[index], Options) : ImageDecoder.Decode(_files[index].Span, Options, _names[index]);
    }

    /// <summary>Decodes every file once, on all processors, and lists those that cannot be read.</summary>
    /// <example><code>
    /// HashSet&lt;int&gt; bad = [.. images.FindBadSamples().Select(sample =&gt; sample.Index)];
    /// IDataset good = images.Subset([.. Enumerable.Range(0, images.Count).Where(i =&gt; !bad.Contains(i))]);
    /// </code></example>
    public IReadOnlyList<BadSample> FindBadSamples()
    {
        Parallel.For(0, Count, i =>
        {
            try
            {
                Read(i);
            }
            catch (BadImageException e)
            {
                _bad.Add(i, e);
            }
        });
        return BadSamples;
    }

    /// <summary>The same files, changed by these transforms in this order each time they are asked for. Nothing is copied.</summary>
    /// <remarks>The validation part of a <see cref="DatasetViews.Split(IDataset, double, long)"/> is not changed by those that are random.</remarks>
    public ImageFileDataset With(params IImageTransform[] transforms)
    {
        ArgumentNullException.ThrowIfNull(transforms);
        return Changed(_steps.With(transforms));
    }

    /// <summary>
    /// The same files, changed by the transforms that draw no random numbers, and by <see cref="IImageTransform.WithoutRandomness"/> of the others; those added to
    /// it later are all applied.
    /// </summary>
    public ImageFileDataset WithoutRandomChanges() => Changed(_steps.WithoutRandomness());

    /// <summary>"ImageFileDataset(80 images)".</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"ImageFileDataset({Count:N0} images)");

    /// <inheritdoc/>
    public Batch GetBatch(in BatchRequest request)
    {
        int count = request.Indices.Length;
        long[] targets = new long[count];
        BatchImages images = new(Options, count);
        try
        {
            for (int i = 0; i < count; i++)
            {
                targets[i] = Add(ref images, request.Indices[i], request.Random(i));
            }

            return new Batch(images.ToTensor(request.Device), Tensor.From<long>(targets, request.Device));
        }
        finally
        {
            images.Dispose();
        }
    }

    IDataset IDataset.WithoutRandomChanges() => WithoutRandomChanges();

    IDataset ITransformable.With(IImageTransform[] transforms) => With(transforms);

    long[]? IHasClassNumbers.ClassNumbers() => _targets?.ToArray();

    IDataset IReplacesSamples.ReplacingFrom(ReadOnlySpan<int> indices)
    {
        var part = (ImageFileDataset)MemberwiseClone();
        part._candidates = indices.ToArray();
        Array.Sort(part._candidates);
        return part;
    }

    private ImageFileDataset Changed(ImageSteps steps)
    {
        var changed = (ImageFileDataset)MemberwiseClone();
        changed._steps = steps;
        return changed;
    }

    /// <summary>Puts a sample, or what stands in for it, into a batch; its target.</summary>
    private long Add(ref BatchImages images, int index, SampleRandom random)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        int tried = index;
        for (int attempts = 0; attempts <= Count; attempts++)
        {
            if (Options.OnBadSample == OnBadSample.Throw || !_bad.Has(tried))
            {
                try
                {
                    // A copy of the random numbers: what stands in for a sample does not depend on how far the bad one got.
                    SampleRandom own = random;
                    Transform(ref images, tried, ref own);
                    if (tried != index)
                    {
                        _bad.CountReplacement();
                    }

                    return _targets?[tried] ?? tried;
                }
                catch (BadImageException e) when (Options.OnBadSample == OnBadSample.Replace)
                {
                    _bad.Add(tried, e);
                }
            }

            tried = Next(tried);
        }

        throw new BadImageException(_names[index], $"neither it nor any of the {_candidates?.Length ?? Count} samples that could stand in for it can be read; BadSamples has the reasons");
    }

    /// <summary>The next sample of this part of the data, from the last one to the first.</summary>
    private int Next(int index)
    {
        if (_candidates is null)
        {
            return (index + 1) % Count;
        }

        int at = Array.BinarySearch(_candidates, index + 1);
        at = at >= 0 ? at : ~at;
        return _candidates.Length == 0 ? index : _candidates[at < _candidates.Length ? at : 0];
    }

    private void Transform(ref BatchImages images, int index, ref SampleRandom random)
    {
        if (_files is not null)
        {
            _steps.Add(ref images, _files[index].Span, _names[index], ref random);
            return;
        }

        using FileBytes bytes = FileBytes.Read(_names[index], Options.MaxFileBytes);
        _steps.Add(ref images, bytes.Span, _names[index], ref random);
    }
}
