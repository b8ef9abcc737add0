namespace Engine.Gpu;

/// <summary>
/// The inner part of all products: sums A[m, d] · B[d, n] over a range of d for the BM × BN results of a group, whatever A and B are
/// read from.
/// </summary>
/// <remarks>
/// With two buffers the next slice is under way to registers while the sums of one are made from shared memory; it is written beside the
/// current one, so one barrier a slice is enough. A sum of a length that is no multiple of the slice starts with the short slice: all others
/// are full and read without conditions.
/// </remarks>
internal abstract class TileProduct(KernelBuilder k, GemmTile tile)
{
    /// <summary>The sizes.</summary>
    public GemmTile Tile => tile;

    /// <summary>Columns of a work-item that are neighbours.</summary>
    public abstract int ColumnVector { get; }

    /// <summary>The kernel.</summary>
    protected KernelBuilder Kernel => k;

    /// <summary>Distance of two buffers in shared memory, in the unit of <see cref="Write"/>.</summary>
    protected abstract int StageSize { get; }

    /// <summary>The type of the sums.</summary>
    protected abstract RegisterType Compute { get; }

    /// <summary>Sets up shared memory and the position of each work-item in the tile.</summary>
    /// <param name="k">The kernel.</param>
    /// <param name="tile">The sizes.</param>
    /// <param name="compute">The type of the sums.</param>
    /// <param name="left">How A is read.</param>
    /// <param name="right">How B is read.</param>
    public static TileProduct Create(KernelBuilder k, GemmTile tile, DType compute, TileAccess left, TileAccess right) =>
        tile.Math == TileMath.Fma ? new FmaProduct(k, tile, compute)
        : tile.UsesWarpgroups ? new WarpgroupProduct(k, tile, left, right)
        : new MmaProduct(k, tile, left, right);

    /// <summary>Where the work-item's i-th row lies in the tile.</summary>
    public abstract Value Row(int i);

    /// <summary>Where the work-item's j-th column lies in the tile.</summary>
    public abstract Value Column(int j);

    /// <summary>Which vectors of an operand's slice a work-item carries.</summary>
    public virtual TileSlots SlotsOf(bool isLeft, TileAccess access) => new(k, isLeft ? tile.BM : tile.BN, tile.BK, access, sharesDepth: tile.Math != TileMath.Fma);

    /// <summary>Whether an operand's vectors are carried as 32-bit words, just as they lie in memory.</summary>
    public virtual bool CarriesWords(DType element, int width) => false;

    /// <summary>Writes a vector of an operand's slice to shared memory.</summary>
    /// <param name="isLeft">Which operand.</param>
    /// <param name="slots">Where the work-item's vectors lie in the slice.</param>
    /// <param name="slot">Which of them.</param>
    /// <param name="values">The elements; or the words that hold them.</param>
    /// <param name="stage">The buffer.</param>
    public abstract void Write(bool isLeft, TileSlots slots, int slot, Value[] values, Value stage);

    /// <summary>The sums of this work-item, [TM, TN] in row-major order.</summary>
    /// <param name="left">A.</param>
    /// <param name="right">B.</param>
    /// <param name="start">First depth, Int32.</param>
    /// <param name="shortLength">Length of the first slice, at most BK.</param>
    /// <param name="end">Where the depth ends; start + shortLength + a multiple of BK.</param>
    public Value[] Sum(TileSource left, TileSource right, Value start, Value shortLength, Value end)
    {
        Variable[] sums = k.Variables(tile.TM * tile.TN, k.Constant(Compute, 0));
        if (tile.IsPipelined)
        {
            SumPipelined(sums, left, right, start, shortLength, end);
        }
        else if (tile.Buffers == 1)
        {
            SumInOneBuffer(sums, left, right, start, shortLength, end);
        }
        else
        {
            SumAhead(sums, left, right, start, shortLength, end);
        }

        return Array.ConvertAll(sums, sum => sum.Value);
    }

