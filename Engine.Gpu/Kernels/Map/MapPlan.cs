using System.Numerics;

namespace Engine.Gpu;

/// <summary>How a call of Map is carried out: the loops over its operands and the kernel for their class.</summary>
internal static class MapPlan
{
    /// <summary>Most elements of one launch: element numbers stay below 2³¹ with room for a group.</summary>
    public const long MostElements = 1L << 30;

    /// <summary>Items of work that a work-item has under way at once in long calls.</summary>
    private const int MostUnrolled = 4;

    /// <summary>
    /// The loops of a call before they are cut into launches, over inputs, then outputs; coalesced, and in the order of the first output's
    /// memory unless the program counts elements.
    /// </summary>
    public static IterationSpace Loops(in MapArgs args)
    {
        AxisSet axes = AxisSet.All(args.Shape.Rank);
        IterationSpace space = IterationSpace.Over(args.Shape, axes);
        foreach (ref readonly Operand input in args.Inputs)
        {
            space.Add(args.Shape, axes, input.Layout.Strides, input.Layout.Offset);
        }

        foreach (ref readonly Operand output in args.Outputs)
        {
            space.Add(args.Shape, axes, output.Layout.Strides, output.Layout.Offset);
        }

        if (!args.Program.UsesIndex && !args.Program.UsesRandom)
        {
            space.OrderBy(args.Inputs.Length);
        }

        space.Coalesce();
        return space;
    }

    /// <summary>Bytes that the arguments take at most.</summary>
    public static int MostArgumentBytes(in MapArgs args, in IterationSpace space)
    {
        const int Buffer = 16, Number = 8, Divisor = 12, Counts = 32;
        int rank = CoordinateParameters.Padded(space.Rank);
        int bytes = Counts + (rank * Divisor) + (args.Program.ParameterCount * Number);
        for (int i = 0; i < space.Operands; i++)
        {
            bytes += !MapBody.IsUsed(args.Program, i) ? 0 : Buffer + (Classify(space, i, 1) == Access.Strided ? rank * Number : 0);
        }

        return bytes;
    }

    /// <summary>Chooses the kernel for the loops of one launch. <paramref name="isWhole"/>: element numbers start from 0.</summary>
    public static MapKernel Choose(in MapArgs args, in IterationSpace space, GpuTarget target, bool isWhole)
    {
        long count = space.Count;
        bool isWide = !isWhole;
        int widest = 1;
        bool byCoordinates = false;
        for (int i = 0; i < space.Operands; i++)
        {
            isWide |= space.Extent(i) >= MostElements * 2;
            widest = Math.Max(widest, Operand(args, i).DType.SizeInBytes());
            byCoordinates |= Classify(space, i, 1) >= Access.Row;
        }

        // Few elements: more work-items with less work each are faster, and one kernel less to compile.
        int width = Math.Min(4, VectorAlignment.VectorBytes / widest);
        bool isLong = !target.IsProcessor && count >= (long)target.ComputeUnits * MapKernel.GroupSize(target) * width * MostUnrolled;
        width = isLong ? width : 1;
        while (width > 1 && !Fits(space, width, byCoordinates))
        {
            width /= 2;
        }

        OperandClasses classes = default;
        for (int i = 0; i < space.Operands; i++)
        {
            if (MapBody.IsUsed(args.Program, i))
            {
                classes = classes.With(i, Operand(args, i).DType, Classify(space, i, width));
            }
        }

        int loads = BitOperations.PopCount(args.Program.UsedInputs);
        int unroll = !isLong ? 1 : loads > 1 ? MostUnrolled / 2 : MostUnrolled;
        int rank = byCoordinates ? CoordinateParameters.Padded(space.Rank) : 0;
        ParameterForm parameters = new(args.ParameterMemory is not null && args.Program.ParameterCount > 0, args.DrawOffset is not null && args.Program.UsesRandom);
        return new MapKernel(args.Program, args.ComputeType, classes, rank, width, unroll, isWide, parameters);
    }

    /// <summary>Vectors run along the innermost loop, and their addresses are multiples of their size.</summary>
    private static bool Fits(in IterationSpace space, int width, bool byCoordinates)
    {
        if (byCoordinates && space.InnerSize % width != 0)
        {
            return false;
        }

        for (int i = 0; i < space.Operands; i++)
        {
            Access access = Classify(space, i, width);
            if (access is not (Access.Flat or Access.Row))
            {
                continue;
            }

            bool fits = VectorAlignment.IsAligned(space.Offset(i), width);
            for (int loop = 0; access == Access.Row && loop < space.Rank - 1; loop++)
            {
                fits &= space.Stride(i, loop) % width == 0;
            }

            if (!fits)
            {
                return false;
            }
        }

        return true;
    }

    // Without vectors there is nothing to gain from knowing the innermost stride.
    private static Access Classify(in IterationSpace space, int operand, int width) =>
        space.IsUniform(operand) ? Access.Uniform
        : space.IsContiguous(operand) ? Access.Flat
        : width == 1 ? Access.Strided
        : space.InnerStride(operand) switch
        {
            1 => Access.Row,
            0 => Access.Spread,
            _ => Access.Strided,
        };

    private static ref readonly Operand Operand(in MapArgs args, int i) => ref i < args.Inputs.Length ? ref args.Inputs[i] : ref args.Outputs[i - args.Inputs.Length];
}
