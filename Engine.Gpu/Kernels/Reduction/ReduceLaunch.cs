namespace Engine.Gpu;

/// <summary>The kernels of one reduction and their arguments.</summary>
internal readonly ref struct ReduceLaunch
{
    /// <summary>Elements from which vectors are worth a kernel of their own.</summary>
    private const long LeastElementsForVectors = 1024;

    /// <summary>Items of a work-item from which several are under way at once.</summary>
    private const long LeastItemsToUnroll = 16;

    private const int MostUnrolled = 4;

    private readonly ReduceArgs _args;
    private readonly ReducePlan _plan;
    private readonly int _width;
    private readonly bool _isWide;

    /// <summary>For one choice of shape and width.</summary>
    public ReduceLaunch(in ReduceArgs args, in ReducePlan plan, ReduceShape shape, int width, bool isWide)
    {
        _args = args;
        _plan = plan;
        _width = width;
        _isWide = isWide;
        Shape = shape;
    }

    /// <summary>How work-items are laid out.</summary>
    public ReduceShape Shape { get; }

    /// <summary>
    /// Neighbouring elements that a work-item takes at once. It decides the order of a sum, so it depends on sizes and types only: operands
    /// that do not lie at multiples of a vector are loaded one by one, in the same order.
    /// </summary>
    public static int WidthOf(in ReduceArgs args, in ReducePlan plan, GpuTarget target)
    {
        if (target.IsProcessor || plan.IsByColumns() || plan.Elements < LeastElementsForVectors)
        {
            return 1;
        }

        int width = 4;
        while (width > 1 && !Fits(args, plan, width))
        {
            width /= 2;
        }

        return width;
    }

    /// <summary>Bytes that the arguments take at most.</summary>
    public static int MostArgumentBytes(in ReduceArgs args, in ReducePlan plan)
    {
        const int Buffer = 16, Number = 8, Divisor = 12, Counts = 64;
        int kept = CoordinateParameters.Padded(plan.Kept.Rank), reduced = CoordinateParameters.Padded(plan.Reduced.Rank);
        return Counts + ((kept + reduced) * Divisor) + (args.Program.ParameterCount * Number)
            + (plan.Reduced.Operands * (Buffer + ((kept + reduced) * Number)))
            + (2 * ReduceProgram.MaxAccumulators * Buffer)
            + ((plan.Kept.Operands - plan.Reduced.Operands) * (Buffer + (kept * Number)));
    }

    /// <summary>The kernel of a stage.</summary>
    public ReduceKernel Kernel(ReduceStage stage)
    {
        ReduceProgram program = _args.Program;
        OperandClasses classes = default;
        for (int i = 0; i < program.InputCount; i++)
        {
            if (stage != ReduceStage.Finish && program.Prologue.UsesInput(i))
            {
                classes = classes.With(i, _args.Inputs[i].DType, Classify(_plan, i, _width));
            }
        }

        for (int i = 0; stage != ReduceStage.Chunks && i < program.OutputCount; i++)
        {
            classes = classes.With(program.InputCount + i, _args.Outputs[i].DType, Access.Strided);
        }

        bool isFinish = stage == ReduceStage.Finish;
        long items = _plan.Elements / _width / Shape.Chunks / Shape.Lanes;
        int unroll = !isFinish && items >= LeastItemsToUnroll ? MostUnrolled : 1;
        return new ReduceKernel(
            program,
            _args.ComputeType,
            classes,
            stage,
            CoordinateParameters.Padded(_plan.Kept.Rank),
            isFinish ? 0 : CoordinateParameters.Padded(_plan.Reduced.Rank),
            Shape.Columns,
            Shape.Lanes,
            Shape.ByColumns,
            isFinish ? 1 : _width,
            unroll,
            _isWide);
    }

    /// <summary>The groups: over results, and over chunks.</summary>
    public LaunchGrid Grid(int chunks) => new((int)((_plan.Results + Shape.Columns - 1) / Shape.Columns), chunks);

    /// <summary>Adds the arguments of a launch of one of the kernels.</summary>
    public void Bind(
        ref ArgumentList arguments, in ReduceKernel kernel, in IterationSpace reduced, long items, long firstItem, int firstChunk, ReadOnlySpan<Operand> states)
    {
        int chunks = kernel.Stage == ReduceStage.Chunks ? Shape.Chunks : 1;
        kernel.Bind(ref arguments, _args, _plan, reduced, (items, (items + chunks - 1) / chunks), firstItem, firstChunk, states);
    }

    private static Access Classify(in ReducePlan plan, int input, int width) =>
        plan.Reduced.IsUniform(input) ? Access.Uniform
        : width == 1 ? Access.Strided
        : plan.Reduced.InnerStride(input) switch
        {
            1 => IsAligned(plan, input, width) ? Access.Row : Access.Strided,
            0 => Access.Spread,
            _ => Access.Strided,
        };

    private static bool Fits(in ReduceArgs args, in ReducePlan plan, int width)
    {
        if (plan.Reduced.InnerSize % width != 0)
        {
            return false;
        }

        for (int i = 0; i < args.Inputs.Length; i++)
        {
            if (args.Program.Prologue.UsesInput(i) && plan.Reduced.InnerStride(i) == 1 && width * args.Inputs[i].DType.SizeInBytes() > VectorAlignment.VectorBytes)
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsAligned(in ReducePlan plan, int input, int width)
    {
        bool aligned = VectorAlignment.IsAligned(plan.Kept.Offset(input), width);
        for (int loop = 0; loop < plan.Kept.Rank; loop++)
        {
            aligned &= plan.Kept.Stride(input, loop) % width == 0;
        }

        for (int loop = 0; loop < plan.Reduced.Rank - 1; loop++)
        {
            aligned &= plan.Reduced.Stride(input, loop) % width == 0;
        }

        return aligned;
    }
}
