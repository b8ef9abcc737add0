namespace Engine.Gpu;

internal partial class GpuBackend
{
    /// <summary>Work-items of a multiprocessor among which lines of a destination are divided.</summary>
    private const int ScatterItemsOfUnit = 512;

    /// <summary>
    /// Terms from which on indices are sorted before sums at them; tests lower it. A card has work-items enough for all rows of the destination, and each would read
    /// all indices. Processors have few, and read them faster than they sort.
    /// </summary>
    internal int? LeastSortedTerms { get; set; }

    /// <inheritdoc/>
    /// <remarks>The device cannot throw: an index outside of the axis gives NaN, or 0 in integer types, and reads nothing.</remarks>
    protected override void GatherCore(in Operand x, in Operand index, in Operand y, int axis)
    {
        AxisSet axes = AxisSet.All(y.Shape.Rank);
        IterationSpace space = IterationSpace.Over(y.Shape, axes);
        IndexLaunch.Add(ref space, y.Shape, axes, x, axis);
        IndexLaunch.Add(ref space, y.Shape, axes, index);
        IndexLaunch.Add(ref space, y.Shape, axes, y);
        space.OrderBy(GatherKernel.Y);
        space.Coalesce();
        LaunchParts parts = new(space, MostElementsOfLaunch);
        for (long part = 0; part < parts.Count; part++)
        {
            LaunchGather(x, index, y, axis, parts[part]);
        }
    }

