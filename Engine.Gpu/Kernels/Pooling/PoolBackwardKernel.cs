namespace Engine.Gpu;

/// <summary>
/// Gradients of pooling in gather form: each cell of the image sums, in order, the gradients of the windows that chose it (or, of means,
/// that cover it), so that overlapping windows need no atomics.
/// </summary>
internal readonly record struct PoolBackwardKernel(PoolKind Kind, DType Element, bool CountIncludePad, bool ChannelsLast, int Width, bool Is64Bit)
    : IKernelDefinition
{
    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new(Kind == PoolKind.Max ? "max_pool_backward" : "average_pool_backward", target, target.GroupSize);
        Memory dx = k.Buffer("dx", Element), dy = k.Buffer("dy", Element, readOnly: true);
        Memory? indices = Kind == PoolKind.Max ? k.Buffer("indices", DType.Int32, readOnly: true) : null;
        PoolGrid grid = new(k, ChannelsLast, Width);
        StridesParameter dxStrides = new(k, "dx", 4, Is64Bit), dyStrides = new(k, "dy", 4, Is64Bit);
        StridesParameter? indexStrides = indices is null ? null : new(k, "indices", 4, Is64Bit);
        PoolAxis rows = new(k, "h"), columns = new(k, "w");
        bool includePad = CountIncludePad;
        int width = Width;
        k.If(grid.Contains(k.GlobalId), () =>
        {
            (Value image, Value channel, Value h, Value w) = grid.Split(k.GlobalId);
            Value plane = dyStrides.Offset(image, channel);
            Value zero = k.Constant(dy.Element.InRegister(), 0);
            Variable[] sums = k.Variables(width, zero);
            (Value firstRow, Value endRow) = rows.Outputs(h);
            (Value firstColumn, Value endColumn) = columns.Outputs(w);
            k.For(firstRow, endRow, k.Int32(1), p => k.For(firstColumn, endColumn, k.Int32(1), q =>
            {
                Value[] gradients = k.LoadVector(dy, plane + dyStrides.Along(2, p) + dyStrides.Along(3, q), width);
                Value[] covers;
                if (indices is not null)
                {
                    Value cell = (h * columns.Size) + w;
                    covers = Array.ConvertAll(k.LoadVector(indices, indexStrides!.Offset(image, channel, p, q), width), chosen => chosen.Is(cell));
                }
                else
                {
                    Value count = includePad ? rows.WindowSize * columns.WindowSize : rows.CellCount(p) * columns.CellCount(q);
                    Value isCovered = rows.Meets(h, p) & columns.Meets(w, q);
                    gradients = Array.ConvertAll(gradients, gradient => gradient / count.To(gradient.Type));
                    covers = Array.ConvertAll(gradients, _ => isCovered);
                }

                for (int i = 0; i < width; i++)
                {
                    sums[i].Value += k.Select(covers[i], gradients[i], zero);
                }
            }));
            k.StoreVector(dx, dxStrides.Offset(image, channel, h, w), Array.ConvertAll(sums, sum => sum.Value));
        });
        return k.Build();
    }

    /// <summary>Adds the arguments in the order of the parameters.</summary>
    public void Bind(ref ArgumentList arguments, in PoolBackwardArgs args)
    {
        arguments.Add(args.GradX);
        arguments.Add(args.GradY);
        arguments.AddOptional(args.Indices);
        PoolGrid.Bind(ref arguments, args.GradX.Shape, Width);
        arguments.AddStrides(args.GradX, Is64Bit);
        arguments.AddStrides(args.GradY, Is64Bit);
        arguments.AddStrides(args.Indices, Is64Bit);
        PoolAxis.Bind(ref arguments, args.Geometry, args.GradX.Shape, args.GradY.Shape);
    }
}
