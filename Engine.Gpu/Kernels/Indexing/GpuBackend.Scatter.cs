namespace Engine.Gpu;

internal partial class GpuBackend
{
    private static readonly MapProgram s_lastOfEqual = MapProgram.Compile(2, Expr.Where(Expr.Equal(Expr.Input(0), Expr.Input(1)), -1, Expr.Input(0)));

    /// <inheritdoc/>
    /// <remarks>Work-items write in any order, so that of equal indices all but the last one are made −1 before, which writes nothing.</remarks>
    protected override void ScatterCore(in Operand destination, in Operand index, in Operand source, int axis, bool distinct)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Operand places = distinct || index.Shape[axis] == 1 ? index : LastOfEqual(index, axis);
        AxisSet axes = AxisSet.All(source.Shape.Rank);
        IterationSpace space = IterationSpace.Over(source.Shape, axes);
        IndexLaunch.Add(ref space, source.Shape, axes, destination, axis);
        IndexLaunch.Add(ref space, source.Shape, axes, places);
        IndexLaunch.Add(ref space, source.Shape, axes, source);
        space.OrderBy(ScatterKernel.Source);
        space.Coalesce();
        LaunchParts parts = new(space, MostElementsOfLaunch);
        for (long part = 0; part < parts.Count; part++)
        {
            LaunchScatter(destination, places, source, axis, parts[part]);
        }
    }

    private void LaunchScatter(in Operand destination, in Operand index, in Operand source, int axis, in IterationSpace space)
    {
        bool isWide = IndexLaunch.Is64Bit(space, axis, destination, index, source);
        ScatterKernel kernel = new(source.DType, index.DType, CoordinateParameters.Padded(space.Rank), isWide);
        ArgumentList arguments = new(stackalloc KernelArgument[64]);
        kernel.Bind(ref arguments, destination, index, source, axis, space);
        int group = IndexLaunch.GroupSize(Target);
        Launch(kernel, new LaunchGrid((int)((space.Count + group - 1) / group)), arguments.Span);
    }

    /// <summary>The index with −1 in place of each number that comes again behind it along the axis.</summary>
    private Operand LastOfEqual(in Operand index, int axis)
    {
        // An index that serves whole rows is stretched over them: one of its columns says it all.
        Layout compact = index.Layout;
        for (int i = 0; i < compact.Rank; i++)
        {
            compact = i != axis && compact.Strides[i] == 0 && compact.Shape[i] > 1 ? compact.Slice(i, 0, 1, 1) : compact;
        }

        Tensor keys = index.With(compact).ToTensor();
        int size = compact.Shape[axis];
        (Tensor sorted, Tensor order) = keys.Sort(axis);
        Tensor before = sorted.Narrow(axis, 0, size - 1);
        Pointwise.Into(before, s_lastOfEqual, [before, sorted.Narrow(axis, 1, size - 1).Clone()]);
        Tensor places = keys.EmptyLike();
        ScatterCore(places.Operand, order.Operand, sorted.Operand, axis, distinct: true);
        return places.Expand(index.Shape).Operand;
    }
}
