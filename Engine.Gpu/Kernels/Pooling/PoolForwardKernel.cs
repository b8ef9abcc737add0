namespace Engine.Gpu;

/// <summary>The largest or the mean cell of each window: one work-item an output.</summary>
/// <remarks>The first largest in row-major order, the first NaN before all; a window without a cell has −∞ at index −1.</remarks>
internal readonly record struct PoolForwardKernel(PoolKind Kind, DType Element, bool HasIndices, bool CountIncludePad, bool ChannelsLast, bool Is64Bit)
    : IKernelDefinition
{
    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new(Kind == PoolKind.Max ? "max_pool" : "average_pool", target, target.GroupSize);
        Memory x = k.Buffer("x", Element, readOnly: true), y = k.Buffer("y", Element);
        Memory? indices = HasIndices ? k.Buffer("indices", DType.Int32) : null;
        PoolGrid grid = new(k, ChannelsLast);
        StridesParameter xStrides = new(k, "x", 4, Is64Bit), yStrides = new(k, "y", 4, Is64Bit);
        StridesParameter? indexStrides = HasIndices ? new(k, "indices", 4, Is64Bit) : null;
        PoolAxis rows = new(k, "h"), columns = new(k, "w");
        PoolKind kind = Kind;
        bool includePad = CountIncludePad;
        k.If(grid.Contains(k.GlobalId), () =>
        {
            (Value image, Value channel, Value p, Value q) = grid.Split(k.GlobalId);
            Value plane = xStrides.Offset(image, channel);
            if (kind == PoolKind.Max)
            {
                (Value largest, Value index) = Largest(k, x, xStrides, plane, rows.Cells(p), columns.Cells(q), columns.Size);
                k.Store(y, yStrides.Offset(image, channel, p, q), largest);
                if (indices is not null)
                {
                    k.Store(indices, indexStrides!.Offset(image, channel, p, q), index);
                }
            }
            else
            {
                Value sum = Sum(k, x, xStrides, plane, rows.Cells(p), columns.Cells(q));
                Value count = includePad ? rows.WindowSize * columns.WindowSize : rows.CellCount(p) * columns.CellCount(q);
                k.Store(y, yStrides.Offset(image, channel, p, q), sum / count.To(sum.Type));
            }
        });
        return k.Build();
    }

    /// <summary>Adds the arguments in the order of the parameters.</summary>
    public void Bind(ref ArgumentList arguments, in PoolForwardArgs args)
    {
        arguments.Add(args.X);
        arguments.Add(args.Y);
        arguments.AddOptional(args.Indices);
        PoolGrid.Bind(ref arguments, args.Y.Shape);
        arguments.AddStrides(args.X, Is64Bit);
        arguments.AddStrides(args.Y, Is64Bit);
        arguments.AddStrides(args.Indices, Is64Bit);
        PoolAxis.Bind(ref arguments, args.Geometry, args.X.Shape, args.Y.Shape);
    }

    private static (Value Largest, Value Index) Largest(
        KernelBuilder k, Memory x, StridesParameter strides, Value plane, (Value First, Value End, Value Step) rows, (Value First, Value End, Value Step) columns, Value width)
    {
        Variable largest = k.Variable(k.Constant(x.Element.InRegister(), double.NegativeInfinity));
        Variable index = k.Variable(k.Int32(-1));
        k.For(rows.First, rows.End, rows.Step, h => k.For(columns.First, columns.End, columns.Step, w =>
        {
            Value cell = k.Load(x, plane + strides.Along(2, h) + strides.Along(3, w));
            Value best = largest.Value;
            Value larger = !(cell <= best) & best.Is(best);         // or the first NaN
            Value replaces = larger | index.Value.Is(-1);
            largest.Value = k.Select(replaces, cell, best);
            index.Value = k.Select(replaces, (h * width) + w, index.Value);
        }));
        return (largest.Value, index.Value);
    }

    // Rows are summed by themselves: the error of a big window grows with its side and not with its area.
    private static Value Sum(
        KernelBuilder k, Memory x, StridesParameter strides, Value plane, (Value First, Value End, Value Step) rows, (Value First, Value End, Value Step) columns)
    {
        Value zero = k.Constant(x.Element.InRegister(), 0);
        Variable sum = k.Variable(zero), line = k.Variable(zero);
        k.For(rows.First, rows.End, rows.Step, h =>
        {
            line.Value = zero;
            k.For(columns.First, columns.End, columns.Step, w => line.Value += k.Load(x, plane + strides.Along(2, h) + strides.Along(3, w)));
            sum.Value += line.Value;
        });
        return sum.Value;
    }
}
