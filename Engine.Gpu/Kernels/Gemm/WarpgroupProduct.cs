namespace Engine.Gpu;

/// <summary>A tile that warpgroups multiply from shared memory: two of them, each with half of the rows and all columns.</summary>
/// <remarks>
/// <para>Slices lie as matrix descriptors name them, swizzled by 128 bytes: lines of 128 bytes, eight to a block of 1024, in each of which the vectors of 16 bytes
/// change places with the line's number in its block. Lines hold the whole depth of a slice for one row or column, or 64 neighbouring rows or columns of one depth.</para>
/// <para>The products of a slice are under way while the next slice is waited for, so that the buffer that can be filled again is that of the slice before it:
/// of so many buffers all but two are filled ahead.</para>
/// </remarks>
internal sealed class WarpgroupProduct : TileProduct
{
    /// <summary>Work-items of a group: two warpgroups.</summary>
    public const int GroupSize = 256;

    /// <summary>Bytes of a line in shared memory.</summary>
    public const int LineBytes = 128;

    /// <summary>Shared memory begins at a multiple of so many bytes: the pattern of the swizzling.</summary>
    public const int Alignment = 1024;

    private const int LineWords = LineBytes / sizeof(int);
    private const int WarpgroupSize = 128;
    private const int BlockRows = 64;

    // Descriptors count in units of 16 bytes.
    internal const int Unit = 16;
    private const int UnitWords = Unit / sizeof(int);
    private const int BlockUnits = BlockRows * LineBytes / Unit;

    private readonly KernelBuilder _k;
    private readonly Memory _shared;
    private readonly TileAccess _left, _right;
    private readonly Value _row, _column, _start, _leftRows;

    /// <summary>Sets up shared memory and the position of each work-item in the tile.</summary>
    public WarpgroupProduct(KernelBuilder k, GemmTile tile, TileAccess left, TileAccess right)
        : base(k, tile)
    {
        (_k, _left, _right) = (k, left, right);
        _shared = k.SharedAligned("tiles", DType.Int32, tile.Buffers * StageSize, Alignment);
        _start = k.SharedAddress(_shared) / Unit;
        Value warpgroup = k.LocalId / WarpgroupSize, warp = k.LocalId / 32 % 4, lane = k.LocalId % 32;
        _leftRows = warpgroup * (tile.BM / 2 / BlockRows * BlockUnits);
        (_row, _column) = ((warpgroup * (tile.BM / 2)) + (warp * 16) + (lane / 4), lane % 4 * 2);
    }

    /// <inheritdoc/>
    public override int ColumnVector => 2;

    /// <inheritdoc/>
    protected override int StageSize => (Tile.BM + Tile.BN) * LineWords;

    /// <inheritdoc/>
    protected override RegisterType Compute => RegisterType.Float32;

    /// <summary>The format of factors.</summary>
    internal static WarpgroupFormat FormatOf(TileMath math) => math switch
    {
        TileMath.Float16 => WarpgroupFormat.Float16,
        TileMath.BFloat16 => WarpgroupFormat.BFloat16,
        _ => WarpgroupFormat.Tf32,
    };

    /// <inheritdoc/>
    public override Value Row(int i) => _row + ((i / 2 * BlockRows) + (i % 2 * 8));

    /// <inheritdoc/>
    public override Value Column(int j) => _column + ((j / 2 * 8) + (j % 2));

    /// <inheritdoc/>
    public override TileSlots SlotsOf(bool isLeft, TileAccess access) => new WarpgroupSlots(_k, isLeft ? Tile.BM : Tile.BN, Tile.BK, access);

    /// <inheritdoc/>
    public override void Write(bool isLeft, TileSlots slots, int slot, Value[] values, Value stage) =>
        throw new NotSupportedException("Tiles of warpgroups are copied asynchronously.");

    /// <inheritdoc/>
    protected override void CopyAsync(TileSource source, bool isLeft, Value depth, Value stage, Func<Value, Value>? isWithin)
    {
        TileSlots slots = source.Slots;
        Value line = _k.LocalId / WarpgroupSlots.LineVectors, vector = _k.LocalId % WarpgroupSlots.LineVectors;
        Value place = (line * LineWords) + ((vector ^ (line % 8)) * UnitWords) + (isLeft ? stage : stage + (Tile.BM * LineWords));
        for (int slot = 0; slot < slots.Count; slot++)
        {
            (Value at, Value? condition) = source.Locate(slot, depth, isWithin?.Invoke(slots.Depth(slot)));
            _k.CopyAsync(_shared, place + (slot * WarpgroupSlots.Lines * LineWords), source.Memory, at, Unit, condition);
        }
    }

