namespace Engine.Gpu;

/// <summary>Partial sums of squares of several tensors at a time: one a tensor along the second direction of the grid, one a group along the first.</summary>
internal readonly record struct SquareSumKernel(DType Element) : IKernelDefinition
{
    /// <summary>Tensors of one launch.</summary>
    public const int Slots = 16;

    private const int Unrolled = 4;

    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new("square_sums", target, target.GroupSize);
        RegisterType type = Element.InRegister();
        Memory partials = k.Buffer("partials", type == RegisterType.Float64 ? DType.Float64 : DType.Float32);
        Value firstRow = k.Size("first_row");
        Variable sum = k.Variable(k.Constant(type, 0));
        DType element = Element;
        for (int slot = 0; slot < Slots; slot++)
        {
            Memory x = k.Buffer($"x{slot}", element, readOnly: true);
            Value count = k.Size($"count{slot}");
            k.If(k.GroupY.Is(slot), () => k.For(k.GlobalId, count, k.GroupCountX * (Unrolled * k.GroupSize), first =>
            {
                for (int i = 0; i < Unrolled; i++)
                {
                    Value place = first + (k.GroupCountX * (i * k.GroupSize));
                    Value number = k.Load(x, place, place < count);
                    sum.Value = k.Fma(number, number, sum.Value);
                }
            }));
        }

        Value total = new GroupReduction(k, type).Sum(sum.Value);
        k.Store(partials, ((firstRow + k.GroupY) * k.GroupCountX) + k.GroupX, total, k.LocalId.Is(0));
        return k.Build();
    }
}

/// <summary>The root of the sum of partial sums.</summary>
internal readonly record struct RootOfSumKernel(DType Element, DType Result) : IKernelDefinition
{
    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new("root_of_sum", target, target.GroupSize);
        Memory partials = k.Buffer("partials", Element, readOnly: true), result = k.Buffer("result", Result);
        Value count = k.Size("count");
        Variable sum = k.Variable(k.Constant(Element.InRegister(), 0));
        k.For(k.LocalId, count, k.Int32(k.GroupSize), place => sum.Value += k.Load(partials, place));
        Value total = new GroupReduction(k, sum.Type).Sum(sum.Value);
        k.Store(result, k.Int32(0), k.Unary(Opcode.Sqrt, total).To(Result.InRegister()), k.LocalId.Is(0));
        return k.Build();
    }
}
