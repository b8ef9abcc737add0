namespace Engine.Cpu;

/// <summary>The kernels of one combiner for a compute type and an instruction set.</summary>
internal readonly unsafe struct ReduceKernels
{
    public ReduceKernels(Combiner combiner, DType computeType, SimdLevel level)
    {
        Combiner = combiner;
        Join = TileKernels.Of(ColumnReductions.JoinOf(combiner), computeType, level).Run;
        Move = TileKernels.Of(TileOp.Move, computeType, level).Run;
        VectorChoice choice = new(combiner);
        if (SimdDispatch.TryRun(computeType, level, ref choice))
        {
            Row = choice.Row;
            Locate = choice.Locate;
            AddRows = choice.AddRows;
        }
        else if (computeType == DType.Int32)
        {
            Row = IntegerReductions.OfRow<int>(combiner);
            Locate = ColumnReductions.IntegerLocateOf<int>(combiner);
        }
        else
        {
            Row = IntegerReductions.OfRow<long>(combiner);
            Locate = ColumnReductions.IntegerLocateOf<long>(combiner);
        }

        if (!combiner.YieldsIndex())
        {
            Locate = null;
        }
    }

    public Combiner Combiner { get; }

    /// <summary>Takes a tile into one accumulator.</summary>
    public delegate*<byte*, nint, nint, long, Accumulator*, void> Row { get; }

    /// <summary>Joins a tile and a row of accumulators.</summary>
    public delegate*<byte**, nint*, nint, void> Join { get; }

    /// <summary>Starts a row of accumulators.</summary>
    public delegate*<byte**, nint*, nint, void> Move { get; }

    /// <summary>Index combiners: takes a tile into a row of best values and their indices.</summary>
    public delegate*<byte*, nint, byte*, byte*, long, nint, void> Locate { get; }

    /// <summary>Sums of floating-point values: adds rows that lie in memory as they are to a row of sums; null for the others.</summary>
    public delegate*<byte*, nint, nint, byte*, nint, bool, void> AddRows { get; }

    private struct VectorChoice(Combiner combiner) : ISimdKernel
    {
        public delegate*<byte*, nint, nint, long, Accumulator*, void> Row { get; private set; }

        public delegate*<byte*, nint, byte*, byte*, long, nint, void> Locate { get; private set; }

        public delegate*<byte*, nint, nint, byte*, nint, bool, void> AddRows { get; private set; }

        public void Run<TVec>() where TVec : unmanaged, ISimd<TVec>
        {
            Row = RowReductions.Of<TVec>(combiner);
            Locate = ColumnReductions.LocateOf<TVec>(combiner);
            AddRows = combiner == Combiner.Sum ? ColumnSums.Of<TVec>() : null;
        }
    }
}
