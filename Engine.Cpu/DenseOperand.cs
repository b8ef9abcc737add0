using System.Diagnostics;

namespace Engine.Cpu;

/// <summary>The use of an operand in a kernel.</summary>
internal enum OperandUse : byte
{
    /// <summary>Only reads it.</summary>
    Read,

    /// <summary>Writes every element without reading one.</summary>
    Write,

    /// <summary>Reads and writes.</summary>
    Update,
}

/// <summary>
/// An operand as contiguous values of the type that a kernel computes in: its own memory where it is that already, else a temporary copy,
/// which <see cref="WriteBack"/> puts where the operand lies.
/// </summary>
internal readonly unsafe ref struct DenseOperand<T> : IDisposable where T : unmanaged
{
    private readonly Operand _operand;
    private readonly Operand _dense;
    private readonly ScratchLease _copy;
    private readonly bool _copied;

    /// <summary>Null gives a null pointer.</summary>
    public DenseOperand(Backend backend, in Operand? operand, OperandUse use = OperandUse.Read)
    {
        if (operand is not { } value)
        {
            return;
        }
        if (value.DType == Type && value.Layout.IsContiguous)
        {
            Pointer = (T*)value.Address;
            return;
        }

        long bytes = value.Shape.ElementCount * sizeof(T);
        _copied = true;
        _operand = value;
        _copy = Scratch.Rent((nint)bytes);
        Pointer = _copy.As<T>();
        _dense = new Operand(Storage.Wrap(value.Storage.Device, (nint)Pointer, bytes), Type, Layout.Contiguous(value.Shape));
        if (use != OperandUse.Write)
        {
            Transfer(backend, _operand, _dense);
        }
    }

    /// <summary>The first value.</summary>
    public T* Pointer { get; }

    /// <summary>The element type of T.</summary>
    public static DType Type =>
        typeof(T) == typeof(double) ? DType.Float64
        : typeof(T) == typeof(float) ? DType.Float32
        : typeof(T) == typeof(int) ? DType.Int32
        : typeof(T) == typeof(long) ? DType.Int64
        : throw new UnreachableException($"No kernel computes in {typeof(T)}.");

    /// <summary>Copies the results into the operand.</summary>
    public void WriteBack(Backend backend)
    {
        if (_copied)
        {
            Transfer(backend, _dense, _operand);
        }
    }

    /// <summary>Ends the copy's lease.</summary>
    public void Dispose()
    {
        if (_copied)
        {
            _copy.Dispose();
        }
    }

    private static void Transfer(Backend backend, in Operand from, in Operand to) => backend.Map(new MapArgs
    {
        Program = Programs.Copy,
        ComputeType = Type,
        Shape = to.Shape,
        Inputs = [from],
        Outputs = [to],
        Parameters = [],
    });
}
