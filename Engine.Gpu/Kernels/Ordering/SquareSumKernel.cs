namespace Engine.Gpu;

/// <summary>
/// Partial sums of squares of several tensors at a time: one a tensor along the second direction of the grid, one a group along the first. There are
/// three of each, see <see cref="ScaledSquares"/>, so that squares beyond the range of numbers do no harm.
/// </summary>
internal readonly record struct SquareSumKernel(DType Element) : IKernelDefinition
{
    /// <summary>Tensors of one launch.</summary>
    public const int Slots = 16;

    /// <summary>Sums of a group: of large numbers, of others, of small ones.</summary>
    public const int Sums = 3;

    private const int Unrolled = 4;

    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new("square_sums", target, target.GroupSize);
        RegisterType type = Element.InRegister();
        Memory partials = k.Buffer("partials", type.InMemory());
        Value firstRow = k.Size("first_row");
        Variable[] sums = k.Variables(Sums, k.Constant(type, 0));
        DType element = Element;
        double[] p = ScaledSquares.Parameters(element.ComputeType());
        for (int slot = 0; slot < Slots; slot++)
        {
            Memory x = k.Buffer($"x{slot}", element, readOnly: true);
            Value count = k.Size($"count{slot}");
            k.If(k.GroupY.Is(slot), () => k.For(k.GlobalId, count, k.GroupCountX * (Unrolled * k.GroupSize), first =>
            {
                for (int i = 0; i < Unrolled; i++)
                {
                    Value index = first + (k.GroupCountX * (i * k.GroupSize));
                    Value number = k.Load(x, index, index < count);
                    Value size = k.Unary(Opcode.Abs, number), zero = number.Like(0), isLarge = size > p[ScaledSquares.LargeBound], isSmall = size < p[ScaledSquares.SmallBound];
                    Value[] parts =
                    [
                        k.Select(isLarge, number * p[ScaledSquares.Down], zero),
                        k.Select(isLarge | isSmall, zero, number),
                        k.Select(isSmall, number * p[ScaledSquares.Up], zero),
                    ];
                    for (int s = 0; s < Sums; s++)
                    {
                        sums[s].Value = k.Fma(parts[s], parts[s], sums[s].Value);
                    }
                }
            }));
        }

        Value[] totals = new GroupReduction(k, [type, type, type]).Sums(Array.ConvertAll(sums, static sum => sum.Value));
        for (int s = 0; s < Sums; s++)
        {
            k.Store(partials, ((((firstRow + k.GroupY) * k.GroupCountX) + k.GroupX) * Sums) + s, totals[s], k.LocalId.Is(0));
        }

        return k.Build();
    }

    /// <summary>Adds the arguments for the tensors from number <paramref name="first"/> on, in the order of the parameters.</summary>
    public static void Bind(ref ArgumentList arguments, in Operand partials, ReadOnlySpan<Operand> tensors, int first)
    {
        arguments.Add(partials);
        arguments.Add(first);
        for (int slot = 0; slot < Slots; slot++)
        {
            // A slot that is left over needs memory, but no group belongs to it.
            Operand x = tensors[first + slot < tensors.Length ? first + slot : first];
            arguments.Add(x);
            arguments.Add((int)x.Shape.ElementCount);
        }
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
        RegisterType type = Element.InRegister();
        Variable[] sums = k.Variables(SquareSumKernel.Sums, k.Constant(type, 0));
        k.For(k.LocalId, count, k.Int32(k.GroupSize), index =>
        {
            for (int s = 0; s < sums.Length; s++)
            {
                sums[s].Value += k.Load(partials, (index * SquareSumKernel.Sums) + s);
            }
        });
        Value[] totals = new GroupReduction(k, [type, type, type]).Sums(Array.ConvertAll(sums, static sum => sum.Value));
        double[] p = ScaledSquares.Parameters(Element);
        double down = p[ScaledSquares.Down], back = p[ScaledSquares.DownInverse], smallBack = p[ScaledSquares.UpInverse];
        (Value large, Value others, Value small) = (totals[0], totals[1], totals[2]);
        Value root = k.Select(
            large.IsNot(0),
            k.Unary(Opcode.Sqrt, large + (others * down * down)) * back,
            k.Select(others.IsNot(0), k.Unary(Opcode.Sqrt, others + (small * smallBack * smallBack)), k.Unary(Opcode.Sqrt, small) * smallBack));
        k.Store(result, k.Int32(0), root.To(Result.InRegister()), k.LocalId.Is(0));
        return k.Build();
    }

    /// <summary>Adds the arguments for so many partial sums of each kind, in the order of the parameters.</summary>
    public static void Bind(ref ArgumentList arguments, in Operand partials, in Operand result, int count)
    {
        arguments.Add(partials);
        arguments.Add(result);
        arguments.Add(count);
    }
}
