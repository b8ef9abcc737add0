namespace Engine.Gpu;

/// <summary>Layer normalisation of rows: mean, standard deviation, scale and shift in one launch.</summary>
/// <remarks>Numbers are taken relative to the row's first, so that a mean that is large beside the standard deviation costs no digits.</remarks>
internal readonly record struct LayerNormForwardKernel(DType Element, DType Affine, bool HasScale, bool HasShift, RowShape Shape, bool Is64Bit) : IKernelDefinition
{
    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new("layer_norm", target, target.GroupSize);
        RegisterType type = Element.InRegister();
        Memory input = k.Buffer("x", Element, readOnly: true), output = k.Buffer("y", Element);
        Memory means = k.Buffer("mean", Element.ComputeType()), inverses = k.Buffer("inverse_std", Element.ComputeType());
        RowItems rows = new(k, Shape);
        RowOperand x = rows.Operand(input, new StridesParameter(k, "x", 3, Is64Bit)), y = rows.Operand(output, new StridesParameter(k, "y", 3, Is64Bit));
        StridesParameter meanStep = new(k, "mean", 1, Is64Bit), inverseStep = new(k, "inverse_std", 1, Is64Bit);
        Value epsilon = k.Scalar("epsilon", type), length = rows.Length.To(type);
        ColumnVector? scale = HasScale ? new(k, "scale", Affine, Is64Bit) : null, shift = HasShift ? new(k, "shift", Affine, Is64Bit) : null;
        Value origin = k.Load(input, x.Start, rows.Exists), zero = origin.Like(0);

        RowReader reader = rows.Reader(x);
        GroupReduction reduction = rows.Reduction(type);
        Variable sum = k.Variable(zero), squares = k.Variable(zero);
        reader.ForEach((_, exists, values) => sum.Value += k.Select(exists, values[0] - origin, zero));
        Value centre = reduction.Sum(sum.Value) / length;
        reader.ForEach((_, exists, values) =>
        {
            Value distance = k.Select(exists, values[0] - origin - centre, zero);
            squares.Value = k.Fma(distance, distance, squares.Value);
        });
        Value inverse = MathFunctions.Rsqrt(k, (reduction.Sum(squares.Value) / length) + epsilon);
        bool hasScale = HasScale, hasShift = HasShift;
        reader.Write(
            y,
            (_, _, values) =>
            {
                Value normalized = (values[0] - origin - centre) * inverse;
                Value scaled = hasScale ? normalized * values[1].To(type) : normalized;
                return hasShift ? scaled + values[^1].To(type) : scaled;
            },
            ColumnVector.Operands(scale, shift));
        k.Store(means, meanStep.Along(0, rows.Row), origin + centre, rows.IsFirst);
        k.Store(inverses, inverseStep.Along(0, rows.Row), inverse, rows.IsFirst);
        return k.Build();
    }

    /// <summary>Adds the arguments for operands in the form of <paramref name="split"/>, in the order of the parameters.</summary>
    public void Bind(ref ArgumentList arguments, in LayerNormForwardArgs args, in Operand x, in Operand y, in RowSplit split)
    {
        arguments.Add(x);
        arguments.Add(y);
        arguments.Add(args.Mean);
        arguments.Add(args.InverseStd);
        RowItems.Bind(ref arguments, split);
        arguments.AddStrides(x, Is64Bit);
        arguments.AddStrides(y, Is64Bit);
        arguments.AddStrides(args.Mean, Is64Bit);
        arguments.AddStrides(args.InverseStd, Is64Bit);
        arguments.AddNumber(Element.InRegister(), args.Epsilon);
        ChannelVector.Bind(ref arguments, args.Scale, Is64Bit);
        ChannelVector.Bind(ref arguments, args.Shift, Is64Bit);
    }
}

/// <summary>A vector with a number for each column.</summary>
internal sealed class ColumnVector
{
    private readonly KernelBuilder _k;
    private readonly Memory _memory;
    private readonly StridesParameter _step;

    /// <summary>Adds the parameters; <see cref="ChannelVector.Bind"/> adds the arguments.</summary>
    public ColumnVector(KernelBuilder k, string name, DType dtype, bool is64Bit)
    {
        _k = k;
        _memory = k.Buffer(name, dtype, readOnly: true);
        _step = new StridesParameter(k, name, 1, is64Bit);
    }

    /// <summary>Those that are there, as operands that are the same for each row.</summary>
    public static RowOperand[] Operands(params ReadOnlySpan<ColumnVector?> vectors)
    {
        List<RowOperand> operands = [];
        foreach (ColumnVector? vector in vectors)
        {
            if (vector is not null)
            {
                operands.Add(new RowOperand(vector._memory, vector._step[0].Like(0), vector._step[0]));
            }
        }

        return [.. operands];
    }

    /// <summary>A column's number.</summary>
    public Value Load(Value column, Value exists, RegisterType type) => _k.Load(_memory, _step.Along(0, column), exists).To(type);
}
