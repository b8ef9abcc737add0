namespace Engine.Gpu;

/// <summary>The second pass of a product whose depth was split: adds the parts in order, then applies the epilogue.</summary>
/// <param name="Compute">Elements of the parts.</param>
/// <param name="Result">Elements of the result.</param>
/// <param name="Epilogue">The operations after the sum; a bias is read at its own strides, whatever its kind.</param>
/// <param name="Axes">Axes of the result.</param>
/// <param name="Is64Bit">Whether indices need 64 bits.</param>
internal readonly record struct SplitSumKernel(DType Compute, DType Result, Epilogue Epilogue, int Axes, bool Is64Bit) : IKernelDefinition
{
    /// <summary>Of a product's operands the result is the first that this kernel knows; the bias follows.</summary>
    private const int FirstOperand = 2;

    private const int Operands = GemmProblem.Operands - FirstOperand;

    /// <summary>Work-items of a group.</summary>
    public static int GroupSize(GpuTarget target) => Math.Min(target.MaxGroupSize, 128);

    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new("split_sum", target, GroupSize(target));
        RegisterType index = Is64Bit ? RegisterType.Int64 : RegisterType.Int32;
        Memory parts = k.Buffer("parts", Compute, readOnly: true), result = k.Buffer("result", Result);
        Memory? bias = Epilogue.Bias == BiasKind.None ? null : k.Buffer("bias", Epilogue.BiasType);
        Value count = k.Size("count"), partCount = k.Size("part_count");
        EpilogueParameters epilogue = new(k, Epilogue, Compute.InRegister());
        BatchAxes axes = new(k, Axes, Operands, index);
        Value i = k.GlobalId;
        k.If(i < count, () =>
        {
            Variable sum = k.Variable(k.Load(parts, i.To(index)));
            k.For(1, partCount, 1, part => sum.Value += k.Load(parts, (part.To(index) * count.To(index)) + i.To(index)));
            Value[] offsets = axes.Origins(i, Operands);
            Value? before = epilogue.HasBeta ? k.Load(result, offsets[0]) : null;
            k.Store(result, offsets[0], epilogue.Apply(sum.Value, before, bias is null ? null : k.Load(bias, offsets[1]), result.Element));
        });
        return k.Build();
    }

    /// <summary>Adds the arguments in the order of the parameters.</summary>
    /// <param name="arguments">The arguments of the launch.</param>
    /// <param name="parts">The sums of the parts, one part after another.</param>
    /// <param name="count">How many parts there are.</param>
    /// <param name="result">The result.</param>
    /// <param name="bias">The bias, if there is one.</param>
    /// <param name="axes">The axes of the result, with its strides and those of the bias.</param>
    /// <param name="alpha">The factor of the sums.</param>
    /// <param name="beta">The factor of the old values of the result.</param>
    public void Bind(
        ref ArgumentList arguments, in Operand parts, int count, in Operand result, in Operand? bias, in BatchAxisList axes, double alpha, double beta)
    {
        arguments.Add(parts);
        arguments.Add(result);
        arguments.AddOptional(bias);
        arguments.Add(axes.Total);
        arguments.Add(count);
        Epilogue.Bind(ref arguments, Compute.InRegister(), alpha, beta);
        BatchAxes.Bind(ref arguments, axes, FirstOperand, Is64Bit);
    }
}
