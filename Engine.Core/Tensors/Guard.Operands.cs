using System.Diagnostics.CodeAnalysis;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engine;

/// <summary>The checks that only operations make.</summary>
internal static partial class Guard
{
    /// <summary>The axis as a number in [0, rank); negative numbers count from the end.</summary>
    public static int Axis(int axis, int rank, [CallerArgumentExpression(nameof(axis))] string name = "axis")
    {
        int index = axis < 0 ? axis + rank : axis;
        if ((uint)index >= (uint)rank)
        {
            ThrowAxis(axis, rank, name);
        }

        return index;
    }

    /// <summary>The axes as a set of bits; an empty list means all of them.</summary>
    public static AxisSet Axes(string op, Shape shape, ReadOnlySpan<int> axes)
    {
        if (axes.IsEmpty)
        {
            return AxisSet.All(shape.Rank);
        }

        AxisSet set = default;
        foreach (int axis in axes)
        {
            int index = Axis(axis, shape.Rank, nameof(axes));
            if (set.Contains(index))
            {
                throw new ArgumentException($"{op}: axis {axis} of {shape} is named twice.", nameof(axes));
            }

            set = set.With(index);
        }

        return set;
    }

    /// <summary>Throws for the first null of a list of operands, under its name in the text of the list: <c>[x, y]</c>.</summary>
    [DoesNotReturn]
    public static void ThrowNull(ReadOnlySpan<Tensor> operands, string list)
    {
        string[] names = list.StartsWith('[') ? list.Trim('[', ']').Split(',', StringSplitOptions.TrimEntries) : [];
        int missing = 0;
        while (operands[missing] is not null)
        {
            missing++;
        }

        throw new ArgumentNullException(names.Length == operands.Length ? names[missing] : "inputs");
    }

    public static void Index(string op, Tensor index, [CallerArgumentExpression(nameof(index))] string name = "index")
    {
        if (index.DType is not (DType.Int64 or DType.Int32))
        {
            throw new DTypeMismatchException($"{op}: {name} is {index.DType.ShortName()}; indices are i64 or i32. Convert it with To(DType.Int64).");
        }
    }

    /// <summary>
    /// Refuses numbers outside of [0, size). Those in host memory cost little to look at; on a card that would mean to wait for it, so that
    /// kernels have a rule of their own for them.
    /// </summary>
    /// <param name="op">The operation's name in messages.</param>
    /// <param name="index">The numbers.</param>
    /// <param name="size">The size of the axis that they address.</param>
    /// <param name="fromEnd">Whether −1 is the last element, so that numbers may go down to −size.</param>
    /// <param name="name">The caller's word for the index.</param>
    public static void IndexRange(string op, Tensor index, int size, bool fromEnd = false, [CallerArgumentExpression(nameof(index))] string name = "index")
    {
        if (index.Device is not HostDevice || index.ElementCount == 0 || CapturePass.RecordingOn(index.Device) is not null)
        {
            return;
        }

        using TensorScope scope = TensorScope.Begin();
        Tensor dense = index.ContiguousOrSelf();
        if (dense.DType == DType.Int32)
        {
            Within<int>(op, dense, fromEnd ? -size : 0, size, name);
        }
        else
        {
            Within<long>(op, dense, fromEnd ? -size : 0, size, name);
        }
    }

    private static void Within<T>(string op, Tensor index, int low, int size, string name)
        where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        HostSpan<T> numbers = index.HostValues<T>();
        if (AllWithin(numbers, size))
        {
            return;
        }

        foreach (T number in numbers)
        {
            long value = long.CreateTruncating(number);
            if (value < low || value >= size)
            {
                throw new ArgumentOutOfRangeException(name, value, $"{op}: index {value} lies outside of [{low}, {size}).");
            }
        }
    }

    /// <summary>Whether all numbers lie in [0, size): one vectorised look, in which a negative number is a large one without its sign.</summary>
    public static bool AllWithin<T>(HostSpan<T> numbers, int size)
        where T : unmanaged =>
        typeof(T) == typeof(int)
            ? numbers.Read(static n => n.IsEmpty ? 0 : TensorPrimitives.Max(MemoryMarshal.Cast<T, uint>(n))) < (uint)size
            : numbers.Read(static n => n.IsEmpty ? 0 : TensorPrimitives.Max(MemoryMarshal.Cast<T, ulong>(n))) < (ulong)size;

    /// <summary>Refuses a destination whose elements share memory: which of the values stays would be chance.</summary>
    public static void Writable(string op, Tensor destination)
    {
        if (!destination.IsContiguous && destination.Layout.MayOverlap)
        {
            throw new ShapeMismatchException($"{op}: elements of the destination {destination.Shape} share memory (it was expanded); Clone() it first.");
        }
    }

    public static Shape Broadcast(string op, Shape a, Shape b)
    {
        if (!Shape.TryBroadcast(a, b, out Shape result))
        {
            ThrowBroadcast(op, a, b);
        }

        return result;
    }

    /// <summary>Checks a tensor from which a program is to read its parameters.</summary>
    public static void ParameterMemory(string op, MapProgram program, DType computeType, Device device, Tensor parameters)
    {
        if (program.UsesRandom)
        {
            throw new ArgumentException($"{op}: `{program}` draws random numbers; their key needs all 32 bits, which parameters in memory do not have.", nameof(program));
        }

        if (parameters.Device != device)
        {
            throw new DeviceMismatchException($"{op}: the parameters are on {parameters.Device}, the operands on {device}. Move them with To(device).");
        }

        if (parameters.DType != computeType)
        {
            throw new DTypeMismatchException($"{op}: the parameters are {parameters.DType.ShortName()}; the program runs in {computeType.ShortName()} and reads them as they are.");
        }

        if (parameters.Rank != 1 || !parameters.IsContiguous || parameters.ElementCount < program.ParameterCount)
        {
            throw new ShapeMismatchException(
                $"{op}: the parameters are {parameters.Shape}{(parameters.IsContiguous ? string.Empty : ", not contiguous")}; `{program}` needs one contiguous axis of at least {program.ParameterCount}.");
        }
    }

    [DoesNotReturn]
    private static void ThrowAxis(int axis, int rank, string name) =>
        throw new ArgumentOutOfRangeException(name, axis, rank == 0 ? "A scalar has no axes." : $"The axis must lie in [{-rank}, {rank - 1}].");

    [DoesNotReturn]
    private static void ThrowBroadcast(string op, Shape a, Shape b) =>
        throw new ShapeMismatchException($"{op}: shapes {a} and {b} do not broadcast: aligned at the last axis, two sizes must be equal or one of them 1.");
}
