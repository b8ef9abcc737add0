namespace Engine.Cpu;

/// <summary>The kernels of one combiner for a compute type and an instruction set.</summary>
internal readonly unsafe struct ReduceKernels
{
    public ReduceKernels(Combiner combiner, DType computeType, SimdLevel level)
    {
        Combiner = combiner;
        Join = TileKernels.Of(ColumnReductions.JoinOf(combiner), computeType, level);
        Move = TileKernels.Of(TileOp.Move, computeType, level);
        Row = (computeType, level) switch
        {
            (DType.Float32, SimdLevel.Vector512) => RowReductions.Of<F32x16>(combiner),
            (DType.Float32, SimdLevel.Vector256) => RowReductions.Of<F32x8>(combiner),
            (DType.Float32, SimdLevel.Vector128) => RowReductions.Of<F32x4>(combiner),
            (DType.Float32, _) => RowReductions.Of<F32x1>(combiner),
            (DType.Float64, SimdLevel.Vector512) => RowReductions.Of<F64x8>(combiner),
            (DType.Float64, SimdLevel.Vector256) => RowReductions.Of<F64x4>(combiner),
            (DType.Float64, SimdLevel.Vector128) => RowReductions.Of<F64x2>(combiner),
            (DType.Float64, _) => RowReductions.Of<F64x1>(combiner),
            (DType.Int32, _) => IntegerReductions.OfRow<int>(combiner),
            _ => IntegerReductions.OfRow<long>(combiner),
        };
        Locate = (computeType, level) switch
        {
            _ when !combiner.YieldsIndex() => null,
            (DType.Float32, SimdLevel.Vector512) => ColumnReductions.LocateOf<F32x16>(combiner),
            (DType.Float32, SimdLevel.Vector256) => ColumnReductions.LocateOf<F32x8>(combiner),
            (DType.Float32, SimdLevel.Vector128) => ColumnReductions.LocateOf<F32x4>(combiner),
            (DType.Float32, _) => ColumnReductions.LocateOf<F32x1>(combiner),
            (DType.Float64, SimdLevel.Vector512) => ColumnReductions.LocateOf<F64x8>(combiner),
            (DType.Float64, SimdLevel.Vector256) => ColumnReductions.LocateOf<F64x4>(combiner),
            (DType.Float64, SimdLevel.Vector128) => ColumnReductions.LocateOf<F64x2>(combiner),
            (DType.Float64, _) => ColumnReductions.LocateOf<F64x1>(combiner),
            (DType.Int32, _) => ColumnReductions.IntegerLocateOf<int>(combiner),
            _ => ColumnReductions.IntegerLocateOf<long>(combiner),
        };
    }

    public Combiner Combiner { get; }

    /// <summary>Takes a tile into one accumulator.</summary>
    public delegate*<byte*, nint, nint, long, Accumulator*, void> Row { get; }

    /// <summary>Joins a tile and a row of accumulators.</summary>
    public delegate*<byte**, nint*, nint, void> Join { get; }

    /// <summary>Starts a row of accumulators.</summary>
    public delegate*<byte**, nint*, nint, void> Move { get; }

    /// <summary>Index combiners: takes a tile into a row of best values and their places.</summary>
    public delegate*<byte*, nint, byte*, byte*, long, nint, void> Locate { get; }
}
