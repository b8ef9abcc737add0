namespace Engine.Gpu;

/// <summary>Loads tiles of rows to shared memory and multiplies them; a work-item has some scores, and the same rows of the results.</summary>
internal abstract class AttentionTiles
{
    /// <summary>Elements that a work-item moves at a time.</summary>
    private const int Run = 4;

    /// <summary>Reserves the shared memory.</summary>
    protected AttentionTiles(KernelBuilder k, AttentionTile tile, AttentionLayout layout, DType element, bool isAsync)
    {
        (Kernel, Tile, Layout, IsAsync) = (k, tile, layout, isAsync);
        Shared = k.Shared("tiles", element, layout.Elements);
        Singles = Shared.As(DType.Float32);
    }

    /// <summary>The sizes.</summary>
    public AttentionTile Tile { get; }

    /// <summary>Where the tiles lie.</summary>
    public AttentionLayout Layout { get; }

    /// <summary>Whether tiles are copied past the registers.</summary>
    public bool IsAsync { get; }

    /// <summary>Neighbours in a row of results that are written together.</summary>
    public abstract int ResultVector { get; }

    /// <summary>Whether the work-item writes what each of its rows has one of.</summary>
    public abstract Value IsFirstOfRow { get; }

    /// <summary>The kernel.</summary>
    protected KernelBuilder Kernel { get; }

    /// <summary>The shared memory.</summary>
    protected Memory Shared { get; }

    /// <summary>The shared memory as singles.</summary>
    protected Memory Singles { get; }

    /// <summary>Sets up the work-items.</summary>
    public static AttentionTiles Create(KernelBuilder k, AttentionTile tile, AttentionLayout layout, bool isAsync) =>
        tile.Math == TileMath.Fma ? new FmaAttentionTiles(k, tile, layout, isAsync) : new MmaAttentionTiles(k, tile, layout, isAsync);

    /// <summary>The tile's row of the work-item's i-th row.</summary>
    public abstract Value Row(int i);

    /// <summary>The tile's column of the work-item's j-th score in a row.</summary>
    public abstract Value Column(int j);

    /// <summary>The column of the work-item's j-th result in a row.</summary>
    public abstract Value Result(int j, int columns);

    /// <summary>Begins to move rows of an operand to shared memory; rows from <paramref name="end"/> on are zeros.</summary>
    public void Load(AttentionOperand operand, AttentionRegion region, Value first, Value end, Value? stage = null)
    {
        int run = IsAsync ? 16 / operand.Memory.Element.SizeInBytes() : Run;
        int across = AttentionTile.Padded(region.Columns) / run, count = across * region.Rows;
        if (IsAsync)
        {
            for (int start = 0; start < count; start += Tile.Items)
            {
                Value number = Kernel.LocalId + start;
                if (count - start < Tile.Items)
                {
                    Kernel.If(number < count, () => Move(number));
                }
                else
                {
                    Move(number);
                }
            }

            Kernel.CommitAsync();
            return;
        }

        // What is under way takes registers from the sums, and so do addresses of single elements.
        int inFlight = !operand.HasVectors || count % (2 * Tile.Items) != 0 ? 1 : count % (4 * Tile.Items) != 0 ? 2 : 4;
        Kernel.For(Kernel.LocalId, Kernel.Int32(count), Kernel.Int32(inFlight * Tile.Items), number =>
        {
            (Value Row, Value Column, Value[] Values)[] read = [.. Enumerable.Range(0, inFlight).Select(i => Read(number + (i * Tile.Items)))];
            foreach ((Value row, Value column, Value[] values) in read)
            {
                Write((row * region.Lead) + region.Start + (stage ?? Kernel.Int32(0)), column, values);
            }
        });

        (Value Row, Value Column, Value[] Values) Read(Value number)
        {
            Value row = number / across, column = number % across * run;
            return (row, column, operand.Load(first + row, column, first + row < end));
        }

        void Move(Value number)
        {
            Value row = number / across, column = number % across * run;
            Value to = (row * region.Lead) + region.Start + (stage ?? Kernel.Int32(0)) + (column / (4 / operand.Memory.Element.SizeInBytes()));
            Kernel.CopyAsync(Shared, to, operand.Memory, operand.At(first + row, column), 16, (first + row < end) & (column < operand.Columns));
        }
    }

    /// <summary>All work-items meet; what was loaded is there for all of them.</summary>
    public void Arrive()
    {
        if (IsAsync)
        {
            Kernel.WaitAsync(0);
        }

        Kernel.Barrier();
    }

    /// <summary>Keeps own rows in registers, if there is room; after they have arrived.</summary>
    public virtual void Keep(AttentionRegion own)
    {
    }

    /// <summary>The work-item's products of own rows with rows of the other side, [RowsOfItem, ColumnsOfItem].</summary>
    public abstract Value[] Scores(AttentionRegion own, AttentionRegion other, Value? stage = null);

    /// <summary>Adds weights times rows of the other side to results, [RowsOfItem, ResultsOfItem].</summary>
    /// <param name="results">The sums.</param>
    /// <param name="weights">As the scores.</param>
    /// <param name="other">The rows.</param>
    /// <param name="stage">The buffer of the rows.</param>
    /// <param name="again">Whether work-items may still read the weights of the call before.</param>
    public abstract void Accumulate(Variable[] results, Value[] weights, AttentionRegion other, Value? stage = null, bool again = false);

    /// <summary>The largest of each row, from the largest of each work-item.</summary>
    public abstract Value[] MaxOfRows(Value[] values);

    /// <summary>The sum of each row, from the sums of each work-item.</summary>
    public abstract Value[] SumOfRows(Value[] values);

    /// <summary>2ˣ of a score less the largest.</summary>
    public abstract Value PowerOfTwo(Value x);

    /// <summary>Keeps the numbers of the other side's rows where all work-items find them.</summary>
    public void WriteStatistics(Func<Value, (Value LogSumExp, Value Delta)> read)
    {
        int columns = Tile.Columns;
        Kernel.If(Kernel.LocalId < columns, () =>
        {
            (Value lse, Value delta) = read(Kernel.LocalId);
            Kernel.Store(Singles, Kernel.LocalId + Layout.Statistics, lse);
            Kernel.Store(Singles, Kernel.LocalId + (Layout.Statistics + columns), delta);
        });
    }

    /// <summary>The numbers of the other side's rows that the work-item's scores belong to.</summary>
    public (Value LogSumExp, Value Delta) Statistics(int j) =>
        (Kernel.Load(Singles, Column(j) + Layout.Statistics), Kernel.Load(Singles, Column(j) + (Layout.Statistics + Tile.Columns)));

    /// <summary>Writes four neighbours to shared memory.</summary>
    protected abstract void Write(Value row, Value column, Value[] values);
}
