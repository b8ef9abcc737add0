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
/// <param name="Epilogue">The operations after the sum.</param>
/// <param name="Batch">Axes of the batch.</param>
/// <param name="Split">Where groups sum parts of the depth: with a second launch each stores the bare sums, [part, batch, M, N].</param>
/// <param name="Is64Bit">Whether indices need 64 bits.</param>
internal readonly record struct GemmKernel(
    GemmTile Tile, DType AType, TileAccess A, DType BType, TileAccess B, DType CType, DType Compute, int StoreWidth, Epilogue Epilogue, int Batch, SplitKind Split, bool Is64Bit)
    : IKernelDefinition
{
    private bool StoresParts => Split == SplitKind.SecondLaunch;

    /// <summary>The kernel of a plan; where a second launch adds the parts, the product is one without an epilogue.</summary>
    public static GemmKernel Of(in GemmProblem problem, in GemmPlan plan, DType compute, SplitKind split) => new(
        plan.Tile,
        problem.A.Operand.DType,
        problem.LeftAccess(plan.Tile.Math),
        problem.B.Operand.DType,
        problem.RightAccess(plan.Tile.Math),
        problem.C.Operand.DType,
        compute,
        problem.StoreWidth,
        problem.Epilogue,
        problem.Batch.Count,
        split,
        problem.Is64Bit);

    public Kernel Build(GpuTarget device)
    {
        KernelBuilder k = new($"gemm_{Tile.Name}", device, Tile.GroupSize) { MinGroupsPerUnit = Tile.MinGroupsPerUnit(Compute, A, B) };
        RegisterType index = Is64Bit ? RegisterType.Int64 : RegisterType.Int32;
        GemmParameters p = new(k, AType, BType, StoresParts ? Compute : CType, Compute, Epilogue, Batch, Is64Bit);
        TileGrid grid = new(k, Tile, p.M, p.N, Split != SplitKind.None);
        Value[] origins = p.Batch.Origins(grid.Batch, GemmProblem.Operands);
        Value cOrigin = StoresParts ? (k.GroupY.To(index) * k.Scalar("part_stride", index)) + origins[2] : origins[2];
        TileParts? parts = Split == SplitKind.LastGroup ? new TileParts(k, Tile, Compute) : null;
        bool contiguous = StoreWidth > 1, biasPerRow = Epilogue.Bias == BiasKind.PerRow;

        var product = TileProduct.Create(k, Tile, Compute, A, B);
        // Neighbours that are read at once are neighbours in memory: a stride of 1 that the kernel knows.
        AddressMap Line(TileAccess access, Value stride) => AddressMap.Even(access is { Width: > 1, AlongDepth: false } ? stride.Like(1) : stride);
        AddressMap Depth(TileAccess access, Value stride) => AddressMap.Even(access is { Width: > 1, AlongDepth: true } ? stride.Like(1) : stride);
        GlobalSource left = new(k, product, isLeft: true, A, p.A, origins[0], Line(A, p.ARow), Depth(A, p.AColumn), grid.FirstRow, p.M);
        GlobalSource right = new(k, product, isLeft: false, B, p.B, origins[1], Line(B, p.BColumn), Depth(B, p.BRow), grid.FirstColumn, p.N);
        (Value start, Value shortLength, Value end) = grid.Range(p.K);
        Value[] sums = product.Sum(left, right, start, shortLength, end);

        TileTarget target = new()
        {
            Memory = p.C,
            Offsets = new TileOffsets(m => cOrigin + (m.To(index) * p.CRow), n => contiguous ? n.To(index) : n.To(index) * p.CColumn),
            Rows = p.M,
            Columns = p.N,
            Width = StoreWidth,
            Epilogue = p.Epilogue,
            BiasKind = Epilogue.Bias,
            Bias = p.Bias,
            BiasOffsets = new TileOffsets(
                m => biasPerRow ? origins[3] + (m.To(index) * p.BiasRow!) : m.To(index) * p.BiasRow!,
                n => origins[3] + (n.To(index) * p.BiasColumn!)),
        };
        target.Store(k, product, sums, grid.FirstRow, grid.FirstColumn, parts);
        return k.Build();
    }

    /// <summary>Adds the arguments in the order of the parameters.</summary>
    public void Bind(ref ArgumentList arguments, in GemmProblem problem, in GemmPlan plan)
    {
        GemmParameters.Bind(ref arguments, problem, Epilogue, Compute, Is64Bit);
        if (Split != SplitKind.None)
        {
            arguments.Add(plan.SlicesPerPart);
        }

        if (StoresParts)
        {
            arguments.AddIndex((long)problem.Batch.Total * problem.M * problem.N, Is64Bit);
        }
    }
}
