using System.Numerics;

namespace Engine.Gpu;

/// <summary>
/// A product without tiles: each work-item sums one column for a few rows, or its lane's part of them. For few rows, where a product is
/// as fast as its larger operand can be read, for integers, and for devices with little shared memory.
/// </summary>
/// <param name="Rows">Rows of a work-item.</param>
/// <param name="Lanes">Work-items that share a sum: lane l takes depths l, l + Lanes, …; a power of two.</param>
/// <param name="NeighbouringLanes">Whether lanes are neighbours (B lies along the depth), else columns are.</param>
/// <param name="AType">Elements of A.</param>
/// <param name="BType">Elements of B.</param>
/// <param name="CType">Elements of C.</param>
/// <param name="Compute">The type of the sums.</param>
/// <param name="Epilogue">The operations after the sum.</param>
/// <param name="Batch">Axes of the batch.</param>
/// <param name="Is64Bit">Whether indices need 64 bits.</param>
internal readonly record struct DirectGemmKernel(
    int Rows, int Lanes, bool NeighbouringLanes, DType AType, DType BType, DType CType, DType Compute, Epilogue Epilogue, int Batch, bool Is64Bit) : IKernelDefinition
{
    private const long WorkItemsPerUnit = 1024;

    // As many as have 64 registers an item: for memory loads under way count for more than further work-items.
    private const int GroupsPerUnit = 8;

    // Where columns are neighbours, the lanes' sums are added one after another.
    private const int MostDistantLanes = 16;

    /// <summary>Work-items of a group.</summary>
    public static int GroupSize(GpuTarget target) => Math.Min(target.MaxGroupSize, 128);

    /// <summary>Chooses rows and lanes for a product with fewer rows than columns.</summary>
    public static DirectGemmKernel Choose(GpuTarget target, in GemmProblem problem, DType compute, bool is64Bit)
    {
        int most = compute.InRegister() == RegisterType.Float32 && !target.IsProcessor ? 8 : 4;
        int rows = Math.Min(most, (int)BitOperations.RoundUpToPowerOf2((uint)problem.M));
        bool alongDepth = Math.Abs(problem.B.Row) < Math.Abs(problem.B.Column);
        int lanes = 1;
        if (!target.IsProcessor)
        {
            // Enough work-items to keep memory busy; neighbours along the depth are also what makes reads coalesce.
            long items = (long)problem.Batch.Total * ((problem.M + rows - 1) / rows) * problem.N;
            int limit = alongDepth ? Math.Min(GroupSize(target), 32) : Math.Min(GroupSize(target) / 8, MostDistantLanes);
            while (2 * lanes <= limit && lanes * 8 <= problem.K && (items * lanes < WorkItemsPerUnit * target.ComputeUnits || (alongDepth && lanes < 8)))
            {
                lanes *= 2;
            }
        }

        return new DirectGemmKernel(
            rows, lanes, alongDepth, problem.A.Operand.DType, problem.B.Operand.DType, problem.C.Operand.DType, compute, problem.Epilogue, problem.Batch.Count, is64Bit);
    }

    /// <summary>The groups of a launch.</summary>
    public LaunchGrid Grid(GpuTarget target, int batch, int m, int n)
    {
        int columns = GroupSize(target) / Lanes;
        return new LaunchGrid(checked(batch * ((m + Rows - 1) / Rows) * ((n + columns - 1) / columns)));
    }

    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new($"gemm_direct_{Rows}x{Lanes}", target, GroupSize(target)) { MinGroupsPerUnit = GroupsPerUnit };
        RegisterType index = Is64Bit ? RegisterType.Int64 : RegisterType.Int32, compute = Compute.InRegister();
        GemmParameters p = new(k, AType, BType, CType, Compute, Epilogue, Batch, Is64Bit);
        (Value rows, Value columns) = (p.M, p.N);
        int columnsOfGroup = k.GroupSize / Lanes;
        Value across = (columns + (columnsOfGroup - 1)) / columnsOfGroup;
        Value line = k.GroupX / across;
        Value down = (rows + (Rows - 1)) / Rows;
        Value product = line / down;
        Value firstRow = (line - (product * down)) * Rows;
        Value lane = Lanes == 1 ? k.Int32(0) : NeighbouringLanes ? k.LocalId % Lanes : k.LocalId / columnsOfGroup;
        Value inGroup = Lanes == 1 ? k.LocalId : NeighbouringLanes ? k.LocalId / Lanes : k.LocalId % columnsOfGroup;
        Value column = ((k.GroupX - (line * across)) * columnsOfGroup) + inGroup;
        Value[] origins = p.Batch.Origins(product, GemmProblem.Operands);

        Variable[] sums = k.Variables(Rows, k.Constant(compute, 0));
        Value lastColumn = k.Min(column, columns - 1).To(index);
        Value bAt = origins[1] + (lastColumn * p.BColumn);
        var aAt = new Value[Rows];
        for (int i = 0; i < Rows; i++)
        {
            aAt[i] = origins[0] + (k.Min(firstRow + i, rows - 1).To(index) * p.ARow);
        }

        k.For(lane, p.K, k.Int32(Lanes), d =>
        {
            Value factor = k.Load(p.B, bAt + (d.To(index) * p.BRow)).To(compute);
            for (int i = 0; i < aAt.Length; i++)
            {
                sums[i].Value = k.Fma(k.Load(p.A, aAt[i] + (d.To(index) * p.AColumn)).To(compute), factor, sums[i].Value);
            }
        });
        Value[] totals = Combine(k, Array.ConvertAll(sums, sum => sum.Value), lane, inGroup);
        for (int i = 0; i < totals.Length; i++)
        {
            Value row = firstRow + i;
            Value exists = (row < rows) & (column < columns) & lane.Is(0);
            Value offset = origins[2] + (row.To(index) * p.CRow) + (column.To(index) * p.CColumn);
            Value? before = p.Epilogue.HasBeta ? k.Load(p.C, offset, exists) : null;
            Value? added = p.Bias is null ? null : k.Load(p.Bias, origins[3] + (row.To(index) * p.BiasRow!) + (column.To(index) * p.BiasColumn!), exists);
            k.Store(p.C, offset, p.Epilogue.Apply(totals[i], before, added, CType), exists);
        }

        return k.Build();
    }

    /// <summary>Adds the arguments in the order of the parameters.</summary>
    public void Bind(ref ArgumentList arguments, in GemmProblem problem) => GemmParameters.Bind(ref arguments, problem, Epilogue, Compute, Is64Bit);

    private Value[] Combine(KernelBuilder k, Value[] sums, Value lane, Value inGroup)
    {
        if (Lanes == 1)
        {
            return sums;
        }

        if (NeighbouringLanes)
        {
            return new GroupReduction(k, Array.ConvertAll(sums, sum => sum.Type), Lanes).Sums(sums);
        }

        int columnsOfGroup = k.GroupSize / Lanes;
        Memory shared = k.Shared("parts", Compute, k.GroupSize * Rows);
        for (int i = 0; i < sums.Length; i++)
        {
            k.Store(shared, (((lane * Rows) + i) * columnsOfGroup) + inGroup, sums[i]);
        }

        k.Barrier();
        var totals = new Value[Rows];
        for (int i = 0; i < totals.Length; i++)
        {
            totals[i] = k.Load(shared, inGroup + (i * columnsOfGroup));
            for (int other = 1; other < Lanes; other++)
            {
                totals[i] += k.Load(shared, inGroup + (((other * Rows) + i) * columnsOfGroup));
            }
        }

        return totals;
    }
}
