namespace Engine.Gpu;

/// <summary>
/// Gradients of pooling in gather form: each cell of the image sums, in order, the gradients of the windows that chose it (or, of means,
/// that cover it), so that overlapping windows need no atomics.
/// </summary>
internal readonly record struct PoolBackwardKernel(PoolKind Kind, DType Element, bool CountIncludePad, bool ChannelsLast, bool Is64Bit)
    : IKernelDefinition
{
    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new(Kind == PoolKind.Max ? "max_pool_backward" : "average_pool_backward", target, target.GroupSize);
        Memory dx = k.Buffer("dx", Element), dy = k.Buffer("dy", Element, readOnly: true);
        Memory? indices = Kind == PoolKind.Max ? k.Buffer("indices", DType.Int32, readOnly: true) : null;
        PoolGrid grid = new(k, ChannelsLast);
        StridesParameter dxStrides = new(k, "dx", 4, Is64Bit), dyStrides = new(k, "dy", 4, Is64Bit);
        StridesParameter? indexStrides = indices is null ? null : new(k, "indices", 4, Is64Bit);
        PoolAxis rows = new(k, "h"), columns = new(k, "w");
        bool includePad = CountIncludePad;
        k.If(grid.Contains(k.GlobalId), () =>
        {
            (Value image, Value channel, Value h, Value w) = grid.Split(k.GlobalId);
            Value plane = dyStrides.Offset(image, channel);
            Value zero = k.Constant(dy.Element.InRegister(), 0);
            Variable sum = k.Variable(zero);
            (Value firstRow, Value endRow) = rows.Outputs(h);
            (Value firstColumn, Value endColumn) = columns.Outputs(w);
            k.For(firstRow, endRow, k.Int32(1), p => k.For(firstColumn, endColumn, k.Int32(1), q =>
            {
                Value gradient = k.Load(dy, plane + dyStrides.Along(2, p) + dyStrides.Along(3, q));
                Value covers;
                if (indices is not null)
                {
                    Value chosen = k.Load(indices, indexStrides!.Offset(image, channel, p, q));
                    covers = chosen.Is((h * columns.Size) + w);
                }
                else
                {
                    Value count = includePad ? rows.WindowSize * columns.WindowSize : rows.CellCount(p) * columns.CellCount(q);
                    gradient /= count.To(gradient.Type);
                    covers = rows.Meets(h, p) & columns.Meets(w, q);
                }

                sum.Value += k.Select(covers, gradient, zero);
            }));
            k.Store(dx, dxStrides.Offset(image, channel, h, w), sum.Value);
        });
        return k.Build();
    }

    /// <summary>Adds the arguments in the order of the parameters.</summary>
    public void Bind(ref ArgumentList arguments, in PoolBackwardArgs args)
    {
        arguments.Add(args.GradX);
        arguments.Add(args.GradY);
        arguments.AddOptional(args.Indices);
        PoolGrid.Bind(ref arguments, args.GradX.Shape);
        arguments.AddStrides(args.GradX, Is64Bit);
        arguments.AddStrides(args.GradY, Is64Bit);
        arguments.AddStrides(args.Indices, Is64Bit);
        PoolAxis.Bind(ref arguments, args.Geometry, args.GradX.Shape, args.GradY.Shape);
    }
}
