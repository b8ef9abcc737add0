namespace Engine.Gpu;

/// <summary>
/// Sorting by rank: a work-item counts the elements of its row that come before its own, which is where its own belongs. Quadratic, but
/// without barriers, and many short rows share a group.
/// </summary>
internal readonly record struct RankKernel(DType Element, bool Descending, bool Is64Bit) : IKernelDefinition
{
    /// <summary>Rows that are longer are sorted by merging.</summary>
    public const int MostElements = 128;

    private const int Unrolled = 4;

    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new("rank", target, target.GroupSize);
        Memory keys = k.Buffer("x", Element, readOnly: true), output = k.Buffer("indices", DType.Int64);
        Value count = k.Size("count");
        DivisorParameter length = new(k, "length"), inner = new(k, "inner");
        StridesParameter x = new(k, "x", 3, Is64Bit), indices = new(k, "indices", 3, Is64Bit);
        bool descending = Descending;
        k.If(k.GlobalId < count, () =>
        {
            // Neighbouring work-items take neighbouring elements of a row, so that they compare with the same ones.
            (Value row, Value own) = length.Divide(k.GlobalId);
            (Value outer, Value side) = inner.Divide(row);
            Value start = x.Along(0, outer) + x.Along(2, side);
            Value key = k.Load(keys, start + x.Along(1, own));
            Variable rank = k.Variable(k.Int32(0));
            k.For(0, length.Size, Unrolled, first =>
            {
                for (int i = 0; i < Unrolled; i++)
                {
                    Value index = first + i, exists = index < length.Size;
                    Value other = k.Load(keys, start + x.Along(1, index), exists);
                    Value before = SortOrder.IsBefore(other, key, descending) | (SortOrder.IsEqual(key, other) & index < own);
                    rank.Value += k.Select(exists & before, k.Int32(1), k.Int32(0));
                }
            });
            k.Store(output, indices.Along(0, outer) + indices.Along(2, side) + indices.Along(1, rank.Value), own.To(RegisterType.Int64));
        });
        return k.Build();
    }

    /// <summary>Adds the arguments for operands in the form of <paramref name="split"/>, in the order of the parameters.</summary>
    public void Bind(ref ArgumentList arguments, in Operand x, in Operand indices, in RowSplit split)
    {
        arguments.Add(x);
        arguments.Add(indices);
        arguments.Add((int)x.Shape.ElementCount);
        arguments.Add(split.Length, new Divisor(split.Length));
        arguments.Add(split.Inner, new Divisor(split.Inner));
        arguments.AddStrides(x, Is64Bit);
        arguments.AddStrides(indices, Is64Bit);
    }
}
