namespace Engine.Gpu;

/// <summary>Softmax or its logarithm of each row.</summary>
internal readonly record struct SoftmaxKernel(DType Element, bool Log, RowShape Shape, bool Is64Bit) : IKernelDefinition
{
    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new(Log ? "log_softmax" : "softmax", target, target.GroupSize);
        Memory input = k.Buffer("x", Element), output = k.Buffer("y", Element);
        RowItems rows = new(k, Shape);
        RowOperand x = rows.Operand(input, new StridesParameter(k, "x", 3, Is64Bit)), y = rows.Operand(output, new StridesParameter(k, "y", 3, Is64Bit));
        RowReader reader = rows.Reader(x);
        (Value max, Value sum, Value[] terms) = RowExp.MaxAndSum(k, rows, reader);
        Value logarithm = MathFunctions.Log(k, sum), share = 1 / sum;
        bool log = Log;
        int at = 0;
        reader.Write(y, (_, _, values) =>
            log ? values[0] - max - logarithm
            : (terms.Length > 0 ? terms[at++] : MathFunctions.ExpUpToOne(k, values[0] - max)) * share);
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
    }
}

/// <summary>Gradient of softmax, y·(dy − Σ y·dy), or of its logarithm, dy − eʸ·Σ dy.</summary>
internal readonly record struct SoftmaxBackwardKernel(DType Element, bool Log, RowShape Shape, bool Is64Bit) : IKernelDefinition
{
    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new(Log ? "log_softmax_backward" : "softmax_backward", target, target.GroupSize);
        Memory result = k.Buffer("y", Element), gradient = k.Buffer("dy", Element), output = k.Buffer("dx", Element);
        RowItems rows = new(k, Shape);
        RowOperand y = rows.Operand(result, new StridesParameter(k, "y", 3, Is64Bit));
        RowOperand dy = rows.Operand(gradient, new StridesParameter(k, "dy", 3, Is64Bit));
        RowOperand dx = rows.Operand(output, new StridesParameter(k, "dx", 3, Is64Bit));
        RowReader reader = rows.Reader(y, dy);
        Variable sum = k.Variable(k.Constant(Element.InRegister(), 0));
        bool log = Log;
        reader.ForEach((_, _, values) => sum.Value = log ? sum.Value + values[1] : k.Fma(values[0], values[1], sum.Value));
        Value total = rows.Reduction(sum.Type).Sum(sum.Value);
        reader.Write(dx, (_, _, values) => log ? values[1] - (MathFunctions.ExpUpToOne(k, values[0]) * total) : values[0] * (values[1] - total));
        return k.Build();
    }

    /// <summary>Adds the arguments for operands in the form of <paramref name="split"/>, in the order of the parameters.</summary>
    public void Bind(ref ArgumentList arguments, in Operand y, in Operand dy, in Operand dx, in RowSplit split)
    {
        arguments.Add(y);
        arguments.Add(dy);
        arguments.Add(dx);
        RowItems.Bind(ref arguments, split);
        arguments.AddStrides(y, Is64Bit);
        arguments.AddStrides(dy, Is64Bit);
        arguments.AddStrides(dx, Is64Bit);
    }
}
