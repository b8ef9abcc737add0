using System.Numerics;
using System.Runtime.InteropServices;
using Engine;
using Engine.Backends;

namespace OwnBackendSample;

/// <summary>
/// Operands as arrays in row-major order, and back: of double for floating compute types, of long for integer ones. Whatever an operand is (a slice, a
/// transposed or a broadcast tensor, of any element type), the loops see an array.
/// </summary>
internal static unsafe class Elements
{
    /// <summary>All elements, as the compute type holds them.</summary>
    public static T[] Load<T>(Operand operand, DType computeType)
        where T : unmanaged, INumber<T> => Array.ConvertAll(Offsets(operand.Layout), offset => Read<T>(operand, offset, computeType));

    public static T[][] LoadAll<T>(ReadOnlySpan<Operand> operands, DType computeType)
        where T : unmanaged, INumber<T>
    {
        T[][] values = new T[operands.Length][];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Load<T>(operands[i], computeType);
        }

        return values;
    }

    /// <summary>Writes all elements.</summary>
    public static void Store<T>(Operand operand, T[] values, DType computeType)
        where T : unmanaged, INumber<T>
    {
        long[] offsets = Offsets(operand.Layout);
        for (int i = 0; i < values.Length; i++)
        {
            Write(operand, offsets[i], values[i], computeType);
        }
    }

    public static void StoreAll<T>(ReadOnlySpan<Operand> operands, T[][] values, DType computeType)
        where T : unmanaged, INumber<T>
    {
        for (int i = 0; i < values.Length; i++)
        {
            Store(operands[i], values[i], computeType);
        }
    }

    public static T[][] NewArrays<T>(int count, long length) => [.. Enumerable.Range(0, count).Select(_ => new T[length])];

    /// <summary>Where each element lies, in elements from the start of the block: element (i₀, i₁, …) is at Offset + Σ iₐ·Stride(a).</summary>
    public static long[] Offsets(Layout layout)
    {
        long[] offsets = new long[layout.Shape.ElementCount];
        int known = Math.Min(1, offsets.Length);
        offsets.AsSpan(0, known).Fill(layout.Offset);

        // From the last axis on: what is known so far, moved by one, two, three … strides of the axis before.
        for (int axis = layout.Rank - 1; axis >= 0 && known > 0; axis--)
        {
            int length = known * layout.Shape[axis];
            for (int i = known; i < length; i++)
            {
                offsets[i] = offsets[i - known] + layout.Strides[axis];
            }

            known = length;
        }

        return offsets;
    }

    /// <summary>A value as the compute type holds it: rounded to float32, wrapped to int32.</summary>
    public static T Convert<T>(T value, DType computeType)
        where T : unmanaged, INumber<T> => computeType switch
        {
            DType.Float32 => T.CreateSaturating(float.CreateSaturating(value)),
            DType.Int32 => T.CreateTruncating(int.CreateTruncating(value)),
            _ => value,
        };

    /// <summary>The outputs of a program for one element. The engine's own evaluators carry it out, one for each kind of number.</summary>
    public static void Evaluate<T>(MapProgram program, ReadOnlySpan<T> inputs, ReadOnlySpan<T> parameters, long index, Span<T> outputs, DType computeType)
        where T : unmanaged, INumber<T>
    {
        if (typeof(T) == typeof(double))
        {
            program.Evaluate(MemoryMarshal.Cast<T, double>(inputs), MemoryMarshal.Cast<T, double>(parameters), index, MemoryMarshal.Cast<T, double>(outputs));
        }
        else
        {
            program.Evaluate(MemoryMarshal.Cast<T, long>(inputs), MemoryMarshal.Cast<T, long>(parameters), index, MemoryMarshal.Cast<T, long>(outputs), computeType);
        }
    }

    /// <summary>The parameters of programs as the compute type holds them; the words of random keys need all their 32 bits and stay as they are.</summary>
    public static T[] Parameters<T>(ReadOnlySpan<double> parameters, DType computeType, params ReadOnlySpan<MapProgram> programs)
        where T : unmanaged, INumber<T>
    {
        T[] values = new T[parameters.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = IsRandomKey(i, programs) ? T.CreateSaturating(parameters[i])
                : computeType == DType.Int32 ? T.CreateSaturating(int.CreateSaturating(parameters[i]))
                : Convert(T.CreateSaturating(parameters[i]), computeType);
        }

        return values;
    }

    private static bool IsRandomKey(int parameter, ReadOnlySpan<MapProgram> programs)
    {
        foreach (MapProgram program in programs)
        {
            foreach (Instruction step in program.Code)
            {
                if (step.Op == ScalarOpcode.Random && parameter >= step.A && parameter < step.A + 4)
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static T Read<T>(in Operand operand, long offset, DType computeType)
        where T : unmanaged, INumber<T>
    {
        byte* p = Address(operand, offset);
        T value = operand.DType switch
        {
            DType.Bool => *p != 0 ? T.One : T.Zero,
            DType.UInt8 => T.CreateTruncating(*p),
            DType.Int32 => T.CreateTruncating(*(int*)p),
            DType.Int64 => T.CreateTruncating(*(long*)p),
            DType.Float16 => T.CreateSaturating(*(Half*)p),
            DType.BFloat16 => T.CreateSaturating((float)*(BFloat16*)p),
            DType.Float32 => T.CreateSaturating(*(float*)p),
            DType.Float64 => T.CreateSaturating(*(double*)p),
            _ => throw new ArgumentOutOfRangeException(nameof(operand)),
        };
        return Convert(value, computeType);
    }

    private static void Write<T>(in Operand operand, long offset, T value, DType computeType)
        where T : unmanaged, INumber<T>
    {
        byte* p = Address(operand, offset);
        value = Convert(value, computeType);
        switch (operand.DType)
        {
            case DType.Bool: *p = T.IsZero(value) ? (byte)0 : (byte)1; break;
            case DType.UInt8: *p = byte.CreateTruncating(long.CreateSaturating(value)); break;
            case DType.Int32: *(int*)p = typeof(T) == typeof(long) ? int.CreateTruncating(value) : int.CreateSaturating(value); break;
            case DType.Int64: *(long*)p = long.CreateSaturating(value); break;
            case DType.Float16: *(Half*)p = Half.CreateSaturating(value); break;
            case DType.BFloat16: *(BFloat16*)p = (BFloat16)float.CreateSaturating(value); break;
            case DType.Float32: *(float*)p = float.CreateSaturating(value); break;
            case DType.Float64: *(double*)p = double.CreateSaturating(value); break;
            default: throw new ArgumentOutOfRangeException(nameof(operand));
        }
    }

    /// <summary>Each access is checked against the block: a wrong stride is found where it is made.</summary>
    private static byte* Address(in Operand operand, long offset)
    {
        int size = operand.DType.SizeInBytes();
        if (offset < 0 || (offset + 1) * size > operand.Storage.Bytes)
        {
            throw new InvalidOperationException($"Element {offset} lies outside a block of {operand.Storage.Bytes} bytes ({operand.DType.ShortName()} {operand.Shape}).");
        }

        return (byte*)operand.Storage.Handle + (offset * size);
    }
}
