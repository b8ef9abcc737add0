using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Engine;

/// <summary>The checks at the top of every operation and layer. The text of an error is built only after a check has failed.</summary>
/// <remarks>Engine.Nn compiles this file too, so that its messages read the same: nothing here uses what only this project sees.</remarks>
internal static partial class Guard
{
    /// <summary>Arrays below this are allocated without a look at how much memory there is, which costs more than a small array.</summary>
    private const long LargeArrayBytes = 1L << 30;

    /// <summary>A computed size of an axis as an int.</summary>
    /// <exception cref="ArgumentException">It is larger than an axis can be.</exception>
    public static int Size(string op, long size)
    {
        if (size is < 0 or > int.MaxValue)
        {
            ThrowSize(op, size);
        }

        return (int)size;
    }

    /// <summary>Refuses an array on the host that the process cannot have, before the system is asked for it and starts to swap.</summary>
    /// <exception cref="ArgumentException">It has more elements than an array can have, or more bytes than this process may use.</exception>
    public static void HostArray(string op, long length, int elementBytes)
    {
        if (length > Array.MaxLength || (length * elementBytes > LargeArrayBytes && length * elementBytes > GC.GetGCMemoryInfo().TotalAvailableMemoryBytes))
        {
            throw new ArgumentException($"{op}: {length:N0} values of {elementBytes} bytes each are more than an array or the memory of this process can hold.");
        }
    }

    /// <summary>Refuses a list with a null in it.</summary>
    public static void NoNulls<T>(ReadOnlySpan<T> items, [CallerArgumentExpression(nameof(items))] string name = "items")
        where T : class
    {
        foreach (T? item in items)
        {
            ArgumentNullException.ThrowIfNull(item, name);
        }
    }

    /// <summary>A list without a null in it, in an array of its own.</summary>
    public static T[] NoNulls<T>(IEnumerable<T> items, [CallerArgumentExpression(nameof(items))] string name = "items")
        where T : class
    {
        ArgumentNullException.ThrowIfNull(items, name);
        T[] copy = [.. items];
        NoNulls<T>(copy, name);
        return copy;
    }

    /// <summary>The result of a caller's function, which must not be null.</summary>
    /// <exception cref="ArgumentException">It is null: the function that was passed is no such function.</exception>
    public static T Returned<T>(T? result, string op, string what)
        where T : class => result ?? throw new ArgumentException($"{op}: {what} returned null; it must return a {typeof(T).Name.ToLowerInvariant()}.");

    public static void Finite(double value, [CallerArgumentExpression(nameof(value))] string name = "value")
    {
        if (!double.IsFinite(value))
        {
            throw new ArgumentOutOfRangeException(name, value, "The number must be finite.");
        }
    }

    public static void SameDevice(string op, Tensor a, Tensor b)
    {
        if (a.Device != b.Device)
        {
            ThrowDevice(op, a, b);
        }
    }

    public static void FloatingPoint(string op, Tensor x, [CallerArgumentExpression(nameof(x))] string name = "x")
    {
        if (!x.DType.IsFloatingPoint())
        {
            throw new DTypeMismatchException($"{op}: {name} is {x.DType.ShortName()}; it must be floating point. Convert it with To(DType.Float32).");
        }
    }

    public static void SameDType(string op, Tensor a, Tensor b, [CallerArgumentExpression(nameof(a))] string nameA = "a", [CallerArgumentExpression(nameof(b))] string nameB = "b")
    {
        if (a.DType != b.DType)
        {
            throw new DTypeMismatchException($"{op}: {nameA} is {a.DType.ShortName()}, {nameB} is {b.DType.ShortName()}; they must agree. Convert one with To(DType).");
        }
    }

    /// <summary>
    /// The operands of a product have one element type: promotion would make the product and all that follows as wide as the widest, a slow
    /// model instead of an error. Inside an <see cref="Autocast"/> scope float16 or bfloat16 may meet float32.
    /// </summary>
    public static void ProductTypes(string op, Tensor x, Tensor other, [CallerArgumentExpression(nameof(other))] string name = "y", string nameX = "x")
    {
        if (x.DType != other.DType && !Autocast.Bridges(x.DType, other.DType))
        {
            ThrowProductTypes(op, x, nameX, other, name);
        }
    }

