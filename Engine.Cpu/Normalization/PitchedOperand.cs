namespace Engine.Cpu;

/// <summary>
/// [N, C, L] whose images lie without gaps in themselves, but perhaps with one behind each: a part of the channels of larger images. Other layouts and types
/// go through a <see cref="DenseOperand{T}"/>, and so do images so small that kernels take several channels at a time.
/// </summary>
internal readonly unsafe ref struct PitchedOperand<T> : IDisposable where T : unmanaged
{
    /// <summary>L from which a kernel takes one channel at a time with vectors of any width.</summary>
    public const int LeastLength = 32;

    private readonly DenseOperand<T> _dense;

    /// <summary>Null gives a null pointer.</summary>
    public PitchedOperand(Backend backend, in Operand? operand, OperandUse use = OperandUse.Read)
    {
        if (operand is { } value && GapOf(value) is > 0 and long gap)
        {
            Pointer = (T*)value.Address;
            Gap = (nint)gap;
            return;
        }

        _dense = new DenseOperand<T>(backend, operand, use);
        Pointer = _dense.Pointer;
    }

    /// <summary>The first value.</summary>
    public T* Pointer { get; }

    /// <summary>Values between the end of an image and the next.</summary>
    public nint Gap { get; }

    /// <summary>Copies the results into the operand.</summary>
    public void WriteBack(Backend backend) => _dense.WriteBack(backend);

    /// <summary>Ends the lease of a copy.</summary>
    public void Dispose() => _dense.Dispose();

    private static long GapOf(in Operand operand)
    {
        Shape shape = operand.Shape;
        ReadOnlySpan<long> strides = operand.Layout.Strides;
        bool fits = operand.DType == DenseOperand<T>.Type && shape[2] >= LeastLength && strides[2] == 1 && (shape[1] == 1 || strides[1] == shape[2]) && shape[0] > 1;
        return fits ? strides[0] - ((long)shape[1] * shape[2]) : 0;
    }
}