    private void LaunchGather(in Operand x, in Operand index, in Operand y, int axis, in IterationSpace space)
    {
        bool isWide = IndexLaunch.Is64Bit(space, axis, x, index, y);
        GatherKernel kernel = new(y.DType, index.DType, CoordinateParameters.Padded(space.Rank), isWide);
        ArgumentList arguments = new(stackalloc KernelArgument[64]);
        kernel.Bind(ref arguments, x, index, y, axis, space);
        int group = IndexLaunch.GroupSize(Target);
        Launch(kernel, new LaunchGrid((int)((space.Count + group - 1) / group)), arguments.Span);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// The device cannot throw: terms with an index outside of the axis are left out. Sums of 16-bit floats, and those of float32 with many terms for
    /// one element, are computed in float32. The rounding errors are summed beside them, and the result is rounded once, at the end.
    /// </remarks>
    protected override void ScatterAddCore(in Operand destination, in Operand index, in Operand source, int axis)
    {
        bool meetsOften = Scattering.MeetsOften(source.Shape[axis], destination.Shape[axis]);
        if (source.Shape[axis] >= (LeastSortedTerms ?? (Target.IsProcessor ? int.MaxValue : 256)) && ScatterSorted(destination, index, source, axis, meetsOften))
        {
            return;
        }

        if (!destination.DType.IsHalf() && !(destination.DType == DType.Float32 && meetsOften))
        {
            ScatterSums(destination, null, index, source, axis);
            return;
        }

        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor target = destination.ToTensor(), sums = Tensor.Empty(destination.Shape, DType.Float32, _device);
        Pointwise.Into(sums, Programs.Copy, [target]);
        Tensor? carries = meetsOften ? sums.ZerosLike() : null;
        ScatterSums(sums.Operand, carries?.Operand, index, source, axis);
        Pointwise.Into(target, carries is null ? Programs.Copy : Programs.Add, carries is null ? [sums] : [sums, carries]);
    }

    /// <summary>Sums at sorted indices, where one index serves a whole row of numbers.</summary>
    private bool ScatterSorted(in Operand destination, in Operand index, in Operand source, int axis, bool meetsOften)
    {
        Shape shape = source.Shape;
        IterationSpace space = LinesOf(destination, index, source, axis);
        int terms = shape[axis], chunk = ScatterRows.ChunkOf(terms), chunks = (terms + chunk - 1) / chunk;
        bool fits = source.DType.IsFloatingPoint() && space.Rank <= 1 && space.InnerStride(ScatterAddKernel.Indices) == 0
            && space.Count * chunks * 4 <= MaxItems && terms <= MaxItems;
        if (!fits)
        {
            return false;
        }

        using TensorScope scope = TensorScope.Begin();
        int columns = (int)space.Count;
        ScatterRows rows = new(
            terms, destination.Shape[axis], columns, chunk, index.Layout.Strides[axis], source.Layout.Strides[axis], space.InnerStride(ScatterAddKernel.Source),
            destination.Layout.Strides[axis], space.InnerStride(ScatterAddKernel.Destination));
        bool isAligned = columns % 4 == 0 && rows.SourceColumn == 1 && rows.DestinationColumn == 1 && rows.SourceStep % 4 == 0 && rows.DestinationStep % 4 == 0
            && source.DType != DType.Float64 && VectorAlignment.IsAligned(space.Offset(ScatterAddKernel.Source), 4) && VectorAlignment.IsAligned(space.Offset(ScatterAddKernel.Destination), 4);
        Operand keys = index.With(new Layout([terms], [rows.IndexStep], space.Offset(ScatterAddKernel.Indices))), order = Temporary(terms, DType.Int64);
        ArgSort(keys, order, 0, descending: false);
        bool hasCarry = meetsOften && source.DType != DType.Float64, is64Bit = IndexLaunch.Is64Bit(space, axis, destination, index, source);
        SortedScatterKernel kernel = new(ScatterStage.Chunks, source.DType, index.DType, isAligned ? 4 : 1, hasCarry, is64Bit);
        Operand parts = Temporary(2L * chunks * kernel.NumbersOfPart(columns), source.DType.ComputeType());
        Operand from = source.With(new Layout([], [], space.Offset(ScatterAddKernel.Source))), to = destination.With(new Layout([], [], space.Offset(ScatterAddKernel.Destination)));
        ArgumentList arguments = new(stackalloc KernelArgument[32]);
        kernel.Bind(ref arguments, order, keys, from, to, parts, rows);
        int items = chunks * (columns / kernel.Width), group = IndexLaunch.GroupSize(Target);
        LaunchGrid grid = new((items + group - 1) / group);
        Launch(kernel, grid, arguments.Span);
        if (chunks > 1)
        {
            Launch(kernel with { Stage = ScatterStage.Join }, grid, arguments.Span);
        }

        return true;
    }

    private void ScatterSums(in Operand destination, Operand? carries, in Operand index, in Operand source, int axis)
    {
        LaunchParts parts = new(LinesOf(destination, index, source, axis), MostElementsOfLaunch);
        for (long part = 0; part < parts.Count; part++)
        {
            LaunchScatterSums(destination, carries, index, source, axis, parts[part]);
        }
    }

    /// <summary>The loops over all axes but the one that is summed along.</summary>
    private static IterationSpace LinesOf(in Operand destination, in Operand index, in Operand source, int axis)
    {
        Shape shape = source.Shape;
        AxisSet axes = new(AxisSet.All(shape.Rank).Bits & ~(1u << axis));
        IterationSpace space = IterationSpace.Over(shape, axes);
        IndexLaunch.Add(ref space, shape, axes, destination);
        IndexLaunch.Add(ref space, shape, axes, index);
        IndexLaunch.Add(ref space, shape, axes, source);
        space.OrderBy(ScatterAddKernel.Destination);
        space.Coalesce();
        return space;
    }

    private void LaunchScatterSums(in Operand destination, Operand? carries, in Operand index, in Operand source, int axis, in IterationSpace space)
    {
        long lines = space.Count;
        int size = destination.Shape[axis];
        long wanted = Target.IsProcessor ? Target.ComputeUnits : (long)Target.ComputeUnits * ScatterItemsOfUnit;
        int stretch = (int)Math.Max(size / Math.Clamp(wanted / lines, 1, size), 1);
        int stretches = (size + stretch - 1) / stretch;
        bool isWide = IndexLaunch.Is64Bit(space, axis, destination, index, source);
        ScatterAddKernel kernel = new(source.DType, destination.DType, index.DType, CoordinateParameters.Padded(space.Rank), isWide, carries is not null);
        long items = lines * stretches;
        ArgumentList arguments = new(stackalloc KernelArgument[64]);
        kernel.Bind(ref arguments, destination, carries, index, source, axis, space, (int)items, stretch);
        int group = IndexLaunch.GroupSize(Target);
        Launch(kernel, new LaunchGrid((int)((items + group - 1) / group)), arguments.Span);
    }
}
