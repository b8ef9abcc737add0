using System.Numerics;
using static Engine.Tests.Reference.Elements;

namespace Engine.Tests.Reference;

/// <summary>
/// The ten abstract operations as plain loops with double accumulators (64-bit integers for integer types), over any element type and
/// any strides; and nothing else, so that the defaults of <see cref="Backend"/> run on it.
/// </summary>
internal partial class ReferenceBackend : Backend
{
    protected override void MapCore(in MapArgs args)
    {
        if (args.ComputeType.IsFloatingPoint())
            Map<double>(args);
        else
            Map<long>(args);
    }

    protected override void ReduceCore(in ReduceArgs args)
    {
        if (args.ComputeType.IsFloatingPoint())
            Reduce<double>(args);
        else
            Reduce<long>(args);
    }

    private static void Map<T>(in MapArgs args)
        where T : unmanaged, INumber<T>
    {
        T[] parameters = Parameters<T>(ParameterList(args), args.ComputeType, args.Program);
        var inputs = new T[args.Inputs.Length];
        var outputs = new T[args.Outputs.Length];
        long count = args.Shape.ElementCount;
        for (long i = 0; i < count; i++)
        {
            for (int k = 0; k < inputs.Length; k++)
                inputs[k] = Read<T>(args.Inputs[k], Place(args.Inputs[k].Layout, i), args.ComputeType);
            Evaluate<T>(args.Program, inputs, parameters, i, outputs, args.ComputeType);
            for (int k = 0; k < outputs.Length; k++)
                Write(args.Outputs[k], Place(args.Outputs[k].Layout, i), outputs[k], args.ComputeType);
        }
    }

    /// <summary>The parameters, read from memory and their draw numbers shifted where the call says so.</summary>
    private static double[] ParameterList(in MapArgs args)
    {
        double[] values = [.. args.Parameters];
        if (args.ParameterMemory is { } memory)
        {
            values = new double[args.Program.ParameterCount];
            for (int i = 0; i < values.Length; i++)
                values[i] = args.ComputeType.IsFloatingPoint() ? Read<double>(memory, Place(memory.Layout, i), memory.DType) : Read<long>(memory, Place(memory.Layout, i), memory.DType);
        }

        if (args.DrawOffset is { } offset)
            args.Program.ShiftDraws(values, Read<long>(offset, Place(offset.Layout, 0), DType.Int64));
        return values;
    }

    private static void Reduce<T>(in ReduceArgs args)
        where T : unmanaged, INumber<T>
    {
        ReduceProgram program = args.Program;
        T[] parameters = Parameters<T>(args.Parameters, args.ComputeType, program.Prologue, program.Epilogue);
        var inputs = new T[args.Inputs.Length];
        var values = new T[program.Combiners.Length];
        var sums = new T[program.Combiners.Length];
        var places = new long[program.Combiners.Length];
        var outputs = new T[args.Outputs.Length];

        (Shape kept, Shape reduced) = Split(args.Shape, args.Axes);
        for (long o = 0; o < kept.ElementCount; o++)
        {
            for (int k = 0; k < sums.Length; k++)
                (sums[k], places[k]) = (Identity<T>(program.Combiners[k], args.ComputeType), 0);
            for (long r = 0; r < reduced.ElementCount; r++)
            {
                long i = Join(args.Shape, args.Axes, o, r);
                for (int k = 0; k < inputs.Length; k++)
                    inputs[k] = Read<T>(args.Inputs[k], Place(args.Inputs[k].Layout, i), args.ComputeType);
                Evaluate<T>(program.Prologue, inputs, parameters, i, values, args.ComputeType);
                for (int k = 0; k < sums.Length; k++)
                    Combine(program.Combiners[k], ref sums[k], ref places[k], values[k], r, args.ComputeType);
            }

            for (int k = 0; k < sums.Length; k++)
            {
                if (program.Combiners[k].YieldsIndex())
                    sums[k] = T.CreateChecked(places[k]);
            }

            Evaluate<T>(program.Epilogue, sums, parameters, o, outputs, args.ComputeType);
            for (int k = 0; k < outputs.Length; k++)
                Write(args.Outputs[k], Place(args.Outputs[k].Layout, o), outputs[k], args.ComputeType);
        }
    }

    private static void Combine<T>(Combiner combiner, ref T sum, ref long place, T value, long index, DType computeType)
        where T : unmanaged, INumber<T>
    {
        switch (combiner)
        {
            case Combiner.Sum: sum = typeof(T) == typeof(long) ? Convert(sum + value, computeType) : sum + value; break;
            case Combiner.Product: sum = typeof(T) == typeof(long) ? Convert(sum * value, computeType) : sum * value; break;
            case Combiner.Max: sum = T.Max(sum, value); break;
            case Combiner.Min: sum = T.Min(sum, value); break;
            default:
                bool better = combiner == Combiner.ArgMax ? value > sum : value < sum;
                // The first element counts even where it equals the identity.
                if (index == 0 || (!T.IsNaN(sum) && (better || T.IsNaN(value))))
                    (sum, place) = (value, index);
                break;
        }
    }

    private static T Identity<T>(Combiner combiner, DType computeType)
        where T : unmanaged, INumber<T> =>
        computeType == DType.Int32
            ? T.CreateSaturating(int.CreateSaturating(combiner.Identity()))
            : T.CreateSaturating(combiner.Identity());

    /// <summary>The sizes that stay and the sizes that vanish; both keep the rank.</summary>
    private static (Shape Kept, Shape Reduced) Split(Shape shape, AxisSet axes)
    {
        Shape kept = shape, reduced = shape;
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            kept = axes.Contains(axis) ? kept.With(axis, 1) : kept;
            reduced = axes.Contains(axis) ? reduced : reduced.With(axis, 1);
        }

        return (kept, reduced);
    }

    /// <summary>The row-major number in <paramref name="shape"/> of the element with number o among the kept and r among the reduced axes.</summary>
    private static long Join(Shape shape, AxisSet axes, long o, long r)
    {
        long index = 0, scale = 1;
        for (int axis = shape.Rank - 1; axis >= 0; axis--)
        {
            ref long number = ref axes.Contains(axis) ? ref r : ref o;
            index += number % shape[axis] * scale;
            number /= shape[axis];
            scale *= shape[axis];
        }

        return index;
    }
}
