namespace Engine.Nn;

/// <summary>
/// A stream of the samples in tar files, as WebDataset writes them (<see cref="TarShards"/>). One thread reads the files; a loader's workers decode them.
/// </summary>
/// <remarks>
/// <para>An epoch goes through all shards. <see cref="ShuffleShards"/> gives them another order each time, <see cref="StreamDataset.Shuffle"/> mixes samples that lie near each other; both follow from
/// the loader's seed. A buffer holds the files as they are, not what is decoded of them.</para>
/// <para>A run that was interrupted goes on at its sample: of those before it only the headers of the files are read, where they are not compressed with gzip. A process of several reads shards of its
/// own: give it every n-th path.</para>
/// </remarks>
/// <example><code>
/// TarDataset shards = new("train-{000..099}.tar", inputs: [new("npy", FieldDecoder.Npy)], targets: [new("cls", FieldDecoder.Class)]) { ShuffleShards = true };
/// DataLoader loader = new(shards.Shuffle(1000), batchSize: 64) { Workers = 4, Seed = 1 };
/// </code></example>
public sealed class TarDataset : IStreamDataset
{
    // Stream 0 of an epoch's seed is for the order of samples, those above it for their changes.
    private const long ShardStream = -1;

    private readonly string[] _shards;
    private readonly TarField[] _inputs;
    private readonly TarField[] _targets;
    private readonly long _maxSampleBytes = TarShards.DefaultMaxSampleBytes;

    /// <summary>The samples of one file or of several.</summary>
    /// <param name="pattern">A path; <c>{000..099}</c> in it stands for all numbers from one to the other with as many digits.</param>
    /// <param name="inputs">The files of a sample that are inputs, one or several.</param>
    /// <param name="targets">The files of a sample that are targets: one, several or none.</param>
    /// <exception cref="ArgumentException">The braces do not hold two numbers, there are no inputs, or only some of them are named.</exception>
    /// <exception cref="FileNotFoundException">One of the files is not there.</exception>
    public TarDataset(string pattern, IEnumerable<TarField> inputs, IEnumerable<TarField>? targets = null)
        : this(TarShards.Expand(pattern), inputs, targets)
    {
    }

    /// <summary>The samples of files.</summary>
    /// <param name="shards">The paths.</param>
    /// <param name="inputs">The files of a sample that are inputs, one or several.</param>
    /// <param name="targets">The files of a sample that are targets: one, several or none.</param>
    /// <exception cref="ArgumentException">There are no inputs, or only some of them are named.</exception>
    /// <exception cref="FileNotFoundException">One of the files is not there.</exception>
    public TarDataset(IEnumerable<string> shards, IEnumerable<TarField> inputs, IEnumerable<TarField>? targets = null)
    {
        _shards = Guard.NoNulls(shards);
        _inputs = Guard.NoNulls(inputs);
        _targets = targets is null ? [] : Guard.NoNulls(targets);
        if (_inputs.Length == 0)
        {
            throw new ArgumentException("TarDataset: there are no inputs.", nameof(inputs));
        }

        CheckNames(_inputs, nameof(inputs));
        CheckNames(_targets, nameof(targets));
        if (Array.Find(_shards, static path => !File.Exists(path)) is { } missing)
        {
            throw new FileNotFoundException($"TarDataset: there is no file '{missing}'.", missing);
        }
    }

    private TarDataset(TarDataset other, Func<TarField, TarField> change)
        : this(other._shards, other._inputs.Select(change), other._targets.Select(change)) =>
        (_maxSampleBytes, ShuffleShards) = (other._maxSampleBytes, other.ShuffleShards);

    /// <summary>The paths of the files, in the order of an epoch that is not shuffled.</summary>
    public IReadOnlyList<string> Shards => _shards;

    /// <summary>Whether the files of each epoch come in another order, which follows from the loader's seed.</summary>
    public bool ShuffleShards { get; init; }

    /// <summary>A sample whose files take more bytes is refused; <see cref="TarShards.DefaultMaxSampleBytes"/> unless it is set.</summary>
    public long MaxSampleBytes
    {
        get => _maxSampleBytes;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _maxSampleBytes = value;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="DataFileException">While reading: a file is damaged or cut short, or a sample has no file of a field, or one that cannot be decoded.</exception>
    /// <exception cref="IOException">While reading: a file cannot be opened or read.</exception>
    /// <exception cref="UnauthorizedAccessException">While reading: access is denied, or it is a folder.</exception>
    public IEnumerable<SampleFactory> Read(StreamRequest request)
    {
        foreach (TarSample sample in TarShards.Read(Order(request.Seed), _maxSampleBytes, request.FirstSample, request.Cancellation))
        {
            yield return (ref SampleRandom random) => new Sample(Decode(_inputs, sample, ref random), Decode(_targets, sample, ref random));
        }
    }

    /// <summary>The same samples, decoded without random changes; the order of the shards stays.</summary>
    public TarDataset WithoutRandomChanges() => new(this, static field => field with { Decoder = field.Decoder.WithoutRandomChanges() });

    IStreamDataset IStreamDataset.WithoutRandomChanges() => WithoutRandomChanges();

    private static HostArrays Decode(TarField[] fields, TarSample sample, ref SampleRandom random)
    {
        if (fields.Length == 0)
        {
            return default;
        }

        HostArray[] arrays = new HostArray[fields.Length];
        for (int i = 0; i < arrays.Length; i++)
        {
            arrays[i] = fields[i].Decode(sample, ref random);
        }

        return fields[0].Name is null ? [.. arrays] : new HostArrays([.. fields.Select(static field => field.Name!).Zip(arrays)]);
    }

    private static void CheckNames(TarField[] fields, string parameter)
    {
        string[] names = [.. fields.Select(static field => field.Name).OfType<string>()];
        if (names.Length > 0 && (names.Length < fields.Length || names.Contains(string.Empty) || names.Distinct(StringComparer.Ordinal).Count() < names.Length))
        {
            throw new ArgumentException($"TarDataset: of the {parameter} all have a name of their own, or none has one.", parameter);
        }
    }

    private string[] Order(ulong seed)
    {
        if (!ShuffleShards)
        {
            return _shards;
        }

        int[] order = [.. Enumerable.Range(0, _shards.Length)];
        new SampleRandom(seed, ShardStream).Shuffle(order);
        return [.. order.Select(i => _shards[i])];
    }
}
