namespace Engine.Gpu;

/// <summary>The largest or the mean cell of each window: one work-item an output, or the outputs of a few neighbouring channels.</summary>
/// <remarks>The first largest in row-major order, the first NaN before all; a window without a cell has −∞ at index −1.</remarks>
internal readonly record struct PoolForwardKernel(PoolKind Kind, DType Element, bool HasIndices, bool CountIncludePad, bool ChannelsLast, int Width, bool Is64Bit)
    : IKernelDefinition
{
    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new(Kind == PoolKind.Max ? "max_pool" : "average_pool", target, target.GroupSize);
        Memory x = k.Buffer("x", Element, readOnly: true), y = k.Buffer("y", Element);
        Memory? indices = HasIndices ? k.Buffer("indices", DType.Int32) : null;
        PoolGrid grid = new(k, ChannelsLast, Width);
        StridesParameter xStrides = new(k, "x", 4, Is64Bit), yStrides = new(k, "y", 4, Is64Bit);
        StridesParameter? indexStrides = HasIndices ? new(k, "indices", 4, Is64Bit) : null;
        PoolAxis rows = new(k, "h"), columns = new(k, "w");
        PoolKind kind = Kind;
        bool includePad = CountIncludePad;
        int width = Width;
        k.If(grid.Contains(k.GlobalId), () =>
        {
            (Value image, Value channel, Value p, Value q) = grid.Split(k.GlobalId);
            Value plane = xStrides.Offset(image, channel);
            if (kind == PoolKind.Max)
            {
                (Value[] largest, Value[] index) = Largest(k, x, xStrides, width, plane, rows.Cells(p), columns.Cells(q), columns.Size);
                k.StoreVector(y, yStrides.Offset(image, channel, p, q), largest);
                if (indices is not null)
                {
                    k.StoreVector(indices, indexStrides!.Offset(image, channel, p, q), index);
                }
            }
            else
            {
                Value[] sums = Sum(k, x, xStrides, width, plane, rows.Cells(p), columns.Cells(q));
                Value count = includePad ? rows.WindowSize * columns.WindowSize : rows.CellCount(p) * columns.CellCount(q);
                k.StoreVector(y, yStrides.Offset(image, channel, p, q), Array.ConvertAll(sums, sum => sum / count.To(sum.Type)));
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
        PoolGrid.Bind(ref arguments, args.Y.Shape, Width);
        arguments.AddStrides(args.X, Is64Bit);
        arguments.AddStrides(args.Y, Is64Bit);
        arguments.AddStrides(args.Indices, Is64Bit);
        PoolAxis.Bind(ref arguments, args.Geometry, args.X.Shape, args.Y.Shape);
    }

    private static (Value[] Largest, Value[] Index) Largest(
        KernelBuilder k, Memory x, StridesParameter strides, int width, Value plane, (Value First, Value End, Value Step) rows, (Value First, Value End, Value Step) columns, Value size)
    {
        Variable[] largest = k.Variables(width, k.Constant(x.Element.InRegister(), double.NegativeInfinity)), index = k.Variables(width, k.Int32(-1));
        k.For(rows.First, rows.End, rows.Step, h => k.For(columns.First, columns.End, columns.Step, w =>
        {
            Value[] cells = k.LoadVector(x, plane + strides.Along(2, h) + strides.Along(3, w), width);
            Value number = (h * size) + w;
            for (int i = 0; i < width; i++)
            {
                Value cell = cells[i], best = largest[i].Value;
                Value larger = !(cell <= best) & best.Is(best);         // or the first NaN
                Value replaces = larger | index[i].Value.Is(-1);
                largest[i].Value = k.Select(replaces, cell, best);
                index[i].Value = k.Select(replaces, number, index[i].Value);
            }
        }));
        return (Array.ConvertAll(largest, variable => variable.Value), Array.ConvertAll(index, variable => variable.Value));
    }

    // Rows are summed by themselves: the error of a big window grows with its side and not with its area.
    private static Value[] Sum(
        KernelBuilder k, Memory x, StridesParameter strides, int width, Value plane, (Value First, Value End, Value Step) rows, (Value First, Value End, Value Step) columns)
    {
        Value zero = k.Constant(x.Element.InRegister(), 0);
        Variable[] sums = k.Variables(width, zero), lines = k.Variables(width, zero);
        k.For(rows.First, rows.End, rows.Step, h =>
        {
            foreach (Variable line in lines)
            {
                line.Value = zero;
            }

            k.For(columns.First, columns.End, columns.Step, w =>
            {
                Value[] cells = k.LoadVector(x, plane + strides.Along(2, h) + strides.Along(3, w), width);
                for (int i = 0; i < width; i++)
                {
                    lines[i].Value += cells[i];
                }
            });
            for (int i = 0; i < width; i++)
            {
                sums[i].Value += lines[i].Value;
            }
        });
        return Array.ConvertAll(sums, sum => sum.Value);
    }
}
