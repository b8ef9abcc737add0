namespace Engine.Backends;

/// <summary>
/// The random draws of one pass over a step, by generator. A recorded kernel holds the number of its draw. Before each replay the distance
/// from that number to the generator's count goes into device memory, so that a replay draws the numbers that the step would have drawn.
/// </summary>
internal sealed class RecordedDraws(CapturePass pass)
{
    private readonly List<Source> _sources = [];
    private bool _isRewound;
    private readonly Dictionary<(uint, uint, uint, uint), Source> _sourceOfKey = [];

    /// <summary>Notes a draw; the first one of a generator makes room for its distance.</summary>
    public void Add(Generator generator, long draw)
    {
        Source? source = _sources.Find(s => ReferenceEquals(s.Generator, generator));
        if (source is null)
        {
            source = new Source(generator, draw - 1);
            _sources.Add(source);
            source.Offset = pass.ReplayValues(1, DType.Int64, value => Fill(source, value), _sources.Count == 1 ? Check : null);
        }

        source.Count++;
        if (!pass.IsRecording)
        {
            return;
        }

        ulong seed = (ulong)generator.Seed;
        (uint, uint, uint, uint) key = ((uint)seed, (uint)(seed >> 32), (uint)draw, (uint)((ulong)draw >> 32));
        if (!_sourceOfKey.TryAdd(key, source) && !ReferenceEquals(_sourceOfKey[key], source))
        {
            // Two generators with one seed at one count: their draws are the same as long as they keep step.
            source.Twin = _sourceOfKey[key];
        }
    }

    /// <summary>The offset of the draw numbers of a program; null if its keys are fixed and belong to no generator.</summary>
    public Operand? OffsetOf(MapProgram program, ReadOnlySpan<double> parameters)
    {
        Source? found = null;
        bool isFirst = true;
        foreach (Instruction step in program.Code)
        {
            if (step.Op != ScalarOpcode.Random)
            {
                continue;
            }

            ReadOnlySpan<double> p = parameters.Slice(step.A, 4);
            Source? source = _sourceOfKey.GetValueOrDefault(((uint)p[0], (uint)p[1], (uint)p[2], (uint)p[3]));
            if (!isFirst && source != found)
            {
                throw new CaptureException($"`{program}` draws from several generators in one pass; while a step is captured they must be one.");
            }

            (found, isFirst) = (source, false);
        }

        return found?.Offset?.Operand;
    }

    /// <summary>Takes the draws of a recording back: nothing was drawn.</summary>
    /// <exception cref="CaptureException">Two generators of one seed drew differently often.</exception>
    public void Rewind(bool check)
    {
        foreach (Source source in _sources)
        {
            source.Generator.Advance(_isRewound ? 0 : -source.Count);
        }

        _isRewound = true;
        if (check && _sources.Exists(static s => s.Twin is { } twin && twin.Count != s.Count))
        {
            throw new CaptureException("Two random generators with the same seed draw differently often in one step, and their draws cannot be told apart. Give them different seeds.");
        }
    }

    private static void Fill(Source source, Span<double> value)
    {
        value[0] = source.Distance;
        source.Generator.Advance(source.Count);
    }

    private void Check()
    {
        foreach (Source source in _sources)
        {
            if (source.Generator.Seed != source.Seed)
            {
                throw new CaptureException("A random generator was given another seed since the step was captured. Capture the step again.");
            }

            if (source.Twin is { } twin && twin.Distance != source.Distance)
            {
                throw new CaptureException("Two random generators with the same seed no longer keep step, and their draws cannot be told apart. Give them different seeds.");
            }
        }
    }

    /// <summary>A generator's part in the step.</summary>
    private sealed class Source(Generator generator, long start)
    {
        public Generator Generator => generator;

        public long Seed { get; } = generator.Seed;

        /// <summary>How far the generator stands from where it stood when the step was recorded.</summary>
        public long Distance => generator.Draws - start;

        /// <summary>Draws in one pass.</summary>
        public long Count { get; set; }

        public Tensor? Offset { get; set; }

        /// <summary>Another generator that has drawn under the same key.</summary>
        public Source? Twin { get; set; }
    }
}
