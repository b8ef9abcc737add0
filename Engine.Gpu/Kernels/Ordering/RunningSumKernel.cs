using System.Diagnostics;

namespace Engine.Gpu;

/// <summary>Running sums of rows: each work-item sums a stretch of its row, gets the sum of the stretches before it, and goes over its stretch again.</summary>
/// <param name="Input">The type of x.</param>
/// <param name="Result">The type of y, in which sums are taken.</param>
/// <param name="Width">Work-items of a row: 1, or the whole group.</param>
/// <param name="Is64Bit">Whether indices need 64 bits.</param>
internal readonly record struct RunningSumKernel(DType Input, DType Result, int Width, bool Is64Bit) : IKernelDefinition
{
    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new("running_sum", target, target.GroupSize);
        Memory input = k.Buffer("x", Input), output = k.Buffer("y", Result);
        RowItems rows = new(k, new RowShape(Width, 0));
        RowOperand x = rows.Operand(input, new StridesParameter(k, "x", 3, Is64Bit)), y = rows.Operand(output, new StridesParameter(k, "y", 3, Is64Bit));
        Value stretch = k.Size("stretch"), start = rows.Lane * stretch;
        Value end = k.Select(rows.Exists, k.Min(start + stretch, rows.Length), k.Int32(0));
        RegisterType type = Result.InRegister();
        Variable sum = k.Variable(k.Constant(type, 0));
        if (Width > 1)
        {
            k.For(start, end, k.Int32(1), index => sum.Value += k.Load(input, x.Offset(index)).To(type));
            sum.Value = Before(k, sum.Value, Width);
        }

        k.For(start, end, k.Int32(1), index =>
        {
            sum.Value += k.Load(input, x.Offset(index)).To(type);
            k.Store(output, y.Offset(index), sum.Value);
        });
        return k.Build();
    }

    /// <summary>Adds the arguments for operands in the form of <paramref name="split"/>, in the order of the parameters.</summary>
    public void Bind(ref ArgumentList arguments, in Operand x, in Operand y, in RowSplit split)
    {
        arguments.Add(x);
        arguments.Add(y);
        RowItems.Bind(ref arguments, split);
        arguments.AddStrides(x, Is64Bit);
        arguments.AddStrides(y, Is64Bit);
        arguments.Add((split.Length + Width - 1) / Width);
    }

    // By doubling (Hillis and Steele): after step d an item holds the sum of the 2d items up to it.
    private static Value Before(KernelBuilder k, Value own, int width)
    {
        Memory shared = k.Shared("sums", InMemory(own.Type), 2 * width);
        Value item = k.LocalId;
        k.Store(shared, item, own);
        k.Barrier();
        int from = 0;
        for (int distance = 1; distance < width; distance *= 2)
        {
            Value sum = k.Load(shared, item + from), before = k.Load(shared, item + (from - distance), item >= distance);
            from = width - from;
            k.Store(shared, item + from, sum + before);
            k.Barrier();
        }

        return k.Load(shared, item + (from - 1), item > 0);
    }

    private static DType InMemory(RegisterType type) => type switch
    {
        RegisterType.Float32 => DType.Float32,
        RegisterType.Float64 => DType.Float64,
        RegisterType.Int32 => DType.Int32,
        RegisterType.Int64 => DType.Int64,
        RegisterType.Bool or RegisterType.UInt32 or _ => throw new UnreachableException(),
    };
}
