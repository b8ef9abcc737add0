using System.Numerics;
using Engine;
using Engine.Backends;
using static OwnBackendSample.Elements;

namespace OwnBackendSample;

/// <summary>
/// A whole backend: the ten operations that a backend must have, as plain loops over any element types and strides. The engine builds all others, such as
/// softmax, batch normalisation and the optimizers, from these ten. Sums are doubles, or 64-bit integers for integer types.
/// </summary>
/// <remarks>The engine has checked, promoted, broadcast and allocated. Each operation loads its operands, computes, and stores into the given destinations.</remarks>
internal partial class LoopBackend : Backend
{
    protected override void MapCore(in MapArgs args)
    {
        if (args.ComputeType.IsFloatingPoint())
        {
            Map<double>(args);
        }
        else
        {
            Map<long>(args);
        }
    }

    protected override void ReduceCore(in ReduceArgs args)
    {
        if (args.ComputeType.IsFloatingPoint())
        {
            Reduce<double>(args);
        }
        else
        {
            Reduce<long>(args);
        }
    }

    /// <summary>outputs[o][i] = program(inputs[0][i], inputs[1][i], …). A program is straight-line code; a faster backend compiles it.</summary>
    private static void Map<T>(in MapArgs args)
        where T : unmanaged, INumber<T>
    {
        // All inputs are loaded before an output is stored, since an output may be the memory of an input.
        T[][] inputs = LoadAll<T>(args.Inputs, args.ComputeType);
        T[][] outputs = NewArrays<T>(args.Outputs.Length, args.Shape.ElementCount);
        T[] parameters = Parameters<T>(ParameterList(args), args.ComputeType, args.Program);
        T[] input = new T[inputs.Length], output = new T[outputs.Length];
        for (int i = 0; i < args.Shape.ElementCount; i++)
        {
            for (int k = 0; k < input.Length; k++)
            {
                input[k] = inputs[k][i];
            }

            Evaluate<T>(args.Program, input, parameters, i, output, args.ComputeType);
            for (int k = 0; k < output.Length; k++)
            {
                outputs[k][i] = output[k];
            }
        }

        StoreAll(args.Outputs, outputs, args.ComputeType);
    }

    /// <summary>The parameters of a call. In a captured step they lie in device memory, and random numbers are those of a later draw.</summary>
    private static double[] ParameterList(in MapArgs args)
    {
        double[] values = args.ParameterMemory is not { } memory ? args.Parameters.ToArray()
            : memory.DType.IsFloatingPoint() ? Load<double>(memory, memory.DType)
            : Array.ConvertAll(Load<long>(memory, memory.DType), static value => (double)value);
        if (args.DrawOffset is { } offset)
        {
            args.Program.ShiftDraws(values, Load<long>(offset, DType.Int64)[0]);
        }

        return values;
    }

    /// <summary>Each element goes through the prologue and is combined with what its result has so far; the epilogue makes the results.</summary>
    private static void Reduce<T>(in ReduceArgs args)
        where T : unmanaged, INumber<T>
    {
        ReduceProgram program = args.Program;
        T[] parameters = Parameters<T>(args.Parameters, args.ComputeType, program.Prologue, program.Epilogue);
        T[][] inputs = LoadAll<T>(args.Inputs, args.ComputeType);
        Shape results = args.Outputs[0].Shape;
        T[][] sums = NewArrays<T>(program.Combiners.Length, results.ElementCount), outputs = NewArrays<T>(args.Outputs.Length, results.ElementCount);
        long[][] best = NewArrays<long>(sums.Length, results.ElementCount);
        for (int k = 0; k < sums.Length; k++)
        {
            Array.Fill(sums[k], Identity<T>(program.Combiners[k], args.ComputeType));
        }

        // Results stretched over the reduced axes: the offset of an element is the number of its result. Elements come in row-major order.
        long[] resultOf = Offsets(Layout.Contiguous(results).Expand(args.Shape)), seen = new long[results.ElementCount];
        T[] input = new T[inputs.Length], value = new T[sums.Length], output = new T[outputs.Length];
        for (int i = 0; i < resultOf.Length; i++)
        {
            for (int k = 0; k < input.Length; k++)
            {
                input[k] = inputs[k][i];
            }

            Evaluate<T>(program.Prologue, input, parameters, i, value, args.ComputeType);
            long result = resultOf[i], index = seen[result]++;
            for (int k = 0; k < value.Length; k++)
            {
                Combine(program.Combiners[k], ref sums[k][result], ref best[k][result], value[k], index, args.ComputeType);
            }
        }

        for (int o = 0; o < results.ElementCount; o++)
        {
            for (int k = 0; k < value.Length; k++)
            {
                value[k] = program.Combiners[k].YieldsIndex() ? T.CreateChecked(best[k][o]) : sums[k][o];
            }

            Evaluate<T>(program.Epilogue, value, parameters, o, output, args.ComputeType);
            for (int k = 0; k < output.Length; k++)
            {
                outputs[k][o] = output[k];
            }
        }

        StoreAll(args.Outputs, outputs, args.ComputeType);
    }

    private static void Combine<T>(Combiner combiner, ref T sum, ref long best, T value, long index, DType computeType)
        where T : unmanaged, INumber<T>
    {
        switch (combiner)
        {
            case Combiner.Sum:
                sum = Accumulated(sum + value, computeType);
                break;
            case Combiner.Product:
                sum = Accumulated(sum * value, computeType);
                break;
            case Combiner.Max:
                sum = T.Max(sum, value);
                break;
            case Combiner.Min:
                sum = T.Min(sum, value);
                break;
            default:
                // The first element counts even where it equals the identity; a NaN is better than any number.
                bool isBetter = combiner == Combiner.ArgMax ? value > sum : value < sum;
                if (index == 0 || (!T.IsNaN(sum) && (isBetter || T.IsNaN(value))))
                {
                    (sum, best) = (value, index);
                }

                break;
        }
    }

    /// <summary>What changes nothing; in int32 the infinities are the ends of its range.</summary>
    private static T Identity<T>(Combiner combiner, DType computeType)
        where T : unmanaged, INumber<T> =>
        computeType == DType.Int32 ? T.CreateSaturating(int.CreateSaturating(combiner.Identity())) : T.CreateSaturating(combiner.Identity());

    /// <summary>Integers wrap as their type does; a floating-point sum stays a double until it is stored.</summary>
    private static T Accumulated<T>(T sum, DType computeType)
        where T : unmanaged, INumber<T> => computeType.IsFloatingPoint() ? sum : Convert(sum, computeType);
}
