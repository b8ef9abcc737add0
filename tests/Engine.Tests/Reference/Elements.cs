using System.Numerics;
using System.Runtime.InteropServices;

namespace Engine.Tests.Reference;

/// <summary>
/// Single elements of operands as double (floating compute types) or long (integer ones). Each access is checked against the block.
/// </summary>
internal static unsafe class Elements
{
    /// <summary>The place of the element with a row-major number, in elements from the start of the block.</summary>
    public static long Place(in Layout layout, long index)
    {
        long place = layout.Offset;
        for (int axis = layout.Rank - 1; axis >= 0; axis--)
        {
            int size = layout.Shape[axis];
            place += index % size * layout.Strides[axis];
            index /= size;
        }

        return place;
    }

    /// <summary>The place of the element with the given coordinates.</summary>
    public static long PlaceAt(in Layout layout, params ReadOnlySpan<int> coordinates)
    {
        if (coordinates.Length != layout.Rank)
            throw new ArgumentException($"{coordinates.Length} coordinates for {layout.Shape}.", nameof(coordinates));
        long place = layout.Offset;
        for (int axis = 0; axis < coordinates.Length; axis++)
        {
            if ((uint)coordinates[axis] >= (uint)layout.Shape[axis])
                throw new ArgumentOutOfRangeException(nameof(coordinates), $"{coordinates[axis]} at axis {axis} of {layout.Shape}.");
            place += coordinates[axis] * layout.Strides[axis];
        }

        return place;
    }

    public static T Read<T>(in Operand operand, long place, DType computeType)
        where T : unmanaged, INumber<T>
    {
        byte* p = Address(operand, place);
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

    public static void Write<T>(in Operand operand, long place, T value, DType computeType)
        where T : unmanaged, INumber<T>
    {
        byte* p = Address(operand, place);
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

    /// <summary>The value as the compute type holds it: rounded to float32, wrapped to int32.</summary>
    public static T Convert<T>(T value, DType computeType)
        where T : unmanaged, INumber<T> => computeType switch
        {
            DType.Float32 => T.CreateSaturating(float.CreateSaturating(value)),
            DType.Int32 => T.CreateTruncating(int.CreateTruncating(value)),
            _ => value,
        };

    /// <summary>The outputs of a program for one element.</summary>
    public static void Evaluate<T>(MapProgram program, ReadOnlySpan<T> inputs, ReadOnlySpan<T> parameters, long index, Span<T> outputs, DType computeType)
        where T : unmanaged, INumber<T>
    {
        if (typeof(T) == typeof(double))
        {
            program.Evaluate(
                MemoryMarshal.Cast<T, double>(inputs), MemoryMarshal.Cast<T, double>(parameters), index, MemoryMarshal.Cast<T, double>(outputs));
        }
        else
        {
            program.Evaluate(
                MemoryMarshal.Cast<T, long>(inputs), MemoryMarshal.Cast<T, long>(parameters), index, MemoryMarshal.Cast<T, long>(outputs), computeType);
        }
    }

    /// <summary>The parameters as the compute type holds them; the words of random keys stay as they are.</summary>
    public static T[] Parameters<T>(ReadOnlySpan<double> parameters, DType computeType, params ReadOnlySpan<MapProgram> programs)
        where T : unmanaged, INumber<T>
    {
        var values = new T[parameters.Length];
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
                    return true;
            }
        }

        return false;
    }

    private static byte* Address(in Operand operand, long place)
    {
        int size = operand.DType.SizeInBytes();
        if (place < 0 || (place + 1) * size > operand.Storage.Bytes)
            throw new InvalidOperationException($"Element {place} lies outside a block of {operand.Storage.Bytes} bytes ({operand.DType.ShortName()} {operand.Shape}).");
        return (byte*)operand.Storage.Handle + (place * size);
    }
}
