namespace Engine.Gpu;

/// <summary>
/// An iteration space in parts that one launch each can count, in ascending order: an outer loop is cut into stretches of equal length, and the loops outside of
/// it are walked one iteration after another.
/// </summary>
internal readonly struct LaunchParts
{
    /// <summary>Stretches of more iterations begin at a multiple of it, so that vectors of any width stay aligned.</summary>
    private const long Granule = 4096;

    private readonly IterationSpace _space;

    // The loop that is cut, the iterations inside of one of its own, and the iterations of a stretch.
    private readonly int _loop;
    private readonly long _inner;
    private readonly long _length;
    private readonly long _stretches;

    /// <param name="space">What is launched.</param>
    /// <param name="mostIterations">Of one launch.</param>
    public LaunchParts(in IterationSpace space, long mostIterations)
    {
        _space = space;
        _inner = space.Count;
        (_loop, _length, _stretches, Count) = (-1, 1, 1, 1);
        if (_inner <= mostIterations)
        {
            return;
        }

        while (_inner > mostIterations)
        {
            _inner /= space.Size(++_loop);
        }

        long size = space.Size(_loop), most = mostIterations / _inner;
        _length = most > Granule ? most & ~(Granule - 1) : most;
        _stretches = (size + _length - 1) / _length;
        Count = space.Count / (_inner * size) * _stretches;
    }

    /// <summary>Number of parts; at least 1, also of an empty space.</summary>
    public long Count { get; }

    /// <summary>One part.</summary>
    public IterationSpace this[long part]
    {
        get
        {
            if (_loop < 0)
            {
                return _space;
            }

            (long outer, long stretch) = Math.DivRem(part, _stretches);
            IterationSpace inside = _space;
            long inner = Count / _stretches;
            for (int loop = 0; loop < _loop; loop++)
            {
                inner /= _space.Size(loop);
                (long index, outer) = Math.DivRem(outer, inner);
                inside = inside.Inside(index);
            }

            long start = stretch * _length;
            return inside.Part(start, Math.Min(_length, inside.Size(0) - start));
        }
    }

    /// <summary>The number of a part's first iteration in the whole space.</summary>
    public long First(long part)
    {
        if (_loop < 0)
        {
            return 0;
        }

        (long outer, long stretch) = Math.DivRem(part, _stretches);
        return ((outer * _space.Size(_loop)) + (stretch * _length)) * _inner;
    }
}