    /// <summary>The scale and the shift of a normalisation have the type of x; for half-precision x they may be float32.</summary>
    public static void ParameterType(string op, Tensor x, Tensor? parameter, [CallerArgumentExpression(nameof(parameter))] string name = "weight")
    {
        if (parameter is not null && parameter.DType != x.DType && !(x.DType.IsHalf() && parameter.DType == DType.Float32)
            && !Autocast.Bridges(x.DType, parameter.DType))
        {
            ThrowProductTypes(op, x, "x", parameter, name);
        }
    }

    /// <summary>A loss compares each prediction with its own target: shapes that only broadcast would compare each with many.</summary>
    public static void SamePairs(string op, Tensor x, Tensor target, string name = "x")
    {
        if (x.Shape != target.Shape)
        {
            ThrowPairs(op, x.Shape, target.Shape, name);
        }
    }

    public static void Rank(string op, Tensor x, int rank, string rule, [CallerArgumentExpression(nameof(x))] string name = "x")
    {
        if (x.Rank != rank)
        {
            string way = rule.StartsWith("[N,", StringComparison.Ordinal) && x.Rank == rank - 1 ? $" A single one becomes a batch by {(name == "this" ? "x" : name)}.Unsqueeze(0)." : string.Empty;
            throw new ShapeMismatchException($"{op}: {name} is {x.Shape}; it must have {rank} axes {rule}.{way}");
        }
    }

    [DoesNotReturn]
    private static void ThrowSize(string op, long size) =>
        throw new ArgumentException($"{op}: an axis of {size:N0} elements would be needed; sizes go to {int.MaxValue:N0}.");

    [DoesNotReturn]
    private static void ThrowDevice(string op, Tensor a, Tensor b) =>
        throw new DeviceMismatchException($"{op}: one operand is on {a.Device}, the other on {b.Device}. Move one with To(device).");

    [DoesNotReturn]
    private static void ThrowProductTypes(string op, Tensor x, string nameX, Tensor other, string name)
    {
        bool both = x.DType.IsFloatingPoint() == other.DType.IsFloatingPoint();
        string convertX = $"{nameX}.To(DType.{other.DType})", convertOther = $"{name}.To(DType.{x.DType})";
        string wayOut = both ? $"Use {convertX}, or {convertOther}" : $"Use {(other.DType.IsFloatingPoint() ? convertX : convertOther)}";
        throw new DTypeMismatchException(
            $"{op}: {nameX} is {x.DType.ShortName()} {x.Shape}, {name} is {other.DType.ShortName()} {other.Shape}; they must have one element type. {wayOut}.");
    }

    [DoesNotReturn]
    private static void ThrowPairs(string op, Shape x, Shape target, string name)
    {
        int extra = ExtraAxis(x, target), missing = ExtraAxis(target, x);
        string wayOut = extra >= 0 ? $"Use {name}.Squeeze({extra}), or target.Unsqueeze({extra})"
            : missing >= 0 ? $"Use target.Squeeze({missing}), or {name}.Unsqueeze({missing})"
            : x.ElementCount == target.ElementCount ? "Reshape one of them"
            : Shape.TryBroadcast(x, target, out Shape both) ? $"Where that is meant, stretch them with Expand to {both}"
            : "Give each prediction its own target";
        throw new ShapeMismatchException($"{op}: {name} is {x}, target is {target}; the shapes must be equal, as a loss does not broadcast. {wayOut}.");
    }

    /// <summary>The axis of size 1 without which a shape is the other one; −1 if there is none.</summary>
    private static int ExtraAxis(Shape shape, Shape other)
    {
        for (int axis = shape.Rank - 1; axis >= 0; axis--)
        {
            if (shape[axis] == 1 && shape.Remove(axis) == other)
            {
                return axis;
            }
        }

        return -1;
    }
}
