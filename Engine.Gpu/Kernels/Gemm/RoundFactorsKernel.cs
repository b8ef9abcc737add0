namespace Engine.Gpu;

/// <summary>Rounds the factors of products to the format of the tensor cores, once, and lays them out as these read them: [batch, rows, columns], with zeros up to even sizes.</summary>
/// <param name="Source">Elements of the source: Float32, or the format's own.</param>
/// <param name="Format">The format; tf32 keeps 32 bits an element.</param>
/// <param name="IsTransposed">Whether rows are neighbours in the source, which then goes through shared memory.</param>
/// <param name="Width">Neighbouring columns that are read at once, 1 or 4.</param>
/// <param name="Batch">Axes of the batch.</param>
/// <param name="Is64Bit">Whether indices need 64 bits.</param>
internal readonly record struct RoundFactorsKernel(DType Source, TileMath Format, bool IsTransposed, int Width, int Batch, bool Is64Bit) : IKernelDefinition
{
    /// <summary>Rows of a group's tile; columns are as many times <see cref="Width"/>.</summary>
    private const int Side = 32;

    private const int GroupSize = 256;
    private const int RowsAtOnce = GroupSize / Side;

    // Of the operands of a product's batch the third is the source and the fourth the result.
    private const int FirstOperand = 2, Operands = 2;

    /// <summary>The kernel for a source.</summary>
    public static RoundFactorsKernel Of(TileMath format, in RoundedFactors factors)
    {
        bool isTransposed = Math.Abs(factors.Source.Row) < Math.Abs(factors.Source.Column);
        return new RoundFactorsKernel(factors.Source.Operand.DType, format, isTransposed, !isTransposed && factors.HasVectors ? 4 : 1, factors.Batch.Count, factors.Is64Bit);
    }

    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new($"round{Format.Suffix}", target, GroupSize);
        RegisterType index = Is64Bit ? RegisterType.Int64 : RegisterType.Int32;
        TileMath format = Format;
        int width = Width;
        Memory source = k.Buffer("source", Source, readOnly: true), result = k.Buffer("result", Format.IsHalf ? Format.HalfType : DType.Float32);
        Value rows = k.Size("rows"), columns = k.Size("columns"), allRows = k.Size("all_rows"), allColumns = k.Size("all_columns");
        Value rowStride = k.Scalar("row_stride", index), columnStride = k.Scalar("column_stride", index);
        BatchAxes batch = new(k, Batch, Operands, index);

        Value across = (allColumns + ((Side * width) - 1)) / (Side * width), down = (allRows + (Side - 1)) / Side, tiles = across * down;
        Value number = k.GroupX / tiles, tile = k.GroupX - (number * tiles), tileRow = tile / across;
        Value firstRow = tileRow * Side, firstColumn = (tile - (tileRow * across)) * (Side * width);
        Value[] origins = batch.Origins(number, Operands);
        Value lane = k.LocalId % Side, line = k.LocalId / Side;

        Value[] Load(Value row, Value column)
        {
            // Neighbours that are read at once are neighbours in memory: a stride of 1 that the kernel knows.
            Value at = origins[0] + (row.To(index) * rowStride) + (column.To(index) * (width > 1 ? columnStride.Like(1) : columnStride));
            return k.LoadVector(source, at, width, (row < rows) & (column < columns));
        }

        void Store(Value row, Value column, Value[] values)
        {
            Value[] rounded = format.IsHalf ? values : Array.ConvertAll(values, value => k.RoundTf32(value).As(RegisterType.Float32));
            k.StoreVector(result, origins[1] + (row.To(index) * allColumns.To(index)) + column.To(index), rounded, (row < allRows) & (column < allColumns));
        }

        if (!IsTransposed)
        {
            var loaded = new Value[Side / RowsAtOnce][];
            for (int i = 0; i < loaded.Length; i++)
            {
                loaded[i] = Load(firstRow + line + (i * RowsAtOnce), firstColumn + (lane * width));
            }

            for (int i = 0; i < loaded.Length; i++)
            {
                Store(firstRow + line + (i * RowsAtOnce), firstColumn + (lane * width), loaded[i]);
            }

            return k.Build();
        }

        // One more than a power of two between columns: rows and columns then fall into different banks.
        Memory turned = k.Shared("turned", DType.Float32, Side * (Side + 1));
        var read = new Value[Side / RowsAtOnce];
        for (int i = 0; i < read.Length; i++)
        {
            read[i] = Load(firstRow + lane, firstColumn + line + (i * RowsAtOnce))[0];
        }

        for (int i = 0; i < read.Length; i++)
        {
            k.Store(turned, ((line + (i * RowsAtOnce)) * (Side + 1)) + lane, read[i]);
        }

        k.Barrier();
        for (int i = 0; i < read.Length; i++)
        {
            Store(firstRow + line + (i * RowsAtOnce), firstColumn + lane, [k.Load(turned, (lane * (Side + 1)) + line + (i * RowsAtOnce))]);
        }

        return k.Build();
    }

    /// <summary>Adds the arguments in the order of the parameters.</summary>
    public void Bind(ref ArgumentList arguments, in RoundedFactors factors, in Operand result)
    {
        arguments.Add(factors.Source.Operand);
        arguments.Add(result);
        arguments.Add(factors.Rows);
        arguments.Add(factors.Columns);
        arguments.Add(factors.AllRows);
        arguments.Add(factors.AllColumns);
        arguments.AddIndex(factors.Source.Row, Is64Bit);
        arguments.AddIndex(factors.Source.Column, Is64Bit);
        BatchAxes.Bind(ref arguments, factors.Batch, FirstOperand, Is64Bit);
    }

    /// <summary>The groups of a launch.</summary>
    public LaunchGrid Grid(in RoundedFactors factors)
    {
        long across = (factors.AllColumns + (Side * Width) - 1) / (Side * Width), down = (factors.AllRows + Side - 1) / Side;
        return new LaunchGrid(checked((int)(across * down * factors.Batch.Total)));
    }
}
