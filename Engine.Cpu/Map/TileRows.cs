namespace Engine.Cpu;

/// <summary>The pieces of rows that a tile covers, for one operand.</summary>
internal unsafe ref struct TileRows
{
    private readonly MapPlan* _plan;
    private readonly int _operand;
    private readonly long _inner;
    private long _left;
    private long _position;                             // in the row
    private long _row;                                  // offset of element 0 of the row
    private fixed long _indices[Shape.MaxRank];         // of the row in the outer loops

    public TileRows(MapPlan* plan, int operand, long rowOffset, long start, nint count)
    {
        (_operand, _left, _position, _row) = (operand, count, start, rowOffset);
        _plan = plan;
        _inner = long.MaxValue;
        Stride = (nint)plan->Space.InnerStride(operand);
        if (!plan->ShortRows)
        {
            return;
        }
        _inner = plan->Space.InnerSize;
        (long index, _position) = Math.DivRem(start, _inner);
        _row += plan->Space.Distance(operand, index, plan->Space.Rank - 1);
        for (int loop = plan->Space.Rank - 2; loop >= 0; loop--)
        {
            (index, _indices[loop]) = Math.DivRem(index, plan->Space.Size(loop));
        }
    }

    /// <summary>First element of the piece, in elements.</summary>
    public long Offset { get; private set; }

    /// <summary>Distance of its elements.</summary>
    public nint Stride { get; }

    /// <summary>Number of its elements.</summary>
    public nint Length { get; private set; }

    public bool Next()
    {
        if (_left == 0)
        {
            return false;
        }
        Offset = _row + (_position * Stride);
        Length = (nint)Math.Min(_left, _inner - _position);
        _left -= Length;
        _position = 0;
        if (_left > 0)
        {
            NextRow();
        }
        return true;
    }

    private void NextRow()
    {
        for (int loop = _plan->Space.Rank - 2; loop >= 0; loop--)
        {
            long stride = _plan->Space.Stride(_operand, loop), size = _plan->Space.Size(loop);
            _row += stride;
            if (++_indices[loop] < size)
            {
                return;
            }
            _row -= stride * size;
            _indices[loop] = 0;
        }
    }
}
