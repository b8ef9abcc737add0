namespace Engine.Gpu;

/// <summary>A product of matrices by tiles; see <see cref="TileProduct"/>.</summary>
/// <param name="Tile">The sizes of the tile.</param>
/// <param name="AType">Elements of A; they are converted to the compute type at the load.</param>
/// <param name="A">How A is read.</param>
/// <param name="BType">Elements of B.</param>
/// <param name="B">How B is read; its rows are the columns of the product.</param>
/// <param name="CType">Elements of C.</param>
/// <param name="Compute">Float32 or Float64: the type of the sums.</param>
/// <param name="StoreWidth">Neighbouring columns of C that are stored at once.</param>
/// <param name="Epilogue">What follows the sum.</param>
/// <param name="Batch">Axes of the batch.</param>
/// <param name="IsSplit">Whether each group sums a part of the depth and stores the bare sums, [part, batch, M, N].</param>
/// <param name="Wide">Whether indices need 64 bits.</param>
internal readonly record struct GemmKernel(
    GemmTile Tile, DType AType, TileAccess A, DType BType, TileAccess B, DType CType, DType Compute, int StoreWidth, Epilogue Epilogue, int Batch, bool IsSplit, bool Wide)
    : IKernelDefinition
{
    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new($"gemm_{Tile.Name}", target, Tile.GroupSize) { MinGroupsPerUnit = Tile.MinGroupsPerUnit(Compute, A, B) };
        RegisterType index = Wide ? RegisterType.Int64 : RegisterType.Int32;
        Memory a = k.Buffer("a", AType, readOnly: true), b = k.Buffer("b", BType, readOnly: true), c = k.Buffer("c", IsSplit ? Compute : CType);
        Memory? bias = Epilogue.Bias == BiasKind.None ? null : k.Buffer("bias", Epilogue.BiasType);
        Value rows = k.Size("m"), columns = k.Size("n"), depth = k.Size("depth");
        Value aRow = k.Scalar("a_row", index), aDepth = k.Scalar("a_depth", index);
        Value bDepth = k.Scalar("b_depth", index), bColumn = k.Scalar("b_column", index);
        Value cRow = k.Scalar("c_row", index), cColumn = k.Scalar("c_column", index);
        Value? biasRow = bias is null ? null : k.Scalar("bias_row", index), biasColumn = bias is null ? null : k.Scalar("bias_column", index);
        EpilogueParameters epilogue = new(k, Epilogue, Compute.InRegister());
        BatchAxes batch = new(k, Batch, GemmProblem.Operands, index);
        TileGrid grid = new(k, Tile, rows, columns, IsSplit);
        Value[] origins = batch.Origins(grid.Batch, GemmProblem.Operands);
        Value cOrigin = IsSplit ? (k.GroupY.To(index) * k.Scalar("part_stride", index)) + origins[2] : origins[2];
        bool contiguous = StoreWidth > 1, biasPerRow = Epilogue.Bias == BiasKind.PerRow;

        var product = TileProduct.Create(k, Tile, Compute, A, B);
        // Neighbours that are read at once are neighbours in memory: a stride of 1 that the kernel knows.
        Spots Line(TileAccess access, Value stride) => Spots.Even(access is { Width: > 1, AlongDepth: false } ? stride.Like(1) : stride);
        Spots Depth(TileAccess access, Value stride) => Spots.Even(access is { Width: > 1, AlongDepth: true } ? stride.Like(1) : stride);
        SpotSource left = new(k, product, isLeft: true, A, a, origins[0], Line(A, aRow), Depth(A, aDepth), grid.FirstRow, rows);
        SpotSource right = new(k, product, isLeft: false, B, b, origins[1], Line(B, bColumn), Depth(B, bDepth), grid.FirstColumn, columns);
        (Value start, Value shortLength, Value end) = grid.Range(depth);
        Value[] sums = product.Sum(left, right, start, shortLength, end);

        new TileTarget
        {
            Memory = c,
            Places = new TilePlaces(m => cOrigin + (m.To(index) * cRow), n => contiguous ? n.To(index) : n.To(index) * cColumn),
            Rows = rows,
            Columns = columns,
            Width = StoreWidth,
            Epilogue = epilogue,
            BiasKind = Epilogue.Bias,
            Bias = bias,
            BiasPlaces = new TilePlaces(
                m => biasPerRow ? origins[3] + (m.To(index) * biasRow!) : m.To(index) * biasRow!,
                n => origins[3] + (n.To(index) * biasColumn!)),
        }.Store(k, product, sums, grid.FirstRow, grid.FirstColumn);
        return k.Build();
    }
}