    /// <inheritdoc/>
    protected override void SumPipelined(Variable[] sums, TileSource left, TileSource right, Value start, Value shortLength, Value end)
    {
        int ahead = Tile.Buffers - 2, all = Tile.Buffers * StageSize;
        Value second = start + shortLength;
        Copy(left, right, start, _k.Int32(0), depth => depth < shortLength);
        _k.CommitAsync();
        for (int i = 1; i < ahead; i++)
        {
            Value next = second + ((i - 1) * Tile.BK), stage = _k.Int32(i * StageSize);
            _k.If(next < end, () => Copy(left, right, next, stage), uniform: true);
            _k.CommitAsync();
        }

        Variable buffer = _k.Variable(_k.Int32(0));
        _k.For(second - Tile.BK, end, _k.Int32(Tile.BK), depth =>
        {
            Value current = buffer.Value, next = depth + (ahead * Tile.BK);
            Value free = current + (ahead * StageSize), following = current + StageSize;
            Value target = _k.Select(free < all, free, free - all);
            _k.WaitAsync(ahead - 1);
            _k.FenceProxy();
            _k.Barrier();
            Multiply(sums, current);
            _k.If(next < end, () => Copy(left, right, next, target), uniform: true);
            _k.CommitAsync();

            // The products of the slice before; after the next barrier their buffer can be filled.
            _k.WarpgroupWait(1);
            buffer.Value = _k.Select(following < all, following, _k.Int32(0));
        });
        _k.WarpgroupWait(0);
    }

    /// <summary>Begins the products of a slice, as one group.</summary>
    protected override void Multiply(Variable[] sums, Value stage)
    {
        Value left = Descriptor(_k, _start + (stage / UnitWords) + _leftRows), right = Descriptor(_k, _start + (stage / UnitWords) + (Tile.BM * LineBytes / Unit));
        _k.WarpgroupFence();
        for (int step = 0; step < Tile.BK / Tile.Math.Step; step++)
        {
            for (int block = 0; block < Tile.TM / 2; block++)
            {
                Value a = left + _k.Int64((step * StepUnits(_left)) + (block * BlockUnits)), b = right + _k.Int64(step * StepUnits(_right));
                _k.WarpgroupMultiply(FormatOf(Tile.Math), SumsOf(Tile, sums, block), a, b, !_left.AlongDepth, !_right.AlongDepth);
            }
        }

        _k.WarpgroupCommit();
    }

    /// <summary>The sums of 64 rows, in the order of the instruction: two neighbouring columns, then a row eight below, then columns eight further.</summary>
    internal static Variable[] SumsOf(GemmTile tile, Variable[] sums, int block)
    {
        var part = new Variable[2 * tile.TN];
        for (int r = 0; r < part.Length; r++)
        {
            part[r] = sums[(((2 * block) + (r / 2 % 2)) * tile.TN) + (2 * (r / 4)) + (r % 2)];
        }

        return part;
    }

    // Along a line, or as many lines further.
    private int StepUnits(TileAccess access) => access.AlongDepth ? Tile.Math.Step * LineBytes / Tile.BK / Unit : Tile.Math.Step * LineBytes / Unit;

    /// <summary>The descriptor of a matrix that begins at an address: blocks of eight lines follow one another, across the depth those of the next 64 rows or columns after all of a slice.</summary>
    internal static Value Descriptor(KernelBuilder k, Value address)
    {
        const long Swizzled128 = 1L << 62;
        long stride = Alignment / Unit, leading = BlockUnits;
        return address.To(RegisterType.Int64) + k.Int64(Swizzled128 | (stride << 32) | (leading << 16));
    }

    private void Copy(TileSource left, TileSource right, Value depth, Value stage, Func<Value, Value>? isWithin = null)
    {
        CopyAsync(left, isLeft: true, depth, stage, isWithin);
        CopyAsync(right, isLeft: false, depth, stage, isWithin);
    }
}

/// <summary>The vectors of 16 bytes that a work-item copies: eight work-items a line of 128 bytes, neighbours in global memory as well.</summary>
internal sealed class WarpgroupSlots(KernelBuilder k, int side, int depth, TileAccess access) : TileSlots(k, side, depth, access, sharesDepth: false)
{
    /// <summary>Vectors of a line.</summary>
    public const int LineVectors = 8;

    /// <summary>Lines that a group copies at once.</summary>
    public const int Lines = WarpgroupProduct.GroupSize / LineVectors;

    private readonly KernelBuilder _k = k;
    private readonly int _depth = depth;

    /// <inheritdoc/>
    public override int Count { get; } = side / Lines;

    /// <inheritdoc/>
    public override Value? Exists => null;

    /// <inheritdoc/>
    public override Value Row(int slot) => Access.AlongDepth ? Line + (slot * Lines) : Along + (slot * Lines / _depth * (LineVectors * Access.Width));

    /// <inheritdoc/>
    public override Value Depth(int slot) => Access.AlongDepth ? Along : Line + (slot * Lines % _depth);

    private Value Line => _k.LocalId / LineVectors;

    private Value Along => _k.LocalId % LineVectors * Access.Width;
}
