namespace Engine.Gpu;

/// <summary>Whether a call of Map has inputs that lie across its outputs, and how it goes through tiles.</summary>
internal struct TransposingMapPlan
{
    /// <summary>With fewer elements than this in either direction most of a tile would stay empty.</summary>
    private const int LeastSide = 16;

    /// <summary>Inputs that go through tiles at most: three of doubles already fill half of the shared memory that every card has.</summary>
    private const int MostTiles = 3;

    /// <summary>The loops, lines and columns last.</summary>
    public IterationSpace Space;

    /// <summary>The kernel.</summary>
    public TransposingMapKernel Kernel;

    /// <summary>The loops in which lines and columns are counted in tiles.</summary>
    public IterationSpace Tiles;

    /// <summary>Groups to launch.</summary>
    public readonly long Groups => Tiles.Count;

    /// <summary>Plans a launch; false where no input lies across, or tiles would not pay.</summary>
    public static bool TryCreate(in MapArgs args, in IterationSpace space, GpuTarget target, out TransposingMapPlan plan)
    {
        plan = default;
        MapProgram program = args.Program;
        int inputs = args.Inputs.Length, columns = space.Rank - 1;
        if (target.IsProcessor || target.GroupSize < TransposingMapKernel.Tile || space.Rank < 2
            || program.UsesIndex || program.UsesRandom
            || space.InnerSize < LeastSide || space.InnerStride(inputs) != 1 || FindLines(program, space, inputs) is not { } lines)
        {
            return false;
        }

        plan.Space = space;
        plan.Space.MoveInnermost(lines);
        plan.Space.MoveInnermost(columns - 1);
        plan.Tiles = plan.Space;
        plan.Tiles.CountInTiles(columns - 1, TransposingMapKernel.Tile);
        plan.Tiles.CountInTiles(columns, TransposingMapKernel.Tile);
        OperandClasses classes = default;
        bool isWide = false;
        int tiles = 0, sharedBytes = 0;
        for (int i = 0; i < space.Operands; i++)
        {
            if (!MapBody.IsUsed(program, i))
            {
                continue;
            }

            DType type = i < inputs ? args.Inputs[i].DType : args.Outputs[i - inputs].DType;
            bool liesAcross = i < inputs && tiles < MostTiles && LiesAcross(plan.Space, i, columns - 1);
            classes = classes.With(i, type, liesAcross ? Access.Spread : i < inputs && space.IsUniform(i) ? Access.Uniform : Access.Strided);
            (tiles, sharedBytes) = liesAcross ? (tiles + 1, sharedBytes + TransposingMapKernel.SharedBytes(type)) : (tiles, sharedBytes);

            // Work-items of a tile compute offsets beyond the end, which they do not access.
            isWide |= plan.Tiles.Extent(i) + (TransposingMapKernel.Tile * (Math.Abs(plan.Space.Stride(i, columns)) + Math.Abs(plan.Space.Stride(i, columns - 1)))) >= MapPlan.MostElements * 2;
        }

        plan.Kernel = new TransposingMapKernel(
            program, args.ComputeType, classes, CoordinateParameters.Padded(space.Rank), isWide, new ParameterForm(args.ParameterMemory is not null && program.ParameterCount > 0, false));
        return sharedBytes <= target.SharedBytes && plan.MostArgumentBytes() <= target.MaxArgumentBytes;
    }

    // The loop along which the first input that lies across is contiguous; others that lie otherwise are read as they lie.
    private static int? FindLines(MapProgram program, in IterationSpace space, int inputs)
    {
        for (int i = 0; i < inputs; i++)
        {
            for (int loop = 0; program.UsesInput(i) && loop < space.Rank - 1; loop++)
            {
                if (LiesAcross(space, i, loop))
                {
                    return loop;
                }
            }
        }

        return null;
    }

    private static bool LiesAcross(in IterationSpace space, int input, int lines) =>
        space.Stride(input, lines) == 1 && space.Size(lines) >= LeastSide && space.InnerStride(input) is not (0 or 1 or -1);

    private readonly int MostArgumentBytes()
    {
        const int Buffer = 16, Number = 8, Divisor = 12;
        int operands = 0;
        for (int i = 0; i < Space.Operands; i++)
        {
            operands += MapBody.IsUsed(Kernel.Program, i) ? 1 : 0;
        }

        return Number + (Kernel.Rank * Divisor) + (operands * (Buffer + ((Kernel.Rank + 2) * Number))) + (Kernel.Program.ParameterCount * Number);
    }
}
