namespace Engine.Gpu;

/// <summary>The vectors of one tap of filters that a work-item carries to the lines of 128 bytes that warpgroups read; see <see cref="WarpgroupProduct"/>.</summary>
/// <remarks>
/// A line has one channel of the result and all channels of the slice, or, of 16 bits that lie so in memory, 64 channels of the result for one of the slice. Vectors of a line are neighbours
/// among work-items. Filters of 32 bits that lie across are turned: the work-items of a warp then have two vectors of each of 16 depths, whose words fall into different banks.
/// </remarks>
internal sealed class WarpgroupFilterSlots : TileSlots
{
    private const int LineWords = WarpgroupProduct.LineBytes / sizeof(int);
    private const int UnitWords = WarpgroupProduct.Unit / sizeof(int);
    private const int LinesOfBlock = 8, LineRows = 64;

    // Of a warp that turns: depths, and lines of its two vectors.
    private const int TurnedDepths = 16, TurnedLines = 8;

    private readonly KernelBuilder _k;
    private readonly GemmTile _tile;
    private readonly bool _isTurned;
    private readonly int _linesAtOnce;
    private readonly Value _line, _along;
    private readonly Value[] _places;

    /// <summary>Finds the work-item's first vector.</summary>
    public WarpgroupFilterSlots(KernelBuilder k, GemmTile tile, TileAccess access)
        : base(k, tile.BN, tile.BK, access, sharesDepth: false)
    {
        (_k, _tile) = (k, tile);
        _isTurned = !access.AlongDepth && !tile.Math.IsHalf;
        int items = Items(tile);
        if (_isTurned)
        {
            int warps = items / 32;
            Value warp = k.LocalId / 32, upper = k.LocalId % 2;
            _linesAtOnce = warps / (tile.BK / TurnedDepths) * TurnedLines;
            _line = (warp / 2 * TurnedLines) + (upper * access.Width);
            _along = (warp % 2 * TurnedDepths) + (k.LocalId / 2 % TurnedDepths);
            _places = new Value[access.Width];
            for (int j = 0; j < _places.Length; j++)
            {
                _places[j] = ((_line + j) * LineWords) + (((_along / UnitWords) ^ ((upper * access.Width) + j)) * UnitWords) + (_along % UnitWords);
            }
        }
        else
        {
            int vectors = (access.AlongDepth ? tile.BK : LineRows) / access.Width, perWord = tile.Math.IsHalf ? 2 : 1;
            _linesAtOnce = items / vectors;
            (_line, _along) = (k.LocalId / vectors, k.LocalId % vectors * access.Width);
            Value word = _along / perWord;
            _places = [(_line * LineWords) + (((word / UnitWords) ^ (_line % LinesOfBlock)) * UnitWords) + (word % UnitWords)];
        }

        Count = Lines / _linesAtOnce;
    }

    /// <inheritdoc/>
    public override int Count { get; }

    /// <inheritdoc/>
    public override Value? Exists => Items(_tile) < _tile.GroupSize ? _k.LocalId < Items(_tile) : null;

    private int Lines => Access.AlongDepth || _isTurned ? _tile.BN : _tile.BK * (_tile.BN / LineRows);

    /// <inheritdoc/>
    public override Value Row(int slot) => Access.AlongDepth || _isTurned ? _line + (slot * _linesAtOnce) : _along + (slot * _linesAtOnce / _tile.BK * LineRows);

    /// <inheritdoc/>
    public override Value Depth(int slot) => Access.AlongDepth || _isTurned ? _along : _line + (slot * _linesAtOnce % _tile.BK);

    /// <summary>Writes the words of a vector.</summary>
    /// <param name="shared">Shared memory.</param>
    /// <param name="slot">Which vector.</param>
    /// <param name="words">Its words.</param>
    /// <param name="stage">Where the tap begins.</param>
    public void Write(Memory shared, int slot, Value[] words, Value stage)
    {
        Value first = stage + (slot * _linesAtOnce * LineWords);
        if (!_isTurned)
        {
            _k.StoreVector(shared, first + _places[0], words, Exists);
            return;
        }

        for (int j = 0; j < words.Length; j++)
        {
            _k.Store(shared, first + _places[j], words[j], Exists);
        }
    }

    // A power of two, so that each of them has the same share.
    private static int Items(GemmTile tile) => 1 << int.Log2(tile.GroupSize);
}