    /// <summary>Starts to copy a slice to a buffer.</summary>
    /// <param name="source">The operand.</param>
    /// <param name="isLeft">Which operand.</param>
    /// <param name="depth">Where the slice begins.</param>
    /// <param name="stage">The buffer.</param>
    /// <param name="isWithin">Where the slice is not full: whether an index in it exists; the rest is zeros.</param>
    protected virtual void CopyAsync(TileSource source, bool isLeft, Value depth, Value stage, Func<Value, Value>? isWithin) =>
        throw new NotSupportedException("Only tiles of tensor cores are copied asynchronously.");

    /// <summary>Adds the products of the slice in one buffer.</summary>
    protected abstract void Multiply(Variable[] sums, Value stage);

    /// <summary>The next slice is read while the current one is multiplied.</summary>
    /// <remarks>
    /// The last slice is multiplied in the loop too, although there is no next slice to read. After the loop the compiler would mix its
    /// products with the stores of the results, and there are not enough registers for both.
    /// </remarks>
    private void SumAhead(Variable[] sums, TileSource left, TileSource right, Value start, Value shortLength, Value end)
    {
        Variable stage = k.Variable(k.Int32(0));
        left.Write(left.Fetch(start, depth => depth < shortLength), k.Int32(0));
        right.Write(right.Fetch(start, depth => depth < shortLength), k.Int32(0));
        k.Barrier();
        k.For(start + shortLength, end + tile.BK, k.Int32(tile.BK), depth =>
        {
            Value current = stage.Value, next = StageSize - current;
            Value isMore = depth < end;
            Value[][] a = left.Fetch(depth, _ => isMore), b = right.Fetch(depth, _ => isMore);
            Multiply(sums, current);
            left.Write(a, next);
            right.Write(b, next);
            stage.Value = next;
            k.Barrier();
        });
    }

    /// <summary>
    /// As many slices are under way as there are further buffers. The barrier that makes a slice visible to all is also the one after which
    /// the buffer of the slice before it can be filled again.
    /// </summary>
    protected virtual void SumPipelined(Variable[] sums, TileSource left, TileSource right, Value start, Value shortLength, Value end)
    {
        void Copy(Value depth, Value stage, Func<Value, Value>? isWithin = null)
        {
            CopyAsync(left, isLeft: true, depth, stage, isWithin);
            CopyAsync(right, isLeft: false, depth, stage, isWithin);
        }

        int ahead = tile.Buffers - 1, all = tile.Buffers * StageSize;
        Value second = start + shortLength;
        Copy(start, k.Int32(0), depth => depth < shortLength);
        k.CommitAsync();
        for (int i = 1; i < ahead; i++)
        {
            Value next = second + ((i - 1) * tile.BK), stage = k.Int32(i * StageSize);
            k.If(next < end, () => Copy(next, stage), uniform: true);
            k.CommitAsync();
        }

        Variable buffer = k.Variable(k.Int32(0));
        k.For(second - tile.BK, end, k.Int32(tile.BK), depth =>
        {
            Value current = buffer.Value, next = depth + (ahead * tile.BK);
            k.WaitAsync(ahead - 1);
            k.Barrier();
            Value free = current - StageSize;
            Value target = k.Select(free < 0, free + all, free);
            k.If(next < end, () => Copy(next, target), uniform: true);
            k.CommitAsync();
            Multiply(sums, current);
            Value following = current + StageSize;
            buffer.Value = k.Select(following < all, following, k.Int32(0));
        });
    }

    /// <summary>Slice by slice, in a quarter of the code: for processors, which compile slowly and read ahead by themselves.</summary>
    private void SumInOneBuffer(Variable[] sums, TileSource left, TileSource right, Value start, Value shortLength, Value end) =>
        k.For(start + shortLength - tile.BK, end, k.Int32(tile.BK), depth =>
        {
            Value before = start - depth;
            left.Write(left.Fetch(depth, index => index >= before), k.Int32(0));
            right.Write(right.Fetch(depth, index => index >= before), k.Int32(0));
            k.Barrier();
            Multiply(sums, k.Int32(0));
            k.Barrier();
        });
}
